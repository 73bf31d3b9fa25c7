package checks

import "time"

// Schema names the layout of a Report in JSON. Layouts only grow.
const Schema = "hostaudit/1"

// Report is the whole result of one audit; every output format is printed from it.
type Report struct {
	Schema  string      `json:"schema"`
	Tool    Tool        `json:"tool"`
	Target  Target      `json:"target"`
	Run     *RunInfo    `json:"run,omitempty"`    // absent in image mode and with --reproducible
	Policy  *PolicyInfo `json:"policy,omitempty"` // absent where no configuration and no baseline was used
	Summary Summary     `json:"summary"`
	Checks  []Result    `json:"checks"`
}

// Tool is the program that made the report.
type Tool struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

// Target is what was audited.
type Target struct {
	Mode       string `json:"mode"` // live, root, image
	Kind       string `json:"kind"` // host, container, container-image, vm-image, tree
	KindReason Text   `json:"kind_reason,omitempty"`
	Path       Text   `json:"path,omitempty"`
	Hostname   Text   `json:"hostname,omitempty"`
	OS         OS     `json:"os,omitzero"`
}

// OS is the distribution, from os-release.
type OS struct {
	ID        Text `json:"id,omitempty"`
	VersionID Text `json:"version_id,omitempty"`
}

// RunInfo is what changes from run to run; times stand nowhere else.
type RunInfo struct {
	Started     time.Time `json:"started"` // UTC, seconds
	Catalogue   int       `json:"catalogue"`
	WordList    string    `json:"wordlist,omitempty"`
	Selection   []string  `json:"selection"`
	Confinement []string  `json:"confinement"`
	Interrupted bool      `json:"interrupted,omitempty"`
}

// PolicyInfo is what the administrator's configuration did to the verdicts.
type PolicyInfo struct {
	Digest    string       `json:"digest,omitempty"`    // of the configuration files
	Profile   string       `json:"profile,omitempty"`   // absent = default
	Roles     []string     `json:"roles"`               // sorted
	Catalogue int          `json:"catalogue,omitempty"` // the pin: checks younger than it are reported, not gated
	Baseline  bool         `json:"baseline,omitempty"`  // findings were compared with an earlier report
	Notes     []PolicyNote `json:"notes"`
}

// PolicyNote is something about the configuration its owner should know.
type PolicyNote struct {
	Kind     string   `json:"kind"` // waiver-unused, waiver-expired, waiver-expiring, waivers-on-one-day, check-not-gated
	Check    string   `json:"check,omitempty"`
	Detail   Text     `json:"detail"`
	Location Location `json:"location,omitzero"` // in the configuration of the auditing host
}

// Summary counts the verdicts.
type Summary struct {
	Pass          int      `json:"pass"`
	Fail          int      `json:"fail"`
	Unknown       int      `json:"unknown"`
	NotApplicable int      `json:"not_applicable"`
	Waived        int      `json:"waived"`
	Worst         Severity `json:"worst"` // of the unwaived findings
}

// Result is the verdict of one check.
type Result struct {
	ID       string   `json:"id"`
	Title    string   `json:"title"`
	Family   string   `json:"family"`
	Severity Severity `json:"severity"` // the check's default
	Status   Status   `json:"status"`
	Reason   Reason   `json:"reason,omitempty"`
	Summary  Text     `json:"summary"` // one line, stable between runs
	Waived   bool     `json:"waived"`  // it has findings or gaps, and waivers cover them all
	// Ungated says that the check decides nothing about the exit code and the alarm: it
	// is younger than the catalogue the configuration is pinned to.
	Ungated    bool                `json:"ungated,omitempty"`
	Findings   []Finding           `json:"findings"`
	Gaps       []Gap               `json:"gaps"`
	Notes      []Note              `json:"notes"`
	Facts      map[string]Text     `json:"facts"`
	Rationale  string              `json:"rationale,omitempty"` // why it matters
	Remedy     string              `json:"remedy,omitempty"`
	Breaks     string              `json:"breaks,omitempty"`
	References map[string][]string `json:"references"`

	// Elapsed is shown by --timings and never part of a report.
	Elapsed time.Duration `json:"-"`
}

// Worst is the highest severity among the unwaived findings.
func (r Result) Worst() Severity {
	worst := SeverityNone
	for _, f := range r.Findings {
		if f.Waiver == nil && f.Severity > worst {
			worst = f.Severity
		}
	}
	return worst
}

// Summarize counts the results.
func Summarize(results []Result) Summary {
	var s Summary
	for _, r := range results {
		switch r.Status {
		case StatusPass:
			s.Pass++
		case StatusFail:
			s.Fail++
		case StatusNotApplicable:
			s.NotApplicable++
		default:
			s.Unknown++
		}
		for _, f := range r.Findings {
			if f.Waiver != nil {
				s.Waived++
			}
		}
		s.Worst = max(s.Worst, r.Worst())
	}
	return s
}
