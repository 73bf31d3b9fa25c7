package policy

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hostaudit/checks"
	"hostaudit/checks/catalogue"
)

func catalogueIDs() []string {
	var ids []string
	for _, c := range catalogue.All() {
		ids = append(ids, c.ID)
	}
	return ids
}

// A profile is a configuration like any other: what it says must be accepted.
func TestProfilesAreSound(t *testing.T) {
	ids := catalogueIDs()
	for _, p := range profiles() {
		if key, msg := p.severity.invalid(ids); msg != "" {
			t.Errorf("%s: %s: %s", p.name, key, msg)
		}
		own := Policy{FailOn: p.failOn, Agent: p.agent, Require: p.require}
		if key, msg := own.invalid(ids); msg != "" {
			t.Errorf("%s: %s: %s", p.name, key, msg)
		}
		if !slices.Contains(strings.Split(Example, "\""), p.name) {
			t.Errorf("%s: the example does not mention it", p.name)
		}
	}
}

// What profiles of many hosts must not hide, and what a required check must be: one
// that every host can answer.
func TestProfilesHideNothing(t *testing.T) {
	severities := map[string]checks.Severity{}
	for _, c := range catalogue.All() {
		severities[c.ID] = c.Severity
	}
	everywhere := []string{"password.dictionary", "password.empty", "password.scheme", "listeners.declared", "listeners.cleartext", "accounts.uid0"}
	for _, p := range profiles() {
		for key, level := range p.severity {
			if level.severity() < severities[key] && key != "ssh.port" {
				t.Errorf("%s: %s goes from %s down to %s", p.name, key, severities[key], level)
			}
		}
		for _, id := range p.require {
			if !slices.Contains(everywhere, id) {
				t.Errorf("%s requires %s, which not every host has an answer to", p.name, id)
			}
		}
	}
}

func TestProfiles(t *testing.T) {
	port := finding("port-22", "sshd", 0)
	root := finding("password", "sshd", checks.SeverityHigh)
	for _, tc := range []struct {
		name, text    string
		failOn, alarm string
		names         string
		port, root    checks.Severity
		required      int
	}{
		{"none", "", "medium", "medium", "ids", checks.SeverityMedium, checks.SeverityHigh, 0},
		{"default", "profile = \"default\"\n", "medium", "medium", "ids", checks.SeverityMedium, checks.SeverityHigh, 0},
		{"seed", "profile = \"seed\"\n", "low", "low", "legacy", checks.SeverityMedium, checks.SeverityHigh, 0},
		{"seed-but", "profile = \"seed\"\nfail_on = \"high\"\n[agent]\nalarm = \"medium\"\nnames = \"ids\"\n", "high", "medium", "ids", checks.SeverityMedium, checks.SeverityHigh, 0},
		{"fleet", "profile = \"fleet\"\n", "medium", "medium", "ids", checks.SeverityLow, checks.SeverityHigh, 0},
		{"fleet-but", "profile = \"fleet\"\n[severity]\n\"ssh.port\" = \"high\"\n", "medium", "medium", "ids", checks.SeverityHigh, checks.SeverityHigh, 0},
		{"fleet-but-a-kind", "profile = \"fleet\"\n[severity]\n\"ssh.port/port-22\" = \"critical\"\n", "medium", "medium", "ids", checks.SeverityCritical, checks.SeverityHigh, 0},
		{"pci", "profile = \"pci\"\n", "medium", "medium", "ids", checks.SeverityLow, checks.SeverityHigh, 6},
		{"ens", "profile = \"ens\"\nrequire = [\"accounts.uid0\", \"ssh.port\"]\n", "medium", "medium", "ids", checks.SeverityLow, checks.SeverityHigh, 7},
		{"pci-without", "profile = \"pci\"\nskip = [\"password\", \"accounts.uid0\"]\n", "medium", "medium", "ids", checks.SeverityLow, checks.SeverityHigh, 2},
		{"pci-only", "profile = \"pci\"\nonly = [\"ssh\", \"password.empty\"]\n", "medium", "medium", "ids", checks.SeverityLow, checks.SeverityHigh, 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var p Policy
			if err := p.Parse("/c.toml", []byte(tc.text), catalogueIDs()); err != nil {
				t.Fatal(err)
			}
			e := p.Effective()
			if e.FailOn != tc.failOn || e.Agent.Alarm != tc.alarm || e.Agent.Names != tc.names || len(e.Require) != tc.required {
				t.Errorf("fail_on %s, alarm %s, names %s, %d required", e.FailOn, e.Agent.Alarm, e.Agent.Names, len(e.Require))
			}
			// The policy and the effective one judge alike.
			for _, judge := range []Policy{p, e} {
				r := &checks.Report{Checks: []checks.Result{result("ssh.port", checks.SeverityMedium, port), result("ssh.root-login", checks.SeverityHigh, root)}}
				judge.Apply(r, ApplyOptions{Now: noon("2027-01-15"), Digest: "sha256:1"})
				if got := r.Checks[0].Findings[0].Severity; got != tc.port {
					t.Errorf("port 22 is %s, want %s", got, tc.port)
				}
				if got := r.Checks[1].Findings[0].Severity; got != tc.root {
					t.Errorf("root's login is %s, want %s", got, tc.root)
				}
			}
		})
	}
}

