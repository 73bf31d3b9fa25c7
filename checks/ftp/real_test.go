package ftp

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"path"
	"slices"
	"strings"
	"testing"

	"hostaudit/checks"
	"hostaudit/checks/host"
	"hostaudit/checks/host/hosttest"
	"hostaudit/checks/host/snapshot"
	"hostaudit/checks/host/units"
)

// insideVariable makes this test binary, installed in a real host, audit the host it is
// on and print what it found.
const insideVariable = "HOSTAUDIT_FTP_INSIDE"

func TestInside(t *testing.T) {
	if os.Getenv(insideVariable) == "" {
		t.Skip("only run inside a real host, by the tests below")
	}
	h, err := host.OpenLive(host.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	h.Snapshot = snapshot.Collect(t.Context(), snapshot.Options{})
	rec := checks.NewRecorder(port)
	port.Run(context.Background(), &checks.Env{Host: h}, rec)
	res := rec.Seal()
	fmt.Printf("status: %s\n", res.Status)
	for _, f := range res.Findings {
		fmt.Printf("finding: %s %s: %s\n", f.Evidence, f.Subject, f.Detail)
	}
	for _, g := range res.Gaps {
		fmt.Printf("gap: %s %s: %s %v\n", g.Reason, g.Subject, g.Detail, g.Location)
	}
	for _, n := range res.Notes {
		fmt.Printf("note: %s: %s\n", n.Subject, n.Detail)
	}
	entries, problems := h.Units().Enabled()
	for _, p := range problems {
		fmt.Println("problem:", p.Place, p.Unit, p.Err)
	}
	for _, e := range entries {
		for _, l := range e.Listens {
			if e.Kind == units.KindInetd || e.Kind == units.KindXinetd {
				fmt.Println("configured:", socketWords(l.Proto, l.Addr, l.Port, l.V6Only == units.Yes))
			}
		}
	}
	for _, l := range h.Snapshot.Listeners {
		if slices.ContainsFunc(l.PIDs, func(pid int) bool {
			p, _ := h.Snapshot.Process(pid)
			return strings.HasSuffix(path.Base(p.Exe), "inetd")
		}) {
			fmt.Println("kernel:", socketWords(l.Proto, l.Addr, l.Port, l.Addr == netip.IPv6Unspecified() && l.V6Only == snapshot.Yes))
		}
	}
}

// socketWords is how the tests below write a socket.
func socketWords(proto string, addr netip.Addr, port uint16, v6only bool) string {
	text := proto + "/" + netip.AddrPortFrom(addr, port).String()
	if v6only && proto == "tcp" { // of UDP the kernel does not always tell
		text += "/v6only"
	}
	return text
}

// superHost is a real host with this test binary, where no FTP server is started but by
// a super-server.
func superHost(t *testing.T, tree string) *hosttest.RealHost {
	h := hosttest.NewRealHostOf(t, tree)
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	h.Install(exe, "/probe.test")
	h.WriteFile("/etc/hosts", "127.0.0.1 localhost\n127.0.1.1 bookworm\n10.9.9.1 box\n", 0o644)
	h.WriteFile("/etc/machine-id", "0123456789abcdef0123456789abcdef\n", 0o444)
	h.WriteFile("/etc/services", "discard 9/tcp\ndiscard 9/udp\nftp 21/tcp\nssh 22/tcp\ntftp 69/udp\n", 0o644)
	h.MustRun("/bin/bash", "-c", "rm -f /etc/rc?.d/S*ftpd* /etc/systemd/system/*.wants/*ftpd*; mkdir -p /run/vsftpd/empty")
	return h
}

// found is what the audit said of a host.
type found struct {
	status             string
	findings, gaps     []string
	configured, kernel string
	text               string
}

// inside audits a host; script comes before and after.
func inside(t *testing.T, h *hosttest.RealHost, before, after string) (f found) {
	t.Helper()
	f.text = h.MustRun("/bin/bash", "-c", before+"\n"+insideVariable+"=1 /probe.test -test.run='^TestInside$' -test.count=1; "+after+"\nexit 0")
	var configured, kernel []string
	for line := range strings.Lines(f.text) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		switch key {
		case "status":
			f.status = value
		case "finding":
			f.findings = append(f.findings, value)
		case "gap":
			f.gaps = append(f.gaps, value)
		case "configured":
			configured = append(configured, value)
		case "kernel":
			kernel = append(kernel, value)
		}
	}
	if f.status == "" {
		t.Fatalf("no verdict:\n%s", f.text)
	}
	f.configured, f.kernel = sockets(configured), sockets(kernel)
	return f
}

