package units

import (
	"testing"
)

const (
	lib  = "/usr/lib/systemd/system/"
	etc  = "/etc/systemd/system/"
	run  = "/run/systemd/system/"
	want = etc + "multi-user.target.wants/"
)

func TestFileState(t *testing.T) {
	type files = map[string]string
	const install = "[Service]\nExecStart=/bin/x\n[Install]\nWantedBy=multi-user.target\n"
	tests := []struct {
		name  string
		files files
		unit  string
		want  FileState
	}{
		{"enabled", files{lib + "a.service": install, want + "a.service": "-> /gone"}, "a.service", StateEnabled},
		{"enabled-at-runtime", files{lib + "a.service": install, run + "x.target.requires/a.service": "-> x"}, "a.service", StateEnabledRuntime},
		{"file-in-wants-is-no-link", files{lib + "a.service": install, want + "a.service": "x"}, "a.service", StateDisabled},
		{"vendor-want", files{lib + "a.service": install, lib + "x.target.wants/a.service": "-> ../a.service"}, "a.service", StateDisabled},
		{"disabled", files{lib + "a.service": install}, "a.service", StateDisabled},
		{"static", files{lib + "a.service": static}, "a.service", StateStatic},
		{"also", files{lib + "a.service": "[Install]\nAlso=b.service\n"}, "a.service", StateIndirect},
		{"masked-by-link", files{lib + "a.service": install, etc + "a.service": "-> /dev/null", want + "a.service": "-> x"}, "a.service", StateMasked},
		{"masked-by-empty-file", files{lib + "a.service": install, etc + "a.service": ""}, "a.service", StateMasked},
		{"masked-at-runtime", files{lib + "a.service": install, run + "a.service": "-> /dev/null"}, "a.service", StateMaskedRuntime},
		{"alias", files{lib + "a.service": install, etc + "b.service": "-> /lib/systemd/system/a.service", "/lib": "-> usr/lib"}, "b.service", StateAlias},
		{"alias-of-install", files{lib + "a.service": "[Install]\nAlias=b.service\n", etc + "b.service": "-> /usr/lib/systemd/system/a.service"}, "a.service", StateEnabled},
		{"other-alias", files{lib + "a.service": "[Install]\nAlias=b.service\n", etc + "c.service": "-> /usr/lib/systemd/system/a.service"}, "a.service", StateIndirect},
		{"alias-loop", files{etc + "a.service": "-> b.service", etc + "b.service": "-> a.service"}, "a.service", StateBad},
		{"alias-of-other-type", files{lib + "a.service": install, etc + "a.socket": "-> /usr/lib/systemd/system/a.service"}, "a.socket", StateBad},
		{"linked", files{"/opt/a.service": install, etc + "a.service": "-> /opt/a.service"}, "a.service", StateLinked},
		{"linked-at-runtime", files{"/opt/a.service": install, run + "a.service": "-> /opt/a.service"}, "a.service", StateLinkedRuntime},
		{"default-instance", files{lib + "a@.service": install + "DefaultInstance=one\n", want + "a@one.service": "-> x"}, "a@.service", StateEnabled},
		{"other-instance", files{lib + "a@.service": install, want + "a@one.service": "-> x"}, "a@.service", StateIndirect},
		{"instance", files{lib + "a@.service": install, want + "a@one.service": "-> x"}, "a@one.service", StateEnabled},
		{"instance-by-vendor", files{lib + "a@.service": install, lib + "x.target.wants/a@one.service": "-> x"}, "a@one.service", StateStatic},
		{"install-in-drop-in", files{lib + "a.service": static, etc + "a.service.d/x.conf": "[Install]\nWantedBy=x.target\n"}, "a.service", StateDisabled},
		{"install-reset", files{lib + "a.service": install, etc + "a.service.d/x.conf": "[Install]\nWantedBy=\n"}, "a.service", StateStatic},
		{"generated", files{"/run/systemd/generator/a.service": install}, "a.service", StateGenerated},
		{"transient", files{"/run/systemd/transient/a.service": install}, "a.service", StateTransient},
		{"broken-header", files{lib + "a.service": "[Service\n"}, "a.service", StateBad},
		{"not-found", files{lib + "b.service": install}, "a.service", StateNotFound},
		{"no-unit-name", files{lib + "a": install}, "a", StateNotFound},
		{"sysv", files{"/etc/init.d/a": "#!", "/etc/rc5.d/S01a": "-> ../init.d/a"}, "a.service", StateEnabled},
		{"sysv-off", files{"/etc/init.d/a": "#!", "/etc/rc5.d/K01a": "-> ../init.d/a"}, "a.service", StateDisabled},
		{"upheld", files{lib + "a.service": install, etc + "x.target.upholds/a.service": "-> x"}, "a.service", StateEnabled},
		{"upheld-before-254", files{lib + "a.service": install, etc + "x.target.upholds/a.service": "-> x", "/usr/lib/systemd/libsystemd-shared-252.so": "x"}, "a.service", StateDisabled},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Load(newTree(t, tt.files)).FileState(tt.unit)
			if got != tt.want || err != nil {
				t.Errorf("got %q, %v, want %q", got, err, tt.want)
			}
		})
	}
	t.Run("unreadable", func(t *testing.T) {
		got, err := Load(newTree(t, files{"/etc/systemd/system": "(denied)"})).FileState("a.service")
		if got != StateUnknown || err == nil {
			t.Errorf("got %q, %v, want unknown and an error", got, err)
		}
	})
}

