package vsftpdconf

import (
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"hostaudit/checks/host/hosttest"
)

// eachVsftpd runs a test against the vsftpd of every tree that has one: 3.0.3-12,
// 3.0.3-13, 3.0.5-0.2 and 3.0.5-1 at the time of writing.
func eachVsftpd(t *testing.T, test func(*testing.T, *hosttest.RealHost, Build)) {
	t.Helper()
	hosttest.RequireReal(t)
	for name, version := range map[string]string{
		"units-bullseye+vsftpd": "3.0.3-12", filepath.Base(os.Getenv(hosttest.TreeVariable)): "3.0.3-13",
		"units-trixie+vsftpd": "3.0.5-0.2", "units-sid+vsftpd": "3.0.5-1",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // most of the time is waiting for daemons
			h := hosttest.NewRealHostOf(t, name)
			if h.Run("test", "-x", "/usr/sbin/vsftpd").Exit != 0 {
				t.Skipf("the tree %s has no vsftpd (package vsftpd)", name)
			}
			if said := h.Run("dpkg-query", "-W", "-f", "${Version}", "vsftpd").Stdout; said != "" {
				version = said
			}
			h.MustRun("mkdir", "-p", "/run/vsftpd/empty")
			test(t, h, Debian(version))
		})
	}
}

// tryAll starts vsftpd once in each directory below /t with the arguments of its file
// "args", one a line, and shows its end, or that it lives, and the sockets of the host.
const tryAll = `shopt -s nullglob
for dir in /t/*/; do
	cd "$dir"
	mapfile -t args <args
	vsftpd "${args[@]}" >/dev/null 2>&1 </dev/null & pid=$!
	for i in {1..100}; do
		kill -0 $pid 2>/dev/null || break
		grep -qs ' 0A ' /proc/net/tcp /proc/net/tcp6 && break
		sleep 0.01
	done
	printf '== %s ' "${dir:3:-1}"
	if kill -0 $pid 2>/dev/null; then echo alive; else echo ended; fi
	cat /proc/net/tcp /proc/net/tcp6
	kill $pid 2>/dev/null
	wait $pid
done 2>/dev/null
exit 0`

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
		for n, c := range tries {
			dir := fmt.Sprintf("/t/%d/", n)
			args := strings.Join(c.args, "\n")
			if len(c.args) > 0 {
				args += "\n"
			}
			h.WriteFile(dir+"args", args, 0o644)
			for name, content := range c.files {
				h.WriteFile(dir+name, content, 0o644)
			}
		}
		results := map[string]string{}
		for part := range strings.SplitSeq(h.MustRun("/bin/bash", "-c", tryAll), "== ") {
			head, sockets, _ := strings.Cut(part, "\n")
			n, state, _ := strings.Cut(head, " ")
			results[n] = "refused"
			if state == "alive" {
				results[n] = strings.Join(listening(t, sockets), " ")
			}
		}
		settled := 0
		for n, c := range tries {
			t.Run(c.name, func(t *testing.T) {
				want, done := results[strconv.Itoa(n)]
				got := c.told(b, defaultFile)
				switch {
				case !done:
					t.Fatal("not tried")
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

// listening returns the listening sockets of /proc/net/tcp and tcp6, as Server.outcome
// writes them.
func listening(t *testing.T, text string) []string {
	t.Helper()
	var bound []string
	for line := range strings.SplitSeq(text, "\n") {
		fields := strings.Fields(line)
		if len(fields) < 4 || fields[3] != "0A" {
			continue
		}
		host, port, _ := strings.Cut(fields[1], ":")
		raw, err := hex.DecodeString(host)
		number, err2 := strconv.ParseUint(port, 16, 16)
		if err != nil || err2 != nil {
			t.Fatalf("%q: %v %v", line, err, err2)
		}
		for i := 0; i < len(raw); i += 4 { // words of the machine's order
			slices.Reverse(raw[i : i+4])
		}
		addr, _ := netip.AddrFromSlice(raw)
		bound = append(bound, fmt.Sprintf("%s:%d", addr, number))
	}
	return bound
}

// In the background its child listens; started as another user it does only where its
// files let it.
func TestRealVsftpdBackground(t *testing.T) {
	eachVsftpd(t, func(t *testing.T, h *hosttest.RealHost, _ Build) {
		h.WriteFile("/etc/background.conf", "listen=YES\nlisten_port=2121\nbackground=YES\n", 0o644)
		if res := h.Run("vsftpd", "/etc/background.conf"); res.Exit != 0 {
			t.Fatalf("%+v", res)
		}
		h.WaitListening(2121)
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
				res := h.Run("timeout", "1", "setpriv", "--reuid=nobody", "--clear-groups", "vsftpd", "/etc/user.conf")
				if started := res.Exit == 124; started != tc.starts {
					t.Errorf("started %v: %+v", started, res)
				}
			})
		}
	})
}
