package password

import (
	"context"

	"hostaudit/checks"
	"hostaudit/checks/crack"
)

// Empty is password.empty: an empty field in passwd or shadow, which opens the
// account where PAM's pam_unix is told nullok or an SSH server takes it without PAM
// (PermitEmptyPasswords), and a hash of the empty string, which Enter opens (to
// Linux-PAM 1.7 it is an empty field where shadow holds it). An empty field is a finding
// even where everything refuses it today.
func Empty() checks.Check {
	return checks.Check{
		ID:        "password.empty",
		Title:     "No account logs in without a password",
		Severity:  checks.SeverityCritical,
		Since:     1,
		Rationale: "Anyone who knows or guesses the account's name is in.",
		Verdict: "Accounts are read as for password.dictionary: the field of /etc/passwd counts before that of /etc/shadow, and the first line of a name. " +
			"An empty field is always a finding. It is critical where a PAM stack has pam_unix with nullok (nullresetok: where a new password is due), where an SSH server takes it without PAM (PermitEmptyPasswords), and where neither can be excluded; high where every stack was read and refuses it; medium where the shell gives no session. " +
			"A hash of the empty string is critical as well: one try on each usable hash tells. " +
			"Locked and expired accounts pass, with a note. " +
			"Schemes that are not evaluated, hashes too costly to try and files that cannot be read are unknown; without /etc/passwd the check is not applicable.",
		Remedy: "set a password (passwd NAME), root's first, or lock accounts that nobody logs in to (passwd -l NAME); then, with a session of root kept open until a new login has worked, " +
			"remove nullok from pam_unix.so below /etc/pam.d, and set PermitEmptyPasswords no in sshd_config",
		Remedies: emptyRemedies(),
		Breaks:   "logins that rely on the empty password, such as kiosk and rescue accounts",
		References: map[string][]string{
			"cis_debian12": {"7.2.2", "5.3.3.4.1"}, "cis_rhel9": {"7.2.2", "5.3.3.4.1"}, "stig_rhel9": {"RHEL-09-611155", "RHEL-09-611025"},
			"pci_dss_4.0.1": {"2.2.2", "8.3.1"}, "anssi_bp28": {"R31"}, "ccn_stic_610a22": {"A.6.SEC-RHEL4"}, "ens_rd311_2022": {"op.acc.6"}, "iso27001_2022": {"8.5"},
		},
		Run: runEmpty,
	}
}

func runEmpty(ctx context.Context, env *checks.Env, rec *checks.Recorder) {
	s := take(env.Host)
	if !s.begin(rec) {
		return
	}
	s.emptyFields(env, rec)
	var gaps gapSet
	s.emptyHashes(ctx, env, rec, &gaps)
	for _, e := range s.of(unsupported) {
		gaps.add(checks.ReasonUnsupported, "the password field has a form that is not evaluated: "+e.form.Why, e)
	}
	gaps.record(rec)
	if n := len(s.of(malformed)); n > 0 {
		rec.Fact("malformed_fields", n)
		rec.Note("", "password fields that are no valid hash match no password, not even the empty one")
	}
	told := map[string]bool{} // by cause and not by name, which findings keep private
	for _, e := range s.of(dormant) {
		if e.form.Class == crack.Empty && !told[e.why] {
			told[e.why] = true
			rec.Note("", "there are empty password fields, but "+e.why)
		}
	}
	rec.Pass("every account that can log in by password has one")
}

// emptyFields records the accounts with nothing in their field.
func (s *survey) emptyFields(env *checks.Env, rec *checks.Recorder) {
	accounts := s.of(open)
	if len(accounts) == 0 {
		return
	}
	rec.Summary("accounts have an empty password")
	result, at := nullok(env.Host.Tree)
	switch result {
	case accepts:
		rec.Note("nullok", "the PAM stack accepts empty passwords: "+place(at))
	case resets:
		rec.Note("nullresetok", "the PAM stack accepts empty passwords where a new one is due: "+place(at))
	}
	told := map[string]bool{} // one finding for all passwords of an account
	for _, e := range accounts {
		if told[e.acc.Name] {
			continue
		}
		told[e.acc.Name] = true
		severity, detail, in := checks.SeverityCritical, "no password is asked for", true
		switch {
		case result == accepts:
		case result == resets && mustChange(e.acc, env.Host.Clock()):
			detail += ", a new one is set at the login"
		case result == refuses || result == resets:
			severity, detail, in = checks.SeverityHigh, "the password is empty; the PAM stack refuses that today", false
		default:
			detail, in = "the password is empty, and it cannot be excluded that logins accept that", false
		}
		if server, overSSH := emptyOverSSH(env.Host, e.acc); overSSH {
			severity, detail, in = checks.SeverityCritical, "no password is asked for, also over SSH ("+server+")", true
		}
		if in {
			rec.Summary("accounts log in without a password")
		}
		rec.Finding(emptyFinding(e, "no-password", detail, severity))
	}
}

// emptyHashes records the accounts whose hash is that of the empty string: one
// try for each hash.
func (s *survey) emptyHashes(ctx context.Context, env *checks.Env, rec *checks.Recorder, gaps *gapSet) {
	entries := s.of(live)
	tested := 0
	var count tally
	told := map[string]bool{}
	for i, v := range newGuesser(ctx, env).empty(entries, nil) {
		e := entries[i]
		switch v.State {
		case crack.Weak:
			tested++
			if told[e.acc.Name] {
				continue
			}
			told[e.acc.Name] = true
			rec.Finding(emptyFinding(e, "empty-password-hash", "the password is empty: Enter at the prompt logs in", checks.SeverityCritical))
			rec.Summary("accounts log in without a password")
		case crack.Survived:
			tested++
		case crack.Partial:
			count.partial(v)
			gaps.addNameless(checks.ReasonBudget, "the time granted ran out before the empty password was tried")
		default:
			gaps.addUntestable(e, v)
		}
	}
	rec.Fact("hashes", len(entries))
	rec.Fact("hashes_tested", tested)
	if count.unfinished && count.expected {
		rec.Fact("progress", "in_progress")
	}
}

func emptyFinding(e *entry, kind, detail string, severity checks.Severity) checks.Finding {
	if lower := e.limited(); lower != "" {
		severity = checks.SeverityMedium
		detail += lower
	}
	return checks.Finding{
		Kind: kind, Subject: checks.Text(e.acc.Name), Detail: checks.Text(detail), Severity: severity,
		Evidence: checks.Configured, Location: e.location, Private: true,
	}
}
