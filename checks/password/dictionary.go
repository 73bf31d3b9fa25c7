package password

import (
	"context"
	"slices"

	"hostaudit/checks"
	"hostaudit/checks/crack"
)

// Dictionary is password.dictionary: for every account that can log in by a
// password, the list and what people make of the account's own names are tried
// on the stored hash. The empty password is the question of password.empty: an
// account that has it is no finding here. The passwords of groups (newgrp) and of the
// boot loader are tried in the same way and are findings of their own kinds.
func Dictionary() checks.Check {
	return checks.Check{
		ID:        "password.dictionary",
		Title:     "No account's password is a common one or made from its own names",
		Severity:  checks.SeverityCritical,
		Since:     1,
		Rationale: "Common passwords and the account's own name are what every attacker tries first, over SSH within minutes of a host being reachable. Whoever knows a group's password joins the group, whoever knows the boot loader's starts the host as he likes.",
		Verdict: "Read are /etc/passwd, /etc/shadow and what nsswitch.conf and the system add to them (tcb, extrausers, altfiles, user records of systemd), /etc/group, /etc/gshadow and GRUB's configuration; accounts of directories are not examined, and named. " +
			"Every hash by which somebody can log in today (not locked, not expired, in a valid line) is tried in this process with the list of common passwords and with what people make of the account's own names; nothing is ever sent to a login. " +
			"A hit is critical, or medium where the account's shell gives no session or pam_unix refuses the scheme, and medium for a group or the boot loader. " +
			"Weak hashes of locked and expired accounts are only counted, in a note. " +
			"Broken fields, schemes that are not evaluated, hashes too costly to try, files that cannot be read and candidates that time ran out for are unknown. Without /etc/passwd the check is not applicable.",
		Remedy: "set a new password (passwd NAME); lock the password (passwd -l NAME) only of an account that has got in by a key, and become root without it, in a second session; " +
			"remove a group's password (gpasswd -r GROUP); make a new hash for the boot loader (grub-mkpasswd-pbkdf2)",
		Remedies: weakRemedies(),
		Breaks:   "scripts and people that log in with the old password; sudo of an account that was locked, and its logins by key where sshd has UsePAM no",
		References: map[string][]string{
			"pci_dss_4.0.1": {"2.2.2"}, "anssi_bp28": {"R31"}, "ccn_stic_610a22": {"A.11.SEC-RHEL3", "A.19.SEC-RHEL3"},
			"ens_rd311_2022": {"op.acc.6"}, "iso27001_2022": {"5.17", "8.5"},
		},
		Run: runDictionary,
	}
}

// weakDetail is the same for a listed and a derived password: which it was would
// narrow the guess.
const weakDetail = "the password is on the list of common passwords or derived from the account"

func runDictionary(ctx context.Context, env *checks.Env, rec *checks.Recorder) {
	s := take(env.Host)
	if !s.begin(rec) {
		return
	}
	var gaps gapSet
	for _, e := range s.of(malformed) {
		gaps.add(checks.ReasonUnsupported, "no password matches the field, which is no valid hash: "+e.form.Why, e)
	}
	for _, e := range s.of(unsupported) {
		gaps.add(checks.ReasonUnsupported, "the password field has a form that is not evaluated: "+e.form.Why, e)
	}
	for _, e := range s.groups {
		switch e.standing {
		case malformed:
			gaps.add(checks.ReasonUnsupported, "no password matches the group's field, which is no valid hash: "+e.form.Why, e)
		case unsupported:
			gaps.add(checks.ReasonUnsupported, "the group's password field has a form that is not evaluated: "+e.form.Why, e)
		}
	}
	for _, gap := range s.groupGap {
		rec.Gap(gap)
	}
	boot := findBoot(env.Host)
	for _, gap := range boot.gaps {
		rec.Gap(gap)
	}
	g := newGuesser(ctx, env)
	g.all = slices.Concat(s.entries, s.groups)
	g.book.note(rec)
	candidates := s.of(live)
	for _, e := range s.groups {
		if e.standing == live {
			candidates = append(candidates, e)
		}
	}
	s.testDictionary(env, rec, g, &gaps, candidates, boot)
	gaps.record(rec)
	s.noteDormantEntries(rec)
	g.noteDormant(rec, s.of(dormant))
	if len(s.of(live)) == 0 {
		rec.Pass("no account has a password to log in with")
		return
	}
	rec.Pass("no account's password is on the list or derived from the account")
}

