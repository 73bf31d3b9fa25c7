package output

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"path"
	"slices"
	"strconv"
	"strings"

	"hostaudit/checks"
)

// maxAnnotations is how many annotations of each level GitHub shows of one step; of
// a whole job it shows 50.
const maxAnnotations = 10

// maxAnnotated is how many gaps of a check one annotation names.
const maxAnnotated = 3

// annotation is one workflow command: a mark in the log that GitHub shows with the
// run, and beside the line where the file is one of the repository's.
type annotation struct {
	level    string // error, warning, notice
	rank     int    // within the level, the lower the better placed
	severity checks.Severity
	round    int // among those of the check: every check's first before any's second
	file     string
	line     int
	title    string
	text     []string // lines
}

var githubLevels = []string{"error", "warning", "notice"}

// GitHub prints the findings as workflow commands of GitHub Actions (workflow
// commands reference; escaping as in the runner's ActionCommand.cs): critical and
// high are errors, medium warnings, what is lower or not gated notices. A check that
// could not be answered is a warning; so is the part that a failed check left open,
// unless what it found is a warning or an error already: then a notice. What is waived
// is left out. Of each level only the worst are printed, and the last line says how
// many are not.
func GitHub(w io.Writer, r *checks.Report) error {
	list := slices.Concat(githubRun(r), githubFindings(r), githubGaps(r), githubPolicy(r))
	slices.SortStableFunc(list, func(a, b annotation) int {
		return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(b.severity, a.severity), cmp.Compare(a.round, b.round))
	})
	var buf bytes.Buffer
	var left []string
	for _, level := range githubLevels {
		room := maxAnnotations
		if level == "notice" {
			room-- // the last line is one
		}
		more := 0
		for _, a := range list {
			switch {
			case a.level != level:
			case room == 0:
				more++
			default:
				room--
				a.write(&buf)
			}
		}
		if more > 0 {
			left = append(left, plural(more, level))
		}
	}
	last := annotation{level: "notice", title: "hostaudit", text: []string{count(r.Checks).sentence() + "."}}
	if len(left) > 0 {
		last.text[0] += " Not shown here: " + strings.Join(left, ", ") + "; GitHub shows " + strconv.Itoa(maxAnnotations) + " of each for a step, the other formats have all."
	}
	last.write(&buf)
	return writeAll(w, buf.Bytes())
}

// githubRun is what is to say about the audit as a whole.
func githubRun(r *checks.Report) []annotation {
	var out []annotation
	for _, text := range ciRemarks(r) {
		out = append(out, annotation{level: "warning", severity: checks.SeverityCritical, title: "hostaudit", text: []string{text}})
	}
	return out
}

func githubFindings(r *checks.Report) []annotation {
	var out []annotation
	rounds := map[string]int{}
	for _, f := range ciFindings(r) {
		if f.Waiver != nil {
			continue
		}
		a := annotation{
			level: "notice", severity: f.Severity, round: rounds[f.check.ID],
			file: githubFile(r, f.Location), line: f.Location.Line,
			title: fmt.Sprintf("%s (%s)", shown(f.check.ID), f.Severity),
			text:  append([]string{f.says()}, f.standing()...),
		}
		rounds[f.check.ID]++
		switch {
		case !f.gated():
			a.rank = 2
		case f.Severity >= checks.SeverityHigh:
			a.level = "error"
		case f.Severity == checks.SeverityMedium:
			a.level = "warning"
		}
		a.text = append(a.text, "Expected: "+ciSentence(shown(f.check.Title)))
		if f.check.Remedy != "" {
			a.text = append(a.text, "Fix: "+ciSentence(shown(f.check.Remedy)))
		}
		out = append(out, a)
	}
	return out
}

// githubGaps is one annotation for each check with gaps that no waiver covers.
func githubGaps(r *checks.Report) []annotation {
	var out []annotation
	gaps := slices.DeleteFunc(ciGaps(r), func(g ciGap) bool { return g.Waiver != nil })
	for len(gaps) > 0 {
		n := slices.IndexFunc(gaps, func(g ciGap) bool { return g.index != gaps[0].index })
		if n < 0 {
			n = len(gaps)
		}
		own, res := gaps[:n], gaps[0].check
		gaps = gaps[n:]
		a := annotation{level: "notice", rank: 1, severity: res.Severity, title: shown(res.ID) + " (not checked)", file: githubFile(r, own[0].Location), line: own[0].Location.Line}
		switch {
		case judge(res) == inProgress:
			a.title = shown(res.ID) + " (in progress)"
		case judge(res) == notChecked && !res.Ungated, judge(res) == failed && !res.Ungated && res.Gating() < checks.SeverityMedium:
			// Among the findings of medium severity, not below all of them.
			a.level, a.rank, a.severity = "warning", 0, min(res.Severity, checks.SeverityMedium)
		}
		if judge(res) == failed {
			a.title = shown(res.ID) + " (not all of it checked)"
		}
		for i, g := range own {
			if i == maxAnnotated {
				a.text = append(a.text, fmt.Sprintf("… and %d more.", len(own)-i))
				break
			}
			a.text = append(a.text, ciCapital(g.says()))
			if g.Expired != nil {
				a.text = append(a.text, ciExpired(g.Expired))
			}
		}
		out = append(out, a)
	}
	return out
}

func githubPolicy(r *checks.Report) []annotation {
	var out []annotation
	if r.Policy != nil {
		for _, n := range r.Policy.Notes {
			out = append(out, annotation{level: "notice", rank: 3, title: "hostaudit configuration", text: []string{ciPolicyNote(n)}})
		}
	}
	return out
}

// githubFile is where the file is on the machine of the workflow: the runner makes
// paths below the workspace relative to the repository. Of an image there is only the
// path inside.
func githubFile(r *checks.Report, l checks.Location) string {
	file := ciPath(shown(l.File))
	if file == "" {
		return ""
	}
	if r.Target.Mode == "image" {
		return "/" + file
	}
	return path.Join("/", path.Join(shown(r.Target.Path), file))
}

// write prints the command. Text of the host is only ever in a value or after the
// second pair of colons, so it begins no command of its own.
func (a annotation) write(buf *bytes.Buffer) {
	buf.WriteString("::" + a.level + " ")
	if a.file != "" {
		buf.WriteString("file=" + githubProperty(a.file) + ",")
		if a.line > 0 {
			buf.WriteString("line=" + strconv.Itoa(a.line) + ",")
		}
	}
	buf.WriteString("title=" + githubProperty(a.title) + "::" + githubData(strings.Join(a.text, "\n")) + "\n")
}

// githubData escapes the text of a command.
func githubData(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(githubOld(s))
}

// githubProperty escapes the value of a property.
func githubProperty(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C").Replace(githubOld(s))
}

// githubOld breaks the beginning of a command of the old form, which a runner finds
// anywhere in a line whose own command it does not know (old ones know no notice).
// There is no escape for it.
func githubOld(s string) string { return strings.ReplaceAll(s, "##[", "# #[") }
