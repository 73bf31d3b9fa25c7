package main

import (
	"bytes"
	"errors"
	"testing"
)

func TestAskedFormat(t *testing.T) {
	for _, tc := range []struct {
		name string
		args []string
		want string
	}{
		{"none", []string{"--root", "tree"}, ""},
		{"apart", []string{"run", "--format", "nagios", "--no-such-flag"}, "nagios"},
		{"joined", []string{"--no-such-flag", "-format=nagios"}, "nagios"},
		{"last-wins", []string{"--format", "nagios", "--format=text"}, "text"},
		{"no-value", []string{"--format"}, ""},
		{"another-flag", []string{"--out", "nagios=file", "--formats=nagios"}, ""},
		{"after-the-end", []string{"--", "--format", "nagios"}, ""},
		{"report", []string{"report", "no-such-file", "--format", "nagios"}, "nagios"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := askedFormat(tc.args); got != tc.want {
				t.Errorf("%q, want %q", got, tc.want)
			}
		})
	}
}

func TestProblemExit(t *testing.T) {
	var out bytes.Buffer
	code := problemExit([]string{"--format", "nagios"}, &out, errors.New("hostaudit.toml:3: unknown\nsetting | x"))
	if want := "HOSTAUDIT UNKNOWN - hostaudit.toml:3: unknown setting \\x7c x\n"; code != 3 || out.String() != want {
		t.Errorf("exit %d, %q, want 3, %q", code, out.String(), want)
	}
	out.Reset()
	if code := problemExit([]string{"--format", "text"}, &out, errors.New("x")); code != exitUsage || out.Len() > 0 {
		t.Errorf("exit %d, %q for another format", code, out.String())
	}
}
