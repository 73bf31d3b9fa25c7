package mysql

import (
	"cmp"
	"context"
	"slices"

	"hostaudit/checks"
	"hostaudit/checks/host"
	"hostaudit/checks/host/snapshot"
	"hostaudit/checks/internal/mycnf"
)

// survey is what the family knows of a host's servers, made once for all its checks: the
// servers are dialled by whichever check comes first, and never again in this audit.
type survey struct {
	servers   []*server    // of the host itself
	contained []*server    // in its containers
	gaps      []checks.Gap // what stands in the way of seeing servers
	attempts  int          // logins tried
	size      int          // of the tables, see maxTables
}

// maxTables bounds what the account tables of all servers take: any account can start
// programs of their name, each with a table as long as one may be.
const maxTables = 16 << 20

// account adds up what examining a server took.
func (s *survey) account(j *judgement) {
	s.attempts += j.attempts
	if j.server.table == nil {
		return
	}
	if s.size += j.server.table.size(); s.size > cmp.Or(j.tables, maxTables) {
		j.server.table = nil
		j.server.reason, j.server.why = checks.ReasonTooCostly, "the servers of this host have more accounts than are examined"
	}
}

// server is a running server and what it answered.
type server struct {
	inst instance
	in   *contained // nil = no container

	root record // what mysql.root-password says about it
	pass string // its line if nothing was found

	table  *table        // nil = not open to us
	reason checks.Reason // it is not open
	why    string        // in words
	tls    mycnf.Tri     // whether it offers TLS

	openTo  []string // places from which root was let in without a credential: see way
	noTable bool     // it runs with skip-grant-tables
}

type surveyKey struct{ snap *snapshot.Snapshot }

// take returns the survey of a host; p is used by who comes first.
func take(ctx context.Context, h *host.Host, p *prober) *survey {
	return host.Once(h, surveyKey{h.Snapshot}, func() *survey {
		s := &survey{}
		var list []instance
		if h.Mode == host.Live && h.Snapshot != nil {
			list, s.gaps = discover(h)
		}
		for _, inst := range list {
			s.servers = append(s.servers, &server{inst: inst, reason: checks.ReasonNoPermission})
		}
		for _, c := range inContainers(h) {
			s.contained = append(s.contained, &server{inst: c.inst, in: &c, reason: checks.ReasonUnsupported, why: unreachable})
		}
		if p.dial == nil {
			s.undialable()
			return s
		}
		if p.memory != nil {
			p.boot, p.tree, p.now = bootID(h), h.Tree, h.Clock
			p.forgetStopped(h.Snapshot)
		}
		for _, srv := range s.servers {
			j := judgement{prober: p, server: srv, rec: &srv.root}
			j.run(ctx)
			s.account(&j)
		}
		for _, srv := range s.contained {
			j := judgement{prober: p, server: srv, rec: srv.recorder(&srv.root)}
			j.runContained(ctx)
			s.account(&j)
		}
		return s
	})
}

// proberOf is the prober of a check.
func proberOf(env *checks.Env) *prober {
	p := newProber(env.Host)
	p.memory = env.Memory
	return p
}

// record keeps what is said about a server for the check that says it.
type record struct {
	findings []checks.Finding
	gaps     []checks.Gap
	notes    []note
}

type note struct{ subject, detail string }

// Finding implements recorder.
func (r *record) Finding(f checks.Finding) { r.findings = append(r.findings, f) }

// Gap implements recorder.
func (r *record) Gap(g checks.Gap) { r.gaps = append(r.gaps, g) }

// Note implements recorder.
func (r *record) Note(subject, detail string) { r.notes = append(r.notes, note{subject, detail}) }

// replay says it again to another recorder.
func (r *record) replay(to recorder) {
	for _, f := range r.findings {
		to.Finding(f)
	}
	for _, g := range r.gaps {
		to.Gap(g)
	}
	for _, n := range r.notes {
		to.Note(n.subject, n.detail)
	}
}

// undialable says of every server that it cannot be asked.
func (s *survey) undialable() {
	for _, srv := range s.all() {
		to := srv.recorder(&srv.root)
		if srv.in != nil {
			srv.in.options(to)
		}
		srv.reason, srv.why = checks.ReasonUnsupported, "the server cannot be asked from here: it runs on a host that is only mounted"
		to.Gap(checks.Gap{Reason: srv.reason, Detail: checks.Text(srv.why)})
	}
}

// all lists the servers of the host, then those in containers.
func (s *survey) all() []*server { return slices.Concat(s.servers, s.contained) }

// recorder says of every subject in which container it is.
func (s *server) recorder(to recorder) recorder {
	if s.in == nil {
		return to
	}
	return within{to, s.in.container.Name}
}

// subject names an object of this server.
func (s *server) subject(what string) checks.Text {
	return checks.Text(what + " at " + s.inst.name)
}

// rootOpenOutside reports that root was let in without a credential from an address that
// others can use.
func (s *server) rootOpenOutside() bool { return slices.Contains(s.openTo, placeOutside) }
