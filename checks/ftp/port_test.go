package ftp

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hostaudit/checks"
	"hostaudit/checks/host"
	"hostaudit/checks/host/hosttest"
	"hostaudit/checks/host/snapshot"
)

const (
	ourNS   = 100
	otherNS = 200
)

// proc is a process of this network namespace and root.
func proc(pid int, exe string, args ...string) snapshot.Process {
	return snapshot.Process{
		PID: pid, Comm: filepath.Base(exe), Exe: exe, Args: append([]string{exe}, args...),
		NetNS: ourNS, SameRoot: snapshot.Yes,
	}
}

// listen is a TCP listener.
func listen(addr string, port uint16, pids ...int) snapshot.Listener {
	return snapshot.Listener{Proto: "tcp", Addr: netip.MustParseAddr(addr), Port: port, PIDs: pids}
}

// verdict renders a result for comparison: status and reason, then a line each for
// findings, gaps and notes.
func verdict(h *host.Host) string {
	rec := checks.NewRecorder(port)
	port.Run(context.Background(), &checks.Env{Host: h}, rec)
	res := rec.Seal()
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s\n", res.Status, res.Reason)
	place := func(l checks.Location) string {
		if l.Line > 0 {
			return fmt.Sprintf(" at %s:%d", l.File, l.Line)
		}
		return ""
	}
	for _, f := range res.Findings {
		fmt.Fprintf(&b, "finding %s %s: %s%s\n", f.Evidence, f.Subject, f.Detail, place(f.Location))
	}
	for _, g := range res.Gaps {
		fmt.Fprintf(&b, "gap %s %s: %s%s\n", g.Reason, g.Subject, g.Detail, place(g.Location))
	}
	for _, n := range res.Notes {
		fmt.Fprintf(&b, "note %s: %s\n", n.Subject, n.Detail)
	}
	return b.String()
}

// wanted is the comment of a fixture from the line "want:" on.
func wanted(t *testing.T, archive string) string {
	t.Helper()
	head, _, _ := strings.Cut(archive, "\n-- ")
	_, want, found := strings.Cut(head, "want:\n")
	if !found {
		t.Fatal("the fixture does not say what it wants")
	}
	return strings.TrimRight(want, "\n") + "\n"
}

