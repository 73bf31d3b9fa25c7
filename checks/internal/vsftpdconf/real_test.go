package vsftpdconf

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"hostaudit/checks/host/hosttest"
)

// eachVsftpd runs a test against the vsftpd of every release: 3.0.3-12, 3.0.3-13,
// 3.0.5-0.2 and 3.0.5-1 at the time of writing.
func eachVsftpd(t *testing.T, test func(*testing.T, *hosttest.RealHost, Build)) {
	t.Helper()
	trees := []string{"units-bullseye+vsftpd", "bookworm", "units-trixie+vsftpd", "units-sid+vsftpd"}
	hosttest.EachTree(t, "/usr/sbin/vsftpd", trees, func(t *testing.T, h *hosttest.RealHost) {
		h.MustRun("mkdir", "-p", "/run/vsftpd/empty")
		test(t, h, Debian(h.MustRun("dpkg-query", "-W", "-f", "${Version}", "vsftpd")))
	})
}

// a try is one start of vsftpd: arguments, and the files of its own directory.
type try struct {
	name  string
	args  []string
	files map[string]string
}

// told returns what the try comes to, as outcome does.
func (c try) told(b Build, defaultFile string) string {
	steps, problem := ParseArgs(b, c.args)
	s := NewServerOf(b)
	for _, step := range steps {
		if step.Setting != nil {
			s.Apply(*step.Setting)
			continue
		}
		content, there := c.files[step.File]
		if step.Default {
			content, there = defaultFile, true
		}
		if !there {
			return "refused"
		}
		settings, bad := ParseAs(b, step.File, []byte(content))
		if bad != nil && problem == nil {
			problem = bad
		}
		s.Apply(settings...)
	}
	switch {
	case problem != nil && problem.Unsure:
		return "not settled"
	case problem != nil:
		return "refused"
	}
	return s.outcome()
}

// What each vsftpd binds and refuses is what its files and arguments are read as.
func TestRealVsftpd(t *testing.T) {
	const defaultFile = "listen=YES\nlisten_port=27\n"
	var tries []try
	for _, r := range rows() {
		tries = append(tries, try{r.name, []string{"c"}, map[string]string{"c": r.in}})
	}
	files := map[string]string{
		"a": "listen_port=23\n", "b": "listen=YES\nlisten_port=22\n", "c": "listen=NO\nlisten_ipv6=YES\nlisten_address6=::1\n", "bad": "x\n",
	}
	for _, line := range []string{
		``, `a`, `b`, `a b`, `b a`, `b c`, `c b`, `b c a`, `b b`, `b nosuch`, `nosuch`, `b bad`, `bad b`, `/etc`, `/dev/null`,
		`-olisten_port=99`, `-olisten=NO`, `-olisten_port=99 b`, `b -olisten_port=99`, `b -olisten_port=99 a`, `b -olisten=NO`, `b -olisten=NO -olisten_ipv6=YES`,
		`b -o listen_port=99`, `b -o`, `b -ox`, `b -olisten_port`, `b -o=`, `b -o#`, `b -`, `--`, `-- b`, `b -v`, `-v`, `-x b`, `b -version`,
		`b -olisten_port=`, `b -oftpd_banner`, `b -olisten_address=127.0.0.3`, `-obackground=NO b`,
	} {
		tries = append(tries, try{"args" + strings.ReplaceAll(strings.ReplaceAll(line, "/", "+"), " ", "_"), strings.Fields(line), files})
	}
	tries = append(tries,
		try{"emptyArgument", []string{"b", ""}, files},
		try{"optionWithBlank", []string{"b", "-o listen_port=99"}, files},
	)
	tries = append(tries, generated(150)...)
	eachVsftpd(t, func(t *testing.T, h *hosttest.RealHost, b Build) {
		h.WriteFile("/etc/vsftpd.conf", defaultFile, 0o644)
		settled, serve := 0, 0
		for _, c := range tries {
			t.Run(c.name, func(t *testing.T) {
				h.Replace("/t", c.files)
				y := h.Try(append([]string{"env", "-C", "/t", "vsftpd"}, c.args...)...)
				y.End()
				want := "refused"
				if y.Alive {
					serve++
					want = y.Listens.String()
				}
				got := c.told(b, defaultFile)
				switch {
				case got == "not settled":
					return // counted below
				case got == "inetd":
					got = "refused" // it was started by hand
				case strings.HasSuffix(got, ":0"):
					want = want[:strings.LastIndexByte(want, ':')+1] + "0"
				}
				settled++
				if got != want {
					t.Errorf("read as %s, the program: %s\n%q %.200q", got, want, c.args, c.files["c"])
				}
			})
		}
		t.Logf("of %d starts %d serve, %d are settled", len(tries), serve, settled)
		if settled < len(tries)*9/10 {
			t.Errorf("%d of %d settled", settled, len(tries))
		}
	})
}

