package mysql

import (
	"context"
	"fmt"
	"strings"
	"time"

	"hostaudit/checks"
	"hostaudit/checks/host"
	"hostaudit/checks/internal/mycnf"
)

// RootPassword is mysql.root-password. What the servers answer to which account was
// established with MariaDB 10.11 and MySQL 9; error numbers are those of the
// servers' mysqld_error.h.
func RootPassword() checks.Check {
	return checks.Check{
		ID:        "mysql.root-password",
		Title:     "The database's root needs a credential",
		Severity:  checks.SeverityCritical,
		Since:     1,
		Rationale: "Whoever reaches the server and is let in as root without a password owns every database on it, and often the host.",
		Remedy:    "give root socket authentication by ALTER USER (MariaDB unix_socket, MySQL auth_socket) or a password; remove skip-grant-tables",
		Breaks:    "programs and backups that log in as root without a password",
		References: map[string][]string{
			"cwe": {"CWE-258"},
		},
		Run: func(ctx context.Context, env *checks.Env, rec *checks.Recorder) {
			p := newProber(env.Host)
			p.memory = env.Memory
			runRootPassword(ctx, env.Host, p, rec)
		},
	}
}

// maxRefusals is how many attempts at one server may be refused from its start on.
// Three ways in can lead to one account (root@'%'), and no account is to see more
// than two.
const maxRefusals = 2

func runRootPassword(ctx context.Context, h *host.Host, p *prober, rec *checks.Recorder) {
	var servers []instance
	if h.Mode == host.Live && h.Snapshot != nil {
		var gaps []checks.Gap
		servers, gaps = discover(h)
		for _, g := range gaps {
			rec.Gap(g)
		}
	}
	for _, c := range inContainers(h) {
		c.rootPassword(rec)
	}
	if len(servers) == 0 {
		idleRootPassword(h, rec)
		return
	}
	if p.dial == nil {
		rec.Gap(checks.Gap{Reason: checks.ReasonUnsupported, Detail: "the server cannot be asked from here: it runs on a host that is only mounted"})
		return
	}
	rec.Fact("servers", len(servers))
	if p.memory != nil {
		p.boot = bootID(h)
		p.forgetStopped(servers)
	}
	var passes []string
	attempts := 0
	for _, inst := range servers {
		j := judgement{prober: p, inst: inst, rec: rec}
		passes = append(passes, j.run(ctx))
		attempts += j.attempts
	}
	rec.Fact("login_attempts", attempts)
	if len(passes) == 1 {
		rec.Pass(passes[0])
		return
	}
	rec.Pass(fmt.Sprintf("%d servers: root needs a credential on each", len(passes)))
}

// idleRootPassword answers where no server runs or can run: from the files only
// that skip-grant-tables switches all passwords off can be told.
func idleRootPassword(h *host.Host, rec *checks.Recorder) {
	if !idle(h, rec) {
		return
	}
	s := readSettings(h.Tree, flavourOf(h, ""), mycnf.Command{})
	skipGrants(s, rec)
	gaps := append(s.gaps, unitGaps(h)...)
	for _, g := range gaps {
		rec.Gap(g)
	}
	if h.Mode == host.Live {
		// The account tables on disk would tell, but their format is not read here.
		rec.Gap(checks.Gap{Reason: checks.ReasonUnsupported, Detail: "the server is started at boot but does not run, so it cannot be asked"})
		return
	}
	rec.NotApplicable(checks.ReasonNotObservable, "only a running server tells who needs a password; its option files do not switch passwords off")
}

// skipGrants reports skip-grant-tables in the options of the next start.
func skipGrants(s settings, rec recorder) {
	value, gap := s.last("skip-grant-tables")
	if gap != nil {
		rec.Gap(*gap)
	}
	if value.On() && !s.refused {
		rec.Finding(checks.Finding{
			Kind: "skip-grant-tables", Subject: "skip-grant-tables", Evidence: checks.Configured, Location: at(value), Key: s.key,
			Detail: "skip-grant-tables is set: started this way, the server lets anyone in as root without a password",
		})
	}
}

// judgement is the examination of one server.
type judgement struct {
	*prober
	inst     instance
	rec      *checks.Recorder
	attempts int // made now
	spent    int // that this server process may have counted as refused, earlier audits' included
}

// subject names an object of this server.
func (j *judgement) subject(what string) checks.Text {
	return checks.Text(what + " at " + j.inst.name)
}

func (j *judgement) gap(reason checks.Reason, where, detail string) {
	j.rec.Gap(checks.Gap{Reason: reason, Subject: j.subject(where), Detail: checks.Text(detail)})
}

func (j *judgement) fail(kind, who, detail string) {
	j.rec.Finding(checks.Finding{Kind: kind, Subject: j.subject(who), Detail: checks.Text(detail), Evidence: checks.Running})
}

// run examines the server and returns the line that is true if nothing was found
// against it.
func (j *judgement) run(ctx context.Context) string {
	server, cancel := context.WithTimeout(ctx, j.limit)
	defer cancel()
	summary, checked, skip := j.ask(server)
	if !checked {
		for _, g := range j.inst.gaps {
			j.rec.Gap(g)
		}
	}
	if !skip {
		skipGrants(j.inst.settings, j.rec)
	}
	for _, g := range j.inst.settings.gaps {
		j.rec.Note(string(g.Subject), "about the next start: "+string(g.Detail))
	}
	return summary
}

