package mysql

import (
	"context"
	"fmt"

	"hostaudit/checks"
	"hostaudit/checks/host"
)

// Passwords is mysql.passwords. The hashes are compared in this process; no guess is sent
// to a server.
func Passwords() checks.Check {
	return checks.Check{
		ID:        "mysql.passwords",
		Title:     "No database account's password is empty, a common one or made from its name",
		Severity:  checks.SeverityCritical,
		Since:     4,
		Needs:     checks.Needs{Live: true},
		Rationale: "Whoever can connect, a program of another account of this host included, tries the empty password, the account's name and the common ones first.",
		Verdict: "The account table is read where the server's socket lets root of the host in (see mysql.root-password), and its stored hashes are tested in this process with the list of common passwords and with what people make of the account's name; no guess is sent to a server. " +
			"An empty, common or derived password is critical, a hash in the format from before 4.1 medium. " +
			"Empty passwords of root and of anonymous accounts are told by mysql.root-password and mysql.accounts; weak passwords of locked accounts, and accounts that PAM, LDAP or Kerberos check, are notes. " +
			"A server that does not run or whose table is not open to us, hashes that cannot be tested and candidates that time ran out for are unknown. Without a server, and in an image, the check is not applicable.",
		Remedy: "set long random passwords (ALTER USER 'NAME'@'HOST' IDENTIFIED BY) in the server and then in the programs that use them, or lock accounts that nobody uses (ALTER USER 'NAME'@'HOST' ACCOUNT LOCK)",
		Breaks: "programs that log in with the old password",
		References: map[string][]string{
			"cwe": {"CWE-521"},
		},
		Run: func(ctx context.Context, env *checks.Env, rec *checks.Recorder) {
			runPasswords(ctx, env, proberOf(env), rec)
		},
	}
}

// weakDetail is the same for a listed and a derived password: which it was would narrow
// the guess.
const weakDetail = "the password is on the list of common passwords or derived from the account"

func runPasswords(ctx context.Context, env *checks.Env, p *prober, rec *checks.Recorder) {
	s := take(ctx, env.Host, p)
	if !s.begin(env.Host, rec) {
		return
	}
	accounts := 0
	var all guesses
	for _, srv := range s.all() {
		to := srv.recorder(rec)
		if !srv.opened(to) {
			continue
		}
		accounts += len(srv.table.accounts)
		g := srv.passwords(ctx, env, to)
		all.tried, all.known, all.left = all.tried+g.tried, all.known+g.known, all.left+g.left
		all.unfinished, all.late = all.unfinished || g.unfinished, all.late || g.late
		all.deferred = all.deferred || g.deferred
	}
	rec.Fact("accounts", accounts)
	rec.Fact("candidates_tried", all.tried)
	rec.Fact("candidates_tried_earlier", all.known)
	rec.Fact("candidates_left", all.left)
	if all.deferred {
		rec.Fact("deferred", "yes")
	}
	if all.unfinished && !all.late {
		rec.Fact("progress", "in_progress")
	}
	if rec.Failed() {
		rec.Summary("database accounts have empty, common, derived or outdated passwords")
	}
	rec.Pass("no database account's password is empty, on the list or derived from its name")
}

// passwords judges the accounts of one server.
func (s *server) passwords(ctx context.Context, env *checks.Env, rec recorder) *guesses {
	g := s.guess(ctx, env)
	var weakLocked, elsewhere, rootEmpty int
	for i, acc := range s.table.accounts {
		subject := s.subject(acc.name())
		finding := func(kind, detail string, severity checks.Severity) {
			rec.Finding(checks.Finding{
				Kind: kind, Subject: subject, Detail: checks.Text(detail), Evidence: checks.Running, Severity: severity, Private: true,
			})
		}
		empty := acc.strength() == asksNothing
		switch {
		case acc.locked:
			// MariaDB brings this one, locked and empty, as the owner of views.
			if (empty || g.weak[i]) && acc.user != "mariadb.sys" {
				weakLocked++
			}
		case empty && acc.user == "root":
			rootEmpty++
		case empty && acc.user == "":
		case empty:
			finding("empty-password", "the password is empty", checks.SeverityCritical)
		case g.weak[i]:
			finding("weak-password", weakDetail, checks.SeverityCritical)
		}
		if acc.locked {
			continue
		}
		if g.outdated[i] {
			finding("outdated-hash", "the stored hash has the format from before 4.1, which is broken in moments", checks.SeverityMedium)
		}
		if acc.elsewhere() {
			elsewhere++
		}
	}
	for _, gap := range g.gaps {
		gap.Subject = s.subject(string(gap.Subject))
		rec.Gap(gap)
	}
	for _, note := range g.notes {
		rec.Note(string(s.subject("accounts")), note)
	}
	if rootEmpty > 0 {
		rec.Note(string(s.subject("root")), "an empty password of root is told by mysql.root-password")
	}
	if weakLocked > 0 {
		rec.Note(string(s.subject("locked accounts")), fmt.Sprintf("with empty, common or derived passwords: %d", weakLocked))
	}
	if elsewhere > 0 {
		rec.Note(string(s.subject("accounts")), fmt.Sprintf("whose passwords are checked elsewhere (PAM, LDAP, Kerberos or the like), where they are not examined: %d", elsewhere))
	}
	return g
}

// elsewhere reports that another service than the server checks a password.
func (a account) elsewhere() bool {
	for _, l := range a.logins {
		if keptElsewhere(l.plugin) {
			return true
		}
	}
	return false
}

// keptElsewhere knows the plugins of both servers whose passwords are in no account table.
func keptElsewhere(plugin string) bool {
	switch plugin {
	case "pam", "auth_pam", "auth_pam_compat", "authentication_pam", "gssapi", "auth_gssapi_client",
		"authentication_ldap_simple", "authentication_ldap_sasl", "authentication_kerberos", "authentication_windows",
		"authentication_fido", "authentication_webauthn", "authentication_openid_connect", "named_pipe":
		return true
	}
	return false
}

type guessKey struct{ s *server }

// guess tests the stored hashes of a server, once for all checks.
func (s *server) guess(ctx context.Context, env *checks.Env) *guesses {
	return host.Once(env.Host, guessKey{s}, func() *guesses { return guess(ctx, env, s.table.accounts) })
}
