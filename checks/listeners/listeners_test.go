package listeners

import (
	"cmp"
	"io/fs"
	"net/netip"
	"strings"
	"testing"

	"hostaudit/checks"
	"hostaudit/checks/host"
	"hostaudit/checks/host/hosttest"
	"hostaudit/checks/host/packages"
	"hostaudit/checks/host/snapshot"
	"hostaudit/checks/host/units"
)

const ourNS = 4026531840

// world is a running host as a test writes it.
type world struct {
	processes  []snapshot.Process
	listeners  []snapshot.Listener
	missing    []snapshot.Missing
	namespaces []snapshot.Namespace
	containers []*host.Container
	guests     []snapshot.Missing
	packages   map[string]string // program -> package; nil = no database
	pkgErr     error
	sockets    []*units.Unit
	units      map[string]*units.Unit
	enabled    []units.Entry
	problems   []units.Problem
	declared   []checks.Declaration
	baselines  *checks.Baselines
	memory     *checks.Memory
	dial       host.Dialer
	own        []netip.Addr
	links      map[string]string // file -> what it leads to
	os         host.OSRelease
}

func (w world) env(t testing.TB) (*checks.Env, sources) {
	t.Helper()
	h := hosttest.Live(hosttest.Load(t, "-- etc/passwd --\nroot:x:0:0:::\nftp:x:110:110:::\n"), &snapshot.Snapshot{
		Boot: 1, Processes: w.processes, Listeners: w.listeners, Missing: w.missing, Namespaces: w.namespaces, NetNS: ourNS,
		Ephemeral: snapshot.PortRange{Low: 32768, High: 60999}, Source: "sock_diag",
	})
	h.Containers, h.Guests, h.Dial, h.OS = w.containers, w.guests, w.dial, w.os
	src := sourcesOf(h)
	src.owners = func(paths ...string) map[string]packages.Owner {
		m := map[string]packages.Owner{}
		for _, p := range paths {
			switch {
			case w.pkgErr != nil:
				m[p] = packages.Owner{Err: w.pkgErr}
			case w.packages == nil:
				m[p] = packages.Owner{Err: packages.ErrNoDatabase}
			default:
				m[p] = packages.Owner{Package: w.packages[p]}
			}
		}
		return m
	}
	src.sockets = func() ([]*units.Unit, []units.Problem) { return w.sockets, w.problems }
	src.unit = func(name string) *units.Unit { return w.units[name] }
	src.state = func(string) units.Enablement { return units.Unknown }
	src.enabled = func() ([]units.Entry, []units.Problem) { return w.enabled, w.problems }
	src.resolve = func(file string) string { return cmp.Or(w.links[file], file) }
	src.own = func() []netip.Addr { return w.own }
	return &checks.Env{Host: h, Declared: w.declared, Baselines: w.baselines, Memory: w.memory}, src
}

func (w world) runDeclared(t testing.TB) checks.Result {
	t.Helper()
	env, src := w.env(t)
	rec := checks.NewRecorder(Declared())
	runDeclaredWith(t.Context(), env, src, rec)
	return rec.Seal()
}

func (w world) runDrift(t testing.TB) checks.Result {
	t.Helper()
	env, src := w.env(t)
	rec := checks.NewRecorder(Drift())
	runDriftWith(t.Context(), env, src, rec)
	return rec.Seal()
}

func (w world) runCleartext(t testing.TB) checks.Result {
	t.Helper()
	env, src := w.env(t)
	rec := checks.NewRecorder(Cleartext())
	runCleartextWith(t.Context(), env, src, rec)
	return rec.Seal()
}

// seen is a result as the tests write it: status, reason, then findings and gaps.
func seen(r checks.Result) string {
	words := []string{r.Status.String()}
	if r.Reason != "" {
		words = append(words, string(r.Reason))
	}
	for _, f := range r.Findings {
		where := ""
		if f.Location.File != "" {
			where = " at " + string(f.Location.File)
			if f.Location.Line > 0 {
				where += ":" + itoa(f.Location.Line)
			}
		}
		words = append(words, "| "+f.Severity.String()+" "+string(f.Evidence)+" "+f.Kind+" "+string(f.Subject)+where)
	}
	for _, g := range r.Gaps {
		words = append(words, "| gap "+string(g.Reason)+" "+string(g.Subject))
	}
	return strings.Join(words, " ")
}

func itoa(n int) string { return string(rune('0' + n%10)) }

// proc is a process of the host in a unit.
func proc(pid int, exe, unit string) snapshot.Process {
	p := snapshot.Process{PID: pid, PPID: 1, Start: uint64(pid), Exe: exe, NetNS: ourNS, MntNS: 1, SameRoot: snapshot.Yes}
	if unit != "" {
		p.Cgroup = "/system.slice/" + unit
	}
	return p
}

func pid1() snapshot.Process {
	p := proc(1, "/usr/lib/systemd/systemd", "")
	p.Cgroup, p.Comm = "/init.scope", "systemd"
	return p
}

