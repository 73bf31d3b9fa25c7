package output

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"hostaudit/checks"
)

// Bounds of a plugin's output in bytes. Nagios reads 4 KiB by default (its plugin
// API), which is also what NRPE 3 and 4 make of an answer that does not fit one
// packet; NRPE 2 has packets of 1024 bytes in all (MAX_PACKETBUFFER_LENGTH of its
// common.h). So the first line with all performance data fits the smallest of them,
// and the rest is cut here, where the cut can be told.
const (
	maxPlugin     = 4000
	maxPluginLine = 1000
)

// pluginState is a return code of the monitoring plugins' guidelines.
type pluginState int

const (
	pluginOK pluginState = iota
	pluginWarning
	pluginCritical
	pluginUnknown
)

func (s pluginState) String() string {
	return [...]string{"OK", "WARNING", "CRITICAL", "UNKNOWN"}[s]
}

// rank orders states as max_state_alt of the monitoring plugins' utils_base.c does:
// OK, UNKNOWN, WARNING, CRITICAL. What was found is not hidden by what could not be
// looked at (an exit code of 1 goes before 3 for the same reason), and what could not
// be looked at is never OK.
func (s pluginState) rank() int {
	return slices.Index([]pluginState{pluginOK, pluginUnknown, pluginWarning, pluginCritical}, s)
}

// pluginClass is what decides about a check's state, loudest first. Every check has one,
// so the counts in the performance data add up to the number of checks.
type pluginClass int

const (
	classCritical pluginClass = iota
	classHigh
	classMedium
	classUnknown
	classLow
	classInProgress // a password audit that goes on in the next run
	classNotGated   // known since the baseline, or younger than the pinned catalogue
	classWaived
	classPassed
	classNotApplicable
	pluginClasses // how many there are
)

// label is the name in the performance data. Round-robin databases keep 19 characters.
func (c pluginClass) label() string {
	return [...]string{
		"critical", "high", "medium", "unknown", "low", "in_progress", "not_gated", "waived", "passed", "not_applicable",
	}[c]
}

func (c pluginClass) state() pluginState {
	switch c {
	case classCritical, classHigh:
		return pluginCritical
	case classMedium:
		return pluginWarning
	case classUnknown:
		return pluginUnknown
	}
	return pluginOK
}

// pluginClassOf judges one check. A finding counts unless a waiver covers it, the
// baseline has it or its check is not gated; so does a gap. A gap beside a finding of
// low severity is the louder of the two: what was not examined may be worse.
func pluginClassOf(r *checks.Result) pluginClass {
	v := judge(r)
	open, severity := false, checks.SeverityNone
	for _, f := range r.Findings {
		if f.Gated() {
			open, severity = true, max(severity, f.Severity)
		}
	}
	if v == failed && len(r.Findings) == 0 { // it names none: the check's own severity counts
		open, severity = true, r.Severity
	}
	gap := r.Open()
	findings := slices.ContainsFunc(r.Findings, func(f checks.Finding) bool { return f.Waiver == nil })
	switch {
	case r.Ungated && (open || gap):
		return classNotGated
	case open && severity >= checks.SeverityCritical:
		return classCritical
	case open && severity == checks.SeverityHigh:
		return classHigh
	case open && severity == checks.SeverityMedium:
		return classMedium
	case gap && v == inProgress:
		return classInProgress
	case gap:
		return classUnknown
	case open:
		return classLow
	case findings:
		return classNotGated
	case len(r.Findings)+len(r.Gaps) > 0:
		return classWaived
	case r.Status == checks.StatusPass:
		return classPassed
	case r.Status == checks.StatusNotApplicable:
		return classNotApplicable
	}
	return classUnknown
}

// plugin is a report as a monitoring plugin tells it.
type plugin struct {
	state   pluginState
	remark  string // about the audit as a whole
	counts  [pluginClasses]int
	classes []pluginClass // of each check
}

func judgePlugin(r *checks.Report) plugin {
	p := plugin{}
	for i := range r.Checks {
		s := pluginClassOf(&r.Checks[i])
		p.classes = append(p.classes, s)
		p.counts[s]++
		if s.state().rank() > p.state.rank() {
			p.state = s.state()
		}
	}
	switch {
	case r.Run != nil && r.Run.Interrupted:
		p.remark = "the audit was interrupted"
	case len(r.Checks) == 0:
		p.remark = "no check ran"
	case p.counts[classNotApplicable] == len(r.Checks):
		p.remark = "nothing was applicable"
	}
	if p.remark != "" && p.state == pluginOK {
		p.state = pluginUnknown
	}
	return p
}

// NagiosExit is the return code of a plugin that printed r: 0 OK, 1 WARNING, 2
// CRITICAL, 3 UNKNOWN.
func NagiosExit(r *checks.Report) int { return int(judgePlugin(r).state) }

// Nagios prints r as a plugin of Nagios, Icinga or Naemon does: one line for the
// list, with performance data, then a line for each check that has something to say,
// the loudest first. Performance data are numbers of checks, which no privacy setting
// changes. Only what decides alone stands on the first line, and nothing of the host.
func Nagios(w io.Writer, r *checks.Report) error {
	p := judgePlugin(r)
	var buf bytes.Buffer
	perfdata := p.perfdata()
	head := fmt.Sprintf("HOSTAUDIT %s - ", p.state)
	buf.WriteString(head + p.headline(r.Checks, maxPluginLine-len(head)-len(perfdata)-len(" | \n")) + " | " + perfdata + "\n")

	lines := p.lines(r)
	const reserve = len("... 99999 more lines are cut here; --format text shows them\n")
	for i, line := range lines {
		// An equal share for each, so that one check with much to say leaves room for
		// the others; where the shares get too small to say anything, the rest is cut.
		left := maxPlugin - reserve - buf.Len()
		share := max(left/(len(lines)-i), 120)
		if share > left {
			fmt.Fprintf(&buf, "... %s cut here; --format text shows them\n", pluginMore(len(lines)-i))
			break
		}
		buf.WriteString(pluginCut(line, share-1) + "\n")
	}
	return writeAll(w, buf.Bytes())
}