// sockets sorts, and drops those that show that the daemon is up.
func sockets(list []string) string {
	list = slices.DeleteFunc(list, func(s string) bool {
		return strings.Contains(s, ":9/") || strings.HasSuffix(s, ":9")
	})
	slices.Sort(list)
	return strings.Join(slices.Compact(list), " ")
}

// startSuper starts a super-server in the background and waits for its discard service.
func startSuper(command string) string {
	return command + ` >/tmp/out 2>&1 </dev/null & pid=$!
for i in {1..500}; do
	kill -0 $pid 2>/dev/null || break
	grep -q ':0009 .* 0A ' /proc/net/tcp && break
	sleep 0.01
done
sleep 0.1`
}

// superCase is a configuration of a super-server, what it opens, and the evidence of a
// finding.
type superCase struct {
	name, conf string
	want       string
	status     string // idle and running
	findings   int    // for port 21, idle
}

// everywhere does not tell IPv4's every address from that of both families.
func everywhere(sockets string) string { return strings.ReplaceAll(sockets, "[::]:", "0.0.0.0:") }

// checkSuper holds what is configured and what runs against one another.
func checkSuper(t *testing.T, h *hosttest.RealHost, tc superCase, start string) {
	t.Helper()
	idle := inside(t, h, ":", "")
	running := inside(t, h, startSuper(start), "kill $pid; wait $pid 2>/dev/null")
	if running.kernel != tc.want {
		t.Errorf("the super-server opens %q, want %q\n%s", running.kernel, tc.want, h.ReadFile("/tmp/out"))
	}
	if everywhere(idle.configured) != everywhere(running.kernel) || running.configured != idle.configured {
		t.Errorf("read as %q, opened %q\n%s", idle.configured, running.kernel, idle.text)
	}
	if idle.status != tc.status || running.status != tc.status {
		t.Errorf("idle %s and running %s, want %s\n%s\n%s", idle.status, running.status, tc.status, idle.text, running.text)
	}
	if len(idle.findings) != tc.findings {
		t.Errorf("%d findings, want %d:\n%s", len(idle.findings), tc.findings, idle.text)
	}
	for _, f := range idle.findings {
		if !strings.HasPrefix(f, "configured ") {
			t.Errorf("idle: %s", f)
		}
	}
	var want []string
	for s := range strings.FieldsSeq(tc.want) {
		if address, is := strings.CutPrefix(strings.TrimSuffix(s, "/v6only"), "tcp/"); is && strings.HasSuffix(address, ":21") && tc.status == "fail" {
			want = append(want, "running "+address)
		}
	}
	var got []string
	for _, f := range running.findings {
		subject, _, _ := strings.Cut(f, ": ")
		got = append(got, subject)
	}
	slices.Sort(got)
	if slices.Sort(want); !slices.Equal(got, want) {
		t.Errorf("findings of what runs: %q, want %q\n%s", got, want, running.text)
	}
}

