package ftp

import (
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hostaudit/checks"
	"hostaudit/checks/host/hosttest"
	"hostaudit/checks/host/snapshot"
	"hostaudit/checks/host/units"
)

func TestServes(t *testing.T) {
	for _, tc := range []struct {
		program, args string
		want          answer
		server        string
	}{
		{"/usr/sbin/vsftpd", "", isFTP, "vsftpd"},
		{"in.ftpd", "-l", isFTP, "ftpd"},
		{"/usr/sbin/in.proftpd", "", isFTP, proftpdName},
		{"/usr/sbin/tcpd", "/usr/sbin/in.ftpd -l", isFTP, "ftpd"},
		{"/usr/bin/env", "LANG=C /usr/sbin/vsftpd /etc/x", isFTP, "vsftpd"},
		{"/usr/bin/env", "LANG=C /usr/local/bin/serve", unclear, ""},
		{"/usr/sbin/tcpd", "/usr/sbin/in.telnetd", unclear, ""},
		{"/usr/sbin/sshd", "-i", notFTP, ""},
		{"/usr/sbin/in.tftpd", "", notFTP, ""},
		{"/usr/lib/openssh/sftp-server", "", unclear, ""},
		{"/bin/sh", "-c vsftpd", unclear, ""},
		{"/usr/lib/systemd/systemd-socket-proxyd", "10.0.0.1:21", unclear, ""},
		{"", "", unclear, ""},
	} {
		d, is := serves(tc.program, strings.Fields(tc.args))
		if is != tc.want || d.name != tc.server {
			t.Errorf("%s %s: %d %q, want %d %q", tc.program, tc.args, is, d.name, tc.want, tc.server)
		}
	}
}

func TestSuperText(t *testing.T) {
	const inetd = "# c\nftp stream tcp nowait root /usr/sbin/vsftpd vsftpd /etc/x -oa=b\n127.0.0.1:ftp stream tcp nowait root /x x \"a b\"\nshort\n"
	const xinetd = "service ftp\n{\nid = a\nserver_args = /etc/x -oa=b\ndisable = no\n}\nservice b\n{\ndisable = yes\nflags = NAMEINARGS\nserver_args = vsftpd /etc/x\n}\n"
	for _, tc := range []struct {
		kind units.Kind
		line int
		want superLine
	}{
		{units.KindInetd, 2, superLine{"ftp", []string{"/etc/x", "-oa=b"}, true, false}},
		{units.KindInetd, 3, superLine{"ftp", []string{`"a`, `b"`}, false, false}},
		{units.KindInetd, 4, superLine{}},
		{units.KindInetd, 99, superLine{}},
		{units.KindXinetd, 1, superLine{"ftp", []string{"/etc/x", "-oa=b"}, true, false}},
		{units.KindXinetd, 7, superLine{"b", []string{"/etc/x"}, true, true}},
		{units.KindXinetd, 2, superLine{}},
	} {
		data := inetd
		if tc.kind == units.KindXinetd {
			data = xinetd
		}
		if diff := cmp.Diff(tc.want, parseSuper(tc.kind, []byte(data)).at(tc.line), cmp.AllowUnexported(superLine{})); diff != "" {
			t.Errorf("%s line %d: %s", tc.kind, tc.line, diff)
		}
	}
}

