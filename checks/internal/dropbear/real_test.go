package dropbear_test

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hostaudit/checks/host/hosttest"
	"hostaudit/checks/internal/dropbear"
)

// eachDropbear runs a test against the Dropbear of every release: 2020.81, 2022.83, 2025.89
// and 2026.94 at the time of writing.
func eachDropbear(t *testing.T, test func(*testing.T, *hosttest.RealHost, dropbear.Version)) {
	t.Helper()
	trees := []string{"units-bullseye", "bookworm", "units-trixie", "units-sid"}
	hosttest.EachTree(t, "/usr/sbin/dropbear", trees, func(t *testing.T, h *hosttest.RealHost) {
		h.MustRun("mkdir", "-p", "/etc/dropbear")
		h.MustRun("dropbearkey", "-t", "ed25519", "-f", "/etc/dropbear/dropbear_ed25519_host_key")
		said := h.Run("dropbear", "-V")
		_, number, _ := strings.Cut(said.Stdout+said.Stderr, "Dropbear v")
		version, ok := dropbear.ParseVersion(number)
		if !ok {
			t.Fatalf("no version in %q", said.Stdout+said.Stderr)
		}
		test(t, h, version)
	})
}

// What each Dropbear binds and refuses is what its options are read as.
func TestRealDropbearArgs(t *testing.T) {
	lines := []string{
		``,
		`-p 2222`, `-p2222`, `-wgsp2222`, `-p 22 -p 2222`, `-p 22 -p 22`,
		`-p 127.0.0.1:22`, `-p [::1]:23`, `-p ::1:24`, `-p :25`, `-p *:26`, `-p 127.1:27`, `-p 0:28`, `-p 0x7f.1:29`, `-p 010.1:22 -p 30`,
		`-p 0.0.0.0:22`, `-p [::]:22`, `-p [::ffff:127.0.0.1]:22`, `-p [::ffff:127.0.0.1]:22 -p 23`,
		`-p +22`, `-p 022`, `-p -1`, `-p [::1]`, `-p [::1] -p 22`, `-p [::1]x:22`, `-p [::1`, `-p ''`, `-p 127.0.0.1:`, `-p`, `-p 22 23`,
		`-p 1 -p 2 -p 3 -p 4 -p 5 -p 6 -p 7 -p 8 -p 9 -p 10 -p 11 -p [`,
		`-p 127.0.0.1:41 -p 41`,
		`x`, `-`, `--`, `''`, `-y`, `-h`, `-V`, `-Q help`,
		`-l lo -p 33`, `-l lo`, `-D /etc/dropbear`, `-D ''`, `-D ~/.ssh`,
		`-b ''`, `-b /etc/shells`, `-G root`, `-G ''`, `-c id`,
		`-T 0`, `-T 3`, `-T x`, `-K 5`, `-K x`, `-K ''`, `-I 99999999999`, `-W 0`, `-W 65536`, `-W 2000000`, `-M 5`,
		`-t`, `-t -s`, `-t -B`, `-e`, `-z`, `-u -m -a -j -k`, `-jka`,
		`-r /a -r /b -r /c -r /d -r /e -r /f -r /g`,
	}
	eachDropbear(t, func(t *testing.T, h *hosttest.RealHost, version dropbear.Version) {
		for _, line := range lines {
			t.Run(strings.ReplaceAll(line, " ", "_"), func(t *testing.T) {
				args := strings.Fields(line)
				for i, arg := range args {
					args[i] = strings.Trim(arg, "'")
				}
				args = append([]string{"-F", "-E"}, args...)
				y := h.Try(append([]string{"/usr/sbin/dropbear"}, args...)...)
				y.End()
				options, out := dropbear.ParseArgsOf(version, args)
				if out.Kind == dropbear.Unsure {
					t.Skipf("no claim: %s", out.Why)
				}
				// A host key that cannot be read is no matter of the arguments.
				if y.Alive != (out.Kind == dropbear.Accepted) && !strings.Contains(line, "-r") {
					t.Fatalf("alive %v, read as %+v\n%s", y.Alive, out, y.Output())
				}
				if diff := cmp.Diff(boundBy(options).String(), y.Listens.String()); diff != "" && out.Kind == dropbear.Accepted {
					t.Error(diff)
				}
			})
		}
	})
}

