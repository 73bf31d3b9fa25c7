package main_test

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hostaudit/checks"
	"hostaudit/checks/host/hosttest"
)

const silencePage = "../../testdata/expected/silence.md"

// silentTrees are the releases of Debian with a web host's servers at package defaults.
var silentTrees = []string{"web-bullseye", "web-bookworm", "web-trixie"}

// TestSilence holds the audit of servers at package defaults, as files and running,
// against the page of what must be said of them; and then what a stranger adds.
func TestSilence(t *testing.T) {
	hosttest.RequireReal(t)
	program := builtProgram(t)
	hosttest.EachTree(t, "/usr/sbin/sshd", silentTrees, func(t *testing.T, h *hosttest.RealHost) {
		defaults := pageTable(t, "check", path.Base(t.Name()))
		h.Install(program, installed)
		compareSilence(t, "--root", auditTree(t, h, program), defaults, 1)
		config := filepath.Join(t.TempDir(), "declared.toml")
		if err := os.WriteFile(config, []byte(declaredServers), 0o600); err != nil {
			t.Fatal(err)
		}
		h.WriteFile("/etc/declared.toml", declaredServers, 0o600)
		allDeclared(t, auditTree(t, h, program, "--only", "listeners.declared", "--config", config))
		startServers(h)
		before := auditLive(t, h, "--kind", "host", "--state-dir", "/var/lib/hostaudit")
		compareSilence(t, "running", before, defaults, 2)
		allDeclared(t, auditLive(t, h, "--only", "listeners.declared", "--config", "/etc/declared.toml"))
		for _, row := range pageTable(t, "weakened while running", path.Base(t.Name())) {
			if row[0] != "stranger" {
				t.Fatalf("no weakening %q is written", row[0])
			}
			h.MustRun("cp", "/usr/bin/perl", "/usr/local/bin/app")
			listen(h, "/usr/local/bin/app", "0.0.0.0", 8082)
			// A state of its own: with the first one's baseline it has drifted as well.
			compareWeakened(t, row, before, auditLive(t, h, "--kind", "host", "--state-dir", "/var/lib/hostaudit-2"))
		}
	})
}

// TestSilenceBooted is the running host with its own systemd: units, control groups and
// socket activation are what they are after a boot.
func TestSilenceBooted(t *testing.T) {
	hosttest.RequireReal(t)
	program := builtProgram(t)
	for _, tree := range silentTrees {
		t.Run(tree, func(t *testing.T) {
			b := bootSystemd(t, hosttest.TreeOf(t, tree), program)
			cmd := b.command(installed, "--kind", "host", "--format", "json")
			out, _ := cmd.Output()
			report := decoded(t, hosttest.Result{Exit: cmd.ProcessState.ExitCode(), Stdout: string(out)})
			compareSilence(t, "booted", report, pageTable(t, "check", tree), 3)
		})
	}
}

// TestSilenceFleet: with the profile for fleets, package defaults alarm nobody.
func TestSilenceFleet(t *testing.T) {
	hosttest.RequireReal(t)
	program := builtProgram(t)
	config := filepath.Join(t.TempDir(), "fleet.toml")
	if err := os.WriteFile(config, []byte("profile = \"fleet\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	hosttest.EachTree(t, "/usr/sbin/sshd", silentTrees, func(t *testing.T, h *hosttest.RealHost) {
		report := auditTree(t, h, program, "--config", config)
		for _, r := range report.Checks {
			if r.Worst() >= checks.SeverityMedium {
				t.Errorf("%s: %v", r.ID, itemsOf(r))
			}
		}
		if got := result(t, report, "ssh.port"); got.Status != fail {
			t.Errorf("ssh.port is %s: a profile grades, it does not silence", got.Status)
		}
	})
}

// TestSilenceWeakened makes one weakness at a time in each tree: it adds what the page
// says, told by fingerprint, and nothing else.
func TestSilenceWeakened(t *testing.T) {
	hosttest.RequireReal(t)
	program := builtProgram(t)
	for _, tree := range silentTrees {
		t.Run(tree, func(t *testing.T) {
			t.Parallel()
			rows := pageTable(t, "weakening", tree)
			if len(rows) != len(weakenings) {
				t.Errorf("the page has %d rows, %d weaknesses are made", len(rows), len(weakenings))
			}
			before := auditTree(t, hosttest.NewRealHostOf(t, tree), program)
			for _, row := range rows {
				t.Run(row[0], func(t *testing.T) {
					weaken, written := weakenings[row[0]]
					if !written {
						t.Fatal("nothing makes this weakness")
					}
					h := hosttest.NewRealHostOf(t, tree)
					weaken(h)
					compareWeakened(t, row, before, auditTree(t, h, program))
				})
			}
		})
	}
}

