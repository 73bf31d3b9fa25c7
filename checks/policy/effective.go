package policy

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/BurntSushi/toml"
)

// Effective returns the policy with profile, roles and defaults resolved. It says the
// same as p, and so does the effective policy of the effective one. Defaults that are
// different under the agent, at a terminal and for a tree (deadline, cpus, privacy,
// state_dir, passwords) stay unsaid.
func (p Policy) Effective() Policy {
	p = p.withProfile()
	p.Version = FormatVersion
	p.FailOn = cmp.Or(p.FailOn, "medium")
	p.Agent.Modules = cmp.Or(p.Agent.Modules, "checks")
	p.Agent.Alarm = cmp.Or(p.Agent.Alarm, "medium")
	p.Agent.Names = cmp.Or(p.Agent.Names, "ids")
	p.Roles = p.roleNames()
	p.Listeners.Declare = p.declared()
	p.Only, p.Skip = slices.Clone(p.Only), slices.Clone(p.Skip)
	p.Waive = slices.Clone(p.Waive)
	return p
}

// TOML is the policy as a configuration file that Parse reads back.
func (p Policy) TOML() ([]byte, error) {
	var b bytes.Buffer
	enc := toml.NewEncoder(&b)
	enc.Indent = ""
	err := enc.Encode(p)
	return b.Bytes(), err
}
