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
		Remedy:    "set ENCRYPT_METHOD in /etc/login.defs and pam_unix to yescrypt or sha512, then let the owners set their passwords again (chage -d 0 NAME)",
		Breaks:    "other systems that share the hashes and know old schemes only",
		References: map[string][]string{
			"cis_debian12": {"5.4.1.4", "5.3.3.4.3"},
			"pci_dss":      {"8.3.2"},
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