// generated returns files made of pieces that matter, the same ones every time.
func generated(n int) (tries []try) {
	random := rand.New(rand.NewPCG(2, 121))
	pick := func(from ...string) string { return from[random.IntN(len(from))] }
	for i := range n {
		var b strings.Builder
		b.WriteString(pick("listen=YES\n", "listen=YES\n", "listen=YES\n", "listen_ipv6=YES\n", "listen_ipv6=YES\n", ""))
		for range 1 + random.IntN(3) {
			b.WriteString(pick("", "", "", "", "", " ", "\t", "#", " #"))
			key := pick("listen", "listen_ipv6", "listen_port", "listen_port", "listen_port", "listen_address", "listen_address6", "ftpd_banner", "write_enable", "nokey")
			b.WriteString(key + pick("=", "=", "=", "=", "=", "=", " =", "= ", "", "=="))
			switch key {
			case "listen", "listen_ipv6", "write_enable":
				b.WriteString(pick("YES", "NO", "NO", "yes", "0", "1", "true", "off"))
			case "listen_port", "nokey":
				b.WriteString(pick("", "", "0", "-", "+", "0x", " ") + strconv.Itoa(random.IntN(70000)) + pick("", "", "", "8", "x", ".5", " 1"))
			case "listen_address":
				b.WriteString(pick("127.0.0.1", "127.1", "0", "127.0.0.010", "0x7f.1", "1270.1", "127.0.0.1 x", "a", "127.0.0.2", ""))
			case "listen_address6":
				b.WriteString(pick("::", "::1", "::1%lo", "0::1", "::ffff:7f00:2", "::ffff:127.0.0.9", "1::x", "0:0:0::0:0:1", "", "::g"))
			case "ftpd_banner":
				b.WriteString(pick("x", "a=b", "", " ", "\"q\"", "~", "\xff"))
			}
			b.WriteString(pick("", "", "", "", "", "", " ", "\t", "\r", " # x") + "\n")
		}
		tries = append(tries, try{fmt.Sprintf("generated%d", i), []string{"c"}, map[string]string{"c": b.String()}})
	}
	return tries
}

// In the background its child listens; started as another user it does only where its
// files let it.
func TestRealVsftpdBackground(t *testing.T) {
	eachVsftpd(t, func(t *testing.T, h *hosttest.RealHost, _ Build) {
		h.WriteFile("/etc/background.conf", "listen=YES\nlisten_port=2121\nbackground=YES\n", 0o644)
		y := h.Try("vsftpd", "/etc/background.conf")
		y.End()
		if got := y.Listens.String(); got != "0.0.0.0:2121" {
			t.Errorf("in the background: %q\n%s", got, y.Output())
		}
		for _, tc := range []struct {
			name, setting string
			owner         string
			starts        bool
		}{
			{"notOfThatUser", "run_as_launching_user=YES\n", "root", false},
			{"ofThatUser", "run_as_launching_user=YES\n", "nobody", true},
			{"notAllowed", "", "nobody", false},
		} {
			t.Run(tc.name, func(t *testing.T) {
				settings, problem := ParseAs(Debian("3.0.3"), "c", []byte(tc.setting))
				s := NewServer()
				s.Apply(settings...)
				if told := s.AsLaunchingUser && tc.owner == "nobody"; problem != nil || told != tc.starts {
					t.Errorf("read as %+v, %v", s, problem)
				}
				h.WriteFile("/etc/user.conf", "listen=YES\nlisten_port=2122\n"+tc.setting, 0o644)
				h.MustRun("chown", tc.owner, "/etc/user.conf")
				y := h.Try("setpriv", "--reuid=nobody", "--clear-groups", "vsftpd", "/etc/user.conf")
				y.End()
				if y.Alive != tc.starts {
					t.Errorf("started %v\n%s", y.Alive, y.Output())
				}
			})
		}
	})
}
