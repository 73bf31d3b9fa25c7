package main

import (
	"bytes"
	"fmt"
	"os"
	"strings"

	"hostaudit/checks"
	"hostaudit/checks/audit"
	"hostaudit/checks/catalogue"
	"hostaudit/checks/policy"
	"hostaudit/output"
)

// judge lets the administrator's configuration, and the report that was named with
// --baseline, decide what counts. Waivers end by the clock of this machine, not by
// SOURCE_DATE_EPOCH: that is often the date of a commit.
func (s *settings) judge(r *checks.Report, earlier *checks.Report, all []checks.Check) {
	since := make(map[string]int, len(all))
	for _, c := range all {
		since[c.ID] = c.Since
	}
	s.said.Apply(r, policy.ApplyOptions{
		Now: r.Run.Started, Digest: s.digest, Since: since, Catalogue: catalogue.Number,
	})
	if earlier == nil {
		return
	}
	s.counted = audit.MarkKnown(earlier, r)
	if r.Policy == nil {
		r.Policy = &checks.PolicyInfo{Roles: []string{}, Notes: []checks.PolicyNote{}}
	}
	r.Policy.Baseline = true
}

// earlierReport reads the report of --baseline; nil without one. On a live run it is
// held to the rules of a configuration, also of a host that is mounted elsewhere, for
// whoever could write it could take his own findings from the gate. A tree or an image is the work of its auditor, and so is
// the report beside it.
func earlierReport(f *flags) (*checks.Report, error) {
	switch {
	case f.baseline == "":
		return nil, nil
	case f.root != "" && f.proc == "":
		if info, err := os.Stat(f.baseline); err == nil && info.IsDir() {
			return nil, fmt.Errorf("--baseline %s: is a directory", f.baseline)
		}
		r, err := readReport(f.baseline)
		if err != nil {
			return nil, fmt.Errorf("--baseline %w", err)
		}
		return r, nil
	}
	text, err := policy.ReadTrusted(f.baseline, os.Geteuid())
	if err != nil {
		return nil, fmt.Errorf("--baseline %s: %s", f.baseline, strings.TrimPrefix(reason(err), f.baseline+": "))
	}
	r, err := output.ReadJSON(bytes.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("--baseline %s: %w", f.baseline, err)
	}
	return r, nil
}