// booting is a tree with a boot: default.target wants what is in multi-user.target.
func booting(more map[string]string) map[string]string {
	files := map[string]string{
		"/usr/lib/systemd/systemd": "x", "/etc/machine-id": booted,
		lib + "default.target":    "-> multi-user.target",
		lib + "multi-user.target": "[Unit]\nRequires=basic.target\n",
		lib + "basic.target":      "[Unit]\nRequires=sysinit.target\nWants=sockets.target timers.target\n",
		lib + "sysinit.target":    "[Unit]\n",
		lib + "sockets.target":    "[Unit]\n",
		lib + "timers.target":     "[Unit]\n",
	}
	for name, content := range more {
		if content == "(none)" {
			delete(files, name)
			continue
		}
		files[name] = content
	}
	return files
}

func TestStateByBoot(t *testing.T) {
	type files = map[string]string
	tests := []struct {
		name  string
		files files
		unit  string
		want  Enablement
	}{
		{"static-reached", files{lib + "a.service": static, lib + "basic.target.wants/a.service": "-> ../a.service"}, "a.service", Enabled},
		{"static-not-reached", files{lib + "a.service": static}, "a.service", Disabled},
		{"static-wanted-by-unreached", files{lib + "a.service": static, lib + "rescue.target": "", lib + "rescue.target.wants/a.service": "-> ../a.service"}, "a.service", Disabled},
		{"static-wanted-by-administrator", files{lib + "a.service": static, etc + "rescue.target.wants/a.service": "-> x"}, "a.service", Enabled},
		{"static-required-by-setting", files{lib + "a.service": static, lib + "b.service": "[Unit]\nRequires=a.service\n[Service]\nExecStart=/bin/x\n", want + "b.service": "-> x"}, "a.service", Enabled},
		{"static-of-enabled-socket", files{lib + "a.service": static, lib + "a.socket": "[Socket]\nListenStream=1\n", etc + "sockets.target.wants/a.socket": "-> x"}, "a.service", Enabled},
		{"static-of-disabled-socket", files{lib + "a.service": static, lib + "a.socket": "[Socket]\nListenStream=1\n"}, "a.service", Disabled},
		{"template-of-accepting-socket", files{lib + "a@.service": static, lib + "a.socket": "[Socket]\nListenStream=1\nAccept=yes\n", etc + "sockets.target.wants/a.socket": "-> x"}, "a@.service", Enabled},
		{"static-of-timer", files{lib + "b.service": static, lib + "a.timer": "[Timer]\nOnBootSec=1\nUnit=b.service\n", etc + "timers.target.wants/a.timer": "-> x"}, "b.service", Enabled},
		{"disabled-of-enabled-socket", files{lib + "a.service": installable, lib + "a.socket": "[Socket]\nListenStream=1\n", etc + "sockets.target.wants/a.socket": "-> x"}, "a.service", Disabled},
		{"disabled-but-pulled-in", files{lib + "a.service": installable, etc + "multi-user.target.d/x.conf": "[Unit]\nWants=a.service\n"}, "a.service", Enabled},
		{"static-on-failure", files{lib + "a.service": static, lib + "b.service": "[Unit]\nOnFailure=a.service\n[Service]\nExecStart=/bin/x\n", want + "b.service": "-> x"}, "a.service", Unknown},
		{"static-on-the-bus", files{lib + "a.service": "[Service]\nBusName=org.a\nExecStart=/bin/x\n", "/usr/share/dbus-1/system-services/org.a.service": "x"}, "a.service", Unknown},
		{"static-of-a-device", files{lib + "a.service": static, "/usr/lib/udev/rules.d/1.rules": "ENV{SYSTEMD_WANTS}=\"a.service\"\n"}, "a.service", Unknown},
		{"vendor-want-masked", files{lib + "a.service": static, lib + "basic.target.wants/a.service": "-> x", etc + "basic.target.wants/a.service": "-> /dev/null"}, "a.service", Disabled},
		{"template-in-wants", files{lib + "a@.service": static, lib + "b@.service": "[Service]\nExecStart=/bin/x\n", lib + "b@.service.wants/a@.service": "-> ../a@.service", want + "b@one.service": "-> x"}, "a@one.service", Enabled},
		{"endless-instances", files{lib + "a@.service": "[Unit]\nWants=a@x%i.service\n", want + "a@x.service": "-> x", lib + "b.service": static}, "b.service", Disabled},
		{"no-default-target", files{lib + "a.service": static, lib + "default.target": "(none)", lib + "multi-user.target": "(none)"}, "a.service", Unknown},
		{"preset-enables", files{lib + "a.service": installable, "/etc/machine-id": "uninitialized\n", "/usr/lib/systemd/system-preset/10.preset": "enable a*\n", "/usr/lib/systemd/system-preset/90.preset": "disable *\n"}, "a.service", Enabled},
		{"preset-disables", files{lib + "a.service": installable, "/etc/machine-id": "(none)", "/usr/lib/systemd/system-preset/90.preset": "disable *\n"}, "a.service", Disabled},
		{"preset-overridden", files{lib + "a.service": installable, "/etc/machine-id": "(none)", "/usr/lib/systemd/system-preset/90.preset": "disable *\n", "/etc/systemd/system-preset/90.preset": "#\n"}, "a.service", Enabled},
		{"empty-id-of-unknown-version", files{lib + "a.service": installable, "/etc/machine-id": ""}, "a.service", Unknown},
		{"empty-id-is-no-first-boot", files{lib + "a.service": installable, "/etc/machine-id": "", "/usr/lib/systemd/libsystemd-shared-252.so": "x"}, "a.service", Disabled},
		{"empty-id-was-one", files{lib + "a.service": installable, "/etc/machine-id": "", "/usr/lib/systemd/libsystemd-shared-239.so": "x"}, "a.service", Enabled},
		{"broken-unit", files{lib + "a.service": "[Service\n" + installable, want + "a.service": "-> x"}, "a.service", Unknown},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := State(newTree(t, booting(tt.files)), tt.unit); got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}
