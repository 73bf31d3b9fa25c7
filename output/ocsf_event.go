package output

import (
	"cmp"
	"slices"
	"strings"

	"hostaudit/checks"
)

// ocsfEvent is a Compliance Finding. Identifiers and their captions are those of
// the schema's dictionary (schema.ocsf.io).
type ocsfEvent struct {
	ActivityID   int              `json:"activity_id"`
	ActivityName string           `json:"activity_name"`
	CategoryUID  int              `json:"category_uid"`
	CategoryName string           `json:"category_name"`
	ClassUID     int              `json:"class_uid"`
	ClassName    string           `json:"class_name"`
	TypeUID      int              `json:"type_uid"`
	TypeName     string           `json:"type_name"`
	Time         int64            `json:"time"` // milliseconds since 1970 UTC
	SeverityID   int              `json:"severity_id"`
	SeverityName string           `json:"severity"`
	StatusID     int              `json:"status_id"`
	Status       string           `json:"status"`
	StatusDetail string           `json:"status_detail,omitempty"`
	Message      string           `json:"message"`
	Compliance   ocsfCompliance   `json:"compliance"`
	Info         ocsfInfo         `json:"finding_info"`
	Remediation  *ocsfRemediation `json:"remediation,omitempty"`
	Resources    []ocsfResource   `json:"resources,omitempty"`
	Device       ocsfDevice       `json:"device"`
	Metadata     ocsfMetadata     `json:"metadata"`
	Unmapped     ocsfUnmapped     `json:"unmapped"`
}

type ocsfCompliance struct {
	Control      string   `json:"control"`
	Standards    []string `json:"standards"`
	Requirements []string `json:"requirements,omitempty"`
	StatusID     int      `json:"status_id"`
	Status       string   `json:"status"`
	Code         string   `json:"status_code"`
}

type ocsfInfo struct {
	UID      string       `json:"uid"`
	Title    string       `json:"title"`
	Desc     string       `json:"desc"`
	Types    []string     `json:"types,omitempty"`
	Sources  []string     `json:"data_sources,omitempty"`
	Analytic ocsfAnalytic `json:"analytic"`
}

type ocsfAnalytic struct {
	UID    string `json:"uid"`
	Name   string `json:"name"`
	TypeID int    `json:"type_id"`
	Type   string `json:"type"`
}

type ocsfRemediation struct {
	Desc string `json:"desc"`
}

type ocsfResource struct {
	Name string `json:"name"`
	Type string `json:"type,omitempty"`
}

type ocsfDevice struct {
	Hostname string  `json:"hostname,omitempty"`
	Name     string  `json:"name"`
	TypeID   int     `json:"type_id"`
	Type     string  `json:"type"`
	OS       *ocsfOS `json:"os,omitempty"`
}

type ocsfOS struct {
	Name    string `json:"name"`
	Version string `json:"version,omitempty"`
	TypeID  int    `json:"type_id"`
	Type    string `json:"type"`
}

type ocsfMetadata struct {
	Version   string      `json:"version"`
	Profiles  []string    `json:"profiles"`
	Product   ocsfProduct `json:"product"`
	EventCode string      `json:"event_code"`
}

type ocsfProduct struct {
	Name    string `json:"name"`
	Vendor  string `json:"vendor_name"`
	Version string `json:"version,omitempty"`
}

// ocsfUnmapped is what OCSF has no attribute for, in the words of hostaudit/1.
type ocsfUnmapped struct {
	Time        string                 `json:"time,omitempty"` // why there is none
	Interrupted bool                   `json:"interrupted,omitempty"`
	Target      string                 `json:"target_mode,omitempty"`
	Catalogue   int                    `json:"catalogue,omitempty"`
	Evidence    string                 `json:"evidence,omitempty"`
	Fingerprint string                 `json:"fingerprint,omitempty"`
	Location    *checks.Location       `json:"location,omitempty"`
	Waiver      *checks.WaiverNote     `json:"waiver,omitempty"`
	Expired     *checks.WaiverNote     `json:"expired,omitempty"`
	Known       bool                   `json:"known,omitempty"`
	Ungated     bool                   `json:"ungated,omitempty"`
	Gaps        []checks.Gap           `json:"gaps,omitempty"`
	Notes       []string               `json:"notes,omitempty"`
	Facts       map[string]checks.Text `json:"facts,omitempty"`
	Policy      []string               `json:"policy_notes,omitempty"`
	Rationale   string                 `json:"rationale,omitempty"`
}

// ocsfResult is compliance.status_id.
type ocsfResult int

