package password

import (
	"context"
	"fmt"

	"hostaudit/checks"
	"hostaudit/checks/crack"
)

// Scheme is password.scheme: hashes that someone can log in by, in schemes that
// crypt(5) advises against: guessing them after a leak costs next to nothing.
// Schemes in use today (yescrypt, gost-yescrypt, scrypt, bcrypt, sha512crypt,
// sha256crypt) are sound whatever their cost.
func Scheme() checks.Check {
	return checks.Check{
		ID:        "password.scheme",
		Title:     "No password is stored in an outdated hash scheme",
		Severity:  checks.SeverityMedium,
		Since:     1,
		Rationale: "Whoever gets hold of the hashes tries millions of passwords a second on old schemes; descrypt ignores everything after the eighth character as well.",
		Verdict: "Accounts are read as for password.dictionary, and the form of each hash by which somebody can log in today tells its scheme; nothing is guessed. " +
			"Outdated are descrypt, bigcrypt, bsdicrypt, md5crypt, apr1, SunMD5, sha1crypt, NT and bcrypt's faulty variant 2x: each account that has one is a finding. " +
			"The schemes yescrypt, gost-yescrypt, scrypt, bcrypt, sha512crypt and sha256crypt pass whatever their cost. " +
			"Hashes of locked and expired accounts and broken fields are notes. " +
			"Forms that are not evaluated and files that cannot be read are unknown; without /etc/passwd the check is not applicable.",
		Remedy:   "set ENCRYPT_METHOD in /etc/login.defs and the word after pam_unix.so to sha512 or, where login.defs(5) and pam_unix(8) name it, to yescrypt; then have the owners set their passwords again (passwd NAME, or chage -d 0 NAME to make the next login ask for it), root last and with a session kept open",
		Remedies: schemeRemedies(),
		Breaks:   "other systems that share the hashes and know old schemes only; jobs that log in as an account of which a new password is asked, which are refused until it is set",
		References: map[string][]string{
			"cis_debian12": {"5.4.1.4", "5.3.3.4.3"}, "pci_dss_4.0.1": {"8.3.2"}, "anssi_bp28": {"R68"},
			"ccn_stic_610a22": {"A.19.SEC-RHEL3"}, "ens_rd311_2022": {"op.acc.6"}, "iso27001_2022": {"8.5", "8.24"},
		},
		Run: runScheme,
	}
}

func runScheme(_ context.Context, env *checks.Env, rec *checks.Recorder) {
	s := take(env.Host)
	if !s.begin(rec) {
		return
	}
	var gaps gapSet
	for _, e := range s.of(unsupported) {
		gaps.add(checks.ReasonUnsupported, "the password field has a form that is not evaluated: "+e.form.Why, e)
	}
	gaps.record(rec)
	usable := s.of(live)
	told := map[string]bool{}
	for _, e := range usable {
		if e.form.Outdated && !told[e.acc.Name] {
			told[e.acc.Name] = true
			rec.Finding(outdatedFinding(e))
			rec.Summary("passwords are stored in outdated hash schemes")
		}
	}
	later := 0
	for _, e := range s.of(dormant) {
		if e.form.Outdated {
			later++
		}
	}
	if later > 0 {
		rec.Fact("dormant_outdated", later)
		rec.Note("", "hashes that nobody can log in by today are in outdated schemes too")
	}
	if n := len(s.of(malformed)); n > 0 {
		rec.Fact("malformed_fields", n)
		rec.Note("", "password fields that are no valid hash are left out")
	}
	rec.Fact("hashes", len(usable))
	if len(usable) == 0 {
		rec.Pass("no account has a password to log in with")
		return
	}
	rec.Pass("every password is stored in a current hash scheme")
}

func outdatedFinding(e *entry) checks.Finding {
	detail := fmt.Sprintf("the password is stored as %s", e.form.Scheme)
	if e.form.Scheme == crack.BSDiCrypt {
		detail += " (pam_unix refuses it, other programs may not)"
	}
	return checks.Finding{
		Kind: "outdated-scheme", Subject: checks.Text(e.acc.Name), Detail: checks.Text(detail),
		Evidence: checks.Configured, Location: e.location, Private: true,
	}
}

// place writes a location for a note.
func place(at checks.Location) string { return fmt.Sprintf("%s:%d", at.File, at.Line) }
