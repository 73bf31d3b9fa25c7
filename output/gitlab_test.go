package output

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hostaudit/checks"
)

// codeQuality is the format as GitLab documents it: every field is required.
type codeQuality struct {
	Description *string `json:"description"`
	CheckName   *string `json:"check_name"`
	Fingerprint *string `json:"fingerprint"`
	Severity    *string `json:"severity"`
	Location    *struct {
		Path  *string `json:"path"`
		Lines *struct {
			Begin *int `json:"begin"`
		} `json:"lines"`
	} `json:"location"`
}

func parsedGitLab(t *testing.T, r *checks.Report) []codeQuality {
	t.Helper()
	var entries []codeQuality
	dec := json.NewDecoder(bytes.NewReader(printed(t, "gitlab", r)))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&entries); err != nil {
		t.Fatal(err)
	}
	if entries == nil {
		t.Fatal("the document is no array")
	}
	return entries
}

func TestGitLabFields(t *testing.T) {
	for _, f := range fixtures {
		for name, r := range map[string]*checks.Report{f.name: f.report(), f.name + "-redacted": Redact(f.report())} {
			t.Run(name, func(t *testing.T) {
				want := len(ciRemarks(r))
				for _, f := range ciFindings(r) {
					if f.Waiver == nil {
						want++
					}
				}
				for _, g := range ciGaps(r) {
					if g.Waiver == nil {
						want++
					}
				}
				entries := parsedGitLab(t, r)
				if len(entries) != want {
					t.Errorf("%d entries, want %d", len(entries), want)
				}
				seen := map[string]bool{}
				for i, e := range entries {
					if e.Description == nil || e.CheckName == nil || e.Fingerprint == nil || e.Severity == nil || e.Location == nil ||
						e.Location.Path == nil || e.Location.Lines == nil || e.Location.Lines.Begin == nil {
						t.Fatalf("entry %d lacks a field", i)
					}
					if *e.Description == "" || *e.CheckName == "" || *e.Fingerprint == "" || seen[*e.Fingerprint] {
						t.Errorf("entry %d: empty or not unique: %s %q", i, *e.CheckName, *e.Fingerprint)
					}
					seen[*e.Fingerprint] = true
					if !slices.Contains([]string{"info", "minor", "major", "critical", "blocker"}, *e.Severity) {
						t.Errorf("entry %d: severity %q", i, *e.Severity)
					}
					p := *e.Location.Path
					if p == "" || strings.HasPrefix(p, "/") || strings.HasPrefix(p, "./") || slices.Contains(strings.Split(p, "/"), "..") || *e.Location.Lines.Begin < 1 {
						t.Errorf("entry %d: %q line %d", i, p, *e.Location.Lines.Begin)
					}
				}
			})
		}
	}
}

func TestGitLabHostile(t *testing.T) {
	r := hostileHost()
	entries := parsedGitLab(t, r)
	for i, f := range ciFindings(r) { // none is waived
		if e := entries[i]; !strings.HasPrefix(*e.Description, strings.TrimRight(said(f.Subject, f.Detail), " ")) || f.Location.File != "" && *e.Location.Path != ciPath(string(f.Location.File)) {
			t.Errorf("entry %d: %q at %q", i, *e.Description, *e.Location.Path)
		}
	}
}

func TestGitLabSeverity(t *testing.T) {
	var got []string
	for s := checks.SeverityNone; s <= checks.SeverityCritical; s++ {
		got = append(got, gitlabSeverity(s))
	}
	if diff := cmp.Diff([]string{"info", "minor", "major", "critical", "blocker"}, got); diff != "" {
		t.Error(diff)
	}
}

// Entries of one identity are told apart, the first as if it were alone.
func TestGitLabSameFingerprint(t *testing.T) {
	r := report(result("ssh.port", func(rec *checks.Recorder) {
		for line := range 2 {
			rec.Finding(checks.Finding{Kind: "port-22", Subject: "sshd", Evidence: checks.Configured, Location: checks.At("/etc/ssh/sshd_config", line)})
			rec.Gap(checks.Gap{Reason: checks.ReasonUnsupported, Subject: "sshd", Location: checks.At("/etc/ssh/sshd_config", line)})
		}
	}))
	entries := parsedGitLab(t, r)
	if len(entries) != 4 || *entries[1].Fingerprint != *entries[0].Fingerprint+"-2" || *entries[3].Fingerprint != *entries[2].Fingerprint+"-2" {
		t.Errorf("entries %+v", entries)
	}
}
