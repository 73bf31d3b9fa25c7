package snapshot

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// statTail is what follows the name, with the fields told apart by position.
const statTail = " S 7 8 9 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 3 0 4711 1000 2000 18446744073709551615 1 1 0"

func TestParseStat(t *testing.T) {
	for _, tc := range []struct {
		name, in string
		want     statFields
	}{
		{"plain", "42 (sshd)" + statTail + "\n", statFields{comm: "sshd", state: 'S', ppid: 7, threads: 3, start: 4711}},
		{"parentheses-and-blanks", "42 (a) R (b ) c)" + statTail, statFields{comm: "a) R (b ) c", state: 'S', ppid: 7, threads: 3, start: 4711}},
		{"newline", "42 (a\n) Z 1)" + statTail, statFields{comm: "a\n) Z 1", state: 'S', ppid: 7, threads: 3, start: 4711}},
		{"empty-name", "42 ()" + statTail, statFields{state: 'S', ppid: 7, threads: 3, start: 4711}},
		{"kernel-thread", "2 (kthreadd) S 0 0 0 0 -1 2129984 0 0 0 0 0 0 0 0 20 0 1 0 12 0 0", statFields{comm: "kthreadd", state: 'S', threads: 1, start: 12, kernel: true}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := parseStat([]byte(tc.in))
			if err != nil || got != tc.want {
				t.Errorf("parseStat = %+v, %v; want %+v", got, err, tc.want)
			}
		})
	}
	for _, bad := range []string{"", "42 sshd S 7", "42 (sshd", "42 (sshd) S 7", "42 (sshd) SS" + statTail[2:], ")42(" + statTail, "42 (x) S -7 8 9 0 -1 1 1 2 3 4 5 6 7 8 20 0 3 0 4711"} {
		if got, err := parseStat([]byte(bad)); err == nil {
			t.Errorf("parseStat(%q) = %+v, want an error", bad, got)
		}
	}
}

func TestParseStatusUIDs(t *testing.T) {
	const status = "Name:\tx\\nUid:\\t9\nUmask:\t0022\nUid:\t1000\t0\t0\t0\nGid:\t5\t6\t7\t8\n"
	uid, euid, err := parseStatusUIDs([]byte(status))
	if uid != 1000 || euid != 0 || err != nil {
		t.Errorf("parseStatusUIDs = %d, %d, %v", uid, euid, err)
	}
	for _, bad := range []string{"", "Name:\tx\n", "Uid:\t1\n", "Uid:\ta\tb\n", "Uid:\t4294967296\t0\n"} {
		if _, _, err := parseStatusUIDs([]byte(bad)); err == nil {
			t.Errorf("parseStatusUIDs(%q): no error", bad)
		}
	}
}

func TestParseCgroup(t *testing.T) {
	for _, tc := range []struct{ name, in, want string }{
		{"unified", "0::/system.slice/ssh.service\n", "/system.slice/ssh.service"},
		{"hybrid", "12:pids:/x\n1:name=systemd:/system.slice/a:b.service\n0::/other\n", "/system.slice/a:b.service"},
		{"named-not-in-use", "9:name=systemd:/\n0::/system.slice/ssh.service\n", "/system.slice/ssh.service"},
		{"unified-not-in-use", "9:name=systemd:/init.scope\n0::/\n", "/init.scope"},
		{"no-systemd", "3:cpu,cpuacct:/docker/1\n", ""},
		{"junk", "\n:\n0:\n", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := parseCgroup([]byte(tc.in)); got != tc.want {
				t.Errorf("parseCgroup = %q, want %q", got, tc.want)
			}
		})
	}
}

func TestParseBracketed(t *testing.T) {
	for _, tc := range []struct {
		in   string
		want uint64
	}{
		{"socket:[1597]", 1597},
		{"socket:[18446744073709551615]", 1<<64 - 1},
		{"socket:[18446744073709551616]", 0},
		{"socket:[]", 0},
		{"socket:[12", 0},
		{"socket:", 0},
		{"anon_inode:[eventpoll]", 0},
		{"/tmp/socket:[12]", 0},
		{"", 0},
	} {
		if got := parseBracketed([]byte(tc.in), "socket"); got != tc.want {
			t.Errorf("parseBracketed(%q) = %d, want %d", tc.in, got, tc.want)
		}
	}
}

