package output

import "hostaudit/checks"

// The part of the SARIF 2.1.0 object model that is printed. What is not omitted when
// empty is required by the standard or by GitHub.

type sarifLog struct {
	Schema  string     `json:"$schema"`
	Version string     `json:"version"`
	Runs    []sarifRun `json:"runs"`
}

type sarifRun struct {
	Tool struct {
		Driver sarifDriver `json:"driver"`
	} `json:"tool"`
	Invocations []sarifInvocation        `json:"invocations"`
	BaseIDs     map[string]sarifArtifact `json:"originalUriBaseIds"`
	Results     []sarifResult            `json:"results"`
	Properties  sarifRunBag              `json:"properties"`
}

type sarifDriver struct {
	Name          string            `json:"name"`
	Version       string            `json:"version,omitempty"`
	Rules         []sarifDescriptor `json:"rules"`
	Notifications []sarifDescriptor `json:"notifications"`
}

// sarifDescriptor describes a rule or a kind of notification.
type sarifDescriptor struct {
	ID         string        `json:"id"`
	Name       string        `json:"name,omitempty"`
	Short      *sarifMessage `json:"shortDescription,omitempty"`
	Full       *sarifMessage `json:"fullDescription,omitempty"`
	Help       *sarifMessage `json:"help,omitempty"`
	Level      *sarifLevels  `json:"defaultConfiguration,omitempty"`
	Properties *sarifRuleBag `json:"properties,omitempty"`
}

type sarifLevels struct {
	Level string `json:"level"`
}

type sarifRuleBag struct {
	Tags             []string `json:"tags"`
	Precision        string   `json:"precision"`
	SecuritySeverity string   `json:"security-severity,omitempty"`
}

// sarifMessage is a message or a multiformat message string; both have these.
type sarifMessage struct {
	Text     string `json:"text"`
	Markdown string `json:"markdown,omitempty"`
}

type sarifResult struct {
	RuleID        string             `json:"ruleId"`
	RuleIndex     int                `json:"ruleIndex"`
	Kind          string             `json:"kind"`
	Level         string             `json:"level"`
	Message       sarifMessage       `json:"message"`
	Locations     []sarifLocation    `json:"locations"`
	Fingerprints  map[string]string  `json:"partialFingerprints"`
	BaselineState string             `json:"baselineState,omitempty"`
	Suppressions  []sarifSuppression `json:"suppressions"` // in all results or in none
	Properties    sarifResultBag     `json:"properties"`
}

type sarifResultBag struct {
	Check    string          `json:"check"`
	Severity checks.Severity `json:"severity"`
	Evidence checks.Evidence `json:"evidence,omitempty"`
	Kind     string          `json:"kind"`
	Subject  string          `json:"subject"`
	Ungated  bool            `json:"ungated,omitempty"`
}

type sarifSuppression struct {
	Kind          string               `json:"kind"`
	Status        string               `json:"status"`
	Justification string               `json:"justification"`
	Properties    *sarifSuppressionBag `json:"properties,omitempty"`
}

type sarifSuppressionBag struct {
	Expires string `json:"expires,omitempty"`
}

type sarifLocation struct {
	Physical *sarifPhysical `json:"physicalLocation,omitempty"`
	Logical  []sarifLogical `json:"logicalLocations,omitempty"`
}

type sarifPhysical struct {
	Artifact sarifArtifact `json:"artifactLocation"`
	Region   *sarifRegion  `json:"region,omitempty"`
}

type sarifArtifact struct {
	URI         string        `json:"uri,omitempty"`
	BaseID      string        `json:"uriBaseId,omitempty"`
	Description *sarifMessage `json:"description,omitempty"`
}

type sarifRegion struct {
	StartLine int `json:"startLine"`
}

type sarifLogical struct {
	Name string `json:"fullyQualifiedName"`
	Kind string `json:"kind"`
}

type sarifInvocation struct {
	Successful    bool        `json:"executionSuccessful"`
	Start         string      `json:"startTimeUtc,omitempty"`
	Notifications []sarifNote `json:"toolExecutionNotifications"`
	Configuration []sarifNote `json:"toolConfigurationNotifications"`
}

type sarifNote struct {
	Descriptor sarifReference  `json:"descriptor"`
	Rule       *sarifReference `json:"associatedRule,omitempty"`
	Level      string          `json:"level"`
	Message    sarifMessage    `json:"message"`
	Locations  []sarifLocation `json:"locations,omitempty"`
	Properties *sarifNoteBag   `json:"properties,omitempty"`
}

type sarifNoteBag struct {
	Waived  string `json:"waived,omitempty"` // the reason
	Expires string `json:"expires,omitempty"`
}

type sarifReference struct {
	ID    string `json:"id"`
	Index int    `json:"index"`
}

// sarifRunBag is what the standard has no place for.
type sarifRunBag struct {
	Target   checks.Target           `json:"target"`
	Summary  checks.Summary          `json:"summary"`
	Policy   *sarifPolicy            `json:"policy,omitempty"`
	LeftOut  int                     `json:"resultsLeftOut,omitempty"`
	Verdicts map[string]sarifVerdict `json:"verdicts"` // by check
}

type sarifPolicy struct {
	Digest    string   `json:"digest,omitempty"`
	Profile   string   `json:"profile,omitempty"`
	Roles     []string `json:"roles"`
	Catalogue int      `json:"catalogue,omitempty"`
}

type sarifVerdict struct {
	Status checks.Status `json:"status"`
	Reason checks.Reason `json:"reason,omitempty"`
}
