package mysql

import (
	"context"
	"fmt"

	"hostaudit/checks"
	"hostaudit/checks/host"
	"hostaudit/checks/internal/mysqlhash"
)

// Accounts is mysql.accounts.
func Accounts() checks.Check {
	return checks.Check{
		ID:       "mysql.accounts",
		Title:    "The database has no anonymous account and no root from anywhere",
		Severity: checks.SeverityMedium,
		Since:    4,
		Needs:    checks.Needs{Live: true},
		Rationale: "An anonymous account takes any user name, and comes before other accounts of its host, so that their owners find themselves without rights. " +
			"A root that may come from every address leaves its password as the only thing between the network and the data.",
		Verdict: "The account table is read where the server's socket lets root of the host in (see mysql.root-password). " +
			"An account without a name is a finding, with a password or without, and so is an account of root that may come from every address. " +
			"Root from some addresses, and accounts that are locked or that nothing lets in, are notes; root of this host passes. " +
			"A server that does not run or whose table is not open to us is unknown. Without a server, and in an image, the check is not applicable.",
		Remedy: "drop the anonymous accounts (DROP USER ''@'HOST'); for root from elsewhere make an administrator's account of another name and from one address, log in by it, and only then DROP USER 'root'@'%'; keep 'root'@'localhost'",
		Breaks: "programs that log in without a name, and administrators and programs that use root from another host",
		References: map[string][]string{
			"cwe": {"CWE-1392"},
		},
		Run: func(ctx context.Context, env *checks.Env, rec *checks.Recorder) {
			runAccounts(ctx, env.Host, proberOf(env), rec)
		},
	}
}

func runAccounts(ctx context.Context, h *host.Host, p *prober, rec *checks.Recorder) {
	s := take(ctx, h, p)
	if !s.begin(h, rec) {
		return
	}
	for _, srv := range s.all() {
		to := srv.recorder(rec)
		if !srv.opened(to) {
			continue
		}
		for _, acc := range srv.table.accounts {
			switch {
			case acc.user == "":
				srv.anonymous(acc, to)
			case acc.user == "root":
				srv.remoteRoot(acc, h.Hostname, to)
			}
		}
	}
	rec.Pass("no anonymous account, and no root from anywhere")
}

// anonymous judges an account without a name.
func (s *server) anonymous(acc account, rec recorder) {
	subject := s.subject("''@" + acc.host)
	if why := acc.barred(); why != "" {
		rec.Note(string(subject), "there is an anonymous account for "+acc.host+", and "+why)
		return
	}
	how := "with a password"
	switch {
	case acc.strength() == asksNothing:
		how = "without a password"
	case acc.strength() == asksUnknown:
		how = "in a way that is not examined"
	}
	rec.Finding(checks.Finding{
		Kind: "anonymous", Subject: subject, Evidence: checks.Running,
		Detail: checks.Text(fmt.Sprintf("an anonymous account lets any user name in from %s %s", acc.host, how)),
	})
}

// remoteRoot judges from where an account of root lets in.
func (s *server) remoteRoot(acc account, hostname string, rec recorder) {
	subject := s.subject(acc.name())
	switch reachOf(acc.host, hostname) {
	case fromHere:
		return
	case fromSome:
		rec.Note(string(subject), "root may come from "+acc.host)
		return
	}
	if why := acc.barred(); why != "" {
		rec.Note(string(subject), "root may come from anywhere, and "+why)
		return
	}
	if !acc.remote(hostname) {
		rec.Note(string(subject), "root may come from anywhere, and only the socket of this host lets it in")
		return
	}
	rec.Finding(checks.Finding{
		Kind: "root-anywhere", Subject: subject, Evidence: checks.Running, Detail: "root may come from every address",
	})
}

// barred tells why nothing lets an account in; "" = something may.
func (a account) barred() string {
	if a.locked {
		return "it is locked"
	}
	if a.unread {
		return ""
	}
	for _, l := range a.logins {
		if l.plugin == "mysql_no_login" {
			continue
		}
		if !l.stored.empty() {
			if _, err := mysqlhash.Parse(l.hashing(), l.stored.bytes()); err == mysqlhash.ErrMalformed {
				continue
			}
		}
		return ""
	}
	return "nothing lets it in"
}

// hashing is the plugin that made a login's hash: no name stands for the server's first
// one.
func (l login) hashing() string {
	if l.plugin == "" {
		return "mysql_native_password"
	}
	return l.plugin
}

// begin answers where there is no running server that can be asked, and else records what
// was not seen of any. It reports whether there are servers to judge.
func (s *survey) begin(h *host.Host, rec *checks.Recorder) bool {
	for _, g := range s.gaps {
		rec.Gap(g)
	}
	if len(s.servers) == 0 && idle(h, rec) {
		rec.Gap(checks.Gap{Reason: checks.ReasonUnsupported, Detail: "the server is started at boot but does not run, so it cannot be asked"})
	}
	return len(s.all()) > 0
}

// opened reports whether the server's account table was read; else it records why not.
func (s *server) opened(rec recorder) bool {
	if s.table == nil {
		rec.Gap(checks.Gap{Reason: s.reason, Detail: checks.Text("the account table of " + s.inst.name + " is not open to us: " + s.why)})
		return false
	}
	if s.table.cut {
		rec.Gap(checks.Gap{Reason: checks.ReasonTooCostly, Subject: s.subject("accounts"), Detail: checks.Text(fmt.Sprintf("more than %d accounts; the first were examined", maxAccounts))})
	}
	return true
}
