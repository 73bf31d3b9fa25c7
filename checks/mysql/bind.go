package mysql

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"path"
	"slices"
	"strings"

	"hostaudit/checks"
	"hostaudit/checks/host"
	"hostaudit/checks/host/tree"
	"hostaudit/checks/internal/mycnf"
)

// Bind is mysql.bind. What each value makes a server listen on was established
// with MariaDB 10.11 and MySQL 9.
func Bind() checks.Check {
	return checks.Check{
		ID:        "mysql.bind",
		Title:     "The database listens on loopback only",
		Severity:  checks.SeverityLow,
		Since:     1,
		Rationale: "A database that others can reach is open to guessed passwords and to flaws of the server before any login.",
		Remedy: "set bind-address = 127.0.0.1 (MySQL: mysqlx-bind-address too) in the server's option file, or skip-networking, and restart it; " +
			"disable a socket unit that listens in its place, as mariadb.socket",
		Breaks: "programs on other hosts that use the database, and replication",
		References: map[string][]string{
			"cwe": {"CWE-1327"},
		},
		Run: runBind,
	}
}

func runBind(_ context.Context, env *checks.Env, rec *checks.Recorder) {
	h := env.Host
	var servers []instance
	if h.Mode == host.Live && h.Snapshot != nil {
		var gaps []checks.Gap
		servers, gaps = discover(h)
		for _, g := range gaps {
			rec.Gap(g)
		}
	}
	contained := inContainers(h)
	for _, c := range contained {
		c.bind(rec)
	}
	if len(servers) == 0 {
		idleBind(h, rec)
		if len(contained) > 0 {
			rec.Pass("every database server is reachable by the host's loopback only")
		}
		return
	}
	rec.Fact("servers", len(servers)+len(contained))
	for _, inst := range servers {
		runningBind(h, inst, rec)
	}
	rec.Pass("every database server listens on loopback only")
}

// runningBind judges a running server's listeners, and its options where they
// would open what is closed now.
func runningBind(h *host.Host, inst instance, rec recorder) {
	for _, g := range inst.gaps {
		rec.Gap(g)
	}
	open := map[protocol]bool{}
	for _, d := range inst.doors {
		if d.listener.Loopback() {
			continue
		}
		open[d.protocol] = true
		where := netip.AddrPortFrom(d.listener.Addr, d.listener.Port)
		rec.Finding(checks.Finding{
			Kind: "listens-outside", Subject: checks.Text("tcp " + where.String()), Evidence: checks.Running,
			Detail: checks.Text(fmt.Sprintf("the database's %s (port %d) listens on %s", d.protocol, d.listener.Port, scope(d.listener))),
		})
	}
	hasX := false
	for _, d := range inst.doors {
		hasX = hasX || d.protocol == xproto
	}
	plan := inst.settings.plan(h.Tree, hasX)
	for _, f := range plan.findings {
		if !open[f.protocol] {
			f.Detail += " after the next start; now it does not"
			rec.Finding(f.Finding)
		}
		delete(open, f.protocol)
	}
	next, unsure := activated(h)
	for _, f := range next {
		rec.Note(inst.name, string(f.Subject)+": "+string(f.Detail))
	}
	for _, g := range slices.Concat(inst.settings.gaps, plan.gaps, unsure) {
		rec.Note(string(g.Subject), "about the next start: "+string(g.Detail))
	}
	if open[classic] && len(plan.gaps) == 0 && len(inst.settings.gaps) == 0 && len(next) == 0 && len(unsure) == 0 {
		rec.Note(inst.name, "by its options the server listens on loopback only after the next start")
	}
}

// idleBind judges the options of a server that does not run.
func idleBind(h *host.Host, rec *checks.Recorder) {
	if !idle(h, rec) {
		return
	}
	s := readSettings(h.Tree, flavourOf(h, ""), mycnf.Command{})
	plan := s.plan(h.Tree, true)
	for _, g := range append(append(s.gaps, plan.gaps...), unitGaps(h)...) {
		rec.Gap(g)
	}
	for _, f := range plan.findings {
		rec.Finding(f.Finding)
	}
	findings, gaps := activated(h)
	for _, f := range findings {
		rec.Finding(f)
	}
	for _, g := range gaps {
		rec.Gap(g)
	}
	rec.Pass(plan.closed)
}

// plan is what the options make a server listen on.
type plan struct {
	findings []plannedDoor
	gaps     []checks.Gap
	closed   string // why it is closed, if nothing was found
}

type plannedDoor struct {
	checks.Finding
	protocol protocol
}

