package mysql

import (
	"context"
	"errors"
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
		Verdict: "Every running server is asked to let root in without a password: over its unix socket, over loopback and from one outside address of this host, never with a guess, and no more than two refusals for each start of the server, which are remembered. " +
			"Where the socket lets root of the host in, the account table is read and nothing more is dialled: an account of root that needs neither a password nor to be root of the host fails. " +
			"Else a login that is let in fails, also with an expired password, and so does skip-grant-tables, set now or for the next start; refusals on every way pass, and locked accounts are notes. " +
			"A server that does not run, answers late or not at all, or checks root by a plugin that is not evaluated is unknown. " +
			"In an image only skip-grant-tables can be told. Else, and without a server, the check is not applicable.",
		Remedy: "let root in by socket authentication (MariaDB: ALTER USER 'root'@'localhost' IDENTIFIED VIA unix_socket; MySQL, after INSTALL PLUGIN auth_socket SONAME 'auth_socket.so': ALTER USER 'root'@'localhost' IDENTIFIED WITH auth_socket) " +
			"or set a password, and drop or give a password to root of other hosts; keep that session open until a new login has worked; " +
			"where skip-grant-tables is set, do it after FLUSH PRIVILEGES, then remove the option and restart",
		Remedies: rootRemedies(),
		Breaks:   "programs and backups that log in as root without a password, or with one where the socket now decides",
		References: map[string][]string{
			"pci_dss_4.0.1": {"2.2.2"}, "iso27001_2022": {"8.5"}, "cwe": {"CWE-258"},
		},
		Run: func(ctx context.Context, env *checks.Env, rec *checks.Recorder) {
			runRootPassword(ctx, env.Host, proberOf(env), rec)
		},
	}
}

// maxRefusals is how many attempts at one server may be refused from its start on.
// Three ways in can lead to one account (root@'%'), and no account is to see more
// than two.
const maxRefusals = 2

func runRootPassword(ctx context.Context, h *host.Host, p *prober, rec *checks.Recorder) {
	s := take(ctx, h, p)
	for _, g := range s.gaps {
		rec.Gap(g)
	}
	for _, srv := range s.all() {
		srv.root.replay(rec)
	}
	if n := len(s.all()); n > 0 {
		rec.Fact("servers", n)
		rec.Fact("login_attempts", s.attempts)
	}
	if len(s.servers) == 0 {
		idleRootPassword(h, rec)
		return
	}
	if len(s.servers) == 1 {
		rec.Pass(s.servers[0].pass)
		return
	}
	rec.Pass(fmt.Sprintf("%d servers: root needs a credential on each", len(s.servers)))
}

// idleRootPassword answers where no server runs or can run: from the files only
// that skip-grant-tables switches all passwords off can be told.
func idleRootPassword(h *host.Host, rec *checks.Recorder) {
	if !idle(h, rec) {
		return
	}
	list, gaps := starts(h)
	for _, s := range list {
		skipGrants(s.settings, s.how, rec)
		gaps = append(gaps, s.settings.gaps...)
	}
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

// skipGrants reports skip-grant-tables in the options of the next start. how names the
// unit whose command line may have it, "" = the process that runs.
func skipGrants(s settings, how string, rec recorder) {
	value, gap := s.last("skip-grant-tables")
	if gap != nil {
		rec.Gap(*gap)
	}
	where := ""
	if value.File == "" {
		where = " on the server's command line"
		if how != "" {
			where = " on the command line in " + how
		}
	}
	if value.On() && !s.refused {
		rec.Finding(checks.Finding{
			Kind: "skip-grant-tables", Subject: "skip-grant-tables", Evidence: checks.Configured, Location: at(value), Key: s.key,
			Detail: checks.Text("skip-grant-tables is set" + where + ": started this way, the server lets anyone in as root without a password"),
		})
	}
}

// judgement is the examination of one server.
type judgement struct {
	*prober
	server   *server
	rec      recorder
	attempts int // made now
	spent    int // that this server process may have counted as refused, earlier audits' included
}

func (j *judgement) subject(what string) checks.Text { return j.server.subject(what) }

func (j *judgement) gap(reason checks.Reason, where, detail string) {
	j.rec.Gap(checks.Gap{Reason: reason, Subject: j.subject(where), Detail: checks.Text(detail)})
}

func (j *judgement) fail(kind, who, detail string) {
	j.rec.Finding(checks.Finding{Kind: kind, Subject: j.subject(who), Detail: checks.Text(detail), Evidence: checks.Running})
}

// run examines the server and sets what is known of it.
func (j *judgement) run(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, j.limit)
	defer cancel()
	ways, err := j.ways(j.server.inst)
	if err != nil {
		j.gap(checks.ReasonUnreadable, placeOutside, "the addresses of this host could not be listed, so the server was not asked from one")
	}
	if !j.ask(ctx, ways) {
		for _, g := range j.server.inst.gaps {
			j.rec.Gap(g)
		}
	}
	if !j.server.noTable {
		skipGrants(j.server.inst.settings, "", j.rec)
	}
	for _, g := range j.server.inst.settings.gaps {
		j.rec.Note(string(g.Subject), "about the next start: "+string(g.Detail))
	}
}

