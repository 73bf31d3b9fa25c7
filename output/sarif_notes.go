package output

import (
	"slices"
	"strings"

	"hostaudit/checks"
)

// sarifNotes collects the notifications of a run and the kinds of them there are.
type sarifNotes struct {
	descriptors []sarifDescriptor
}

func newSARIFNotes() *sarifNotes { return &sarifNotes{descriptors: []sarifDescriptor{}} }

// kind refers to the descriptor id, which is made if it is not there.
func (s *sarifNotes) kind(id, text string) sarifReference {
	at := slices.IndexFunc(s.descriptors, func(d sarifDescriptor) bool { return d.ID == id })
	if at < 0 {
		at = len(s.descriptors)
		s.descriptors = append(s.descriptors, sarifDescriptor{ID: id, Short: sarifSaid(text)})
	}
	return sarifReference{ID: id, Index: at}
}

// invocation is how the audit went. A notification of the level error means to the
// standard that the run failed and its results are not complete.
func (s *sarifNotes) invocation(r *checks.Report, leftOut int) sarifInvocation {
	inv := sarifInvocation{Successful: true, Notifications: []sarifNote{}, Configuration: []sarifNote{}}
	if run := r.Run; run != nil {
		inv.Start = sarifTime(run.Started)
		if run.Interrupted {
			inv.Successful = false
			inv.Notifications = append(inv.Notifications, sarifNote{
				Descriptor: s.kind("interrupted", "The audit was interrupted."), Level: "error",
				Message: sarifText("The audit was interrupted; the results are what there was."),
			})
		}
	}
	if leftOut > 0 {
		inv.Successful = false
		inv.Notifications = append(inv.Notifications, sarifNote{
			Descriptor: s.kind("results-left-out", "There were more findings than the document holds."), Level: "error",
			Message: sarifText(plural(leftOut, "result") + " left out, the least severe; the formats json and text have them all."),
		})
	}
	if !ciEstablished(r) {
		inv.Notifications = append(inv.Notifications, sarifNote{
			Descriptor: s.kind("nothing-established", ciNothing), Level: "warning", Message: sarifText(ciNothing),
		})
	}
	for _, g := range ciGaps(r) {
		inv.Notifications = append(inv.Notifications, s.gap(g))
	}
	for i := range r.Checks {
		for _, n := range r.Checks[i].Notes {
			text := said(n.Subject, n.Detail)
			if text == "" {
				continue
			}
			inv.Notifications = append(inv.Notifications, sarifNote{
				Descriptor: s.kind("note", "Worth saying; no verdict depends on it."), Level: "note",
				Rule:    &sarifReference{ID: r.Checks[i].ID, Index: i},
				Message: sarifText(ciSentence(text)),
			})
		}
	}
	if r.Policy != nil {
		at := map[string]int{}
		for i := range r.Checks {
			at[r.Checks[i].ID] = i
		}
		for _, n := range r.Policy.Notes {
			inv.Configuration = append(inv.Configuration, s.policy(at, n))
		}
	}
	return inv
}

// gap is a warning: the analysis might be incomplete, what was found is valid
// (SARIF 3.58.6).
func (s *sarifNotes) gap(g ciGap) sarifNote {
	note := sarifNote{
		Descriptor: s.kind("gap/"+string(g.Reason), ciCapital(ciSentence("not checked: "+reasonWords(g.Reason)))),
		Rule:       &sarifReference{ID: g.check.ID, Index: g.index}, Level: "warning",
	}
	text := []string{ciCapital(g.says())}
	if g.Waiver != nil {
		note.Level = "note"
		note.Properties = &sarifNoteBag{Waived: ciWaiver(g.Waiver), Expires: shown(g.Waiver.Expires)}
		text = append(text, ciCapital(ciSentence(waiverWords(g.Waiver))))
	}
	if g.Expired != nil {
		text = append(text, ciExpired(g.Expired))
	}
	switch {
	case g.Waiver != nil:
	case g.verdict == inProgress:
		text = append(text, "Later runs go on where this one ended.")
	default:
		text = append(text, "To do: "+ciSentence(reasonAdvice(g.Reason)))
	}
	note.Message = sarifText(strings.Join(text, " "))
	if ciPath(ciRaw(g.Location.File)) != "" {
		note.Locations = []sarifLocation{sarifPlace(g.check.ID, g.Subject, g.Location)}
	}
	return note
}

// policy is a note on the administrator's configuration. Its file is none of the
// audited root, so it is named in the message only. The rules of checks are at their
// place in the report.
func (s *sarifNotes) policy(at map[string]int, n checks.PolicyNote) sarifNote {
	note := sarifNote{Descriptor: s.kind("policy/"+n.Kind, ciPolicyWords(n.Kind)), Level: "note", Message: sarifText(ciPolicyNote(n))}
	if n.Kind == "waiver-expired" {
		note.Level = "warning"
	}
	if i, ok := at[n.Check]; ok {
		note.Rule = &sarifReference{ID: n.Check, Index: i}
	}
	return note
}
