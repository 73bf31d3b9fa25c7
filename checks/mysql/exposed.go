package mysql

import (
	"context"

	"hostaudit/checks"
)

// weakOutside reports whether somebody on another host who reaches the server is let in by
// an empty, common or derived password, as far as the server let us see.
func (s *server) weakOutside(ctx context.Context, env *checks.Env) bool {
	if s.noTable || s.rootOpenOutside() {
		return true
	}
	if s.table == nil {
		return false
	}
	var weak []bool
	for i, acc := range s.table.accounts {
		if !acc.remote(env.Host.Hostname) {
			continue
		}
		if acc.strength() == asksNothing {
			return true
		}
		if weak == nil {
			weak = s.guess(ctx, env).weak
		}
		if weak[i] {
			return true
		}
	}
	return false
}

// raised records a listener of a server with weakOutside.
type raised struct{ recorder }

// Finding implements recorder.
func (r raised) Finding(f checks.Finding) {
	if f.Evidence == checks.Running {
		f.Severity = checks.SeverityMedium
		f.Detail += "; an account that may come from there has an empty, common or derived password, or none is asked for"
	}
	r.recorder.Finding(f)
}