// plan evaluates the options. hasX says that a MySQL server has the X plugin,
// which is built in from 8.0 on.
func (s settings) plan(t *tree.Tree, hasX bool) plan {
	var p plan
	if s.refused {
		return p // the gap that says so is among the settings'
	}
	if s.flavour == mySQL {
		p.gaps = append(p.gaps, s.persisted(t)...) // that may take skip-networking back too
	}
	last := func(name string) mycnf.Setting {
		value, gap := s.last(name)
		if gap != nil {
			p.gaps = append(p.gaps, *gap)
		}
		return value
	}
	if last("skip-networking").On() {
		p.closed = "skip-networking is set: the server listens on no TCP port"
		return p
	}
	address := last("bind-address")
	p.door(s, address, classic, s.flavour)
	p.closed = "bind-address is " + address.Value
	if s.flavour != mySQL {
		return p
	}
	if a := last("admin-address"); a.Set {
		p.door(s, a, admin, mySQL)
	}
	if x := last("mysqlx"); hasX && (!x.Set || x.On()) {
		p.door(s, last("mysqlx-bind-address"), xproto, mySQL)
	}
	return p
}

// door judges one address option.
func (p *plan) door(s settings, value mycnf.Setting, proto protocol, f flavour) {
	name := map[protocol]string{classic: "bind-address", admin: "admin-address", xproto: "mysqlx-bind-address"}[proto]
	finding := func(kind, detail string) {
		if len(s.gaps) > 0 && (value.File != "" || !value.Set) {
			return // an option file that was not read may say otherwise
		}
		p.findings = append(p.findings, plannedDoor{protocol: proto, Finding: checks.Finding{
			Kind: kind, Subject: checks.Text(name), Evidence: checks.Configured, Location: at(value), Key: s.key, Detail: checks.Text(detail),
		}})
	}
	gap := func(reason checks.Reason, detail string) {
		p.gaps = append(p.gaps, checks.Gap{Reason: reason, Subject: checks.Text(name), Location: at(value), Detail: checks.Text(name + ": " + detail)})
	}
	if !value.Set {
		finding("bind-unset", fmt.Sprintf("%s is not set, so the database's %s listens on every address", name, proto))
		return
	}
	if value.Form != mycnf.Plain {
		gap(checks.ReasonUnsupported, "switched off with a prefix, which is not evaluated")
		return
	}
	for part := range strings.SplitSeq(value.Value, ",") {
		switch outside, reason, problem := judgeAddress(part, f); {
		case problem != "":
			gap(reason, problem)
		case outside:
			finding("bind-outside", fmt.Sprintf("%s has %s, so the database's %s listens outside loopback", name, part, proto))
			return
		}
	}
}

// judgeAddress judges one address of a list. A problem says why it cannot be
// judged, or that the server refuses it.
func judgeAddress(value string, f flavour) (outside bool, reason checks.Reason, problem string) {
	switch {
	case value == "":
		return false, checks.ReasonRefused, "an empty address, with which the server refuses to start"
	case value == "*":
		return true, "", ""
	case value == "localhost":
		return false, "", ""
	case strings.TrimSpace(value) != value:
		return false, checks.ReasonRefused, "an address with blanks around it, with which the server refuses to start"
	}
	addr, err := netip.ParseAddr(value)
	if err != nil || addr.Zone() != "" {
		return false, checks.ReasonUnsupported, "not a plain address; names are not looked up"
	}
	if addr.Is4In6() && f == mariaDB {
		return false, checks.ReasonRefused, "an IPv4 address in IPv6 form, with which MariaDB refuses to start"
	}
	return !addr.Unmap().IsLoopback(), "", ""
}

// persisted tells when SET PERSIST stored what the option files cannot show:
// mysqld-auto.cnf in the data directory overrides them.
func (s settings) persisted(t *tree.Tree) []checks.Gap {
	dir := "/var/lib/mysql"
	if d, _ := s.last("datadir"); path.IsAbs(d.Value) {
		dir = d.Value
	}
	file := path.Join(dir, "mysqld-auto.cnf")
	data, err := t.ReadFile(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return []checks.Gap{{Reason: checks.ReasonOf(err), Subject: checks.Text(file), Location: checks.At(file, 0), Detail: "variables stored by SET PERSIST could not be read"}}
	}
	for _, name := range []string{"bind_address", "skip_networking", "mysqlx_bind_address", "admin_address"} {
		if strings.Contains(string(data), `"`+name+`"`) {
			return []checks.Gap{{Reason: checks.ReasonUnsupported, Subject: checks.Text(file), Location: checks.At(file, 0), Detail: "a variable stored by SET PERSIST overrides the option files; it is not evaluated"}}
		}
	}
	return nil
}
