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
		Remedy: "give the server a certificate (ssl-cert, ssl-key) where it has none, set require_secure_transport = ON in its option file and restart it; " +
			"or have it listen on loopback only",
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
		if !d.listener.Loopback() {
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
	case s.tls == no:
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
	value, gap := s.inst.settings.last("require-secure-transport")
	for _, g := range s.inst.settings.gaps {
		rec.Gap(g)
	}
	switch {
	case len(s.inst.settings.gaps) > 0:
	case gap != nil:
		rec.Gap(*gap)
	case !value.On():
		tlsOptional(rec, subject, s.inst.settings.key, value, "; accounts may require it, which was not open to us")
	case value.File != "" && s.changedSince(h, value.File):
		rec.Gap(checks.Gap{
			Reason: checks.ReasonChangedMeanwhile, Subject: subject, Location: at(value),
			Detail: "the file was changed after the server started: what it says counts after a restart only",
		})
	}
}

func tlsOptional(rec recorder, subject checks.Text, key string, value mycnf.Setting, more string) {
	rec.Finding(checks.Finding{
		Kind: "tls-optional", Subject: subject, Evidence: checks.Configured, Location: at(value), Key: key,
		Detail: checks.Text("the options do not make the server require TLS, and others can reach it" + more),
	})
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
	value, gap := c.inst.settings.last("require-secure-transport")
	for _, g := range c.inst.settings.gaps {
		to.Gap(g)
	}
	switch {
	case len(c.inst.settings.gaps) > 0:
	case gap != nil:
		to.Gap(*gap)
	case !value.On():
		tlsOptional(to, checks.Text("tcp "+outside[0].String()), c.inst.settings.key, value, "; accounts may require it, which was not open to us")
	}
	return true
}

// outside lists where a server in a container is reached from outside the host. unsure
// says that no file of the engine tells all of it.
func (c *contained) outside() (list []netip.AddrPort, unsure bool) {
	for _, d := range c.inst.doors {
		if d.listener.Loopback() {
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

// idleTLS judges the options of a server that does not run.
func idleTLS(h *host.Host, rec *checks.Recorder) {
	if !idle(h, rec) {
		return
	}
	s := readSettings(h.Tree, flavourOf(h, ""), mycnf.Command{})
	plan := s.plan(h.Tree, true)
	next, unsure := activated(h)
	gaps := append(append(append(s.gaps, plan.gaps...), unitGaps(h)...), unsure...)
	for _, g := range gaps {
		rec.Gap(g)
	}
	if len(plan.findings)+len(next) == 0 {
		rec.NotApplicable(checks.ReasonAbsent, "by its options the database server listens where nobody else can reach it")
		return
	}
	value, gap := s.last("require-secure-transport")
	switch {
	case gap != nil:
		rec.Gap(*gap)
	case s.refused:
	case !value.On():
		subject := "the database server"
		if len(plan.findings) > 0 {
			subject = string(plan.findings[0].Subject)
		}
		tlsOptional(rec, checks.Text(subject), s.key, value, "")
	}
	rec.Pass("the options make the server require TLS")
}
