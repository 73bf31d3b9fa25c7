package output

import (
	"cmp"
	"fmt"
	"strings"

	"hostaudit/checks"
)

// The words for what the administrator's configuration did to the verdicts.

const (
	ungatedWords = "decides nothing: younger than the catalogue that the configuration names"
	knownWords   = "known from the earlier report"
)

// standing says under what a finding or a gap stands; nothing where it simply counts.
func standing(waiver, expired *checks.WaiverNote, known bool) []string {
	var words []string
	if waiver != nil {
		words = append(words, waiverWords(waiver))
	}
	if expired != nil {
		words = append(words, expiredWords(expired))
	}
	if known {
		words = append(words, knownWords)
	}
	return words
}

// waiverWords is "waived by the web team until 2027-01-31: reason".
func waiverWords(w *checks.WaiverNote) string {
	words := "waived"
	if w.Owner != "" {
		words += " by " + shown(w.Owner)
	}
	if w.Expires != "" {
		words += " until " + shown(w.Expires)
	}
	return strings.Join(nonEmpty(words, shown(w.Reason)), ": ")
}

// expiredWords is "the waiver of the web team ended on 2026-10-31: reason".
func expiredWords(w *checks.WaiverNote) string {
	words := "the waiver"
	if w.Owner != "" {
		words += " of " + shown(w.Owner)
	}
	words += " ended"
	if w.Expires != "" {
		words += " on " + shown(w.Expires)
	}
	return strings.Join(nonEmpty(words, shown(w.Reason)), ": ")
}

// noteWords says a kind of policy note, one or several of them.
func noteWords(kind string, n int) string {
	switch kind {
	case "waiver-expired":
		return plural(n, "waiver") + " ended"
	case "waiver-expiring":
		return plural(n, "waiver") + " about to end"
	case "waiver-unused":
		return plural(n, "waiver") + " not used"
	case "waivers-on-one-day":
		return plural(n, "day") + " with many waivers ending"
	case "check-not-gated":
		return plural(n, "check") + " not gated"
	}
	return plural(n, "note") + " of the kind " + shown(kind)
}

// noteHead is what stands before the detail of a policy note.
func noteHead(kind string) string {
	switch kind {
	case "waiver-expired":
		return "waiver ended"
	case "waiver-expiring":
		return "waiver about to end"
	case "waiver-unused":
		return "waiver not used"
	case "waivers-on-one-day":
		return "many waivers end together"
	case "check-not-gated":
		return "check not gated"
	}
	return shown(kind)
}

// notesByCheck are the notes on the configuration by the check they name; those that are
// about no check of the report are under "".
func notesByCheck(r *checks.Report) map[string][]checks.PolicyNote {
	notes := map[string][]checks.PolicyNote{}
	if r.Policy == nil {
		return notes
	}
	there := map[string]bool{}
	for i := range r.Checks {
		there[r.Checks[i].ID] = true
	}
	for _, n := range r.Policy.Notes {
		if id := n.Check; there[id] {
			notes[id] = append(notes[id], n)
		} else {
			notes[""] = append(notes[""], n)
		}
	}
	return notes
}

// noteKinds is the order in which kinds of notes are counted.
func noteKinds() []string {
	return []string{"waiver-expired", "waiver-expiring", "waiver-unused", "waivers-on-one-day", "check-not-gated"}
}

// noteCounts are the numbers of the notes, "" without any. They name no file.
func noteCounts(p *checks.PolicyInfo) string {
	if p == nil {
		return ""
	}
	counts := map[string]int{}
	for _, n := range p.Notes {
		counts[n.Kind]++
	}
	var parts []string
	for _, kind := range noteKinds() {
		if n := counts[kind]; n > 0 {
			parts = append(parts, noteWords(kind, n))
		}
	}
	return strings.Join(parts, ", ")
}

// configuration tells what the configuration did, and what its owner should know.
func (t *textReport) configuration(p *checks.PolicyInfo) {
	if p == nil {
		return
	}
	t.heading("CONFIGURATION", bold, "what was decided about the verdicts")
	if p.Digest != "" {
		t.para(2, "policy     ", dim, shortDigest(p.Digest))
		t.para(2, "profile    ", dim, cmp.Or(shown(p.Profile), "default"))
	}
	if len(p.Roles) > 0 {
		t.para(2, "roles      ", dim, strings.Join(shownAll(p.Roles), ", "))
	}
	if p.Catalogue > 0 {
		t.para(2, "catalogue  ", dim, fmt.Sprintf("pinned to %d", p.Catalogue))
	}
	if p.Baseline {
		t.para(2, "baseline   ", dim, "findings that the earlier report has are not gated")
	}
	for i, n := range p.Notes {
		if i == maxListed {
			t.para(2, "", plain, fmt.Sprintf("… and %d more (--format json shows all)", len(p.Notes)-i))
			return
		}
		about := said(checks.Text(n.Check), n.Detail)
		if at := place(n.Location); at != "" {
			about += " " + t.together("("+at+")", len("  - "))
		}
		t.para(2, "- ", plain, noteHead(n.Kind)+": "+about)
	}
}