// TestRealInetd: what Debian's inetd opens is what its file is read as, and the verdict is
// the same before it is started and after.
func TestRealInetd(t *testing.T) {
	h := superHost(t, "bookworm+pure-ftpd")
	const serve = " nowait root /usr/sbin/pure-ftpd pure-ftpd\n"
	const any21 = "tcp/0.0.0.0:21 tcp/[::]:21/v6only"
	for _, tc := range []superCase{
		{"ftp", "ftp stream tcp" + serve, any21, "fail", 1},
		{"tcpd", "ftp stream tcp nowait root /usr/sbin/tcpd /usr/sbin/pure-ftpd\n", any21, "fail", 1},
		{"number", "21 stream tcp" + serve, any21, "fail", 1},
		{"v4", "ftp stream tcp4" + serve, "tcp/0.0.0.0:21", "fail", 1},
		{"v6", "ftp stream tcp6" + serve, "tcp/[::]:21/v6only", "fail", 1},
		{"loopback", "127.0.0.1:ftp stream tcp" + serve, "tcp/127.0.0.1:21", "fail", 1},
		{"loopback-v6", "[::1]:ftp stream tcp6" + serve, "tcp/[::1]:21", "fail", 1},
		{"address-below", "10.9.9.1:\nftp stream tcp" + serve, "tcp/10.9.9.1:21", "fail", 1},
		{"two-addresses", "127.0.0.1,10.9.9.1:ftp stream tcp" + serve, "tcp/10.9.9.1:21 tcp/127.0.0.1:21", "fail", 1},
		{"elsewhere", "2121 stream tcp" + serve, "tcp/0.0.0.0:2121 tcp/[::]:2121/v6only", "pass", 0},
		{"both-ports", "2121 stream tcp4" + serve + "ftp stream tcp4" + serve, "tcp/0.0.0.0:21 tcp/0.0.0.0:2121", "fail", 1},
		{"comment", "#ftp stream tcp" + serve + "#<off># ftp stream tcp" + serve, "", "not_applicable", 0},
		{"not-a-service", "nothing stream tcp" + serve, "", "not_applicable", 0},
		{"udp", "21 dgram udp wait root /usr/bin/cat cat\n", "udp/0.0.0.0:21 udp/[::]:21", "not_applicable", 0},
		{"after-a-bad-line", "telnet stream tcp\nftp stream tcp4" + serve, "tcp/0.0.0.0:21", "fail", 1},
		{"script-by-name", "ftp stream tcp4 nowait root /bin/sh sh -c true\n", "tcp/0.0.0.0:21", "fail", 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			h.WriteFile("/etc/inetd.conf", tc.conf+"*:discard stream tcp4 nowait root internal\n", 0o644)
			checkSuper(t, h, tc, "/usr/sbin/inetd -i")
		})
	}
	t.Run("asked", func(t *testing.T) { // what cannot be told by its program is by its greeting
		h.WriteFile("/serve", "#!/bin/sh\nprintf '220 FTP\\r\\n'; sleep 1\n", 0o755)
		h.WriteFile("/etc/inetd.conf", "21 stream tcp4 nowait root /serve serve\ndiscard stream tcp4 nowait root internal\n", 0o644)
		if idle := inside(t, h, ":", ""); idle.status != "unknown" || len(idle.gaps) != 1 {
			t.Errorf("idle: %s", idle.text)
		}
		if running := inside(t, h, startSuper("/usr/sbin/inetd -i"), "kill $pid; wait $pid"); running.status != "fail" || len(running.gaps) != 0 {
			t.Errorf("running: %s", running.text)
		}
		h.WriteFile("/serve", "#!/bin/sh\nprintf 'SSH-2.0-x\\r\\n'; sleep 1\n", 0o755)
		if running := inside(t, h, startSuper("/usr/sbin/inetd -i"), "kill $pid; wait $pid"); running.status != "not_applicable" {
			t.Errorf("another server: %s", running.text)
		}
	})
}

// eachXinetd runs a test against the xinetd of every tree that has vsftpd beside it.
func eachXinetd(t *testing.T, test func(t *testing.T, h *hosttest.RealHost)) {
	hosttest.RequireReal(t)
	for _, suite := range []string{"bookworm", "trixie", "sid"} { // the test program needs a C library of today
		t.Run(suite, func(t *testing.T) {
			t.Parallel() // most of the time is waiting
			h := superHost(t, "units-"+suite+"+vsftpd")
			h.MustRun("/bin/bash", "-c", "rm -rf /etc/xinetd.d; mkdir /etc/xinetd.d")
			h.WriteFile("/etc/vsftpd.conf", "anonymous_enable=NO\n", 0o644)
			h.WriteFile("/serve", "#!/bin/sh\n", 0o755)
			test(t, h)
		})
	}
}