// Credentials for weakenings; nothing else knows them.
const (
	listedWord = "$y$j9T$Zm9vYmFyYmF6cXV4$vDFLF4oZr6sRBbgIKPS/qmW3qUkiOiZ26KWSQ4TaXU5" // of the embedded list
	longMD5    = "$1$k3Jd82Lq$ewrkaKgCWmtAHSQeHznjp."                                  // 19 random characters
	soundKey   = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIB7H33PrSsmBr4vawAb87zTZcHvqjC09k4Hcn24pyPey\n"
	smallKey   = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQC0CLFuXeO4R5Zy8/2vciKQolP+C+pEjymxpC1qVlNGFbNRJZiwq1iW+kba" +
		"vG55uupmIZg/KdIZ1c+XLUHLRZY+44DQ+Y+Ne38G/QVT624yAUIXxcyMmE0QAxUENxiQw3xopcYIq0/NZEJL7TzJC2aM5B1l98e81wRl9WmlEVz6vQ==\n"
)

// weakenings are what is done to a tree, by the name of its row.
var weakenings = map[string]func(*hosttest.RealHost){
	"listed-password": func(h *hosttest.RealHost) { addAccount(h, 1001, listedWord) },
	"empty-password":  func(h *hosttest.RealHost) { addAccount(h, 1001, "") },
	"old-scheme":      func(h *hosttest.RealHost) { addAccount(h, 1001, longMD5) },
	"second-root":     func(h *hosttest.RealHost) { addAccount(h, 0, "*") },
	"root-login": func(h *hosttest.RealHost) {
		h.WriteFile("/etc/ssh/sshd_config.d/root.conf", "PermitRootLogin yes\n", 0o644)
	},
	"root-key": func(h *hosttest.RealHost) { h.WriteFile("/root/.ssh/authorized_keys", soundKey, 0o600) },
	"weak-key": func(h *hosttest.RealHost) {
		addAccount(h, 1001, "*")
		h.WriteFile("/home/alice/.ssh/authorized_keys", smallKey, 0o644)
	},
	"tunnel": func(h *hosttest.RealHost) {
		h.WriteFile("/etc/ssh/sshd_config.d/tunnel.conf", "PermitTunnel yes\n", 0o644)
	},
	"skip-grants": func(h *hosttest.RealHost) {
		h.WriteFile("/etc/mysql/mariadb.conf.d/99-rescue.cnf", "[mysqld]\nskip-grant-tables\n", 0o644)
	},
	"socket": func(h *hosttest.RealHost) { addSocket(h, "app", 8081, "/usr/bin/cat") },
	"telnet": func(h *hosttest.RealHost) {
		fakeTelnetd(h)
		addSocket(h, "telnet", 23, "/usr/sbin/in.telnetd")
	},
	"exposed-database": func(h *hosttest.RealHost) {
		h.WriteFile("/etc/mysql/mariadb.conf.d/99-bind.cnf", "[mysqld]\nbind-address = 0.0.0.0\n", 0o644)
	},
}

// addAccount adds alice, with that user ID and field in shadow.
func addAccount(h *hosttest.RealHost, uid int, field string) {
	h.WriteFile("/etc/passwd", h.ReadFile("/etc/passwd")+fmt.Sprintf("alice:x:%d:1001::/home/alice:/bin/bash\n", uid), 0o644)
	h.WriteFile("/etc/group", h.ReadFile("/etc/group")+"alice:x:1001:\n", 0o644)
	h.WriteFile("/etc/shadow", h.ReadFile("/etc/shadow")+"alice:"+field+":20000:0:99999:7:::\n", 0o640)
}

