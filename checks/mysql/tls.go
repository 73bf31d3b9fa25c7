package mysql

import (
	"context"
	"net/netip"
	"strings"
	"time"

	"hostaudit/checks"
	"hostaudit/checks/host"
	"hostaudit/checks/internal/mycnf"
)

// TLS is mysql.tls.
func TLS() checks.Check {
	return checks.Check{
		ID:        "mysql.tls",
		Title:     "A database that others can reach requires TLS",
		Severity:  checks.SeverityLow,
		Since:     4,
		Rationale: "Without TLS queries and data cross the network in clear, and whoever sits between can take over the session.",
		Verdict: "Asked is every server that others than this host can reach, as mysql.bind sees it; cluster ports do not count. " +
			"Where its account table is open to us, require_secure_transport as it is now decides; a server without it passes if every account that may come from elsewhere must use TLS. " +
			"One that offers no TLS fails. Of a server that did not let us in, or does not run, the options decide, and a file younger than the running server is unknown. " +
			"Options that the server would refuse or that are not evaluated are unknown. Where no server can be reached from outside the check is not applicable.",
		Remedy: "give the server a certificate (ssl-cert, ssl-key) where it has none, see that its clients connect with TLS, then set require_secure_transport = ON (MariaDB from 10.5, MySQL from 5.7.8; before, REQUIRE SSL for each account) in its option file and restart it; " +
			"or have it listen on loopback only",
		Remedies: optionRemedies(
			"give the server a certificate (ssl-cert, ssl-key) where it has none and see that its clients connect with TLS; then ",
			"require_secure_transport = ON (MariaDB from 10.5, MySQL from 5.7.8; before, REQUIRE SSL for each account)",
			"; or have the server listen on loopback only", "; or have the server listen on loopback only",
		),
		Breaks: "clients and replicas that connect without TLS, and old ones that know none of the server's TLS versions",
		References: map[string][]string{
			"cwe": {"CWE-319"},
		},
		Run: func(ctx context.Context, env *checks.Env, rec *checks.Recorder) {
			runTLS(ctx, env.Host, proberOf(env), rec)
		},
	}
}

func runTLS(ctx context.Context, h *host.Host, p *prober, rec *checks.Recorder) {
	s := take(ctx, h, p)
	for _, g := range s.gaps {
		rec.Gap(g)
	}
	if len(s.servers)+len(s.contained) == 0 {
		idleTLS(h, rec)
		return
	}
	reachable := 0
	for _, srv := range s.servers {
		if srv.runningTLS(h, rec) {
			reachable++
		}
	}
	for _, srv := range s.contained {
		if srv.in.tls(rec) {
			reachable++
		}
	}
	if reachable == 0 {
		rec.NotApplicable(checks.ReasonAbsent, "no database server listens where others could reach it")
		return
	}
	rec.Pass("every database server that others can reach requires TLS")
}

// runningTLS judges a running server and reports whether others can, or may, reach it.
func (s *server) runningTLS(h *host.Host, rec recorder) bool {
	for _, g := range s.inst.gaps {
		rec.Gap(g)
	}
	var outside []netip.AddrPort
	for _, d := range s.inst.doors {
		if !d.listener.Loopback() && !d.ofCluster() {
			outside = append(outside, netip.AddrPortFrom(d.listener.Addr, d.listener.Port))
		}
	}
	if len(outside) == 0 {
		return len(s.inst.gaps) > 0
	}
	subject := s.subject("tcp " + outside[0].String())
	finding := func(kind, detail string) {
		rec.Finding(checks.Finding{Kind: kind, Subject: subject, Detail: checks.Text(detail), Evidence: checks.Running})
	}
	required, known := "", false
	if s.table != nil {
		required, known = s.table.variables["require_secure_transport"]
	}
	switch {
	case known && strings.EqualFold(required, "ON"):
		if _, next := s.inst.settings.tls(h.Tree); next.is == mycnf.No {
			rec.Note(string(subject), "the server requires TLS now, and its options do not for the next start")
		}
	case s.tls == mycnf.No:
		finding("tls-off", "the server offers no TLS, and others can reach it")
	case s.table != nil && !s.table.cut && s.everyRemoteTLS(h.Hostname):
		rec.Note(string(subject), "the server does not require TLS, every account that may come from outside does")
	case known || s.table != nil: // the variable is younger than some servers (MariaDB 10.5, MySQL 5.7.8)
		finding("tls-optional", "the server does not require TLS, and others can reach it")
	default:
		s.optionsTLS(h, subject, rec)
	}
	return true
}

// ofCluster reports a port for the members of a cluster only, of which
// require_secure_transport says nothing.
func (d door) ofCluster() bool { return d.protocol == otherTCP && clusterPort(d.listener.Port) }

// everyRemoteTLS reports that every account that may come from another host must use TLS.
func (s *server) everyRemoteTLS(hostname string) bool {
	for _, acc := range s.table.accounts {
		if acc.remote(hostname) && !acc.tls {
			return false
		}
	}
	return true
}