func TestSplitArgs(t *testing.T) {
	for _, tc := range []struct {
		name, in string
		want     []string
	}{
		{"none", "", nil},
		{"plain", "vsftpd\x00-olisten=YES\x00", []string{"vsftpd", "-olisten=YES"}},
		{"empty-argument", "a\x00\x00b\x00", []string{"a", "", "b"}},
		{"title", "nginx: worker process", []string{"nginx: worker process"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, splitArgs([]byte(tc.in))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestParseExe(t *testing.T) {
	for in, want := range map[string]string{"/usr/sbin/sshd (deleted)": "/usr/sbin/sshd", "/usr/sbin/sshd": "/usr/sbin/sshd"} {
		if got, deleted := parseExe(in); got != want || deleted != (in != want) {
			t.Errorf("parseExe(%q) = %q, %v", in, got, deleted)
		}
	}
}

func TestListsModule(t *testing.T) {
	const modules = "inet_diag 28672 2 tcp_diag,udp_diag, Live 0x0\nudp_diag 16384 0 - Live 0x0\n"
	if !listsModule([]byte(modules), "udp_diag") || listsModule([]byte(modules), "tcp_diag") {
		t.Error("a module is listed by the first word of its line only")
	}
}

func FuzzParseStat(f *testing.F) {
	f.Add([]byte("42 (a) R (b ) c)" + statTail))
	f.Add([]byte("2 (kthreadd) S 0 0 0 0 -1 2129984 0 0 0 0 0 0 0 0 20 0 1 0 12 0 0"))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := parseStat(b)
		if err != nil {
			if s != (statFields{}) {
				t.Errorf("an error and fields: %+v", s)
			}
			return
		}
		if !strings.Contains(string(b), "("+s.comm+")") {
			t.Errorf("the name %q does not stand in parentheses in %q", s.comm, b)
		}
		if strings.Contains(string(b[strings.Index(string(b), "(")+1+len(s.comm)+1:]), ")") {
			t.Errorf("the name %q does not end at the last parenthesis of %q", s.comm, b)
		}
	})
}

func FuzzSmallFiles(f *testing.F) {
	f.Add([]byte("Name:\tx\nUid:\t1000\t0\t0\t0\n"))
	f.Add([]byte("0::/system.slice/ssh.service\n"))
	f.Add([]byte("socket:[1597]"))
	f.Add([]byte("a\x00\x00b\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if _, _, err := parseStatusUIDs(b); err == nil && !strings.Contains(string(b), "Uid:") {
			t.Errorf("a user without a Uid line in %q", b)
		}
		if path := parseCgroup(b); strings.Contains(path, "\n") || !strings.Contains(string(b), path) {
			t.Errorf("path %q is not of %q", path, b)
		}
		if n := parseBracketed(b, "socket"); n != 0 && !strings.HasPrefix(string(b), "socket:[") {
			t.Errorf("%d from %q", n, b)
		}
		joined := strings.Join(splitArgs(b), "\x00")
		if joined != strings.TrimSuffix(string(b), "\x00") {
			t.Errorf("arguments %q are not those of %q", joined, b)
		}
	})
}

func TestBelow(t *testing.T) {
	for _, tc := range []struct{ root, path, want string }{
		{"", "/usr/sbin/sshd", "/usr/sbin/sshd"},
		{"/", "/usr/sbin/sshd", "/usr/sbin/sshd"},
		{"/host", "/host/usr/sbin/sshd", "/usr/sbin/sshd"},
		{"/host/", "/host/usr/sbin/sshd", "/usr/sbin/sshd"},
		{"/host", "/hostess/sshd", "/hostess/sshd"},
		{"/host", "/usr/sbin/sshd", "/usr/sbin/sshd"},
		{"/host", "", ""},
	} {
		if got := below(tc.root, tc.path); got != tc.want {
			t.Errorf("below(%q, %q) = %q, want %q", tc.root, tc.path, got, tc.want)
		}
	}
}
