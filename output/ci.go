package output

import (
	"cmp"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"hostaudit/checks"
)

// What the formats for CI systems (sarif, gitlab, github) share: the list of what
// there is to show, its identity, and the sentences about it.

// ciFinding is one finding to show.
type ciFinding struct {
	checks.Finding
	check *checks.Result
	index int // of the check in the report
	// nth is 1, 2 … among the findings of one fingerprint, the waived ones last: that
	// of the others is the same whether a part of them is waived or not.
	nth int
}

// ciFindings are all findings in the order of the report. A failed check without
// any (only a report of another program has one) counts as one finding: it must
// not vanish.
func ciFindings(r *checks.Report) []ciFinding {
	var out []ciFinding
	for i := range r.Checks {
		res := &r.Checks[i]
		for _, f := range res.Findings {
			out = append(out, ciFinding{Finding: f, check: res, index: i})
		}
		if len(res.Findings) == 0 && judge(res) == failed {
			out = append(out, ciFinding{check: res, index: i, Finding: checks.Finding{
				Kind: "unnamed", Detail: res.Summary, Severity: res.Severity,
				Fingerprint: checks.Fingerprint(res.ID, "", "unnamed", "", ""),
			}})
		}
	}
	seen := map[string]int{}
	for _, covered := range []bool{false, true} {
		for i := range out {
			if f := &out[i]; (f.Waiver != nil) == covered {
				seen[f.Fingerprint]++
				f.nth = seen[f.Fingerprint]
			}
		}
	}
	return out
}

// ciGap is one thing that could not be examined.
type ciGap struct {
	checks.Gap
	check   *checks.Result
	verdict verdict // of the check
	index   int
	nth     int // 1, 2 … among the gaps of one fingerprint
}

// ciGaps are all gaps in the order of the report, and for a check that ended
// unknown without naming one, its summary.
func ciGaps(r *checks.Report) []ciGap {
	var out []ciGap
	seen := map[string]int{}
	add := func(i int, v verdict, g checks.Gap) {
		gap := ciGap{Gap: g, check: &r.Checks[i], verdict: v, index: i}
		seen[gap.fingerprint()]++
		gap.nth = seen[gap.fingerprint()]
		out = append(out, gap)
	}
	for i := range r.Checks {
		res := &r.Checks[i]
		v := judge(res)
		for _, g := range res.Gaps {
			add(i, v, g)
		}
		if len(res.Gaps) == 0 && (v == notChecked || v == inProgress) {
			add(i, v, checks.Gap{Reason: cmp.Or(res.Reason, checks.ReasonInternal), Detail: res.Summary})
		}
	}
	return out
}

// fingerprint identifies a gap across runs, as that of a finding does.
func (g ciGap) fingerprint() string {
	return checks.Fingerprint(g.check.ID, checks.Evidence(g.Reason), "gap", g.Subject, string(g.Location.File))
}

// ciDigits are those of a fingerprint, without its version.
func ciDigits(fingerprint string) string {
	return shown(strings.TrimPrefix(fingerprint, "v1:"))
}

// gated reports whether the finding can decide about the exit code.
func (f ciFinding) gated() bool { return f.Gated() && !f.check.Ungated }

// says is what is wrong, one sentence.
func (f ciFinding) says() string {
	return ciSentence(cmp.Or(said(f.Subject, f.Detail), shown(f.check.Summary), "not as expected: "+shown(f.check.Title)))
}

// standing says what else decides about the finding, in whole sentences.
func (f ciFinding) standing() []string {
	var out []string
	if f.Expired != nil {
		out = append(out, ciExpired(f.Expired))
	}
	if f.Known {
		out = append(out, "Known: the report it was compared with has it as well.")
	}
	if f.check.Ungated {
		out = append(out, "The check is younger than the pinned catalogue and decides nothing.")
	}
	return out
}

