package output

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"hostaudit/checks"
)

// Prometheus prints r for the textfile collector of node_exporter, in the text
// exposition format 0.0.4 (prometheus/docs, "Exposition formats"). Every label value is
// a word of this program from a short list, nothing of the host: the number of series
// is bounded by the catalogue, and no account or path ends up in a time series database.
//
// What was not established has no zero: a check without an answer has no sample of
// hostaudit_findings, and says so in hostaudit_check_status and hostaudit_gaps. No sample
// carries a time of its own, which the collector refuses.
func Prometheus(w io.Writer, r *checks.Report) error {
	var buf bytes.Buffer
	for _, f := range []metricFamily{
		infoFamily(r), statusFamily(r), findingsFamily(r), gapsFamily(r), policyFamily(r), timeFamily(r), interruptedFamily(r),
	} {
		f.writeTo(&buf)
	}
	return writeAll(w, buf.Bytes())
}

// metricFamily is one metric with its samples; all are gauges.
type metricFamily struct {
	name, help string
	samples    []metricSample
}

type metricSample struct {
	labels [][2]string // name and value, in the order of the family
	value  int64
}

// writeTo prints a family that has samples. A report can hold a label set twice (a
// check that is there twice); a scrape with duplicates is refused as a whole, so they
// are added up.
func (f metricFamily) writeTo(buf *bytes.Buffer) {
	values := map[string]int64{}
	var order []string
	for _, s := range f.samples {
		var labels []string
		for _, l := range s.labels {
			labels = append(labels, l[0]+`="`+metricLabel(l[1])+`"`)
		}
		key := f.name
		if len(labels) > 0 {
			key += "{" + strings.Join(labels, ",") + "}"
		}
		if _, seen := values[key]; !seen {
			order = append(order, key)
		}
		values[key] += s.value
	}
	if len(order) == 0 {
		return
	}
	fmt.Fprintf(buf, "# HELP %s %s\n# TYPE %s gauge\n", f.name, f.help, f.name)
	for _, key := range order {
		buf.WriteString(key + " " + strconv.FormatInt(values[key], 10) + "\n")
	}
}

// metricLabel escapes what the format does: backslash, double quote and line feed.
func metricLabel(s string) string {
	if s = shown(s); !strings.ContainsAny(s, "\\\"\n") {
		return s // most are; a Replacer is built anew each time
	}
	return strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(s)
}

func infoFamily(r *checks.Report) metricFamily {
	labels := [][2]string{{"version", r.Tool.Version}, {"mode", r.Target.Mode}, {"kind", r.Target.Kind}}
	if r.Policy != nil {
		labels = append(labels, [2]string{"profile", cmp.Or(r.Policy.Profile, "default")})
	}
	return metricFamily{"hostaudit_info", "The program that made the report, and what it audited.", []metricSample{{labels, 1}}}
}

// statusFamily has one sample for each check, and its status is a label: five samples
// for each, four of them zero, would say the same at five times the price.
func statusFamily(r *checks.Report) metricFamily {
	f := metricFamily{name: "hostaudit_check_status", help: "Always 1; the label status is pass, fail, waived, in_progress, unknown or not_applicable, and severity the check's own."}
	for i := range r.Checks {
		c := &r.Checks[i]
		f.samples = append(f.samples, metricSample{[][2]string{
			{"check", c.ID}, {"family", c.Family}, {"severity", c.Severity.String()}, {"status", metricStatus(c)},
		}, 1})
	}
	return f
}

// metricStatus is the report's word for a verdict, or one of the two that it has no word for.
func metricStatus(r *checks.Result) string {
	if pluginClassOf(r) == classWaived {
		return "waived"
	}
	switch judge(r) {
	case failed:
		return checks.StatusFail.String()
	case passed:
		return checks.StatusPass.String()
	case notApplicable:
		return checks.StatusNotApplicable.String()
	case waived:
		return "waived"
	case inProgress:
		return "in_progress"
	}
	return checks.StatusUnknown.String()
}

// findingsFamily counts findings. gated says that they count for exit code and alarm:
// no waiver covers them, the baseline does not have them, the pinned catalogue does
// have their check.
func findingsFamily(r *checks.Report) metricFamily {
	f := metricFamily{name: "hostaudit_findings", help: "Weaknesses that were found; alert on gated=\"true\", which leaves out the waived and the known. No sample where a check has no answer."}
	for i := range r.Checks {
		c := &r.Checks[i]
		add := func(severity checks.Severity, waived, gated bool, n int64) {
			f.samples = append(f.samples, metricSample{[][2]string{
				{"check", c.ID}, {"severity", severity.String()}, {"waived", strconv.FormatBool(waived)}, {"gated", strconv.FormatBool(gated)},
			}, n})
		}
		if c.Status == checks.StatusPass || c.Status == checks.StatusFail {
			add(c.Severity, false, !c.Ungated, 0) // the series that is there before and after
		}
		if judge(c) == failed && len(c.Findings) == 0 {
			add(c.Severity, false, !c.Ungated, 1)
		}
		findings := slices.Clone(c.Findings)
		slices.SortStableFunc(findings, func(a, b checks.Finding) int { return cmp.Compare(b.Severity, a.Severity) })
		for _, finding := range findings {
			covered := finding.Waiver != nil
			add(finding.Severity, covered, !covered && !finding.Known && !c.Ungated, 1)
		}
	}
	return f
}

// gapsFamily counts gaps. gated leaves out what nagios does: the waived, those of a check
// younger than the pinned catalogue, and a password audit that goes on in the next run.
func gapsFamily(r *checks.Report) metricFamily {
	f := metricFamily{name: "hostaudit_gaps", help: "What could not be examined, by reason; alert on gated=\"true\", which leaves out the waived and a password audit in progress."}
	for i := range r.Checks {
		c := &r.Checks[i]
		counts := !c.Ungated && judge(c) != inProgress
		add := func(reason checks.Reason, waived bool) {
			f.samples = append(f.samples, metricSample{[][2]string{
				{"check", c.ID},
				{"reason", string(reason)},
				{"waived", strconv.FormatBool(waived)},
				{"gated", strconv.FormatBool(!waived && counts)},
			}, 1})
		}
		for _, gap := range c.Gaps {
			add(gap.Reason, gap.Waiver != nil)
		}
		if len(c.Gaps) == 0 && metricStatus(c) == checks.StatusUnknown.String() {
			add(cmp.Or(c.Reason, checks.ReasonInternal), false)
		}
	}
	return f
}

func policyFamily(r *checks.Report) metricFamily {
	f := metricFamily{name: "hostaudit_policy_notes", help: "What the owner of the configuration should know, such as waivers that expire."}
	if r.Policy != nil {
		for _, n := range r.Policy.Notes {
			f.samples = append(f.samples, metricSample{[][2]string{{"kind", n.Kind}}, 1})
		}
	}
	return f
}

// timeFamily is the only clock: without a run there is no time.
func timeFamily(r *checks.Report) metricFamily {
	f := metricFamily{name: "hostaudit_run_timestamp_seconds", help: "When the audit began, in seconds since 1970."}
	if r.Run != nil {
		f.samples = append(f.samples, metricSample{value: r.Run.Started.Unix()})
	}
	return f
}

func interruptedFamily(r *checks.Report) metricFamily {
	f := metricFamily{name: "hostaudit_run_interrupted", help: "1 if the audit was interrupted before its end."}
	if r.Run != nil {
		s := metricSample{}
		if r.Run.Interrupted {
			s.value = 1
		}
		f.samples = append(f.samples, s)
	}
	return f
}