// Each file in testdata is a tree and what ftp.port says about it with nothing
// running to be seen.
func TestTrees(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no fixtures: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			text := readFile(t, file)
			if diff := cmp.Diff(wanted(t, text), verdict(hosttest.Load(t, text))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// unit makes vsftpd installed and enabled with these lines as its configuration.
func unit(conf string) string {
	return `
-- usr/sbin/vsftpd --
-- usr/lib/systemd/systemd --
-- lib/systemd/system/vsftpd.service --
[Service]
ExecStart=/usr/sbin/vsftpd /etc/vsftpd.conf
[Install]
WantedBy=multi-user.target
-- etc/systemd/system/multi-user.target.wants/vsftpd.service -> /lib/systemd/system/vsftpd.service --
-- etc/vsftpd.conf --
` + conf
}

// inetdTree is a Debian host that starts inetd; its configuration follows.
const inetdTree = `
-- usr/lib/systemd/systemd --
-- etc/machine-id --
0123456789abcdef0123456789abcdef
-- etc/services --
ftp 21/tcp
-- usr/lib/systemd/system/inetd.service --
[Service]
ExecStart=/usr/sbin/inetd -i
[Install]
WantedBy=multi-user.target
-- etc/systemd/system/multi-user.target.wants/inetd.service -> /usr/lib/systemd/system/inetd.service --
-- etc/inetd.conf --
`

// xinetdTree is a host that starts xinetd with an entry for vsftpd.
const xinetdTree = `
-- usr/lib/systemd/systemd --
-- etc/machine-id --
0123456789abcdef0123456789abcdef
-- etc/services --
ftp 21/tcp
-- usr/lib/systemd/system/xinetd.service --
[Service]
ExecStart=/usr/sbin/xinetd -stayalive
[Install]
WantedBy=multi-user.target
-- etc/systemd/system/multi-user.target.wants/xinetd.service -> /usr/lib/systemd/system/xinetd.service --
-- usr/sbin/vsftpd mode=0755 --
-- etc/xinetd.conf --
service ftp
{
	socket_type = stream
	wait = no
	user = root
	server = /usr/sbin/vsftpd
}
`

// socketTree is a host with a socket unit for vsftpd.
const socketTree = `
-- usr/lib/systemd/systemd --
-- etc/machine-id --
0123456789abcdef0123456789abcdef
-- usr/lib/systemd/system/vsftpd.socket --
[Socket]
ListenStream=21
Accept=yes
[Install]
WantedBy=sockets.target
-- usr/lib/systemd/system/vsftpd@.service --
[Service]
ExecStart=-/usr/sbin/vsftpd
-- usr/lib/systemd/system/sockets.target.wants/vsftpd.socket -> ../vsftpd.socket --
`

// TestContainerImage: a container is started by a command of its image, not by units.
func TestContainerImage(t *testing.T) {
	const tree = "-- etc/machine-id --\n0123456789abcdef0123456789abcdef\n-- usr/sbin/vsftpd --\n-- usr/sbin/in.ftpd --\n-- usr/lib/systemd/system/vsftpd.service --\n[Service]\nExecStart=/usr/sbin/vsftpd\n[Install]\nWantedBy=multi-user.target\n"
	h := hosttest.Load(t, tree)
	h.Kind = host.KindContainerImage
	want := "unknown unsupported\ngap unsupported vsftpd: vsftpd is installed in a container image: what the image starts is not told by its files\n" +
		"note ftpd: ftpd is installed and not started at boot\n"
	if diff := cmp.Diff(want, verdict(h)); diff != "" {
		t.Error(diff)
	}
}

func TestLive(t *testing.T) {
	vsftpd := proc(7, "/usr/sbin/vsftpd", "/etc/vsftpd.conf")
	vsftpd21 := []snapshot.Listener{listen("0.0.0.0", 21, 7)}
	dual := listen("::", 21, 7)
	dual.V6Only = snapshot.No
	elsewhere := proc(9, "/usr/sbin/proftpd")
	elsewhere.NetNS = otherNS
	hidden := proc(9, "/usr/sbin/proftpd")
	hidden.Exe, hidden.NetNS = "", 0
	titled := proc(7, "/usr/sbin/vsftpd")
	titled.Args = []string{"vsftpd: LISTENER"}
	ghost := listen("0.0.0.0", 21)
	ghost.OwnerHidden = true
	socket1 := []snapshot.Process{proc(1, "/usr/lib/systemd/systemd")}
	guest := proc(8, "/usr/sbin/inetd")
	guest.SameRoot = snapshot.No
	any4 := []snapshot.Listener{listen("0.0.0.0", 21, 8)}
	ftpSays, sshSays := say("220 FTP\r\n", ""), say("SSH-2.0-OpenSSH_9.2p1\r\n", "")
	for _, tc := range []struct {
		name   string
		tree   string
		procs  []snapshot.Process
		spaces []snapshot.Namespace
		socks  []snapshot.Listener
		miss   []snapshot.Missing
		server server
		want   string
	}{
		{name: "nothing", want: "not_applicable absent\n"},
		{
			name: "vsftpd-running", tree: unit("listen=YES\n"), procs: []snapshot.Process{vsftpd}, socks: vsftpd21,
			want: "fail \nfinding running 0.0.0.0:21: vsftpd listens on port 21 of every address\n" +
				"note /etc/vsftpd.conf: the configuration of vsftpd gives port 21 too\nnote vsftpd: vsftpd runs\n",
		},
		{
			name: "running-21-configured-2121", tree: unit("listen=YES\nlisten_port=2121\n"), procs: []snapshot.Process{vsftpd}, socks: []snapshot.Listener{dual},
			want: "fail \nfinding running [::]:21: vsftpd listens on port 21 of every address\n" +
				"note /etc/vsftpd.conf: vsftpd is configured for port 2121\nnote vsftpd: vsftpd runs\n",
		},
		{
			name: "running-2121-configured-21", tree: unit("listen=YES\n"), procs: []snapshot.Process{vsftpd}, socks: []snapshot.Listener{listen("0.0.0.0", 2121, 7)},
			want: "fail \nfinding configured vsftpd (/etc/vsftpd.conf): vsftpd is configured for port 21 of every address, which takes effect at its next start at /etc/vsftpd.conf:1\nnote vsftpd: vsftpd runs\n",
		},
		{
			name: "running-2121", tree: unit("listen=YES\nlisten_port=2121\n"), procs: []snapshot.Process{vsftpd}, socks: []snapshot.Listener{listen("0.0.0.0", 2121, 7)},
			want: "pass \nnote /etc/vsftpd.conf: vsftpd is configured for port 2121\nnote vsftpd: vsftpd runs\n",
		},
		{
			name: "running-by-option", tree: unit("listen=YES\nlisten_port=2121\n"), procs: []snapshot.Process{proc(7, "/usr/sbin/vsftpd", "/etc/vsftpd.conf", "-olisten_port=21")}, socks: vsftpd21,
			want: "fail \nfinding running 0.0.0.0:21: vsftpd listens on port 21 of every address\n" +
				"note /etc/vsftpd.conf: the configuration of vsftpd gives port 21 too\nnote /etc/vsftpd.conf: vsftpd is configured for port 2121\nnote vsftpd: vsftpd runs\n",
		},
		{
			name: "running-with-a-title", procs: []snapshot.Process{titled}, socks: []snapshot.Listener{listen("0.0.0.0", 2121, 7)},
			want: "pass \nnote vsftpd: how the running vsftpd was started could not be read: its configuration is not evaluated\nnote vsftpd: vsftpd runs\n",
		},
		{
			name: "loopback", procs: []snapshot.Process{proc(7, "/usr/sbin/pure-ftpd")}, socks: []snapshot.Listener{listen("127.0.0.53", 21, 7)},
			want: "fail \nfinding running 127.0.0.53:21: Pure-FTPd listens on port 21 of loopback only (127.0.0.53)\n" +
				"note Pure-FTPd: Pure-FTPd runs\nnote Pure-FTPd: the configuration of Pure-FTPd is not evaluated: its ports are those it has now\n",
		},
		{
			name: "proftpd-elsewhere", procs: []snapshot.Process{proc(7, "/usr/sbin/proftpd")}, socks: []snapshot.Listener{listen("0.0.0.0", 2121, 7)},
			want: "pass \nnote ProFTPD: ProFTPD runs\nnote ProFTPD: the configuration of ProFTPD is not evaluated: its ports are those it has now\n",
		},
		{
			name: "another-namespace", procs: []snapshot.Process{elsewhere},
			want: "unknown unsupported\ngap unsupported ProFTPD: ProFTPD runs in another network namespace, whose ports are not looked at\n",
		},
		{
			name: "another-namespace-port-21", procs: []snapshot.Process{elsewhere}, spaces: []snapshot.Namespace{{Inode: otherNS, Listeners: []snapshot.Listener{listen("0.0.0.0", 21, 9)}}},
			want: "unknown unsupported\ngap unsupported ProFTPD: ProFTPD listens on port 21 of another network namespace, and whether that can be reached from outside is not known\n",
		},
		{
			name: "another-namespace-port-2121", procs: []snapshot.Process{elsewhere}, spaces: []snapshot.Namespace{{Inode: otherNS, Listeners: []snapshot.Listener{listen("0.0.0.0", 2121, 9), listen("127.0.0.1", 21, 9)}}},
			want: "pass \nnote ProFTPD: ProFTPD runs in another network namespace, and not on port 21 of an address that others reach\n",
		},
		{
			name: "another-namespace-inetd", procs: []snapshot.Process{proc(9, "/usr/sbin/inetd")}, spaces: []snapshot.Namespace{{Inode: otherNS, Listeners: []snapshot.Listener{listen("0.0.0.0", 21, 9)}}},
			want: "unknown unsupported\ngap unsupported another network namespace: something that is not known to be an FTP server or none listens on port 21 there, and whether that can be reached from outside is not known\n",
		},
		{
			name: "another-namespace-sshd", procs: []snapshot.Process{proc(9, "/usr/sbin/sshd")}, spaces: []snapshot.Namespace{{Inode: otherNS, Listeners: []snapshot.Listener{listen("0.0.0.0", 21, 9), listen("127.0.0.1", 21)}}},
			want: "not_applicable absent\n",
		},
		{
			name: "another-namespace-not-read", procs: []snapshot.Process{elsewhere}, spaces: []snapshot.Namespace{{Inode: otherNS, Missing: []snapshot.Missing{{What: snapshot.PartTCP, Err: fs.ErrPermission}}}},
			want: "unknown no_permission\ngap no_permission ProFTPD: ProFTPD runs in another network namespace, whose ports could not be read\n",
		},
		{
			name: "hidden-namespace", procs: []snapshot.Process{hidden},
			want: "unknown no_permission\ngap no_permission ProFTPD: ProFTPD runs, and in which network namespace could not be read\n",
		},
		{
			name: "socket-unit-ftp", procs: socket1, socks: []snapshot.Listener{listen("::", 21, 1)}, server: say("220 (vsFTPd 3.0.3)\r\n", ""),
			want: "fail \nfinding running [::]:21: an FTP server listens on port 21 of every IPv6 address\n",
		},
		{
			name: "socket-unit-silent", procs: socket1, socks: []snapshot.Listener{listen("::", 21, 1)}, server: hangUp(""),
			want: "unknown unsupported\ngap unsupported [::]:21: whether an FTP server listens on port 21 is not clear: it sends no greeting\n",
		},
		{
			name: "inetd", tree: inetdTree + "ftp stream tcp nowait root /usr/sbin/tcpd /usr/sbin/in.ftpd\n", procs: []snapshot.Process{proc(8, "/usr/sbin/inetd")},
			socks: []snapshot.Listener{any4[0], listen("::", 21, 8)},
			want: "fail \nfinding running 0.0.0.0:21: inetd listens for ftpd on port 21 of every address\nfinding running [::]:21: inetd listens for ftpd on port 21 of every IPv6 address\n" +
				"note inetd ftp/tcp: the configuration of ftpd gives port 21 too\n",
		},
		{ // what its file says now may not be what it was started with
			name: "inetd-elsewhere", tree: inetdTree + "2121 stream tcp nowait root /usr/sbin/in.ftpd in.ftpd\n", procs: []snapshot.Process{proc(8, "/usr/sbin/inetd")},
			socks: any4, server: ftpSays,
			want: "fail \nfinding running 0.0.0.0:21: an FTP server listens on port 21 of every address\nnote inetd 2121/tcp: inetd listens for ftpd on port 2121\n",
		},
		{
			name: "inetd-script-asked", tree: inetdTree + "21 stream tcp4 nowait root /usr/local/bin/serve serve\n", procs: []snapshot.Process{proc(8, "/usr/sbin/inetd")},
			socks: any4, server: sshSays,
			want: "not_applicable absent\nnote 0.0.0.0:21: something that is no FTP server listens on port 21\n",
		},
		{
			name: "inetd-script-silent", tree: inetdTree + "21 stream tcp4 nowait root /usr/local/bin/serve serve\n", procs: []snapshot.Process{proc(8, "/usr/sbin/inetd")},
			socks: any4, server: hangUp(""),
			want: "unknown unsupported\ngap unsupported 0.0.0.0:21: whether an FTP server listens on port 21 is not clear: it sends no greeting\n" +
				"gap unsupported inetd 21/tcp4: inetd listens on port 21, and whether what it starts is an FTP server is not known at /etc/inetd.conf:1\n",
		},
		{
			name: "inetd-of-a-container", tree: inetdTree + "ftp stream tcp4 nowait root /usr/sbin/in.ftpd in.ftpd\n", procs: []snapshot.Process{guest},
			socks: any4, server: sshSays,
			want: "fail \nfinding configured inetd ftp/tcp4: inetd listens for ftpd on port 21 of every address, which takes effect at its next start at /etc/inetd.conf:1\n" +
				"note 0.0.0.0:21: something that is no FTP server listens on port 21\n",
		},
		{
			name: "xinetd", tree: xinetdTree, procs: []snapshot.Process{proc(8, "/usr/sbin/xinetd")}, socks: any4,
			want: "fail \nfinding running 0.0.0.0:21: xinetd listens for vsftpd on port 21 of every address\nnote xinetd ftp: the configuration of vsftpd gives port 21 too\n",
		},
		{
			name: "xinetd-idle", tree: xinetdTree,
			want: "fail \nfinding configured xinetd ftp: xinetd listens for vsftpd on port 21 of every address, which takes effect at its next start at /etc/xinetd.conf:1\n",
		},
		{
			name: "socket-unit", tree: socketTree, procs: socket1, socks: []snapshot.Listener{listen("::", 21, 1)},
			want: "fail \nfinding running [::]:21: systemd listens for vsftpd on port 21 of every IPv6 address\nnote vsftpd.socket: the configuration of vsftpd gives port 21 too\n",
		},
		{
			name: "socket-unit-started-by-hand", tree: socketTree + "-- etc/systemd/system/sockets.target.wants/vsftpd.socket -> /dev/null --\n", procs: socket1, socks: []snapshot.Listener{listen("::", 21, 1)},
			want: "fail \nfinding running [::]:21: systemd listens for vsftpd on port 21 of every IPv6 address\nnote vsftpd.socket: the socket unit would start vsftpd and is not started at boot\n",
		},
		{
			name: "sshd-on-21", procs: []snapshot.Process{proc(7, "/usr/sbin/sshd")}, socks: vsftpd21, server: say("SSH-2.0-OpenSSH_9.2p1\r\n", ""),
			want: "not_applicable absent\nnote 0.0.0.0:21: something that is no FTP server listens on port 21\n",
		},
		{
			name: "sshd-that-forwards-to-ftp", procs: []snapshot.Process{proc(7, "/usr/sbin/sshd")}, socks: vsftpd21, server: say("220 FTP\r\n", ""),
			want: "fail \nfinding running 0.0.0.0:21: an FTP server listens on port 21 of every address\n",
		},
		{
			name: "owner-unknown", socks: []snapshot.Listener{ghost}, server: say("220 mail.example.net ESMTP\r\n", ""),
			want: "not_applicable absent\nnote 0.0.0.0:21: something that is no FTP server listens on port 21\n",
		},
		{
			name: "udp-21-is-none", socks: []snapshot.Listener{{Proto: "udp", Addr: netip.IPv4Unspecified(), Port: 21}},
			want: "not_applicable absent\n",
		},
		{
			name: "sockets-unreadable", miss: []snapshot.Missing{{What: snapshot.PartTCP, Err: &fs.PathError{Op: "open", Path: "net/tcp", Err: fs.ErrPermission}}},
			want: "unknown no_permission\ngap no_permission TCP sockets: the listening sockets could not be read whole\n",
		},
		{
			name: "processes-hidden", miss: []snapshot.Missing{{What: snapshot.PartProcesses, Err: fs.ErrPermission}},
			want: "not_applicable absent\nnote : processes of other users are hidden: FTP servers in other network namespaces were not looked for\n",
		},
		{
			name: "processes-unreadable", miss: []snapshot.Missing{{What: snapshot.PartProcesses, Err: errors.New("broken")}},
			want: "unknown unreadable\ngap unreadable processes: the processes could not be read whole\n",
		},
		{
			name: "not-running-enabled", tree: unit("# head\nlisten_ipv6=YES\nlisten_port=21\n") + "-- etc/os-release --\nID=debian\n",
			want: "fail \nfinding configured vsftpd (/etc/vsftpd.conf): vsftpd is configured for port 21 of every address, which takes effect at its next start at /etc/vsftpd.conf:3\n",
		},
		{
			name: "scripts-of-others", tree: "\n-- usr/sbin/pure-ftpd --\n-- usr/sbin/proftpd --\n-- sbin/openrc mode=0755 --\n-- etc/inittab --\n::sysinit:/sbin/openrc sysinit\n" +
				"-- etc/init.d/pure-ftpd mode=0755 --\n#!/sbin/openrc-run\n-- etc/runlevels/default/pure-ftpd -> /etc/init.d/pure-ftpd --\n" +
				"-- etc/init.d/proftpd mode=0755 --\n#!/sbin/openrc-run\n-- etc/runlevels/default/proftpd -> /etc/init.d/proftpd --\n" +
				"-- etc/os-release --\nID=gentoo\n-- etc/proftpd/proftpd.conf --\nPort 2121\n",
			want: "unknown unsupported\n" +
				"gap unsupported proftpd.service: the options that the script of ProFTPD gives are not evaluated\n" +
				"gap unsupported pure-ftpd.service: the options that the script of Pure-FTPd gives are not evaluated\n",
		},
		{
			// Upstream listens unless told not to, Debian does not: with listen_ipv6 one of
			// them refuses.
			name: "not-running-enabled-of-a-build-not-known", tree: unit("listen_ipv6=YES\n"),
			want: "unknown unsupported\ngap unsupported vsftpd: vsftpd is set to port 21, and whether it listens is not settled: listen is not set, and its default is not known at /etc/vsftpd.conf:1\n",
		},
		{
			name: "installed-without-a-unit", tree: "\n-- usr/sbin/vsftpd --\n",
			want: "not_applicable absent\nnote vsftpd: vsftpd is installed and not started at boot\n",
		},
		{
			name: "zombie", procs: []snapshot.Process{{PID: 7, Comm: "vsftpd", Zombie: true}},
			want: "not_applicable absent\n",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			h := hosttest.Live(hosttest.Load(t, tc.tree), &snapshot.Snapshot{
				Processes: tc.procs, Listeners: tc.socks, Missing: tc.miss, NetNS: ourNS, Namespaces: tc.spaces,
			})
			h.Dial = dialer(tc.server)
			if diff := cmp.Diff(tc.want, verdict(h)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestNoDialer(t *testing.T) {
	h := hosttest.Live(hosttest.Load(t, ""), &snapshot.Snapshot{NetNS: ourNS, Listeners: []snapshot.Listener{listen("0.0.0.0", 21)}})
	want := "unknown unsupported\ngap unsupported 0.0.0.0:21: what listens on port 21 cannot be asked from here\n"
	if diff := cmp.Diff(want, verdict(h)); diff != "" {
		t.Error(diff)
	}
}

func TestDialAddress(t *testing.T) {
	for addr, want := range map[string]string{
		"0.0.0.0": "127.0.0.1:21", "::": "[::1]:21", "::ffff:0.0.0.0": "127.0.0.1:21",
		"::ffff:192.0.2.1": "192.0.2.1:21", "192.0.2.1": "192.0.2.1:21",
	} {
		if got := dialAddress(listen(addr, 21)); got != want {
			t.Errorf("dialAddress(%s) = %s, want %s", addr, got, want)
		}
	}
}

func TestFamily(t *testing.T) {
	for _, c := range Checks() {
		if c.Family() != "ftp" || c.Run == nil || c.Remedy == "" || c.Rationale == "" || c.Severity == checks.SeverityNone {
			t.Errorf("%s is not whole", c.ID)
		}
	}
}

func readFile(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
