package units

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestListens(t *testing.T) {
	type files = map[string]string
	tests := []struct {
		name    string
		unit    string // of a.socket
		more    files
		want    []string // "proto address port v6only path"
		problem string   // the first, "line! error" when ignored
	}{
		{"port", "[Socket]\nListenStream=22\n", nil, []string{"tcp :: 22 dual"}, ""},
		{"port-v6only", "[Socket]\nListenStream=22\nBindIPv6Only=ipv6-only\n", nil, []string{"tcp :: 22 v6only"}, ""},
		{"port-both", "[Socket]\nBindIPv6Only=both\nListenStream=22\n", files{"/etc/sysctl.d/1.conf": "net.ipv6.bindv6only = 1\n"}, []string{"tcp :: 22 dual"}, ""},
		{"v6only-by-sysctl", "[Socket]\nListenStream=22\n", files{"/etc/sysctl.d/1.conf": "net.ipv6.bindv6only = 1\n"}, []string{"tcp :: 22 v6only"}, ""},
		{"v6only-by-kernel", "[Socket]\nListenStream=22\nBindIPv6Only=ipv6-only\nBindIPv6Only=default\n", files{"/proc/sys/net/ipv6/bindv6only": "1\n"}, []string{"tcp :: 22 v6only"}, ""},
		{"addresses", "[Socket]\nListenStream=127.0.0.1:1\nListenStream=0.0.0.0:2\nListenStream=[::]:3\nListenStream=[::1]:4\nListenDatagram=[fe80::1%%eth0]:5\nListenDatagram=6\n", nil, []string{
			"tcp 127.0.0.1 1", "tcp 0.0.0.0 2", "tcp :: 3 dual", "tcp ::1 4", "udp fe80::1%eth0 5", "udp :: 6 dual",
		}, ""},
		{"protocols", "[Socket]\nListenStream=1\nListenDatagram=2\nSocketProtocol=sctp\n", nil, []string{"sctp :: 1 dual", "udp :: 2 dual"}, ""},
		{"udplite", "[Socket]\nListenDatagram=2\nSocketProtocol=udplite\n", nil, []string{"udplite :: 2 dual"}, ""},
		{"mptcp", "[Socket]\nListenStream=2\nSocketProtocol=mptcp\n", nil, []string{"tcp :: 2 dual"}, ""},
		{"paths", "[Socket]\nListenStream=/run/x\nListenSequentialPacket=@y\nListenFIFO=/run/f\nListenStream=vsock::22\nListenNetlink=audit 1\n", nil, []string{
			"unix - 0 /run/x", "unix - 0 @y", "fifo - 0 /run/f", "vsock - 0 vsock::22", "netlink - 0 audit 1",
		}, ""},
		{"specifiers", "[Socket]\nListenStream=%t/x/%p\n", nil, []string{"unix - 0 /run/x/a"}, ""},
		{"reset-in-drop-in", "[Socket]\nListenStream=22\nListenFIFO=/x\n", files{etc + "a.socket.d/x.conf": "[Socket]\nListenStream=\nListenStream=2222\n"}, []string{"tcp :: 2222 dual"}, ""},
		{"added-by-drop-in", "[Socket]\nListenStream=22\n", files{etc + "a.socket.d/x.conf": "[Socket]\nListenStream=2222\n"}, []string{"tcp :: 22 dual", "tcp :: 2222 dual"}, ""},
		{"invalid", "[Socket]\nListenStream=nonsense\nListenStream=0\nListenStream=70000\nListenStream=[1.2.3.4]:5\nListenSequentialPacket=22\nListenStream=1\n", nil, []string{"tcp :: 1 dual"}, "2! ListenStream= is no address"},
		{"unknown-specifier", "[Socket]\nListenStream=%v\n", nil, nil, "2 not evaluated: a specifier that is not known before boot"},
		{"other-section", "[Service]\nListenStream=22\n", nil, nil, "0! systemd does not load the unit with this"},
		{"generator", "[Socket]\nListenStream=22\n", files{"/usr/lib/systemd/system-generators/sshd-socket-generator": "x", lib + "ssh.socket": "-> a.socket"}, []string{"tcp :: 22 dual"}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			all := map[string]string{lib + "a.socket": tt.unit}
			maps.Copy(all, tt.more)
			u, err := Load(newTree(t, all)).Unit("a.socket")
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, listens(u)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			problem := ""
			if len(u.Problems) > 0 {
				p := u.Problems[0]
				problem = fmt.Sprintf("%d%s %v", p.Line, map[bool]string{true: "!"}[p.Ignored], p.Err)
			}
			if problem != tt.problem {
				t.Errorf("problem %q, want %q", problem, tt.problem)
			}
		})
	}
	t.Run("generator-of-a-tree", func(t *testing.T) {
		s := Load(newTree(t, files{
			lib + "ssh.socket": "[Socket]\nListenStream=22\n", "/usr/lib/systemd/system-generators/sshd-socket-generator": "x",
			"/run/systemd/netif/x": "left by a package",
		}))
		sockets, problems := s.Sockets()
		if len(sockets) != 1 || len(problems) != 1 || problems[0].Unit != "ssh.socket" {
			t.Errorf("got %v, %v, want one socket with a problem", sockets, problems)
		}
	})
	t.Run("generator-has-run", func(t *testing.T) {
		s := Load(newTree(t, files{
			lib + "ssh.socket": "[Socket]\nListenStream=22\n", "/usr/lib/systemd/system-generators/sshd-socket-generator": "x",
			"/run/systemd/generator/ssh.socket.d/addresses.conf": "[Socket]\nListenStream=\nListenStream=2222\n",
		}))
		sockets, problems := s.Sockets()
		if len(sockets) != 1 || len(problems) != 0 || sockets[0].Listens[0].Port != 2222 {
			t.Errorf("got %v, %v, want port 2222", sockets, problems)
		}
	})
}