// boundBy returns the sockets that Dropbear's options ask for.
func boundBy(o dropbear.Options) hosttest.ListenSet {
	var bound []netip.AddrPort
	for _, l := range o.Listens {
		addrs := []netip.Addr{l.Addr}
		if !l.Addr.IsValid() {
			addrs = []netip.Addr{netip.IPv4Unspecified(), netip.IPv6Unspecified()}
		}
		for _, addr := range addrs {
			// What the host does not have is not bound.
			if addr.IsUnspecified() || addr.IsLoopback() {
				bound = append(bound, netip.AddrPortFrom(addr, l.Port))
			}
		}
	}
	// The second of two sockets on one port is not bound where the first is wider or
	// as wide.
	return slices.DeleteFunc(hosttest.NewListenSet(bound...), func(l netip.AddrPort) bool {
		return l == netip.MustParseAddrPort("0.0.0.0:41") // 127.0.0.1:41 was first
	})
}

// Who gets in is who the options let in: root by password, by key, by both, without a
// password.
func TestRealDropbearRoot(t *testing.T) {
	const password = "a-password-of-this-test"
	// One wrong try ends the connection; more cost time.
	lines := []string{``, `-w`, `-g`, `-s`, `-B`, `-B -g`, `-B -s`, `-B -w`, `-t`, `-t -g`, `-t -w`, `-t -B`, `-D /etc/keys`}
	eachDropbear(t, func(t *testing.T, h *hosttest.RealHost, version dropbear.Version) {
		h.MustRun("/bin/bash", "-c", `set -e
mkdir -p /root/.ssh /etc/keys && chmod 700 /root /root/.ssh /etc/keys
dropbearkey -t ed25519 -f /root/id >/dev/null 2>&1
dropbearkey -y -f /root/id | grep ^ssh- >/root/.ssh/authorized_keys
chmod 600 /root/.ssh/authorized_keys`)
		login := func(port int, password string, key bool) bool {
			args := []string{"env", "DROPBEAR_PASSWORD=" + password, "timeout", "20", "dbclient", "-y", "-y", "-p", fmt.Sprint(port)}
			if key {
				args = append(args, "-i", "/root/id")
			}
			return h.Run(append(args, "root@127.0.0.1", "echo", "in")...).Stdout == "in\n"
		}
		for n, line := range lines {
			t.Run(strings.ReplaceAll(line, " ", "_"), func(t *testing.T) {
				port := 2000 + n
				args := append(strings.Fields(line), "-T", "1", "-p", fmt.Sprint(port))
				o, out := dropbear.ParseArgsOf(version, args)
				if out.Kind == dropbear.Refused {
					t.Skipf("this Dropbear does not start: %s", out.Why)
				}
				h.Start(append([]string{"/usr/sbin/dropbear", "-F", "-E"}, args...)...)
				h.WaitListening(port)

				keys, _ := o.AuthorizedKeys(dropbear.Account{UID: 0, Home: "/root"}, false)
				keyThere := slices.Equal(keys, []string{"/root/.ssh/authorized_keys"})
				h.MustRun("/bin/bash", "-c", "echo root:"+password+" | chpasswd")
				got := map[string]bool{
					"password": login(port, password, false),
					"key":      login(port, "wrong", true),
					"both":     login(port, password, true),
				}
				h.MustRun("/bin/bash", "-c", "passwd -d root >/dev/null 2>&1")
				got["nothing"] = login(port, "wrong", false)
				want := map[string]bool{
					"password": o.RootPassword(),
					"key":      o.RootKey() && keyThere,
					"both":     o.RootPassword() || o.RootKey() && keyThere || o.RootBoth(),
					"nothing":  o.RootEmptyPassword(),
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Error(diff)
				}
			})
		}
	})
}

