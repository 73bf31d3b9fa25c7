package pureftpdconf_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"hostaudit/checks/host/hosttest"
	"hostaudit/checks/internal/pureftpdconf"
)

// eachPureFTPd runs a test against the Pure-FTPd of every release: 1.0.49 and 1.0.50 at the
// time of writing.
func eachPureFTPd(t *testing.T, test func(*testing.T, *hosttest.RealHost, pureftpdconf.Program)) {
	t.Helper()
	trees := []string{"units-bullseye+pure-ftpd", "bookworm+pure-ftpd", "units-trixie+pure-ftpd", "units-sid+pure-ftpd"}
	hosttest.EachTree(t, "/usr/sbin/pure-ftpd", trees, func(t *testing.T, h *hosttest.RealHost) {
		h.MustRun("mkdir", "-p", "/run/pure-ftpd", "/var/log/pure-ftpd")
		_, number, _ := strings.Cut(h.Run("pure-ftpd", "-h").Stdout, " v1.0.")
		number, _, _ = strings.Cut(number, " ")
		patch, err := strconv.Atoi(number)
		if err != nil {
			t.Fatalf("no version: %v", err)
		}
		test(t, h, pureftpdconf.Program{Patch: patch, Backend: "none"})
	})
}

// What each Pure-FTPd binds and refuses is what its arguments, its one file and Debian's
// directory are read as.
func TestRealPureFTPd(t *testing.T) {
	all := cases()
	eachPureFTPd(t, func(t *testing.T, h *hosttest.RealHost, p pureftpdconf.Program) {
		h.WriteFile("/etc/pure-ftpd/there", "", 0o644)
		h.WriteFile("/etc/included", "Bind 127.0.0.1,2150\n", 0o644)
		h.WriteFile("/etc/loop", "Include /etc/loop\n", 0o644)
		h.WriteFile("/etc/bad", "x\n", 0o644)
		h.Replace("/t", nil)
		settled, serve := 0, 0
		for _, c := range all {
			t.Run(c.name, func(t *testing.T) {
				command := append([]string{"env", "-C", "/t", "pure-ftpd"}, c.args...)
				switch {
				case c.conf != nil:
					h.Replace("/etc/pure-ftpd/conf", c.conf)
					links := map[string]string{}
					for name, target := range c.auth {
						links[name+"@"] = target
					}
					h.Replace("/etc/pure-ftpd/auth", links)
					command = []string{"pure-ftpd-wrapper"}
				case c.single != nil:
					h.WriteFile("/t/single", *c.single, 0o644)
					command = append(command, "single")
				}
				y := h.Try(command...)
				y.End()
				want := "refused"
				if y.Alive {
					serve++
					want = y.Listens.String()
				}
				o, out := c.parse(p)
				got := describe(o, out)
				if out.Kind == pureftpdconf.Unsure {
					return // counted below
				}
				settled++
				foreign := func(l pureftpdconf.Listen) bool { return !l.Addr.IsLoopback() && !l.Addr.IsUnspecified() }
				if o.UploadScript || o.TLS || slices.ContainsFunc(o.Listens, foreign) {
					got = "refused" // nothing reads the pipe, no certificate is there, the host has no such address
				}
				if strings.HasSuffix(got, ":0") {
					var fixed []string
					for l := range strings.FieldsSeq(want) {
						fixed = append(fixed, l[:strings.LastIndexByte(l, ':')]+":0")
					}
					want = strings.Join(fixed, " ")
				}
				if got != want {
					t.Errorf("read as %s (%+v), the program: %s\n%+v", got, out, want, c)
				}
			})
		}
		t.Logf("of %d starts %d serve, %d are settled", len(all), serve, settled)
		if settled < len(all)*9/10 {
			t.Errorf("%d of %d settled", settled, len(all))
		}
	})
}