// testDictionary records a verdict on every entry, and on the boot loader's passwords.
func (s *survey) testDictionary(env *checks.Env, rec *checks.Recorder, g *guesser, gaps *gapSet, entries []*entry, boot *boot) {
	if len(entries)+len(boot.hashes)+len(boot.clear) > 0 && len(env.Passwords.Words) == 0 {
		rec.Gap(checks.Gap{Reason: checks.ReasonNoMetadata, Detail: "there is no list of common passwords to try"})
	}
	verdicts := g.dictionary(entries)
	if len(boot.hashes) > 0 {
		entries, verdicts = slices.Concat(entries, boot.hashes), slices.Concat(verdicts, g.bootloader(boot.hashes))
	}
	var count tally
	tested, empty := 0, 0
	found := weakOnes{} // one finding, however many of its passwords are weak
	for i, v := range verdicts {
		e := entries[i]
		switch v.State {
		case crack.Weak:
			tested++ // not its number of tries, which would tell the word
			if v.Empty && e.kind == ofAccount {
				empty++
				continue
			}
			found.add(rec, e)
		case crack.Survived:
			tested++
			count.count(v)
		case crack.Partial:
			count.partial(v)
			gaps.addNameless(checks.ReasonBudget, "the time granted ran out before every candidate was tried")
		default:
			gaps.addUntestable(e, v)
		}
	}
	boot.testClear(env, rec, g, found)
	found.summary(rec)
	rec.Fact("hashes", len(entries))
	rec.Fact("hashes_tested", tested)
	count.record(rec)
	if g.deferred {
		rec.Fact("deferred", "yes")
	}
	if empty > 0 {
		rec.Note("", "accounts whose password is empty are told by password.empty")
	}
}

// weak is what the findings tell of.
type weak struct {
	kind entryKind
	name string
}

// weakOnes are the names that have findings.
type weakOnes map[weak]bool

func (w weakOnes) add(rec *checks.Recorder, e *entry) {
	key := weak{e.kind, e.acc.Name}
	if w[key] {
		return
	}
	w[key] = true
	switch e.kind {
	case ofGroup:
		rec.Finding(groupFinding(e))
	case ofBoot:
		rec.Finding(bootFinding(e))
	default:
		rec.Finding(weakFinding(e))
	}
}

// summary names the worst kind there is.
func (w weakOnes) summary(rec *checks.Recorder) {
	kinds := map[entryKind]bool{}
	for key := range w {
		kinds[key.kind] = true
	}
	switch {
	case kinds[ofAccount]:
		rec.Summary("accounts have common passwords or ones derived from the account")
	case kinds[ofBoot]:
		rec.Summary("the boot loader's password is a common one or derived from its user's name")
	case kinds[ofGroup]:
		rec.Summary("groups have common passwords or ones derived from their names")
	}
}

func weakFinding(e *entry) checks.Finding {
	f := checks.Finding{
		Kind: "weak-password", Subject: checks.Text(e.acc.Name), Detail: weakDetail,
		Evidence: checks.Configured, Location: e.location, Private: true,
	}
	if lower := e.limited(); lower != "" {
		f.Severity = checks.SeverityMedium
		f.Detail += checks.Text(lower)
	}
	return f
}

// addUntestable is the gap for a hash that no candidate could be tried on.
func (g *gapSet) addUntestable(e *entry, v crack.Verdict) {
	switch v.State {
	case crack.NotTestable:
		g.add(checks.ReasonUnsupported, "hashes of this form can not be tested: "+e.form.Why, e)
	case crack.TooCostly:
		g.add(checks.ReasonTooCostly, "testing one candidate would cost too much time or memory", e)
	default:
		detail := "testing a hash failed"
		if v.Where != "" {
			detail += " at " + v.Where
		}
		g.addNameless(checks.ReasonInternal, detail)
	}
}

// noteDormantEntries tells why accounts with a hash cannot log in by it, except
// for a plain lock, which is how it should be. It names none: noteDormant tells
// how many of the hashes are weak.
func (s *survey) noteDormantEntries(rec *checks.Recorder) {
	told := map[string]bool{}
	for _, e := range s.of(dormant) {
		if e.why != "locked" && !told[e.why] {
			told[e.why] = true
			rec.Note("", "there are logins by password that are refused: "+e.why)
		}
	}
}
