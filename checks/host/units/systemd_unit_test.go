package units

import (
	"errors"
	"io/fs"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hostaudit/checks/host/tree"
)

func TestUnit(t *testing.T) {
	type files = map[string]string
	tests := []struct {
		name  string
		files files
		unit  string
		want  string // name, aliases; drop-ins; commands ("?" incomplete); starts
	}{
		{"plain", files{lib + "a.service": "[Service]\nExecStart=/bin/x -a 'b c' \\x41\n"}, "a.service", "a.service []\nsimple /bin/x -a|b c|A\n"},
		{"alias", files{lib + "a.service": static, etc + "b.service": "-> /usr/lib/systemd/system/a.service", etc + "c.service": "-> b.service"}, "c.service", "a.service [b.service c.service]\nsimple /bin/x\n"},
		{"mask", files{lib + "a.service": static, etc + "a.service": "-> /dev/null"}, "a.service", "a.service [] masked\n"},
		{"reset", files{lib + "a.service": static, etc + "a.service.d/x.conf": "[Service]\nExecStart=\nExecStart=/bin/y\n"}, "a.service", "a.service []\n+etc/x.conf\nsimple /bin/y\n"},
		{"order-by-name", files{
			lib + "a.service": static, lib + "a.service.d/2.conf": "[Service]\nExecStart=\nExecStart=/bin/2\n", etc + "a.service.d/1.conf": "[Service]\nExecStart=\nExecStart=/bin/1\n",
		}, "a.service", "a.service []\n+etc/1.conf\n+lib/2.conf\nsimple /bin/2\n"},
		{"same-name-rules-once", files{
			lib + "a.service": static, lib + "a.service.d/1.conf": "[Service]\nExecStart=/bin/lost\n", etc + "a.service.d/1.conf": "[Service]\nType=exec\n",
		}, "a.service", "a.service []\n+etc/1.conf\nexec /bin/x\n"},
		{"drop-in-masked", files{lib + "a.service": static, lib + "a.service.d/1.conf": "[Service]\nType=exec\n", etc + "a.service.d/1.conf": "-> /dev/null"}, "a.service", "a.service []\nsimple /bin/x\n"},
		{"hierarchy", files{
			lib + "a-b-c.service": static, etc + "a-.service.d/1.conf": "[Service]\nType=exec\n", etc + "a-b-.service.d/2.conf": "[Unit]\n", etc + "service.d/3.conf": "[Unit]\n",
		}, "a-b-c.service", "a-b-c.service []\n+etc/1.conf\n+etc/2.conf\n+etc/3.conf\nexec /bin/x\n"},
		{"type-wide-is-weakest", files{
			lib + "a.service": static, etc + "service.d/1.conf": "[Service]\nType=exec\n", lib + "a.service.d/1.conf": "[Service]\nType=notify\n",
		}, "a.service", "a.service []\n+lib/1.conf\nnotify /bin/x\n"},
		{"instance", files{lib + "a@.service": "[Service]\nExecStart=/bin/x %i %I %n %N %p %j %f %t %%\n", etc + "a@.service.d/1.conf": "[Unit]\n", etc + "a@b-c.service.d/2.conf": "[Unit]\n"}, "a@b-c.service", "a@b-c.service []\n+etc/1.conf\n+etc/2.conf\nsimple /bin/x b-c|b/c|a@b-c.service|a@b-c|a|a|/b/c|/run|%\n"},
		{"alias-drop-in", files{lib + "a.service": static, etc + "b.service": "-> /usr/lib/systemd/system/a.service", etc + "b.service.d/1.conf": "[Service]\nType=exec\n"}, "a.service", "a.service [b.service]\n+etc/1.conf\nexec /bin/x\n"},
		{"specifier-unknown", files{lib + "a.service": "[Service]\nExecStart=/bin/x %v\n"}, "a.service", "a.service []\nsimple ?/bin/x %v\n"},
		{"host-specifiers", files{lib + "a.service": "[Service]\nExecStart=/bin/x %H %m\n", "/etc/hostname": "box\n", "/etc/machine-id": booted}, "a.service", "a.service []\nsimple /bin/x box|" + strings.TrimSpace(booted) + "\n"},
		{"prefixes", files{lib + "a.service": "[Service]\nExecStart=-@/bin/x name $A\nExecStart=:+/bin/y $A\nExecStart=!!/bin/z $$A\n"}, "a.service", "a.service []\nsimple /bin/x\nsimple /bin/y $A\nsimple /bin/z $A\n"},
		{"variables", files{
			lib + "a.service": "[Service]\nEnvironment=A=1 \"B=2 3\"\nEnvironmentFile=-/etc/default/a\nEnvironmentFile=-/etc/gone\nExecStart=/bin/x $A $B ${B} $C p${D}q $E $$A\n",
			"/etc/default/a":  "# c\nC='x y' \nA=9\nD=\"d\"\n",
		}, "a.service", "a.service []\nsimple /bin/x 9|2|3|2 3|x|y|pdq|$A\n"},
		{"variable-before-boot", files{lib + "a.service": "[Service]\nEnvironmentFile=-/run/a\nExecStart=/bin/x $A\n"}, "a.service", "a.service []\nsimple ?/bin/x\n"},
		{"variable-of-manager", files{lib + "a.service": "[Service]\nExecStart=/bin/x $LANG\n"}, "a.service", "a.service []\nsimple ?/bin/x\n"},
		{"relative-program", files{lib + "a.service": "[Service]\nExecStart=prog\nExecStart=gone\n"}, "a.service", "a.service []\nsimple ?prog\nsimple ?gone\n"},
		{"two-commands", files{lib + "a.service": "[Service]\nType=oneshot\nExecStart=/bin/x a ; /bin/y \\; b;c\n"}, "a.service", "a.service []\noneshot /bin/x a\noneshot /bin/y ;|b;c\n"},
		{"unbalanced", files{lib + "a.service": "[Service]\nExecStart=/bin/x 'a\nExecStart=/bin/y\n"}, "a.service", "a.service []\nsimple /bin/y\n"},
		{"continued", files{lib + "a.service": "[Service]\nExecStart=/bin/x \\\n# comment\n  a \\\n; comment\n  b\n"}, "a.service", "a.service []\nsimple /bin/x a|b\n"},
		{"timer", files{lib + "a.timer": "[Timer]\nOnBootSec=1\n"}, "a.timer", "a.timer []\n> a.service\n"},
		{"timer-of-other", files{lib + "a.timer": "[Timer]\nUnit=b.target\n"}, "a.timer", "a.timer []\n> b.target\n"},
		{"accepting-socket", files{lib + "a.socket": "[Socket]\nListenStream=1\nAccept=yes\n"}, "a.socket", "a.socket []\n> a@.service\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			u, err := Load(newTree(t, tt.files)).Unit(tt.unit)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, describe(u)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
	t.Run("found-program", func(t *testing.T) {
		src, err := tree.NewMapSource(map[string]tree.Entry{
			lib + "a.service": {Mode: 0o644, Content: []byte("[Service]\nExecStart=prog\n")},
			"/usr/bin/prog":   {Mode: 0o755, Content: []byte("x")},
		})
		if err != nil {
			t.Fatal(err)
		}
		u, err := Load(tree.New(src, tree.Options{})).Unit("a.service")
		if err != nil || len(u.Exec) != 1 || u.Exec[0].Path != "/usr/bin/prog" || u.Exec[0].Incomplete {
			t.Errorf("got %+v, %v", u, err)
		}
	})
	for _, name := range []string{"a.service", "a@b.service", "nothing"} {
		t.Run("none-"+name, func(t *testing.T) {
			if _, err := Load(newTree(t, files{lib + "b.service": static})).Unit(name); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("got %v, want that it does not exist", err)
			}
		})
	}
}

func describe(u *Unit) string {
	var b strings.Builder
	b.WriteString(u.Name + " [" + strings.Join(u.Aliases, " ") + "]")
	if u.Masked {
		b.WriteString(" masked")
	}
	b.WriteString("\n")
	for _, d := range u.DropIns {
		where := "lib"
		if strings.HasPrefix(d, "/etc/") {
			where = "etc"
		}
		b.WriteString("+" + where + d[strings.LastIndexByte(d, '/'):] + "\n")
	}
	for _, c := range u.Exec {
		b.WriteString(u.Type + " ")
		if c.Incomplete {
			b.WriteString("?")
		}
		b.WriteString(strings.TrimRight(c.Path+" "+strings.Join(c.Args, "|"), " ") + "\n")
	}
	if u.Starts != "" {
		b.WriteString("> " + u.Starts + "\n")
	}
	return b.String()
}