// tcp and udp are listeners; "[::]" is dual stack, "::" for IPv6 alone.
func tcp(addr string, port uint16, pids ...int) snapshot.Listener {
	l := snapshot.Listener{Proto: "tcp", Port: port, PIDs: pids, V6Only: snapshot.Yes}
	if addr == "[::]" {
		addr, l.V6Only = "::", snapshot.No
	}
	if addr == "[::]?" {
		addr, l.V6Only = "::", snapshot.Unknown
	}
	l.Addr = netip.MustParseAddr(addr)
	return l
}

func udp(addr string, port uint16, pids ...int) snapshot.Listener {
	l := tcp(addr, port, pids...)
	l.Proto = "udp"
	return l
}

func hiddenOwner(l snapshot.Listener) snapshot.Listener {
	l.PIDs, l.OwnerHidden = nil, true
	return l
}

func inCgroup(l snapshot.Listener, cgroup string) snapshot.Listener {
	l.Cgroup = cgroup
	return l
}

func enabledService(name string) units.Entry {
	return units.Entry{Kind: units.KindService, Name: name, Program: "/usr/sbin/" + strings.TrimSuffix(name, ".service"), Place: units.Place{File: "/usr/lib/systemd/system/" + name}}
}

func socketUnit(name, starts string, listens ...units.Listen) *units.Unit {
	return &units.Unit{Name: name, Fragment: "/usr/lib/systemd/system/" + name, Starts: starts, Listens: listens}
}

func listen(proto, addr string, port uint16) units.Listen {
	l := units.Listen{Proto: proto, Addr: netip.MustParseAddr(addr), Port: port, V6Only: units.No, Place: units.Place{File: "/usr/lib/systemd/system/x.socket", Line: 4}}
	return l
}

func TestFamily(t *testing.T) {
	for _, c := range Checks() {
		if c.Family() != "listeners" || c.Title == "" || c.Remedy == "" || c.Rationale == "" || c.Severity == checks.SeverityNone || c.Since == 0 || c.Run == nil || len(c.References) == 0 {
			t.Errorf("%q is incomplete", c.ID)
		}
		if strings.Contains(c.Remedy, "stop ssh") || strings.Contains(c.Remedy, "disable ssh") {
			t.Errorf("%s: the remedy may lock the administrator out", c.ID)
		}
	}
}

// TestEmptyTree: the real sources of a host without anything.
func TestEmptyTree(t *testing.T) {
	for _, c := range Checks() {
		rec := checks.NewRecorder(c)
		c.Run(t.Context(), &checks.Env{Host: hosttest.Load(t, "")}, rec)
		if r := rec.Seal(); r.Status != checks.StatusNotApplicable {
			t.Errorf("%s: %s %v", c.ID, seen(r), r.Gaps)
		}
	}
}

// TestUncollected: a running host without a snapshot proves nothing.
func TestUncollected(t *testing.T) {
	for _, c := range Checks() {
		rec := checks.NewRecorder(c)
		h := hosttest.Live(hosttest.Load(t, ""), nil)
		c.Run(t.Context(), &checks.Env{Host: h, Baselines: checks.NewBaselines(nil, nil)}, rec)
		if r := rec.Seal(); r.Status != checks.StatusUnknown {
			t.Errorf("%s: %s", c.ID, seen(r))
		}
	}
}

// TestTablesMissing: sockets that could not be read are never a pass.
func TestTablesMissing(t *testing.T) {
	w := world{missing: []snapshot.Missing{{What: snapshot.PartUDP, Err: fs.ErrPermission}}, baselines: checks.NewBaselines(nil, nil)}
	for _, r := range []checks.Result{w.runDeclared(t), w.runCleartext(t), w.runDrift(t)} {
		if got := seen(r); got != "unknown no_permission | gap no_permission UDP sockets" {
			t.Errorf("%s: %s", r.ID, got)
		}
	}
	if _, ok := w.baselines.Seen(driftID); ok {
		t.Error("an incomplete list was observed")
	}
}

// TestNoCommandLine: nothing of a command line reaches a report.
func TestNoCommandLine(t *testing.T) {
	p := proc(7, "/opt/x/bin/server", "x.service")
	p.Args = []string{"server", "--password=hunter2", "hunter2"}
	b := proc(8, "/bin/busybox", "")
	b.Args = []string{"busybox", "hunter2"}
	w := world{processes: []snapshot.Process{pid1(), p, b}, listeners: []snapshot.Listener{tcp("0.0.0.0", 6379, 7), tcp("0.0.0.0", 8, 8)}, baselines: checks.NewBaselines(map[string]checks.Baseline{driftID: {}}, nil)}
	for _, r := range []checks.Result{w.runDeclared(t), w.runCleartext(t), w.runDrift(t)} {
		var text strings.Builder
		text.WriteString(seen(r) + string(r.Summary))
		for _, f := range r.Findings {
			text.WriteString(string(f.Detail))
		}
		for _, v := range r.Facts {
			text.WriteString(string(v))
		}
		if strings.Contains(text.String(), "hunter2") {
			t.Errorf("%s leaks: %s", r.ID, text.String())
		}
	}
}
