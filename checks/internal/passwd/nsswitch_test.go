package passwd

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSources(t *testing.T) {
	tests := []struct {
		name, text string
		want       []string
	}{
		{"none", "group: files\n", nil},
		{"empty", "passwd:\n", []string{}},
		{"debian", "# c\npasswd:         files systemd\n", []string{"files", "systemd"}},
		{"actions", "passwd: sss [NOTFOUND=return SUCCESS=merge]files# ldap\r\n", []string{"sss", "files"}},
		{"open-bracket", "passwd: files [x\n", []string{"files"}},
		{"blank-before-colon", " passwd : nis\n", []string{"nis"}},
		{"last-line-counts", "passwd: files\npasswd: files ldap", []string{"files", "ldap"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, Sources([]byte(tt.text), "passwd")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func FuzzSources(f *testing.F) {
	f.Add([]byte("passwd: files [NOTFOUND=return] sss#x\nshadow:compat"))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, word := range Sources(data, "passwd") {
			if word == "" || strings.ContainsAny(word, blanks+"#[") {
				t.Fatalf("service %q", word)
			}
		}
		more := append([]byte("passwd: marker\n"), data...)
		if got := Sources(more, "passwd"); Sources(data, "passwd") == nil && !slices.Equal(got, []string{"marker"}) {
			t.Fatalf("a line without effect changed the result to %q", got)
		}
	})
}