// discardEntry shows that xinetd is up.
const discardEntry = "service discard\n{\nid = discard\ntype = INTERNAL\nsocket_type = stream\nprotocol = tcp\nuser = root\nwait = no\nflags = IPv4\n}\n"

// TestRealXinetd is TestRealInetd of xinetd.
func TestRealXinetd(t *testing.T) {
	service := func(name, more string) string {
		return "service " + name + "\n{\nsocket_type = stream\nprotocol = tcp\nwait = no\nuser = root\nserver = /usr/sbin/vsftpd\n" + more + "}\n"
	}
	defaults := func(more string) string { return "defaults\n{\n" + more + "}\n" }
	const any21 = "tcp/[::]:21" // with IPv4: what Debian's build does unless told
	cases := []superCase{
		{"ftp", service("ftp", ""), any21, "fail", 1},
		{"disable-no", service("ftp", "disable = no\n"), any21, "fail", 1},
		{"disable-yes", service("ftp", "disable = yes\n"), "", "not_applicable", 0},
		{"disable-twice", service("ftp", "disable = no\ndisable = yes\n"), any21, "fail", 1},
		{"disable-with-a-comment", service("ftp", "disable = yes # for now\n"), any21, "fail", 1},
		{"disable-with-another-sign", service("ftp", "disable += yes\n"), any21, "fail", 1},
		{"disable-by-another-word", service("ftp", "disable = YES\n"), "", "not_applicable", 0},
		{"disable-by-another-word-and-not", service("ftp", "disable = YES\ndisable = no\n"), "", "not_applicable", 0},
		{"flags-twice", service("ftp", "flags = REUSE\nflags = SENSOR\n"), any21, "fail", 1},
		{"flags-with-another-sign", service("ftp", "flags += SENSOR\n"), any21, "fail", 1},
		{"type-with-another-sign", service("files", "type += UNLISTED\nport = 21\n"), "", "not_applicable", 0},
		{"two-addresses", service("ftp", "bind = 127.0.0.1 10.9.9.1\n"), any21, "fail", 1},
		{"interface-before-bind", service("ftp", "interface = 10.9.9.1\nbind = 127.0.0.1\n"), "tcp/10.9.9.1:21", "fail", 1},
		{"port-that-is-none", service("ftp", "port = ftp\n"), "", "not_applicable", 0},
		{"wait-that-is-none", strings.Replace(service("ftp", ""), "wait = no", "wait = nowait", 1), "", "not_applicable", 0},
		{"defaults-of-an-included-file", defaults("disabled = x\n") + service("ftp", "") + "include /etc/more.conf\n", "", "not_applicable", 0},
		{"two-defaults", defaults("disabled = x\n") + service("ftp", "") + defaults("disabled = ftp\n"), any21, "fail", 1},
		{"disabled-list", defaults("disabled = ftp\n") + service("ftp", ""), "", "not_applicable", 0},
		{"disabled-list-below", service("ftp", "") + defaults("disabled = ftp\n"), "", "not_applicable", 0},
		{"enabled-list", defaults("enabled = discard\n") + service("ftp", ""), "", "not_applicable", 0},
		{"enabled-list-has-it", defaults("enabled = ftp discard\n") + service("ftp", ""), any21, "fail", 1},
		{"enabled-list-and-disable", defaults("enabled = ftp discard\n") + service("ftp", "disable = yes\n"), "", "not_applicable", 0},
		{"id-in-list", defaults("disabled = files\n") + service("ftp", "id = files\n"), "", "not_applicable", 0},
		{"id-not-in-list", defaults("disabled = ftp\n") + service("ftp", "id = files\n"), any21, "fail", 1},
		{"bind", service("ftp", "bind = 127.0.0.1\n"), "tcp/127.0.0.1:21", "fail", 1},
		{"interface", service("ftp", "interface = 10.9.9.1\n"), "tcp/10.9.9.1:21", "fail", 1},
		{"bind-v6", service("ftp", "bind = ::1\nflags = IPv6\n"), "tcp/[::1]:21", "fail", 1},
		{"bind-localhost", service("ftp", "bind = localhost\n"), "tcp/127.0.0.1:21", "fail", 1},
		{"bind-of-defaults", defaults("bind = 127.0.0.1\n") + service("ftp", ""), "tcp/127.0.0.1:21", "fail", 1},
		{"v6", service("ftp", "flags = IPv6\n"), "tcp/[::]:21", "fail", 1},
		{"v6only", service("ftp", "flags = IPv6\nv6only = yes\n"), "tcp/[::]:21/v6only", "fail", 1},
		{"port", service("ftp", "port = 21\n"), any21, "fail", 1},
		{"another-port", service("ftp", "port = 2121\n"), "", "not_applicable", 0},
		{"unlisted", service("files", "type = UNLISTED\nport = 2121\n"), "tcp/[::]:2121", "pass", 0},
		{"unlisted-21", service("files", "type = UNLISTED\nport = 21\n"), any21, "fail", 1},
		{"script-by-name", strings.Replace(service("ftp", ""), "/usr/sbin/vsftpd", "/serve", 1), any21, "fail", 1},
		{"no-server", strings.Replace(service("ftp", ""), "/usr/sbin/vsftpd", "/usr/sbin/gone", 1), "", "not_applicable", 0},
		{"sensor", service("ftp", "flags = SENSOR\n"), any21, "not_applicable", 0},
		{"two", service("ftp", "bind = 127.0.0.1\n") + service("ftp", "id = other\nbind = 10.9.9.1\n"), "tcp/10.9.9.1:21 tcp/127.0.0.1:21", "fail", 2},
	}
	eachXinetd(t, func(t *testing.T, h *hosttest.RealHost) {
		for _, tc := range cases {
			t.Run(tc.name, func(t *testing.T) {
				h.WriteFile("/etc/more.conf", defaults("disabled = ftp\n"), 0o644)
				h.WriteFile("/etc/xinetd.conf", tc.conf+discardEntry, 0o644)
				checkSuper(t, h, tc, "/usr/sbin/xinetd -dontfork")
			})
		}
	})
}