const (
	ocsfPass          ocsfResult = 1
	ocsfWarning       ocsfResult = 2 // no result, for something needed was not there
	ocsfFail          ocsfResult = 3
	ocsfNotApplicable ocsfResult = 99 // Other, whose word is the source's
)

// ocsfLife is status_id: where a finding stands.
type ocsfLife int

const (
	ocsfNew        ocsfLife = 1
	ocsfSuppressed ocsfLife = 3
	ocsfResolved   ocsfLife = 4
	ocsfKnown      ocsfLife = 99 // Other
)

func (e *ocsfEvent) result(r ocsfResult) {
	words := map[ocsfResult]string{ocsfPass: "Pass", ocsfWarning: "Warning", ocsfFail: "Fail", ocsfNotApplicable: "Not Applicable"}
	e.Compliance.StatusID, e.Compliance.Status = int(r), words[r]
}

func (e *ocsfEvent) life(l ocsfLife) {
	words := map[ocsfLife]string{ocsfNew: "New", ocsfSuppressed: "Suppressed", ocsfResolved: "Resolved", ocsfKnown: "Known"}
	e.StatusID, e.Status = int(l), words[l]
}

// severity sets severity_id; none is Informational.
func (e *ocsfEvent) severity(s checks.Severity) {
	words := [...]string{"Informational", "Low", "Medium", "High", "Critical"}
	if s < 0 || int(s) >= len(words) {
		e.SeverityID, e.SeverityName = 0, "Unknown"
		return
	}
	e.SeverityID, e.SeverityName = int(s)+1, words[s]
}

// ocsfBase is what all events of a check share.
func ocsfBase(r *checks.Report, c *checks.Result, key string) ocsfEvent {
	tool := cmp.Or(shown(r.Tool.Name), "hostaudit")
	e := ocsfEvent{
		ActivityID: 1, ActivityName: "Create",
		CategoryUID: 2, CategoryName: "Findings",
		ClassUID: 2003, ClassName: "Compliance Finding",
		TypeUID: 200301, TypeName: "Compliance Finding: Create",
		Compliance: ocsfCompliance{Control: idOf(c)},
		Info: ocsfInfo{
			UID: ocsfUID(r, key), Title: cmp.Or(shown(c.Title), idOf(c)),
			Analytic: ocsfAnalytic{UID: idOf(c), Name: cmp.Or(shown(c.Title), idOf(c)), TypeID: 1, Type: "Rule"},
		},
		Device: ocsfDeviceOf(r),
		Metadata: ocsfMetadata{
			Version: ocsfVersion, Profiles: []string{"host"}, EventCode: idOf(c),
			Product: ocsfProduct{Name: tool, Vendor: tool, Version: shown(r.Tool.Version)},
		},
		Unmapped: ocsfUnmapped{Target: shown(r.Target.Mode), Ungated: c.Ungated, Rationale: shown(c.Rationale)},
	}
	e.Compliance.Standards, e.Compliance.Requirements = ocsfStandards(c, tool)
	if r.Run != nil {
		e.Time = r.Run.Started.UnixMilli()
		e.Unmapped.Catalogue, e.Unmapped.Interrupted = r.Run.Catalogue, r.Run.Interrupted
	} else {
		e.Unmapped.Time = "not recorded in this report"
	}
	return e
}

// ocsfStandards are the standards that ask for what the check asks, and their
// numbers for it. OCSF demands a standard: the catalogue of checks is the one that
// is always there, so it stands in where a check has no reference.
func ocsfStandards(c *checks.Result, tool string) (standards, requirements []string) {
	for name, numbers := range c.References {
		standards = append(standards, standardName(shown(name)))
		for _, n := range numbers {
			requirements = append(requirements, strings.TrimSpace(shown(name)+" "+shown(n)))
		}
	}
	slices.Sort(standards)
	slices.Sort(requirements)
	if len(standards) == 0 {
		standards = []string{tool}
	}
	return standards, requirements
}

// ocsfDeviceOf is the target. What kind of machine it is, a server or a laptop,
// nothing here knows; the kinds hostaudit knows are not OCSF's.
func ocsfDeviceOf(r *checks.Report) ocsfDevice {
	d := ocsfDevice{
		Hostname: shown(r.Target.Hostname),
		Name:     cmp.Or(auditedName(r), "unnamed"),
		TypeID:   99, Type: cmp.Or(shown(r.Target.Kind), "unknown"),
	}
	if r.Target.Kind == "vm-image" {
		d.TypeID, d.Type = 6, "Virtual"
	}
	if os := r.Target.OS; os.ID != "" || os.VersionID != "" {
		d.OS = &ocsfOS{Name: cmp.Or(shown(os.ID), "Linux"), Version: shown(os.VersionID), TypeID: 200, Type: "Linux"}
	}
	return d
}