// optionsTLS judges a running server that did not let us see its variables by the options
// it started with.
func (s *server) optionsTLS(h *host.Host, subject checks.Text, rec recorder) {
	_, required := s.inst.settings.tls(h.Tree)
	if judgeTLS(required, s.inst.settings, subject, rec) && required.at.File != "" && s.changedSince(h, string(required.at.File)) {
		rec.Gap(checks.Gap{
			Reason: checks.ReasonChangedMeanwhile, Subject: subject, Location: required.at,
			Detail: "the file was changed after the server started: what it says counts after a restart only",
		})
	}
}

// judgeTLS records what options make of requiring TLS, and reports that they do.
func judgeTLS(required tlsAnswer, s settings, subject checks.Text, rec recorder) bool {
	for _, g := range s.gaps {
		rec.Gap(g)
	}
	switch {
	case s.refused || s.hidden(): // told
	case required.gap != nil:
		rec.Gap(*required.gap)
	case required.is == mycnf.No:
		rec.Finding(checks.Finding{
			Kind: "tls-optional", Subject: subject, Evidence: checks.Configured, Location: required.at, Key: s.key,
			Detail: "the options do not make the server require TLS, and others can reach it; whether its accounts do was not seen",
		})
	case required.is == mycnf.Unclear && len(s.gaps) == 0:
		rec.Gap(checks.Gap{Reason: checks.ReasonUnsupported, Subject: subject, Location: required.at, Detail: "whether the options make the server require TLS is not known"})
	}
	return required.is == mycnf.Yes
}

// changedSince reports whether a file is younger than the server's socket, which the
// server makes when it starts, or that this cannot be told.
func (s *server) changedSince(h *host.Host, file string) bool {
	var started time.Time
	for _, name := range s.inst.sockets {
		if info, err := h.Tree.Lstat(name); err == nil {
			started = info.ModTime
			break
		}
	}
	info, err := h.Tree.Stat(file)
	return err != nil || started.IsZero() || info.ModTime.After(started)
}

// tls judges a server in a container by its options; it reports whether others can, or
// may, reach it.
func (c *contained) tls(rec recorder) bool {
	to := within{rec, c.container.Name}
	for _, g := range c.inst.gaps {
		to.Gap(g)
	}
	outside, unsure := c.outside()
	switch {
	case len(outside) == 0 && unsure:
		to.Gap(checks.Gap{
			Reason: checks.ReasonUnsupported, Subject: checks.Text(c.inst.name),
			Detail: "whether the server can be reached from outside is not known",
		})
		return true
	case len(outside) == 0:
		return len(c.inst.gaps) > 0
	}
	_, required := c.inst.settings.tls(c.container.Host.Tree)
	judgeTLS(required, c.inst.settings, checks.Text("tcp "+outside[0].String()), to)
	return true
}

// outside lists where a server in a container is reached from outside the host. unsure
// says that no file of the engine tells all of it.
func (c *contained) outside() (list []netip.AddrPort, unsure bool) {
	for _, d := range c.inst.doors {
		if d.listener.Loopback() || d.ofCluster() {
			continue
		}
		if c.hostNet {
			list = append(list, netip.AddrPortFrom(d.listener.Addr, d.listener.Port))
			continue
		}
		for _, p := range c.published {
			if p.Proto == "tcp" && p.Inner == d.listener.Port && !p.Addr.Unmap().IsLoopback() {
				list = append(list, netip.AddrPortFrom(p.Addr, p.Port))
			}
		}
		unsure = unsure || !c.known
	}
	return list, unsure
}

// idleTLS judges the options of servers that do not run, each as it is started.
func idleTLS(h *host.Host, rec *checks.Recorder) {
	if !idle(h, rec) {
		return
	}
	list, gaps := starts(h)
	next, unsure := activated(h)
	for _, g := range append(gaps, unsure...) {
		rec.Gap(g)
	}
	reachable := 0
	for _, s := range list {
		plan := s.settings.plan(h.Tree, true)
		for _, g := range plan.gaps {
			rec.Gap(g)
		}
		subject := checks.Text("the database server")
		switch {
		case len(plan.findings) > 0:
			subject = plan.findings[0].Subject
		case len(next) > 0:
			subject = next[0].Subject
		case len(plan.gaps) == 0 && !s.settings.refused && !s.settings.hidden():
			continue
		case len(plan.gaps) > 0: // others may reach it or not
			reachable++
			for _, g := range s.settings.gaps {
				rec.Gap(g)
			}
			continue
		}
		reachable++
		_, required := s.settings.tls(h.Tree)
		judgeTLS(required, s.settings, subject, rec)
	}
	if reachable == 0 && len(gaps)+len(unsure) == 0 {
		rec.NotApplicable(checks.ReasonAbsent, "by its options the database server listens where nobody else can reach it")
		return
	}
	rec.Pass("the options make the server require TLS")
}
