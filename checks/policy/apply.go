package policy

import (
	"time"

	"hostaudit/checks"
)

// ApplyOptions are what a policy needs to know beside the report.
type ApplyOptions struct {
	Now       time.Time      // decides whether a waiver has expired; its UTC date counts
	Digest    string         // of the configuration files, "" = none was read
	Since     map[string]int // check ID -> catalogue number it appeared in
	Catalogue int            // the program's own catalogue number
}

// Apply judges a report by the policy. It is called once, on the report as the
// checks left it.
func (p Policy) Apply(r *checks.Report, o ApplyOptions) { r.Summary = checks.Summarize(r.Checks) }

// Effective returns the policy with profile, roles and defaults resolved.
func (p Policy) Effective() Policy { return p }

// Import turns the configuration file of the Pandora security plugin into one of
// this program.
func Import(text []byte) (toml []byte, warnings []string, err error) { return nil, nil, nil }