// addSocket adds a socket unit of the administrator's and enables it.
func addSocket(h *hosttest.RealHost, name string, port int, program string) {
	const dir = "/etc/systemd/system/"
	h.WriteFile(dir+name+".socket", fmt.Sprintf("[Socket]\nListenStream=%d\nAccept=yes\n[Install]\nWantedBy=sockets.target\n", port), 0o644)
	h.WriteFile(dir+name+"@.service", "[Service]\nExecStart=-"+program+"\nStandardInput=socket\n", 0o644)
	h.MustRun("systemctl", "enable", name+".socket")
}

// startServers starts every server as its unit or script does.
func startServers(h *hosttest.RealHost) {
	h.SSHD(22)
	h.MustRun("nginx", "-g", "daemon on; master_process on;")
	h.WaitListening(80)
	h.MustRun("mkdir", "-p", "/run/lock") // made at boot
	h.WriteFile("/etc/apache2/ports.conf", strings.Replace(h.ReadFile("/etc/apache2/ports.conf"), "Listen 80\n", "Listen 8080\n", 1), 0o644)
	h.MustRun("apachectl", "start")
	h.WaitListening(8080)
	h.MustRun("mkdir", "-p", "/run/php")
	h.MustRun("sh", "-c", `cd /etc/php/* && v=${PWD##*/} && exec php-fpm$v --daemonize --fpm-config $PWD/fpm/php-fpm.conf`)
	h.MustRun("install", "-d", "-o", "postgres", "-g", "postgres", "/run/postgresql")
	h.Start("sh", "-c", `cd /etc/postgresql/*/main && v=${PWD%/main} && v=${v##*/} &&
		exec setpriv --reuid postgres --regid postgres --init-groups \
			/usr/lib/postgresql/$v/bin/postgres -D /var/lib/postgresql/$v/main -c config_file=$PWD/postgresql.conf`)
	h.WaitListening(5432)
	h.MariaDB()
}

// declaredServers is what an administrator says of these hosts: the programs that listen,
// and the units for which a program cannot stand.
const declaredServers = `[listeners]
declare = [
  {program = "/usr/sbin/sshd", port = "22"},
  {program = "/usr/sbin/nginx", port = "80"},
  {program = "/usr/sbin/apache2", port = "80-8080"},
  {program = "/usr/sbin/mariadbd", port = "3306"},
  {unit = "mariadb.socket", port = "3306"},
  {unit = "postgresql.service", port = "5432"},
]
`

// allDeclared: what was declared is told no more.
func allDeclared(t *testing.T, report checks.Report) {
	t.Helper()
	if r := result(t, report, "listeners.declared"); r.Status != pass {
		t.Errorf("%s, though everything is declared: %s", report.Target.Mode, itemsOf(r))
	}
}

// compareSilence holds every verdict of a report against a column of the page.
func compareSilence(t *testing.T, name string, report checks.Report, table [][]string, column int) {
	t.Helper()
	if len(report.Checks) != len(table) {
		t.Errorf("%s: %d checks, the page has %d", name, len(report.Checks), len(table))
	}
	for _, row := range table {
		r := result(t, report, row[0])
		parts := split(row[column])
		want := parts[1:]
		got := fitting(want, itemsOf(r))
		head := r.Status.String()
		switch r.Status {
		case checks.StatusFail:
			head = "fail"
		case checks.StatusNotApplicable:
			head = "n/a " + string(r.Reason)
		}
		if diff := cmp.Diff(parts, append([]string{head}, got...)); diff != "" {
			t.Errorf("%s: %s (-want +got)\n%s", name, r.ID, diff)
		}
		if r.ID != "ssh.port" && r.Worst() >= checks.SeverityMedium { // whatever the page says
			t.Errorf("%s: %s is no silence: %v", name, r.ID, itemsOf(r))
		}
	}
}

// TestSilencePage: what differs from the page is seen.
func TestSilencePage(t *testing.T) {
	for _, tc := range []struct{ page, items, want string }{
		{"low a", "low a", "low a"},
		{"low a", "low a sshd; gap x", "low a; gap x"},
		{"low a", "low ab", "low ab"},
		{"low a tcp 80", "low a tcp 8080", "low a tcp 8080"},
		{"low a", "medium a", "medium a"},
		{"low a", "", ""},
		{"low a; low b", "low b; low a", "low a; low b"},
		{"low a", "low a x; low a y", "low a; low a y"},
		{"low a; low a", "low a x; low a y", "low a; low a"},
		{"", "gap unsupported x", "gap unsupported x"},
	} {
		if diff := cmp.Diff(split(tc.want), fitting(split(tc.page), split(tc.items))); diff != "" {
			t.Errorf("%q on the page, %q found (-want +got)\n%s", tc.page, tc.items, diff)
		}
	}
}