// says is what could not be examined and why, one sentence.
func (g ciGap) says() string {
	return ciSentence("not checked: " + cmp.Or(said(g.Subject, g.Detail), shown(g.check.Title)) + " (" + reasonWords(g.Reason) + ")")
}

// ciExpired is "The waiver for it expired on 2026-10-31: reason (owner)."
func ciExpired(w *checks.WaiverNote) string {
	words := "The waiver for it expired"
	if w.Expires != "" {
		words += " on " + shown(w.Expires)
	}
	if why := ciWaiver(w); why != "" {
		words += ": " + why
	}
	return ciSentence(words)
}

// ciWaiver is "reason (owner)".
func ciWaiver(w *checks.WaiverNote) string {
	if w.Owner == "" {
		return shown(w.Reason)
	}
	return strings.TrimSpace(shown(w.Reason) + " (" + shown(w.Owner) + ")")
}

// ciSentence ends s with a full stop.
func ciSentence(s string) string {
	s = strings.TrimRight(s, " ")
	if s == "" || strings.HasSuffix(s, ".") || strings.HasSuffix(s, "!") || strings.HasSuffix(s, "?") {
		return s
	}
	return s + "."
}

// ciEstablished reports whether any check passed or failed: what did not proves nothing.
func ciEstablished(r *checks.Report) bool {
	c := count(r.Checks)
	return c.verdicts[failed]+c.verdicts[passed]+c.verdicts[waived] > 0
}

// ciNothing is what to say where nothing was.
const ciNothing = "Nothing was established: no check passed and none failed."

// ciRemarks are what is to say about the audit as a whole, because it makes the exit code
// 3 whatever the checks say.
func ciRemarks(r *checks.Report) []string {
	var out []string
	if r.Run != nil && r.Run.Interrupted {
		out = append(out, "The audit was interrupted; the results are what there was.")
	}
	if !ciEstablished(r) {
		out = append(out, ciNothing)
	}
	return out
}

// ciCapital begins s with a capital letter.
func ciCapital(s string) string {
	if s != "" && s[0] >= 'a' && s[0] <= 'z' {
		return string(s[0]-'a'+'A') + s[1:]
	}
	return s
}

// ciPath is the path of a file below the audited root: without a leading slash,
// and never above the root, whatever the report says. "" stands for the root
// itself and for no file.
func ciPath(file string) string {
	return strings.TrimPrefix(path.Clean("/"+file), "/")
}

// ciPlaceless stands where a CI system wants a file and the finding was not seen in
// one: a name of its own for each check. GitHub refuses a whole SARIF file when one
// result has no file, GitLab an entry without a path.
func ciPlaceless(id string) string { return "hostaudit/" + shown(id) }

// ciReferences are the references of a check, "name: number, number", sorted.
func ciReferences(r *checks.Result) []string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(r.References)) {
		out = append(out, fmt.Sprintf("%s: %s", standardName(shown(name)), strings.Join(shownAll(r.References[name]), ", ")))
	}
	return out
}

// ciPolicyNote is "A waiver ends soon: ssh.port: expires on 2026-11-30 (file:3)."
func ciPolicyNote(n checks.PolicyNote) string {
	text := strings.Join(nonEmpty(strings.TrimSuffix(ciPolicyWords(n.Kind), "."), shown(n.Check), shown(n.Detail)), ": ")
	if at := place(n.Location); at != "" {
		text += " (" + at + ")"
	}
	return ciSentence(text)
}

// ciPolicyWords says the kind of a note on the configuration.
func ciPolicyWords(kind string) string {
	switch kind {
	case "waiver-unused":
		return "A waiver covers nothing."
	case "waiver-expired":
		return "A waiver has expired."
	case "waiver-expiring":
		return "A waiver ends soon."
	case "waivers-on-one-day":
		return "Many waivers end on one day."
	case "check-not-gated":
		return "A check is reported and not gated."
	}
	return ciSentence(ciCapital(strings.ReplaceAll(shown(kind), "-", " ")))
}