func FuzzSuperText(f *testing.F) {
	f.Add([]byte("ftp stream tcp nowait root /usr/sbin/vsftpd vsftpd /etc/x\n"), false)
	f.Add([]byte("service ftp\n{\nserver_args = a 'b'\n}\n"), true)
	f.Add([]byte("service\tx\n{\nflags = NAMEINARGS\nserver_args =\n}"), true)
	f.Fuzz(func(t *testing.T, data []byte, second bool) {
		kind := units.KindInetd
		if second {
			kind = units.KindXinetd
		}
		text := parseSuper(kind, data)
		told := 0
		for line := range len(text.lines) + 2 {
			l := text.at(line)
			if l.name == "" && (len(l.args) > 0 || l.known || l.off) {
				t.Errorf("told of no service: %+v", l)
			}
			if l.name != "" {
				told++
			}
			for _, arg := range l.args {
				if arg == "" || l.known && strings.ContainsAny(arg, `"'\`) {
					t.Errorf("argument %q", arg)
				}
			}
		}
		if told != len(text.services)+len(text.items) {
			t.Errorf("%d services told of %d", told, len(text.services)+len(text.items))
		}
	})
}

// TestManyEntries: an image may hold as many entries as its files can.
func TestManyEntries(t *testing.T) {
	for name, conf := range map[string]string{
		"inetd-off": "-- etc/inetd.conf --\n" + strings.Repeat("ftp x\n", 1_000_000),
		"inetd":     strings.Replace(inetdTree, "-- etc/inetd.conf --\n", "", 1) + "-- etc/inetd.conf --\n" + strings.Repeat("21 stream tcp nowait root /x x\n", 200_000),
		"xinetd":    strings.Replace(xinetdTree, "-- etc/xinetd.conf --\n", "-- etc/xinetd.conf --\n"+strings.Repeat("service ftp\n{\nport=21\n}\n", 200_000), 1),
	} {
		t.Run(name, func(t *testing.T) {
			h := hosttest.Load(t, conf)
			start := time.Now()
			got := verdict(h)
			if took := time.Since(start); took > 10*time.Second {
				t.Errorf("it took %v", took)
			}
			if len(got) > 8<<20 {
				t.Errorf("%d bytes are told", len(got))
			}
		})
	}
}

// TestRogueListeners: however many listeners never answer, the check ends soon, and does
// not know.
func TestRogueListeners(t *testing.T) {
	for name, s := range map[string]server{
		"silent":   func(c net.Conn) { io.Copy(io.Discard, c) },
		"dripping": drip,
		"endless":  endless("220-x\r\n"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := hosttest.Live(hosttest.Load(t, ""), &snapshot.Snapshot{NetNS: ourNS})
			for _, addr := range []string{"127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.5", "127.0.0.6"} {
				h.Snapshot.Listeners = append(h.Snapshot.Listeners, listen(addr, 21))
			}
			h.Dial = dialer(s)
			start := time.Now()
			got := verdict(h)
			if took := time.Since(start); took > 5*time.Second {
				t.Errorf("it took %v", took)
			}
			if head, _, _ := strings.Cut(got, "\n"); !strings.HasPrefix(head, "unknown ") || strings.Count(got, "gap ") != 6 {
				t.Errorf("%s", got)
			}
		})
	}
}

// TestLastLine: the last line of a file may have no end.
func TestLastLine(t *testing.T) {
	for line, want := range map[string]string{
		"date stream tcp": "not_applicable absent\n",
		"ftp stream tcp":  "unknown refused\ngap refused /etc/inetd.conf: the super-server does not take what may be an entry for FTP at /etc/inetd.conf:2\n",
	} {
		text := strings.Replace(inetdTree, "inetd.conf --", "inetd.conf nonl --", 1) + "time stream tcp nowait root internal\n" + line + "\n"
		if diff := cmp.Diff(want, verdict(hosttest.Load(t, text))); diff != "" {
			t.Error(diff)
		}
	}
}

// TestManyFiles: what is kept of the files of super-servers does not grow with them.
func TestManyFiles(t *testing.T) {
	tree := strings.Builder{}
	tree.WriteString(strings.Replace(xinetdTree, "server = ", "server_args = x\n\tserver = ", 1) + "includedir /etc/xinetd.d\n")
	entries := strings.Repeat("service time\n{\n\tport = 5\n}\n", 10_000)
	for i := range 20 {
		fmt.Fprintf(&tree, "-- etc/xinetd.d/f%d --\n%s", i, entries)
	}
	a := &audit{host: hosttest.Load(t, tree.String()), texts: map[string]*superText{}, told21: map[string]bool{}, entered: map[string]bool{}, rec: checks.NewRecorder(port)}
	a.entries, a.problems = a.host.Units().Enabled()
	a.superServers()
	lines := 0
	for _, text := range a.texts {
		lines += len(text.lines)
	}
	if lines > maxSuperText/4 {
		t.Errorf("%d lines are kept", lines)
	}
	if len(a.entered) == 0 {
		t.Error("the entry for vsftpd was not seen")
	}
}