// compareWeakened holds what changed between two reports against a row of the page.
func compareWeakened(t *testing.T, row []string, before, after checks.Report) {
	t.Helper()
	type told struct {
		item     string // without the severity
		severity checks.Severity
	}
	list := func(report checks.Report) (findings map[string]told, gaps []string) {
		findings = map[string]told{}
		for _, r := range report.Checks {
			for _, f := range r.Findings {
				if _, twice := findings[f.Fingerprint]; twice {
					t.Errorf("%s: %s is told twice", r.ID, f.Subject)
				}
				findings[f.Fingerprint] = told{fmt.Sprintf("%s %s %s", r.ID, f.Kind, f.Subject), f.Severity}
			}
			for _, g := range r.Gaps {
				gaps = append(gaps, fmt.Sprintf("gap %s %s %s", r.ID, g.Reason, g.Subject))
			}
		}
		return findings, gaps
	}
	was, wasGaps := list(before)
	is, isGaps := list(after)
	var added, lost, changed []string
	for id, f := range is {
		old, known := was[id]
		switch item := f.severity.String() + " " + f.item; {
		case !known:
			added = append(added, item)
		case old.severity != f.severity:
			changed = append(changed, item)
		}
	}
	for id, f := range was {
		if _, still := is[id]; !still {
			lost = append(lost, f.item)
		}
	}
	for _, g := range isGaps {
		if !slices.Contains(wasGaps, g) {
			added = append(added, g)
		}
	}
	for i, got := range [][]string{added, lost, changed} {
		want := split(row[2+i])
		if diff := cmp.Diff(want, fitting(want, got)); diff != "" {
			t.Errorf("%s: %s (-want +got)\n%s", row[0], []string{"added", "lost", "changed"}[i], diff)
		}
	}
}

// itemsOf returns the findings and gaps of a result in the words of the page.
func itemsOf(r checks.Result) []string {
	var items []string
	for _, f := range r.Findings {
		items = append(items, fmt.Sprintf("%s %s %s", f.Severity, f.Kind, f.Subject))
	}
	for _, g := range r.Gaps {
		items = append(items, fmt.Sprintf("gap %s %s %s", g.Reason, g.Subject, g.Detail))
	}
	return items
}

// fitting replaces each item by the first one of the page that is how it begins, each of
// which fits once, and returns them in the order of the page; what fits none comes last.
func fitting(page, items []string) []string {
	slices.Sort(items)
	used := make([]bool, len(items))
	var list []string
	for _, want := range page {
		for i, item := range items {
			if !used[i] && strings.HasPrefix(item+" ", want+" ") {
				used[i] = true
				list = append(list, want)
				break
			}
		}
	}
	for i, item := range items {
		if !used[i] {
			list = append(list, item)
		}
	}
	return list
}

// split returns the parts of a cell, none of an empty one.
func split(cell string) []string {
	var parts []string
	for part := range strings.SplitSeq(cell, ";") {
		if part = strings.TrimSpace(part); part != "" {
			parts = append(parts, part)
		}
	}
	return parts
}

// pageTable returns the rows of the tables of the page whose head begins with that word,
// as they are for a tree: a row "NAME on TREE" is the tree's in place of the row NAME.
func pageTable(t *testing.T, head, tree string) [][]string {
	t.Helper()
	text, err := os.ReadFile(silencePage)
	if err != nil {
		t.Fatal(err)
	}
	var rows [][]string
	inside := false
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if !strings.HasPrefix(line, "|") {
			inside = false
			continue
		}
		cells := strings.Split(strings.Trim(line, "|"), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		name, of, own := strings.Cut(cells[0], " on ")
		switch {
		case strings.HasPrefix(line, "|-"):
		case !inside:
			inside = cells[0] == head
		case own && of != tree, slices.ContainsFunc(rows, func(row []string) bool { return row[0] == name }):
		default:
			rows = append(rows, append([]string{name}, cells[1:]...))
		}
	}
	if len(rows) == 0 {
		t.Fatalf("no table %q", head)
	}
	return rows
}