func listens(u *Unit) (list []string) {
	for _, l := range u.Listens {
		addr := "-"
		if l.Addr.IsValid() {
			addr = l.Addr.String()
		}
		s := fmt.Sprintf("%s %s %d", l.Proto, addr, l.Port)
		switch {
		case l.V6Only == Yes:
			s += " v6only"
		case l.V6Only == No:
			s += " dual"
		case l.Path != "":
			s += " " + l.Path
		}
		list = append(list, s)
	}
	return list
}

func TestEnabled(t *testing.T) {
	type files = map[string]string
	tests := []struct {
		name     string
		files    files
		want     []string
		problems []string
	}{
		{"wanted", files{lib + "a.service": installable, want + "a.service": "-> x", lib + "b.service": installable}, []string{"service a.service /bin/x"}, nil},
		{"once-by-alias", files{lib + "a.service": installable, etc + "b.service": "-> /usr/lib/systemd/system/a.service", want + "a.service": "-> x", want + "b.service": "-> x"}, []string{"service a.service /bin/x"}, nil},
		{"alias-alone", files{lib + "a.service": "[Service]\nExecStart=/bin/x\n[Install]\nAlias=b.service\n", etc + "b.service": "-> /usr/lib/systemd/system/a.service"}, []string{"service a.service /bin/x"}, nil},
		{"masked", files{lib + "a.service": installable, want + "a.service": "-> x", etc + "a.service": "-> /dev/null"}, nil, nil},
		{"gone", files{want + "a.service": "-> /usr/lib/systemd/system/a.service"}, nil, nil},
		{"want-masked", files{lib + "a.service": installable, lib + "basic.target.wants/a.service": "-> x", etc + "basic.target.wants/a.service": "-> /dev/null"}, nil, nil},
		{"static", files{lib + "a.service": static, lib + "sysinit.target.wants/a.service": "-> x"}, []string{"service a.service /bin/x"}, nil},
		{"unreached-target", files{lib + "a.service": installable, etc + "graphical.target.wants/a.service": "-> x"}, []string{"service a.service /bin/x"}, nil},
		{"unreached-vendor-want", files{lib + "a.service": static, lib + "rescue.target": "[Unit]\n", lib + "rescue.target.wants/a.service": "-> x"}, nil, nil},
		{"instance", files{lib + "a@.service": installable, want + "a@b.service": "-> x"}, []string{"service a@b.service /bin/x"}, nil},
		{"timer-and-socket", files{
			lib + "a.service": static, lib + "a.timer": "[Timer]\nOnBootSec=1\n", etc + "timers.target.wants/a.timer": "-> x",
			lib + "b.service": static, lib + "b.socket": "[Socket]\nListenStream=1\n", etc + "sockets.target.wants/b.socket": "-> x",
		}, []string{"socket b.socket ", "timer a.timer "}, nil},
		{"preset", files{
			lib + "a.service": installable, lib + "b.service": installable, lib + "c@.service": installable, lib + "d.service": installable, want + "d.service": "-> x", "/etc/machine-id": "(none)",
			"/etc/systemd/system-preset/1.preset": "disable b.service\nenable c@.service one two\n",
		}, []string{"service a.service /bin/x first", "service c@one.service /bin/x first", "service c@two.service /bin/x first", "service d.service /bin/x"}, nil},
		{"preset-also", files{
			lib + "a.service": "[Service]\nExecStart=/bin/x\n[Install]\nWantedBy=x.target\nAlso=a.socket\n", lib + "a.socket": "[Socket]\nListenStream=1\n[Install]\nWantedBy=sockets.target\n",
			"/etc/machine-id": "(none)", "/etc/systemd/system-preset/1.preset": "enable a.service\ndisable *\n",
		}, []string{"service a.service /bin/x first", "socket a.socket  first"}, nil},
		{"sysv-generated", files{
			"/run/systemd/generator.late/a.service": "[Service]\nExecStart=/etc/init.d/a start\n", "/run/systemd/generator.late/multi-user.target.wants/a.service": "-> ../a.service",
			"/etc/init.d/b": "x",
		}, []string{"service a.service /etc/init.d/a"}, nil},
		{"unreadable", files{"/etc/systemd/system": "(denied)"}, nil, []string{"/etc/systemd/system"}},
		{"refused", files{
			lib + "a.service": "[Service]\nExecStart=/bin/x\nExecStart=/bin/y\n", want + "a.service": "-> x", lib + "b.service": "[Service]\nExecStart=./x\n", want + "b.service": "-> x",
			lib + "c.service": "[Service]\nType=simple\n", want + "c.service": "-> x", lib + "d.socket": "[Socket]\nListenStream=x\n", want + "d.socket": "-> x",
			lib + "e.service": "[Service]\nExecStart=/bin/e 'x\n", want + "e.service": "-> x", lib + "f.service": "[Service]\nExecStart=-/bin/f 'x\nExecStart=/bin/g\n", want + "f.service": "-> x",
		}, []string{"service f.service /bin/g"}, nil},
		{"broken", files{lib + "a.service": "[Service\n", want + "a.service": "-> x"}, nil, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			entries, bad := Load(newTree(t, booting(tt.files))).Enabled()
			var got, problems []string
			for _, e := range entries {
				got = append(got, strings.Join([]string{string(e.Kind), e.Name, e.Program}, " ")+map[bool]string{true: " first"}[e.FirstBoot])
			}
			for _, p := range bad {
				problems = append(problems, p.File)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("entries -want +got:\n%s", diff)
			}
			if diff := cmp.Diff(tt.problems, problems); diff != "" {
				t.Errorf("problems -want +got:\n%s", diff)
			}
		})
	}
}

// TestSecretStays: a command line may hold a secret; no error tells it.
func TestSecretStays(t *testing.T) {
	const secret = "hunter2"
	u, err := Load(newTree(t, map[string]string{
		lib + "a.service": "[Service]\nType=" + secret + "\nExecStart=/bin/x '" + secret + "\nEnvironment='" + secret + "\nEnvironmentFile=" + secret + "\n",
	})).Unit("a.service")
	if err != nil || len(u.Problems) < 3 {
		t.Fatalf("got %d problems, %v", len(u.Problems), err)
	}
	for _, p := range u.Problems {
		if strings.Contains(p.Err.Error(), secret) {
			t.Errorf("line %d tells the secret", p.Line)
		}
	}
}
