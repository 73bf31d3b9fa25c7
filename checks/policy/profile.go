package policy

import (
	"cmp"
	"slices"
)

// profile is a named set of decisions. What a file says itself wins over it.
type profile struct {
	name     string
	failOn   string
	agent    Agent
	severity Severities
	require  []string
}

// profiles are all there are. A severity here is a decision about alarms; what is
// found is reported all the same.
//
// The profiles of standards raise what a public mapping names to medium at least, and
// lower no more than what none does. They require only what every host can answer: a
// required check that does not apply is no answer, and a host without FTP or MySQL is
// not the worse for it. A mapping is a cross-reference, not conformity.
func profiles() []profile {
	return []profile{
		{
			name: "default",
			// The severities of the checks; findings of medium and above alarm.
		},
		{
			name: "seed",
			// Every recommendation alarms, and modules have the names of the old plugin.
			// The hardening guide of the monitoring system knows no severities: what it
			// recommends and is not so shall be seen.
			failOn: "low",
			agent:  Agent{Alarm: "low", Names: "legacy"},
		},
		{
			name: "fleet",
			// For many hosts at their packages' defaults: what a default does is reported, and
			// alarms nobody.
			// Port 22 is what every package of an SSH server listens on, and what no
			// benchmark (CIS, STIG, ANSSI) objects to: obscurity, not a weakness. What no
			// package does by itself keeps its severity.
			severity: Severities{"ssh.port": "low"},
		},
		{
			name: "pci",
			// PCI DSS 4.0.1: what a requirement is mapped to alarms and must be answered.
			severity: Severities{
				"ssh.port":           "low",    // no requirement
				"ssh.tcp-forwarding": "medium", // 2.2.6
				"mysql.bind":         "medium", // 1.4.4, 2.2.4
			},
			require: []string{
				"password.dictionary", // 2.2.2
				"password.empty",      // 2.2.2, 8.3.1
				"password.scheme",     // 8.3.2
				"listeners.declared",  // 1.2.5, 1.4.2, 2.2.4
				"listeners.cleartext", // 1.2.5, 2.2.4
				"accounts.uid0",       // 8.2.1
			},
		},
		{
			name: "ens",
			// Esquema Nacional de Seguridad (RD 311/2022): what a measure is mapped to alarms
			// and must be answered.
			severity: Severities{
				"ssh.port":           "low",    // no public mapping
				"ssh.tcp-forwarding": "medium", // op.exp.2, mp.com.1
				"ssh.tunnel":         "medium", // op.exp.2
				"mysql.bind":         "medium", // op.exp.2, mp.com.1
			},
			require: []string{
				"password.dictionary", // op.acc.6
				"password.empty",      // op.acc.6
				"password.scheme",     // op.acc.6
				"listeners.declared",  // op.exp.2, mp.com.1
				"listeners.cleartext", // op.exp.2, mp.com.1
				"accounts.uid0",       // op.acc.1
			},
		},
	}
}

// Profiles returns the names of the profiles.
func Profiles() []string {
	var names []string
	for _, p := range profiles() {
		names = append(names, p.name)
	}
	return names
}

// profile is the one the policy names.
func (p Policy) profile() profile {
	for _, candidate := range profiles() {
		if candidate.name == p.Profile {
			return candidate
		}
	}
	return profiles()[0]
}

// withProfile adds what the profile says and the policy does not.
func (p Policy) withProfile() Policy {
	from := p.profile()
	p.Profile = from.name
	p.FailOn = cmp.Or(p.FailOn, from.failOn)
	p.Agent.Modules = cmp.Or(p.Agent.Modules, from.agent.Modules)
	p.Agent.Alarm = cmp.Or(p.Agent.Alarm, from.agent.Alarm)
	p.Agent.Names = cmp.Or(p.Agent.Names, from.agent.Names)
	p.Severity = p.Severity.over(from.severity)
	p.Require = slices.Clone(p.Require)
	for _, id := range from.require {
		if p.selects(id) && !slices.Contains(p.Require, id) {
			p.Require = append(p.Require, id)
		}
	}
	return p
}

// selects reports whether the policy's own selection leaves a check in. What it leaves
// out on purpose no profile requires.
func (p Policy) selects(id string) bool {
	names := func(list []string) bool {
		return slices.ContainsFunc(list, func(v string) bool { return Names([]string{id}, v) })
	}
	return (len(p.Only) == 0 || names(p.Only)) && !names(p.Skip)
}