// TestRealBehind: an FTP server that a super-server starts on another port, and that is
// told to listen, does so when the first client comes.
func TestRealBehind(t *testing.T) {
	const serves = "service files\n{\ntype = UNLISTED\nport = 2122\nsocket_type = stream\nprotocol = tcp\nwait = no\nuser = root\nserver = %s\nserver_args = %s\n}\n"
	for _, tc := range []struct{ name, tree, server, args, file, conf string }{
		{"vsftpd", "units-bookworm+vsftpd", "/usr/sbin/vsftpd", "/etc/x.conf", "/etc/x.conf", "listen=YES\n"},
		{"ProFTPD", "units-bookworm", "/usr/sbin/proftpd", "-n", "/etc/proftpd/proftpd.conf", "ServerType standalone\nPort 21\nUseIPv6 off\nUser nobody\nGroup nogroup\nPidFile /run/x.pid\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			h := superHost(t, tc.tree)
			h.WriteFile("/etc/xinetd.conf", fmt.Sprintf(serves, tc.server, tc.args)+discardEntry, 0o644)
			h.MustRun("mkdir", "-p", "/run/proftpd", "/var/log/proftpd")
			h.WriteFile(tc.file, tc.conf, 0o644)
			idle := inside(t, h, ":", "")
			if idle.status != "fail" || len(idle.findings) != 1 || !strings.HasPrefix(idle.findings[0], "configured ") {
				t.Errorf("idle: %s", idle.text)
			}
			h.Start("/usr/sbin/xinetd", "-dontfork")
			h.WaitListening(2122)
			h.Run("/bin/bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/2122; timeout 1 cat <&3")
			h.WaitListening(21)
		})
	}
}
