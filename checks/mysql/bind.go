package mysql

import (
	"context"
	"fmt"
	"net/netip"
	"slices"

	"hostaudit/checks"
	"hostaudit/checks/host"
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
		Verdict: "The TCP sockets of every running server are looked at: the classic protocol, the X protocol (33060), extra, administration and cluster ports. One that others than this host can reach is low, and medium where an account that may come from there has an empty, common or derived password. " +
			"The options of the next start are evaluated as the installed release reads its files, groups, command line and SET PERSIST; what they would open is a finding as well, and of a server that does not run they alone count. " +
			"A server in a container is reachable where it is on the host's network or its port is published. " +
			"Options that the server would refuse, names that do not resolve here and files that cannot be read are unknown; without a server the check is not applicable.",
		Remedy: "set bind-address = 127.0.0.1 (MySQL from 8.0 on: mysqlx-bind-address too) in the option file that is read last, or skip-networking, and restart the server; " +
			"disable a socket unit that listens in its place, as mariadb.socket; publish the port of a container on 127.0.0.1 alone",
		Remedies: optionRemedies("",
			"bind-address = 127.0.0.1 (of MySQL from 8.0 on mysqlx-bind-address = 127.0.0.1 too, which MariaDB refuses)",
			"; disable mariadb.socket where it listens in the server's place (`systemctl disable --now mariadb.socket`), and publish the port of a container on 127.0.0.1 alone",
			"; publish the port of a container on 127.0.0.1 alone",
		),
		Breaks: "programs on other hosts that use the database, replication, and the nodes of a cluster",
		References: map[string][]string{
			"cis_debian12": {"2.1.22"}, "pci_dss_4.0.1": {"2.2.4"}, "ens_rd311_2022": {"op.exp.2", "mp.com.1"}, "iso27001_2022": {"8.9", "8.20"}, "cwe": {"CWE-1327"},
		},
		Run: runBind,
	}
}

func runBind(ctx context.Context, env *checks.Env, rec *checks.Recorder) {
	h := env.Host
	s := take(ctx, h, proberOf(env))
	for _, g := range s.gaps {
		rec.Gap(g)
	}
	for _, srv := range s.all() {
		to := recorder(rec)
		if srv.weakOutside(ctx, env) {
			to = raised{rec}
		}
		if srv.in != nil {
			srv.in.bind(to)
			continue
		}
		runningBind(h, srv.inst, to)
	}
	if len(s.servers) == 0 {
		idleBind(h, rec)
		if len(s.contained) > 0 {
			rec.Pass("every database server is reachable by the host's loopback only")
		}
		return
	}
	rec.Fact("servers", len(s.all()))
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

// idleBind judges the options of servers that do not run, each as it is started.
func idleBind(h *host.Host, rec *checks.Recorder) {
	if !idle(h, rec) {
		return
	}
	list, gaps := starts(h)
	closed := ""
	for _, s := range list {
		plan := s.settings.plan(h.Tree, true)
		gaps = slices.Concat(gaps, s.settings.gaps, plan.gaps)
		for _, f := range plan.findings {
			rec.Finding(f.Finding)
		}
		closed = plan.closed
	}
	if len(list) > 1 {
		closed = "every database server is configured to listen on loopback only"
	}
	findings, more := activated(h)
	for _, f := range findings {
		rec.Finding(f)
	}
	for _, g := range append(gaps, more...) {
		rec.Gap(g)
	}
	if len(list) > 0 {
		rec.Pass(closed)
	}
}