// ask tries the ways in. checked says that the answer covers them all, skip that
// the server runs without grant tables.
func (j *judgement) ask(ctx context.Context) (summary string, checked, skip bool) {
	ways, err := j.ways(j.inst)
	if err != nil {
		j.gap(checks.ReasonUnreadable, "outside", "the addresses of this host could not be listed, so the server was not asked from one")
	}
	if len(ways) == 0 {
		j.gap(checks.ReasonUnsupported, "the server", "no socket or port of the server was found, so it cannot be asked")
		return "", false, false
	}
	j.recall()
	asked, judged, gaps, locked := 0, 0, 0, 0
	for _, w := range ways {
		a, remembered := j.remembered(w)
		switch end, ok := ctx.Deadline(); {
		case remembered:
			j.rec.Note(string(j.subject(w.place)), "not tried: an earlier audit was refused here, and this server has not restarted since")
		case j.memory.Forgetful():
			j.gap(checks.ReasonUnsupported, w.place, "not tried: a refused login could not be remembered here, and audits that repeat it would lock the account; name a state directory")
			gaps++
			continue
		case j.spent+locked >= maxRefusals:
			j.rec.Note(string(j.subject(w.place)), "not tried: two refused logins are the limit, so that no account is locked")
			continue
		case ctx.Err() != nil || ok && time.Until(end) <= 0:
			j.gap(checks.ReasonBudget, w.place, "not tried: the time for this server was used up")
			gaps++
			continue
		default:
			a = j.attempt(ctx, w)
			asked++
		}
		switch a.verdict {
		case vRoot:
			return j.inside(w, a), true, false
		case vSkipGrants:
			j.fail("skip-grant-tables", "skip-grant-tables", "the server runs with skip-grant-tables: anyone is let in as root without a password")
			return "", true, true
		case vExpired:
			j.fail("empty-password", "root", "root has an empty password; it is expired, and whoever logs in first sets a new one")
			return "", true, false
		case vRefused:
			judged++
			if a.detail != "" {
				j.rec.Note(string(j.subject("root")), a.detail)
			}
		case vAnonymous:
			judged++
			j.rec.Note(string(j.subject("anonymous account")), "an anonymous account without a password takes the logins over the "+w.place)
		case vLocked:
			judged++
			locked++
			j.rec.Note(string(j.subject("root")), "root is locked; unlocked it would be let in without a password")
		case vNotAdmitted:
			j.rec.Note(string(j.subject(w.place)), "the server lets nobody in from this address")
		case vBusy:
			j.gap(a.reason, w.place, a.detail)
			return "", false, false
		default:
			gaps++
			j.gap(a.reason, w.place, a.detail)
		}
	}
	if judged == 0 && gaps == 0 {
		detail := "no way in tells anything about root"
		if asked == 0 {
			detail = "earlier audits got no answer that tells; the server is not asked again before it restarts, so that no account is locked"
		}
		j.gap(checks.ReasonUnsupported, "root", detail)
	}
	j.rec.Note(string(j.subject("root")), "accounts of root for other client addresses show only in the account table, which was not open to us")
	if asked == 0 {
		return "root was refused without a password when this server was asked; it is asked again after its restart", false, false
	}
	return "root is refused without a password", false, false
}

// inside judges a server that logged us in as root.
func (j *judgement) inside(w way, a answer) string {
	if a.tableErr != nil {
		// Over the socket root of the host may be let in for being root of the host:
		// that and an empty password look the same from here.
		if w.network == "unix" && j.euid == 0 {
			detail := "the account table could not be read, so an empty password cannot be told from socket authentication"
			reason := checks.ReasonUnreadable
			if a.tableErr == errOldServer {
				reason, detail = checks.ReasonUnsupported, "the account table of a server this old is not read, so an empty password cannot be told from socket authentication"
			}
			j.gap(reason, "root", detail)
			return ""
		}
		j.fail("empty-password", a.account, fmt.Sprintf("%s is let in over the %s without a password", a.account, w.place))
		return ""
	}
	found := false
	for _, acc := range a.accounts {
		name := acc.user + "@" + acc.host
		switch strength := acc.strength(); {
		case acc.user == "":
			j.rec.Note(string(j.subject("anonymous account")), "there is an anonymous account for "+acc.host)
		case strength == asksNothing && acc.locked:
			j.rec.Note(string(j.subject(name)), name+" has an empty password and is locked")
		case strength == asksNothing && acc.expired:
			found = true
			j.fail("empty-password", name, name+" has an empty password; it is expired, and whoever logs in first sets a new one")
		case strength == asksNothing:
			found = true
			j.fail("empty-password", name, name+" has an empty password")
		case strength == asksUnknown && acc.locked:
			j.rec.Note(string(j.subject(name)), name+" is locked; how it would log in is not examined")
		case strength == asksUnknown:
			j.gap(checks.ReasonUnsupported, name, "the login is checked by a plugin that is not examined: "+acc.foreign())
		}
	}
	// Without socket authentication to explain it, the login itself is the proof.
	if !found && (w.network != "unix" || j.euid != 0 && !acceptsSocket(a)) {
		j.fail("empty-password", a.account, fmt.Sprintf("%s is let in over the %s without a password", a.account, w.place))
	}
	return "root needs a password or to be root of the host (account table read)"
}

// acceptsSocket reports whether the account that was logged in has socket
// authentication among its logins.
func acceptsSocket(a answer) bool {
	for _, acc := range a.accounts {
		if acc.user+"@"+acc.host != a.account {
			continue
		}
		for _, l := range acc.logins {
			if l.plugin == "unix_socket" || l.plugin == "auth_socket" {
				return true
			}
		}
	}
	return false
}

// foreign names the plugins of an account that are not examined.
func (a account) foreign() string {
	var names []string
	for _, l := range a.logins {
		if l.strength() == asksUnknown {
			names = append(names, l.plugin)
		}
	}
	if len(names) == 0 {
		return "its entry has a form that is not evaluated"
	}
	return strings.Join(names, ", ")
}
