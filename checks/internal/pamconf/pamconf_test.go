package pamconf

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParse(t *testing.T) {
	tests := []struct {
		name, text string
		want       []Line
	}{
		{"nothing", "# only a comment\n\n  \t\n", nil},
		{"debian", "# c\nauth\t[success=1 default=ignore]\tpam_unix.so nullok # c\n@include common-account\n", []Line{
			{Line: 2, Type: "auth", Module: "pam_unix.so", Args: []string{"nullok"}},
			{Line: 3, Include: "common-account"},
		}},
		{"redhat", "auth substack system-auth\naccount INCLUDE password-auth\n-session optional pam_systemd.so\r\n", []Line{
			{Line: 1, Type: "auth", Include: "system-auth"},
			{Line: 2, Type: "account", Include: "password-auth"},
			{Line: 3, Type: "session", Module: "pam_systemd.so", Args: []string{}},
		}},
		{"continued", "AUTH required \\\n  pam_unix.so \\\n nullok\nauth required pam_deny.so", []Line{
			{Line: 1, Type: "auth", Module: "pam_unix.so", Args: []string{"nullok"}},
			{Line: 4, Type: "auth", Module: "pam_deny.so", Args: []string{}},
		}},
		{"bracketed-argument", `auth required pam_x.so [a b\]c] d`, []Line{
			{Line: 1, Type: "auth", Module: "pam_x.so", Args: []string{"a b]c", "d"}},
		}},
		{"commented-argument", "auth required pam_unix.so #nullok", []Line{
			{Line: 1, Type: "auth", Module: "pam_unix.so", Args: []string{}},
		}},
		{"problems", "\nauth required\nlogin auth required pam_unix.so\n@include", []Line{
			{Line: 2, Type: "auth", Problem: "too few words"},
			{Line: 3, Problem: "unknown type"},
			{Line: 4, Problem: "@include without a file"},
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, Parse([]byte(tt.text))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("auth [success=1 default=ignore] pam_unix.so nullok\n@include common-auth\n"))
	f.Add([]byte("auth required \\\npam_unix.so [x\\]\n-session include a\r\n#\\\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		last := 0
		for _, l := range Parse(data) {
			if l.Line <= last || l.Line > strings.Count(string(data), "\n")+1 {
				t.Fatalf("line %d after %d", l.Line, last)
			}
			last = l.Line
			// An empty word can only come from "[]".
			if l.Problem == "" && l.Module == "" && l.Include == "" && !strings.Contains(string(data), "[]") {
				t.Fatalf("a rule without module, inclusion or problem: %+v", l)
			}
			if strings.ContainsAny(l.Type+l.Module+l.Include, "\x00\n") {
				t.Fatalf("separator inside a word: %+v", l)
			}
		}
	})
}