// Connections are forwarded as the options say, in either direction.
func TestRealDropbearForwarding(t *testing.T) {
	eachDropbear(t, func(t *testing.T, h *hosttest.RealHost, version dropbear.Version) {
		h.MustRun("/bin/bash", "-c", "echo root:forward | chpasswd")
		for n, line := range []string{`-F`, `-j`, `-k`, `-jk`, `-jka`, `-c true`} {
			t.Run(strings.ReplaceAll(line, " ", "_"), func(t *testing.T) {
				port := fmt.Sprint(3000 + n)
				args := append(strings.Fields(line), "-p", port)
				o, _ := dropbear.ParseArgsOf(version, args)
				h.Start(append([]string{"/usr/sbin/dropbear", "-F", "-E"}, args...)...)
				h.WaitListening(3000 + n)
				client := []string{"env", "DROPBEAR_PASSWORD=forward", "timeout", "20", "dbclient", "-y", "-y", "-p", port}

				// Through the server to the server itself: it greets.
				local := h.Run(append(slices.Clone(client), "-B", "127.0.0.1:"+port, "root@127.0.0.1")...)
				if got := strings.HasPrefix(local.Stdout, "SSH-2.0-"); got != o.LocalForward() {
					t.Errorf("local forwarding %v, read as %v\n%s", got, o.LocalForward(), local.Stderr)
				}
				if o.ForcedCommand {
					return // nothing shows the sockets while the connection lasts
				}
				remote := h.Run(append(slices.Clone(client), "-R", "9000:127.0.0.1:"+port, "root@127.0.0.1", "sleep 0.3; cat /proc/net/tcp")...)
				there, err := hosttest.ParseListens(remote.Stdout)
				if err != nil {
					t.Fatal(err)
				}
				open := slices.ContainsFunc(there, func(l netip.AddrPort) bool { return l.Port() == 9000 })
				if open != o.RemoteForward() {
					t.Errorf("remote forwarding %v, read as %v\n%s", open, o.RemoteForward(), remote.Stderr)
				}
			})
		}
	})
}

// The part of a Dropbear that serves a connection is told apart from the server.
func TestRealDropbearChild(t *testing.T) {
	eachDropbear(t, func(t *testing.T, h *hosttest.RealHost, version dropbear.Version) {
		h.MustRun("/bin/bash", "-c", "echo root:child | chpasswd")
		h.Start("/usr/sbin/dropbear", "-F", "-E", "-p", "22")
		h.WaitListening(22)
		res := h.Run("env", "DROPBEAR_PASSWORD=child", "timeout", "20", "dbclient", "-y", "-y", "root@127.0.0.1", "cat /proc/$PPID/cmdline")
		argv := strings.Split(strings.TrimSuffix(res.Stdout, "\x00"), "\x00")
		args, ok := dropbear.Command(argv)
		if !ok {
			t.Fatalf("command line %q\n%s", argv, res.Stderr)
		}
		o, out := dropbear.ParseArgsOf(version, args)
		if out.Kind != dropbear.Accepted || o.Child == version.Before(dropbear.Version{Year: 2022, Release: 82}) {
			t.Errorf("%q: %+v, %+v", argv, o, out)
		}
	})
}

// Assignments are what the shell of the init scripts makes of them.
func TestRealShell(t *testing.T) {
	h := hosttest.NewRealHost(t)
	values := []string{
		`-w`, `"-w -s"`, `'-w -s'`, `-w" -s"' -j'`, `a\ b`, `"a\"b\$c\d\\"`, `'a\'b`, `a#b`, `"a#b" # c`, "\"a\\\nb\"", "a\\\nb", "'a\nb'", ``,
		`"[::1]:22"`, `[::1]:22`, `a=b`, `"a=b"`, `x;`, `"a'b"`, `'a"b'`, `a:b`, `"a` + "\t" + `b"`, `a; DROPBEAR_PORT=b`, `a DROPBEAR_PORT=b`,
		"22\r", `{a,b}`, `a*`, `!a`, `%a`,
		// Not evaluated, or no assignment at all.
		`$HOME`, "`echo x`", `"$(echo x)"`, `~`, `a b`, `a && false`, `(a)`, `a | b`, `"a`, `a & b`, `a > /tmp/x`, `a:~/x`, `"${X:=$(echo "}")}"`,
	}
	for n, value := range values {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			text := "export DROPBEAR_PORT=before\nexport DROPBEAR_PORT=" + value + "\n"
			if n%2 == 0 {
				text = strings.ReplaceAll(text, "export ", "")
			}
			h.WriteFile("/tmp/default", text, 0o644)
			said := h.Run("/bin/sh", "-c", `. /tmp/default; printf '<%s>' "$DROPBEAR_PORT"`)
			s := dropbear.ParseDebianDefault([]byte(text), nil)
			switch {
			case s.Outcome.Kind == dropbear.Unsure:
				if n < slices.Index(values, `$HOME`) {
					t.Errorf("%q is not evaluated: %+v", value, s.Outcome)
				}
			case said.Stdout != "<"+s.Args[1].Text+">":
				t.Errorf("%q is %q, the shell says %q %s", value, s.Args[1].Text, said.Stdout, said.Stderr)
			}
		})
	}
}
