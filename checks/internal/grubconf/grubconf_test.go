package grubconf

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParse(t *testing.T) {
	tests := []struct {
		name, text string
		want       File
	}{
		{"nothing", "", File{}},
		{"grub-cfg", "# c\nset timeout=5\nset superusers=\"root\"\npassword_pbkdf2 root grub.pbkdf2.sha512.10.AA.BB\n", File{
			Superusers: 3, Passwords: []Password{{Line: 4, Kind: Hash, User: "root", Secret: "grub.pbkdf2.sha512.10.AA.BB"}},
		}},
		{"clear", "password bob 'se cret' # c\n", File{Passwords: []Password{{Line: 1, Kind: Clear, User: "bob", Secret: "se cret"}}}},
		{"user-cfg", "GRUB2_PASSWORD=grub.pbkdf2.sha512.10.AA.BB\r\n", File{Passwords: []Password{{Line: 1, Kind: Hash, Secret: "grub.pbkdf2.sha512.10.AA.BB"}}}},
		{"red-hat-script", "#!/usr/bin/sh -e\ncat << EOF\nif [ -f \\${prefix}/user.cfg ]; then\n  source \\${prefix}/user.cfg\n  if [ -n \"\\${GRUB2_PASSWORD}\" ]; then\n    set superusers=\"root\"\n    export superusers\n    password_pbkdf2 root \\${GRUB2_PASSWORD}\n  fi\nfi\nEOF\n", File{
			Superusers: 6, Passwords: []Password{{Line: 8, Kind: Variable, User: "root", Secret: "GRUB2_PASSWORD"}},
		}},
		{"variable-in-quotes", `password_pbkdf2 root "$HASH"`, File{Passwords: []Password{{Line: 1, Kind: Variable, User: "root", Secret: "HASH"}}}},
		{"one-line", "if true; then password a b; fi", File{Passwords: []Password{{Line: 1, Kind: Clear, User: "a", Secret: "b"}}}},
		{"continued", "password_pbkdf2 root \\\n  grub.x\npassword c d", File{Passwords: []Password{
			{Line: 1, Kind: Hash, User: "root", Secret: "grub.x"}, {Line: 3, Kind: Clear, User: "c", Secret: "d"},
		}}},
		{"not-a-command", "echo password a b\necho 'password a b'\n# password a b\nmypassword a b\npassword a\n", File{}},
		{"apostrophe", "echo it's\npassword a b\n", File{Passwords: []Password{{Line: 2, Kind: Clear, User: "a", Secret: "b"}}}},
		{"hash-inside-word", "password a b#c\n", File{Passwords: []Password{{Line: 1, Kind: Clear, User: "a", Secret: "b#c"}}}},
		{"empty-superusers", "set superusers=\"\"\n", File{}},
		{"escaped", `password a b\ c\\d`, File{Passwords: []Password{{Line: 1, Kind: Clear, User: "a", Secret: `b c\d`}}}},
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
	f.Add([]byte("set superusers=\"root\"\npassword_pbkdf2 root grub.pbkdf2.sha512.10.AA.BB\npassword b 'c d'\n"))
	f.Add([]byte("GRUB2_PASSWORD=x;password a \"$b\\\"\\\n\" # c\n{ password \\$a ${b} }\n'"))
	f.Fuzz(func(t *testing.T, data []byte) {
		got := Parse(data)
		lines := strings.Count(string(data), "\n") + 1
		last := 1
		for _, p := range got.Passwords {
			if p.Line < last || p.Line > lines {
				t.Fatalf("line %d after %d of %d", p.Line, last, lines)
			}
			last = p.Line
			if p.Kind < Hash || p.Kind > Variable || p.Secret == "" && p.Kind != Variable {
				t.Fatalf("kind %d without a secret", p.Kind)
			}
		}
		if got.Superusers < 0 || got.Superusers > lines {
			t.Fatalf("superusers on line %d of %d", got.Superusers, lines)
		}
		marker := append([]byte("password marker marked\n"), data...)
		if more := Parse(marker); len(more.Passwords) != len(got.Passwords)+1 {
			t.Fatalf("a line before changes what is found: %d and %d", len(got.Passwords), len(more.Passwords))
		}
	})
}
