package listeners

import (
	"strings"
	"testing"

	"hostaudit/checks"
	"hostaudit/checks/host"
	"hostaudit/checks/host/hosttest"
	"hostaudit/checks/host/units"
)

// TestClusters: what Debian's generator makes of PostgreSQL's clusters is told by the one
// unit that stands for them, and is open only where it cannot be told.
func TestClusters(t *testing.T) {
	service := entry(units.KindService, "postgresql.service", "/bin/true")
	service.Unit = &units.Unit{Name: "postgresql.service", Type: "oneshot"}
	generator := units.Problem{
		Unit: "postgresql.service", Err: units.ErrGenerator,
		Place: units.Place{File: "/usr/lib/systemd/system-generators/postgresql-generator"},
	}
	const (
		cluster = "-- etc/postgresql/15/main/postgresql.conf --\n-- etc/postgresql/15/main/start.conf --\n"
		low     = "fail | low configured undeclared postgresql.service at /etc/postgresql.service:3"
		open    = "unknown unsupported | gap unsupported postgresql.service"
	)
	for _, tc := range []struct {
		name, tree      string
		declared        bool
		want, cleartext string
	}{
		{"automatic", cluster + "# Debian's comment\n\nauto\n", false, low, "pass"},
		{"declared", cluster + "auto\n", true, "pass", "pass"},
		{"no-start-file", "-- etc/postgresql/15/main/postgresql.conf --\n", false, low, "pass"},
		{"by-hand", cluster + "manual # auto\n", false, "pass", "pass"},
		{"two-words", cluster + "auto\nmanual\n", false, "pass", "pass"},
		{"second-cluster", cluster + "disabled\n" + strings.ReplaceAll(cluster, "main", "two") + "auto\n", false, low, "pass"},
		{"no-cluster", "", false, low, "pass"},
		{"unreadable", "-- etc/postgresql/15/main/postgresql.conf --\n-- etc/postgresql/15/main/start.conf err=permission --\n", false, low + " | gap unsupported postgresql.service", open},
		{"hidden", "-- etc/postgresql/ err=permission --\n", true, open, open},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := world{enabled: []units.Entry{service}, problems: []units.Problem{generator}, os: host.OSRelease{ID: "debian"}}
			if tc.declared {
				w.declared = []checks.Declaration{{Unit: "postgresql.service"}}
			}
			for name, want := range map[string]string{"listeners.declared": tc.want, "listeners.cleartext": tc.cleartext} {
				env, src := w.env(t)
				env.Host = hosttest.Load(t, tc.tree)
				rec := checks.NewRecorder(Declared())
				run := runDeclaredWith
				if name == "listeners.cleartext" {
					rec, run = checks.NewRecorder(Cleartext()), runCleartextWith
				}
				run(t.Context(), env, src, rec)
				if got := seen(rec.Seal()); got != want {
					t.Errorf("%s: got  %s\nwant %s", name, got, want)
				}
			}
		})
	}
}
