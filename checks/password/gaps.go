package password

import (
	"cmp"
	"slices"

	"hostaudit/checks"
)

// fewAccounts is up to how many accounts one cause is told account by account.
const fewAccounts = 20

// gapSet collects what could not be examined, by cause.
type gapSet struct {
	byCause map[cause][]*entry
}

type cause struct {
	reason checks.Reason
	detail string
}

func (g *gapSet) add(r checks.Reason, detail string, e *entry) {
	if g.byCause == nil {
		g.byCause = map[cause][]*entry{}
	}
	c := cause{r, detail}
	g.byCause[c] = append(g.byCause[c], e)
}

// addNameless is add for an outcome of guessing. While few accounts are left the
// names of those that time ran out for would tell, by the names that are missing,
// whose password was found; and gaps are shown where findings are not.
func (g *gapSet) addNameless(r checks.Reason, detail string) { g.add(r, detail, nil) }

// record writes a gap for each account, or one for all of them where they are
// many: ten thousand lines of the same cause help nobody.
func (g *gapSet) record(rec *checks.Recorder) {
	causes := make([]cause, 0, len(g.byCause))
	for c := range g.byCause {
		causes = append(causes, c)
	}
	slices.SortFunc(causes, func(a, b cause) int {
		return cmp.Or(cmp.Compare(a.reason, b.reason), cmp.Compare(a.detail, b.detail))
	})
	for _, c := range causes {
		entries := g.byCause[c]
		if entries[0] == nil {
			rec.Gap(checks.Gap{Reason: c.reason, Detail: checks.Text(c.detail)})
			continue
		}
		if len(entries) > fewAccounts {
			rec.Gap(checks.Gap{Reason: c.reason, Detail: checks.Text("many accounts: " + c.detail)})
			continue
		}
		for _, e := range entries {
			rec.Gap(checks.Gap{Reason: c.reason, Subject: checks.Text(e.acc.Name), Detail: checks.Text(c.detail), Location: e.location})
		}
	}
}

// begin records what the checks of the family have in common; false means that
// the verdict is complete.
func (s *survey) begin(rec *checks.Recorder) bool {
	if s.absent {
		rec.NotApplicable(checks.ReasonAbsent, "there is no /etc/passwd")
		return false
	}
	for _, g := range s.gaps {
		rec.Gap(g)
	}
	if s.accounts.PasswdErr != nil && len(s.entries) == 0 {
		return false
	}
	accounts := 0
	for _, e := range s.entries {
		if !e.further {
			accounts++
		}
	}
	rec.Fact("accounts", accounts)
	rec.Fact("accounts_without_password_login", len(s.of(closed)))
	if len(s.accounts.NotExamined) > 0 {
		rec.Fact("not_examined", s.accounts.NotExamined)
	}
	s.notes(rec)
	return true
}

// notes says what is odd about the files themselves. Counts are facts.
func (s *survey) notes(rec *checks.Recorder) {
	a := s.accounts
	for _, n := range []struct {
		count      int
		key, about string
	}{
		{len(a.Orphans), "orphan_shadow_lines", "shadow has lines of names that passwd lacks: nobody can log in by them"},
		{len(a.Duplicates), "repeated_accounts", "passwd repeats names: only the first line of a name counts"},
		{len(a.Compat), "nis_lines", "lines for NIS (+ or -): the accounts they stand for are not examined"},
	} {
		if n.count > 0 {
			rec.Fact(n.key, n.count)
			rec.Note("", n.about)
		}
	}
	if s.hidden {
		rec.Note("", "passwd holds password fields of its own; pam_unix ignores what shadow says of those accounts")
	}
	missing := 0
	for _, e := range s.entries {
		if e.standing == closed && e.acc.Shadowed() && e.acc.Shadow == nil {
			missing++
		}
	}
	if missing > 0 {
		rec.Fact("accounts_without_shadow_line", missing)
		rec.Note("", "passwd sends accounts to shadow, which has no line of them: their logins are refused")
	}
}