// A profile's decision about a kind gives way to the file's about the whole check.
func TestSeverityOfTheFileStandsAboveTheProfiles(t *testing.T) {
	profile := Severities{"ssh.port": "low", "ssh.port/port-22": "low", "ssh.root-login/key": "low", "ssh.root-login/password": "low"}
	got := Severities{"ssh.port": "high", "ssh.root-login/key": "medium"}.over(profile)
	want := Severities{"ssh.port": "high", "ssh.root-login/key": "medium", "ssh.root-login/password": "low"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("overrides (-want +got):\n%s", diff)
	}
	if got := Severities(nil).over(nil); got != nil {
		t.Errorf("nothing over nothing is %v", got)
	}
}

// Resolving changes neither the policy nor what it says.
func TestEffective(t *testing.T) {
	p := Policy{
		Profile: "pci", Roles: []string{"web", "bastion", "web"}, Require: []string{"ssh.port"},
		Listeners: Listeners{Declare: []Declare{{Program: "x", Reason: "y"}}}, Severity: Severities{"ssh.port": "high"},
	}
	before := withoutPlaces(p)
	before.Require, before.Severity = slices.Clone(p.Require), Severities{"ssh.port": "high"}
	e := p.Effective()
	e.Require[0], e.Severity["ssh.port"], e.Listeners.Declare[0].Reason = "changed", "low", "changed"
	if diff := cmp.Diff(before, p); diff != "" {
		t.Errorf("the policy was changed (-before +after):\n%s", diff)
	}
	e = p.Effective()
	if diff := cmp.Diff(e, e.Effective()); diff != "" {
		t.Errorf("the effective policy of the effective one (-first +second):\n%s", diff)
	}
	if diff := cmp.Diff(p.Declarations(), e.Declarations()); diff != "" {
		t.Errorf("declarations (-policy +effective):\n%s", diff)
	}
	text, err := e.TOML()
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{"version = 1", "profile = \"pci\"", "roles = [\"bastion\", \"web\"]", "fail_on = \"medium\"", "\"ssh.port\" = \"high\"", "\"mysql.bind\" = \"medium\"", "reason = \"role web: HTTPS\""} {
		if !slices.Contains(strings.Split(string(text), "\n"), line) {
			t.Errorf("%s is not in\n%s", line, text)
		}
	}
	if diff := cmp.Diff(e, reread(t, e, catalogueIDs())); diff != "" {
		t.Errorf("read again (-written +read):\n%s", diff)
	}
	// What depends on who runs the program is not decided here.
	if e.Deadline != 0 || e.CPUs != 0 || e.Privacy != "" || e.StateDir != "" || e.Passwords != (Passwords{}) {
		t.Errorf("decided %+v", e)
	}
}
