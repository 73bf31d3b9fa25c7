package proftpdconf_test

import (
	"encoding/hex"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hostaudit/checks/host/hosttest"
	"hostaudit/checks/internal/proftpdconf"
)

// eachProFTPD runs a test against the ProFTPD of every tree that has one.
func eachProFTPD(t *testing.T, test func(*testing.T, *hosttest.RealHost, string, proftpdconf.Build)) {
	t.Helper()
	hosttest.RequireReal(t)
	for _, name := range []string{"units-bullseye", "units-bookworm", "units-trixie", "units-sid"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // most of the time is waiting
			tree := hosttest.TreeOf(t, name)
			if _, err := os.Stat(filepath.Join(tree, "usr/sbin/proftpd")); err != nil {
				t.Skipf("the tree %s has no ProFTPD (package proftpd-core)", name)
			}
			h := hosttest.NewRealHostOf(t, name)
			said := h.MustRun("/usr/sbin/proftpd", "-v")
			v, ok := proftpdconf.ParseVersion(strings.TrimSpace(strings.TrimPrefix(said, "ProFTPD Version ")))
			if !ok {
				t.Fatalf("no version in %q", said)
			}
			test(t, h, tree, proftpdconf.Build{Version: v, Debian: true})
		})
	}
}

// startProFTPD starts a ProFTPD in the foreground, waits until it serves or has ended,
// and shows the TCP sockets of the host and whether it lives.
const startProFTPD = `/usr/sbin/proftpd -n "$@" >/tmp/proftpd.out 2>&1 </dev/null & pid=$!
for i in {1..1000}; do
	kill -0 $pid 2>/dev/null || break
	grep -q STARTUP /tmp/proftpd.out && break
	sleep 0.01
done
for i in {1..100}; do # it says so before it listens, and some never do
	kill -0 $pid 2>/dev/null || break
	grep -q ' 0A ' /proc/net/tcp /proc/net/tcp6 && break
	sleep 0.01
done
sleep 0.15
cat /proc/net/tcp /proc/net/tcp6
if kill -0 $pid 2>/dev/null; then echo alive; kill -9 $pid; fi
wait $pid 2>/dev/null
exit 0`

// What each ProFTPD binds and refuses is what was written down, and what is read.
func TestRealProFTPD(t *testing.T) {
	eachProFTPD(t, func(t *testing.T, h *hosttest.RealHost, tree string, build proftpdconf.Build) {
		h.MustRun("/bin/bash", "-c", `mkdir -p /run/proftpd /var/log/proftpd && printf "127.0.0.1 localhost\n127.0.1.1 $(uname -n)\n" >/etc/hosts`)
		for _, c := range realCases {
			t.Run(c.name, func(t *testing.T) {
				want := c.want
				switch {
				case build.Version.Patch == 7 && c.old != "":
					want = c.old
				case build.Version.Patch == 9 && c.new != "":
					want = c.new
				}
				m := archive(c.files)
				m.root = tree
				main := "/etc/proftpd/proftpd.conf"
				if _, ok := m.files[main]; !ok {
					m.files[main] = ""
				}
				m.files[main] = accounts + m.files[main]
				if other, ok := m.files["/etc/proftpd/other.conf"]; ok {
					m.files["/etc/proftpd/other.conf"] = accounts + other
				}
				put(h, m)
				said := h.MustRun(append([]string{"/bin/bash", "-c", startProFTPD, "bash"}, strings.Fields(c.args)...)...)
				got := strings.Join(listening(t, said), " ")
				if c.name != "inetd" && !strings.HasSuffix(said, "alive\n") {
					got = "refused"
				}
				if diff := cmp.Diff(sorted(want), got); diff != "" {
					t.Errorf("what ProFTPD does is not what was expected:\n%s%s", diff, h.ReadFile("/tmp/proftpd.out"))
				}

				cmd, out := proftpdconf.ParseArgs(build.Version, append([]string{"-n"}, strings.Fields(c.args)...))
				if out.Kind == proftpdconf.Accepted {
					config := proftpdconf.Load(m, main, cmd, build)
					out = config.Outcome()
					if (out.Kind == proftpdconf.Unsure) != c.unsure {
						t.Errorf("unsure is not expected: %+v", config.Problems())
					}
					if ours := bound(config.Listens()); out.Kind == proftpdconf.Accepted && ours != got {
						t.Errorf("read as %q, ProFTPD binds %q: %+v", ours, got, config.Problems())
					}
				}
				if out.Kind != proftpdconf.Unsure && (out.Kind == proftpdconf.Refused) != (got == "refused") {
					t.Errorf("read as %+v, ProFTPD: %s\n%s", out, got, h.ReadFile("/tmp/proftpd.out"))
				}
			})
		}
	})
}

// put lays the files over the host.
func put(h *hosttest.RealHost, m memory) {
	var script strings.Builder
	script.WriteString("rm -rf /etc/proftpd && mkdir /etc/proftpd\n")
	for name, text := range m.files {
		if !strings.HasPrefix(name, "/etc/proftpd/") {
			continue
		}
		quoted := "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
		script.WriteString("mkdir -p " + filepath.Dir(name) + "\n")
		if link, ok := strings.CutSuffix(name, "@"); ok {
			script.WriteString("ln -s " + strings.TrimSpace(quoted[1:len(quoted)-1]) + " " + link + "\n")
		} else {
			script.WriteString("printf %s " + quoted + " >" + name + "\n")
		}
	}
	h.MustRun("/bin/bash", "-c", script.String())
}

func sorted(s string) string {
	words := strings.Fields(s)
	slices.Sort(words)
	return strings.Join(words, " ")
}

// bound returns the sockets of an answer.
func bound(list []proftpdconf.Listen) string {
	var words []string
	for _, l := range list {
		words = append(words, netip.AddrPortFrom(l.Addr, l.Port).String())
	}
	slices.Sort(words)
	return strings.Join(slices.Compact(words), " ")
}

// listening returns the listening sockets of /proc/net/tcp and tcp6.
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
		bound = append(bound, netip.AddrPortFrom(addr, uint16(number)).String())
	}
	slices.Sort(bound)
	return bound
}