// ask tries the ways in. settled says that what was answered covers them all, those that
// were not seen included.
func (j *judgement) ask(ctx context.Context, ways []way) (settled bool) {
	j.server.why = "the server did not let us in"
	if len(ways) == 0 {
		j.gap(checks.ReasonUnsupported, "the server", "no socket or port of the server was found, so it cannot be asked")
		return false
	}
	j.recall()
	asked, judged, gaps, locked := 0, 0, 0, 0
	local := false // the socket led to an account of localhost, and that refused
	skip := func(reason checks.Reason, where, detail string) {
		j.gap(reason, where, "not tried: "+detail)
		gaps++
		if asked+judged == 0 {
			j.server.reason, j.server.why = reason, "it was not asked: "+detail
		}
	}
	for len(ways) > 0 {
		w := ways[0]
		ways = ways[1:]
		a, remembered := j.remembered(w)
		switch end, ok := ctx.Deadline(); {
		case remembered:
			j.rec.Note(string(j.subject(w.place)), "not tried: an earlier audit was refused here, and this server has not restarted since")
		case j.memory.Forgetful(), j.memory != nil && j.spentKey() == "":
			skip(checks.ReasonUnsupported, w.place, "a refused login could not be remembered here, and audits that repeat it would lock the account; name a state directory")
			continue
		case j.memory.Fleeting() && j.server.inst.settings.flavour == mySQL:
			skip(checks.ReasonUnsupported, w.place, "MySQL counts refused logins against the account, and nothing is remembered here; name a state directory")
			continue
		case j.spent+locked >= maxRefusals:
			j.rec.Note(string(j.subject(w.place)), "not tried: two refused logins are the limit, so that no account is locked")
			continue
		case w.place == "loopback" && local && j.sameAccounts():
			j.rec.Note(string(j.subject(w.place)), "not tried: to the server it is localhost, as the socket that refused is, and no account is to be refused twice")
			continue
		case ctx.Err() != nil || ok && time.Until(end) <= 0:
			skip(checks.ReasonBudget, w.place, "the time for this server was used up")
			continue
		default:
			a = j.attempt(ctx, w)
			asked++
			if a.tls != mycnf.Unclear {
				j.server.tls = a.tls
			}
		}
		switch a.verdict {
		case vRoot:
			if a.table == nil && j.bySocket(w) {
				// The socket may let this user in for being who it is: another way in tells.
				j.server.why = unreadTable(a.tableErr)
				if len(ways) == 0 {
					ways = append(ways, way{network: w.network, address: w.address, place: placeOther, another: true})
				}
				continue
			}
			j.inside(w, a)
			return true
		case vSkipGrants:
			j.server.noTable = true
			j.server.reason, j.server.why = checks.ReasonUnsupported, "the server runs with skip-grant-tables, so its accounts do not count"
			j.fail("skip-grant-tables", "skip-grant-tables", "the server runs with skip-grant-tables: anyone is let in as root without a password")
			return true
		case vExpired:
			j.server.openTo = append(j.server.openTo, w.place)
			j.fail("empty-password", "root", "root has an empty password; it is expired, and whoever logs in first sets a new one")
			return true
		case vRefused:
			judged++
			local = local || w.network == "unix"
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
			return false
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
	j.server.pass = "root is refused without a password" // the same when it is remembered, as a note says
	return false
}

// rootOfHost reports whether a way in may have let root of the host in for being that.
func (j *judgement) rootOfHost(w way) bool { return w.network == "unix" && j.euid == 0 && !w.another }

// bySocket reports whether a way in may have let this user of the host in for being who
// it is: auth_socket of MySQL also takes the user that "AS" names.
func (j *judgement) bySocket(w way) bool {
	return j.rootOfHost(w) || w.network == "unix" && !w.another && j.server.inst.settings.flavour == mySQL
}

func unreadTable(err error) string {
	if errors.Is(err, errOldServer) {
		return "the account table of a server this old is not read"
	}
	return "root was let in, and the account table could not be read"
}

// sameAccounts reports whether a client from loopback meets the accounts that one at the
// socket does. MySQL counts each refusal against FAILED_LOGIN_ATTEMPTS, an empty password
// too, and knows 127.0.0.1 and ::1 as localhost without looking them up (ip_to_hostname in
// sql/hostname_cache.cc) unless it looks up no names.
func (j *judgement) sameAccounts() bool {
	value, gap := j.server.inst.settings.last("skip-name-resolve")
	return j.server.inst.settings.flavour == mySQL && gap == nil && !value.On()
}

// inside judges a server that logged us in as root.
func (j *judgement) inside(w way, a answer) {
	if a.table == nil {
		j.server.why = unreadTable(a.tableErr)
		j.open(w, a)
		return
	}
	j.server.table = a.table
	j.server.pass = "root needs a password or to be root of the host (account table read)"
	found := false
	for _, acc := range a.table.accounts {
		if acc.user != "root" {
			continue
		}
		name := acc.name()
		switch strength := acc.strength(); {
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
	if !found && !(j.rootOfHost(w) && !needsPassword(a)) && !(w.network == "unix" && acceptsSocket(a)) {
		j.open(w, a)
	}
}

// open records a login that needed nothing.
func (j *judgement) open(w way, a answer) {
	j.server.openTo = append(j.server.openTo, w.place)
	j.fail("empty-password", a.account, fmt.Sprintf("%s is let in over the %s without a password", a.account, w.place))
}

// needsPassword reports that the table has nothing but passwords for the account that was
// logged in without one: the server has not read yet what the table says.
func needsPassword(a answer) bool {
	for _, acc := range a.table.accounts {
		if acc.name() == a.account {
			return acc.strength() == asksCredential && !acc.certificate && acc.factors == 0 && !acceptsSocket(a)
		}
	}
	return false
}

// acceptsSocket reports whether the account that was logged in has socket
// authentication among its logins.
func acceptsSocket(a answer) bool {
	for _, acc := range a.table.accounts {
		if acc.name() != a.account {
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
