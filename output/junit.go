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

// JUnit prints the report as JUnit XML for Jenkins, GitLab and the test reporters
// of GitHub: one testsuite per family, one testcase per check.
//
// A testcase fails when a finding decides something, is an error when the check is
// unknown or, beside findings that decide nothing, could not be completed, and is
// skipped when the check is not applicable or what it found decides nothing: it is
// waived, stands in the baseline, or the check is not gated. These readers turn a
// build yellow or red for every failure and know no severity, so a case that fails
// here while the exit code is 0 would make them lie; severities below --fail-on still
// fail, because the threshold is no part of a report.
//
// An audit that was interrupted or established nothing is a testcase too, which is an
// error: all of its others can be skipped, which is green.
//
// The readers have no schema in common. What is written is what all of them read:
// counts on both levels, time always 0 (its absence is shown as NaN by some), and
// what is worth reading within failure and error, which all of them show; notes and
// what else is left are in system-out.
func JUnit(w io.Writer, r *checks.Report) error {
	var suites []*junitSuite
	var total junitSuite
	byFamily := map[string]*junitSuite{}
	notes := notesByCheck(r)
	for i := range r.Checks {
		c := &r.Checks[i]
		if byFamily[c.Family] == nil {
			byFamily[c.Family] = &junitSuite{family: c.Family}
			suites = append(suites, byFamily[c.Family])
		}
		one := junitCaseOf(r, c, notes[c.ID])
		byFamily[c.Family].add(one)
		total.add(one)
	}
	if remarks := ciRemarks(r); len(remarks) > 0 {
		one := junitCase{
			class: strings.TrimPrefix(shown(r.Tool.Name)+".", ".") + "audit", name: "the audit was completed and established something",
			element: "error", kind: "audit", message: strings.Join(remarks, " "),
		}
		whole := &junitSuite{family: "audit"}
		whole.add(one)
		total.add(one)
		suites = slices.Insert(suites, 0, whole)
	}
	var x junitXML
	x.WriteString(`<?xml version="1.0" encoding="UTF-8"?>` + "\n")
	x.open(0, "testsuites", append([]string{"name", strings.TrimSpace(shown(r.Tool.Name) + " " + auditedName(r))}, total.counts()...)...)
	var policy []string // what is about no check stands in the first suite
	for _, n := range notes[""] {
		policy = append(policy, "policy: "+policyLine(n))
	}
	for _, s := range suites {
		s.writeTo(&x, r, policy)
		policy = nil
	}
	x.close(0, "testsuites")
	return writeAll(w, x.Bytes())
}

// auditedName is the name of the target: a host's, else the path of the tree or
// image.
func auditedName(r *checks.Report) string {
	if r.Target.Mode == "root" || r.Target.Mode == "image" {
		return cmp.Or(shown(r.Target.Path), shown(r.Target.Hostname))
	}
	return cmp.Or(shown(r.Target.Hostname), shown(r.Target.Path))
}

// junitSuite is one testsuite: the checks of a family.
type junitSuite struct {
	family                   string
	cases                    []junitCase
	failed, errored, skipped int
}

func (s *junitSuite) add(c junitCase) {
	s.cases = append(s.cases, c)
	switch c.element {
	case "failure":
		s.failed++
	case "error":
		s.errored++
	case "skipped":
		s.skipped++
	}
}

func (s *junitSuite) counts() []string {
	return []string{
		"tests", fmt.Sprint(len(s.cases)), "failures", fmt.Sprint(s.failed),
		"errors", fmt.Sprint(s.errored), "skipped", fmt.Sprint(s.skipped), "time", "0",
	}
}

// writeTo writes the suite; out is its system-out: the first one tells what the
// configuration's owner should know and no check is about.
func (s *junitSuite) writeTo(x *junitXML, r *checks.Report, out []string) {
	attributes := append([]string{"name", cmp.Or(shown(s.family), "unnamed")}, s.counts()...)
	if r.Run != nil {
		// Without a zone, as the readers expect it: the time is UTC.
		attributes = append(attributes, "timestamp", r.Run.Started.UTC().Format("2006-01-02T15:04:05"))
	}
	if r.Target.Hostname != "" {
		attributes = append(attributes, "hostname", shown(r.Target.Hostname))
	}
	x.open(1, "testsuite", attributes...)
	x.open(2, "properties")
	for _, p := range junitProperties(r) {
		x.empty(3, "property", "name", p[0], "value", p[1])
	}
	x.close(2, "properties")
	for _, c := range s.cases {
		c.writeTo(x)
	}
	x.text(2, "system-out", out)
	x.close(1, "testsuite")
}

// junitProperties are the names and values of the properties of every suite.
func junitProperties(r *checks.Report) [][2]string {
	list := [][2]string{
		{"tool", strings.TrimSpace(shown(r.Tool.Name) + " " + shown(r.Tool.Version))},
		{"target.mode", shown(r.Target.Mode)},
		{"target.kind", shown(r.Target.Kind)},
		{"target.path", shown(r.Target.Path)},
		{"target.os", strings.TrimSpace(shown(r.Target.OS.ID) + " " + shown(r.Target.OS.VersionID))},
	}
	if r.Run != nil {
		list = append(list, [2]string{"started", r.Run.Started.UTC().Format("2006-01-02T15:04:05Z")}, [2]string{"catalogue", fmt.Sprint(r.Run.Catalogue)})
		if r.Run.Interrupted {
			list = append(list, [2]string{"interrupted", "true"})
		}
	}
	if p := r.Policy; p != nil {
		list = append(list, [2]string{"policy.digest", shown(p.Digest)}, [2]string{"policy.profile", shown(p.Profile)}, [2]string{"policy.roles", strings.Join(shownAll(p.Roles), " ")})
	}
	return slices.DeleteFunc(list, func(p [2]string) bool { return p[1] == "" })
}

// junitXML writes elements. Everything that is not markup has gone through shown,
// so no character needs an escape but the ones of XML itself.
type junitXML struct{ bytes.Buffer }

func junitEscape(s string) string {
	if !strings.ContainsAny(s, `&<>"'`) {
		return s // most are; a Replacer is built anew each time
	}
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "'", "&#39;").Replace(s)
}

func (x *junitXML) tag(level int, name, end string, attributes []string) {
	x.WriteString(strings.Repeat("  ", level) + "<" + name)
	for i := 0; i+1 < len(attributes); i += 2 {
		x.WriteString(" " + attributes[i] + `="` + junitEscape(attributes[i+1]) + `"`)
	}
	x.WriteString(end)
}

func (x *junitXML) open(level int, name string, attributes ...string) {
	x.tag(level, name, ">\n", attributes)
}

func (x *junitXML) empty(level int, name string, attributes ...string) {
	x.tag(level, name, "/>\n", attributes)
}

func (x *junitXML) close(level int, name string) {
	x.WriteString(strings.Repeat("  ", level) + "</" + name + ">\n")
}

// text writes an element whose content is lines; without lines and attributes it
// writes nothing.
func (x *junitXML) text(level int, name string, lines []string, attributes ...string) {
	switch {
	case len(lines) > 0:
		x.tag(level, name, ">", attributes)
		x.WriteString(junitEscape(strings.Join(lines, "\n")) + "</" + name + ">\n")
	case len(attributes) > 0:
		x.empty(level, name, attributes...)
	}
}
