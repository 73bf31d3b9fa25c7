package units

import (
	"io/fs"
	"strings"
	"testing"

	"hostaudit/checks/host/tree"
)

const (
	installable = "[Unit]\nDescription=x\n[Service]\nExecStart=/bin/x\n[Install]\nWantedBy=multi-user.target\n"
	static      = "[Service]\nExecStart=/bin/x\n"
	booted      = "0123456789abcdef0123456789abcdef\n"
)

// newTree makes a tree from "name = content" or "name -> target" pairs.
func newTree(t *testing.T, files map[string]string) *tree.Tree {
	t.Helper()
	entries := map[string]tree.Entry{}
	for name, content := range files {
		e := tree.Entry{Mode: 0o644, Content: []byte(content)}
		if target, ok := strings.CutPrefix(content, "-> "); ok {
			e = tree.Entry{Target: target}
		}
		if content == "(denied)" {
			e = tree.Entry{Mode: fs.ModeDir | 0o755, Err: fs.ErrPermission}
		}
		entries[name] = e
	}
	src, err := tree.NewMapSource(entries)
	if err != nil {
		t.Fatal(err)
	}
	return tree.New(src, tree.Options{})
}

func TestState(t *testing.T) {
	const (
		lib   = "/usr/lib/systemd/system/"
		etc   = "/etc/systemd/system/"
		wants = etc + "multi-user.target.wants/"
		id    = "/etc/machine-id"
	)
	type files = map[string]string
	tests := []struct {
		name  string
		files files
		units []string
		want  Enablement
	}{
		{"no-names", files{}, nil, Unknown},
		{"pattern-as-name", files{lib + "a.service": installable}, []string{"*.service"}, Unknown},
		{"absent", files{lib + "other.service": installable}, []string{"a.service"}, Absent},
		{"enabled", files{lib + "a.service": installable, wants + "a.service": "-> /usr/lib/systemd/system/a.service"}, []string{"a.service"}, Enabled},
		{"enabled-dangling-link", files{lib + "a.service": installable, wants + "a.service": "-> /gone/b.service"}, []string{"a.service"}, Enabled},
		{"link-without-unit", files{wants + "a.service": "-> /usr/lib/systemd/system/a.service"}, []string{"a.service"}, Absent},
		{"required", files{lib + "a.service": installable, etc + "x.target.requires/a.service": "-> ../a.service"}, []string{"a.service"}, Enabled},
		{"wanted-by-vendor", files{lib + "a.service": static, lib + "sysinit.target.wants/a.service": "-> ../a.service"}, []string{"a.service"}, Enabled},
		{"vendor-want-removed", files{lib + "a.service": installable, id: booted, lib + "s.target.wants/a.service": "-> ../a.service", etc + "s.target.wants/a.service": "-> /dev/null"}, []string{"a.service"}, Disabled},
		{"lib-not-merged", files{"/lib/systemd/system/a.service": installable, wants + "a.service": "-> /lib/systemd/system/a.service"}, []string{"a.service"}, Enabled},
		{"disabled", files{lib + "a.service": installable, id: booted}, []string{"a.service"}, Disabled},
		{"socket-without-systemd", files{lib + "a.socket": installable}, []string{"a.socket"}, Disabled},
		{"socket-before-first-boot", files{lib + "a.socket": installable, "/usr/lib/systemd/systemd": "x"}, []string{"a.socket"}, Enabled},
		{"socket-not-in-presets", files{lib + "a.socket": installable, "/usr/lib/systemd/systemd": "x", "/usr/lib/systemd/system-preset/99.preset": "disable *\n"}, []string{"a.socket"}, Disabled},
		{"first-boot-no-id", files{lib + "a.service": installable}, []string{"a.service"}, Unknown},
		{"first-boot-uninitialized", files{lib + "a.service": installable, id: "uninitialized\n"}, []string{"a.service"}, Unknown},
		{"first-boot-empty-id", files{lib + "a.service": installable, id: ""}, []string{"a.service"}, Unknown},
		{"static", files{lib + "a.service": static, id: booted}, []string{"a.service"}, Unknown},
		{"install-commented", files{lib + "a.service": static + "#[Install]\n", id: booted}, []string{"a.service"}, Unknown},
		{"masked-by-link", files{lib + "a.service": installable, etc + "a.service": "-> /dev/null", wants + "a.service": "-> x"}, []string{"a.service"}, Masked},
		{"masked-by-relative-link", files{lib + "a.service": installable, etc + "a.service": "-> ../../../dev/null"}, []string{"a.service"}, Masked},
		{"masked-by-empty-file", files{lib + "a.service": installable, etc + "a.service": "", wants + "a.service": "-> x"}, []string{"a.service"}, Masked},
		{"masked-without-unit", files{etc + "a.service": "-> /dev/null"}, []string{"a.service"}, Masked},
		{"alias", files{lib + "ssh.service": installable, etc + "sshd.service": "-> /lib/systemd/system/ssh.service", wants + "ssh.service": "-> x"}, []string{"sshd.service"}, Enabled},
		{"wanted-by-alias", files{lib + "ssh.service": installable, etc + "sshd.service": "-> /lib/systemd/system/ssh.service", wants + "sshd.service": "-> x"}, []string{"ssh.service"}, Enabled},
		{"alias-of-disabled", files{lib + "ssh.service": installable, id: booted, etc + "sshd.service": "-> /lib/systemd/system/ssh.service"}, []string{"sshd.service"}, Disabled},
		{"alias-loop", files{etc + "a.service": "-> b.service", etc + "b.service": "-> a.service"}, []string{"a.service"}, Unknown},
		{"linked-unit", files{"/opt/a.service": installable, id: booted, etc + "a.service": "-> /opt/a.service"}, []string{"a.service"}, Disabled},
		{"linked-unit-gone", files{etc + "a.service": "-> /opt/a.service"}, []string{"a.service"}, Unknown},
		{"instance", files{lib + "x@.service": installable, etc + "getty.target.wants/x@one.service": "-> x"}, []string{"x@one.service"}, Enabled},
		{"other-instance", files{lib + "x@.service": installable, id: booted, etc + "getty.target.wants/x@one.service": "-> x"}, []string{"x@two.service"}, Disabled},
		{"instance-without-template", files{wants + "x@one.service": "-> x"}, []string{"x@one.service"}, Absent},
		{"best-of-socket-and-service", files{lib + "a.service": installable, lib + "a.socket": installable, id: booted, etc + "sockets.target.wants/a.socket": "-> x"}, []string{"a.service", "a.socket"}, Enabled},
		{"unknown-beats-disabled", files{lib + "a.service": installable, lib + "b.service": static, id: booted}, []string{"a.service", "b.service"}, Unknown},
		{"disabled-beats-masked", files{lib + "a.service": installable, etc + "b.service": "-> /dev/null", id: booted}, []string{"b.service", "a.service"}, Disabled},
		{"unreadable", files{etc[:len(etc)-1]: "(denied)"}, []string{"a.service"}, Unknown},

		{"sysv", files{"/etc/init.d/a": "#!", "/etc/rc3.d/S20a": "-> ../init.d/a"}, []string{"a.service"}, Enabled},
		{"sysv-stopped", files{"/etc/init.d/a": "#!", "/etc/rc3.d/K20a": "-> ../init.d/a", "/etc/rcS.d/S20a": "-> x"}, []string{"a.service"}, Disabled},
		{"sysv-without-script", files{"/etc/rc3.d/S20a": "-> ../init.d/a"}, []string{"a.service"}, Absent},
		{"sysv-below-native", files{lib + "a.service": installable, id: booted, "/etc/init.d/a": "#!", "/etc/rc3.d/S20a": "-> ../init.d/a"}, []string{"a.service"}, Disabled},
		{"sysv-masked", files{etc + "a.service": "-> /dev/null", "/etc/init.d/a": "#!", "/etc/rc3.d/S20a": "-> ../init.d/a"}, []string{"a.service"}, Masked},
		{"sysv-is-the-init", files{lib + "a.service": installable, id: booted, "/etc/inittab": "x", "/etc/init.d/a": "#!", "/etc/rc3.d/S20a": "-> ../init.d/a"}, []string{"a.service"}, Enabled},
		{"sysv-no-socket", files{"/etc/init.d/a": "#!", "/etc/rc3.d/S20a": "-> ../init.d/a"}, []string{"a.socket"}, Absent},
		{"openrc", files{"/etc/init.d/sshd": "#!", "/etc/runlevels/default/sshd": "-> /etc/init.d/sshd"}, []string{"sshd.service"}, Enabled},
		{"openrc-disabled", files{"/etc/init.d/sshd": "#!", "/etc/runlevels/default/ntpd": "-> /etc/init.d/ntpd"}, []string{"sshd.service"}, Disabled},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := State(newTree(t, tt.files), tt.units...); got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

func TestEnablementZero(t *testing.T) {
	var zero Enablement
	if zero != Unknown || zero.String() != "unknown" {
		t.Errorf("the zero value is %v, it must be unknown", zero)
	}
	if Masked.String() != "masked" || Enablement(99).String() != "unknown" {
		t.Error("words")
	}
}