func pluginMore(n int) string {
	if n == 1 {
		return "1 more line is"
	}
	return fmt.Sprintf("%d more lines are", n)
}

// NagiosProblem prints what a plugin says when there is no report: the one line that
// the monitoring server shows, UNKNOWN. It returns the exit code that goes with it.
func NagiosProblem(w io.Writer, message string) (int, error) {
	line := "HOSTAUDIT UNKNOWN - " + pluginCut(pluginText(checks.Clean(message)), maxPluginLine/2)
	return int(pluginUnknown), writeAll(w, []byte(line+"\n"))
}

// perfdata is 'label'=value;warn;crit;min;max of each count, in an order that never
// changes. The thresholds are those of the states.
func (p plugin) perfdata() string {
	var parts []string
	for s := range pluginClasses {
		thresholds := ";;"
		switch s.state() {
		case pluginCritical:
			thresholds = ";;0"
		case pluginWarning:
			thresholds = ";0;"
		}
		parts = append(parts, fmt.Sprintf("'%s'=%d%s;0;%d", s.label(), p.counts[s], thresholds, len(p.classes)))
	}
	return strings.Join(parts, " ")
}

// headline is "2 critical, 9 passed: ssh.port, ..." in at most limit bytes.
func (p plugin) headline(results []checks.Result, limit int) string {
	var counts, names []string
	if p.remark != "" {
		counts = append(counts, p.remark)
	}
	for s := range pluginClasses {
		if n := p.counts[s]; n > 0 {
			counts = append(counts, fmt.Sprintf("%d %s", n, strings.ReplaceAll(s.label(), "_", " ")))
		}
		for i, is := range p.classes {
			if is == s && s <= classLow {
				names = append(names, pluginText(idOf(&results[i])))
			}
		}
	}
	text := strings.Join(counts, ", ")
	const tail = ", 99999 more"
	for i, name := range names {
		separator := ", "
		if i == 0 {
			separator = ": "
		}
		if len(text)+len(separator)+len(name)+len(tail) > limit {
			text += fmt.Sprintf("%s%d more", separator, len(names)-i)
			break
		}
		text += separator + name
	}
	return text
}

// lines are what follows the first: the checks by class, then what the owner of the
// configuration should know.
func (p plugin) lines(r *checks.Report) []string {
	var out []string
	for s := range classPassed {
		for i, is := range p.classes {
			if is == s {
				out = append(out, pluginLine(s, &r.Checks[i]))
			}
		}
	}
	if r.Policy != nil {
		for _, n := range r.Policy.Notes {
			words := strings.ReplaceAll(shown(n.Kind), "-", " ")
			out = append(out, pluginText("note: "+strings.Join(nonEmpty(words, shown(n.Check), shown(n.Detail), place(n.Location)), ": ")))
		}
	}
	return out
}

// pluginLine is one check.
func pluginLine(s pluginClass, r *checks.Result) string {
	var items []string
	covered, known := 0, 0
	for _, f := range r.Findings {
		switch {
		case f.Waiver != nil:
			covered++
			continue
		case f.Known:
			known++
			continue
		}
		traits := nonEmpty(f.Severity.String(), shown(f.Evidence), place(f.Location))
		if f.Expired != nil {
			traits = append(traits, "waiver expired "+shown(f.Expired.Expires))
		}
		items = append(items, said(f.Subject, f.Detail)+" ("+strings.Join(traits, ", ")+")")
	}
	for _, g := range r.Gaps {
		if g.Waiver != nil {
			covered++
			continue
		}
		items = append(items, "not examined: "+cmp.Or(said(g.Subject, g.Detail), "part of it")+
			" ("+strings.Join(nonEmpty(reasonWords(g.Reason), place(g.Location)), ", ")+")")
	}
	if known > 0 {
		items = append(items, fmt.Sprintf("%d known since the baseline", known))
	}
	if covered > 0 {
		items = append(items, fmt.Sprintf("%d waived", covered))
	}
	if len(items) == 0 {
		items = nonEmpty(cmp.Or(shown(r.Summary), reasonWords(r.Reason)))
	}
	// How many there are goes first: the line may be cut.
	number := ""
	if len(items) > 1 {
		number = fmt.Sprintf(" (%d)", len(r.Findings)+len(r.Gaps))
	}
	word := strings.ToUpper(strings.ReplaceAll(s.label(), "_", " "))
	return pluginText(fmt.Sprintf("%s %s%s: %s", word, idOf(r), number, strings.Join(items, "; ")))
}

// pluginText has no "|", which begins performance data wherever it stands. A Text
// doubles its backslashes, so that the escape is not mistaken for one of the host's.
func pluginText[S ~string](s S) string {
	return strings.ReplaceAll(shown(s), "|", `\x7c`)
}

// pluginCut is s in at most limit bytes, with "..." where something is missing. It cuts
// before a word if one begins near, and never inside a character.
func pluginCut(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	cut := 0
	for i := range s {
		if i > limit-len("...") {
			break
		}
		cut = i
	}
	if blank := strings.LastIndexByte(s[:cut], ' '); blank > cut-40 && blank > 0 {
		cut = blank
	}
	return strings.TrimRight(s[:cut], " ") + "..."
}
