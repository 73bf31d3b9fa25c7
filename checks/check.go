// Package checks is the vocabulary of the audit: what a check, a verdict, a
// finding, a gap and a report are. It holds no check and runs none; the families
// are the packages below it, catalogue lists their checks, audit runs them.
package checks

import (
	"context"
	"strings"
	"time"

	"hostaudit/checks/host"
)

// Check is one question asked of a host: data a reader can scan, and one function.
type Check struct {
	ID        string   // "family.name"; forever
	Title     string   // the statement that is true on a sound host
	Severity  Severity // of its findings, unless a finding says otherwise
	Since     int      // catalogue number it appeared in
	Needs     Needs
	Rationale string // why it matters
	Verdict   string // how it is reached: what is read, in which order, and what that makes of it
	Remedy    string // what to do on any distribution, one line
	// Remedies say it for distributions where commands or files differ; RemedyFor chooses.
	Remedies   []Remedy
	Breaks     string              // what following the remedy may break; empty = nothing known
	References map[string][]string // numbers by the Key of a Benchmark; mappings of our own are left out

	// Run examines the host and records what it sees. It must return soon after
	// ctx ends and record what it left undone as gaps.
	Run func(ctx context.Context, env *Env, rec *Recorder)
}

// Family is the first part of the ID, which is also the name of the package.
func (c Check) Family() string {
	family, _, _ := strings.Cut(c.ID, ".")
	return family
}

// Needs says what a check cannot be asked without. The runner answers for a
// target that lacks it: not applicable, not observable.
type Needs struct {
	Live bool // a running host: processes, sockets, a daemon to ask
	// Baseline marks a check that compares with Env.Baselines. It is run without
	// one all the same: it says what that means.
	Baseline bool
}

// Env is what a check may use: nothing else of the machine is reachable from it.
type Env struct {
	Host      *host.Host
	Passwords PasswordSettings
	Memory    *Memory // nil = nothing is remembered

	Declared  []Declaration // listeners the policy permits
	Baselines *Baselines    // nil = none are kept for this target
}

// PasswordSettings bound and feed the password audit.
type PasswordSettings struct {
	Words    [][]byte      // the list, likeliest first, without duplicates
	CPUs     int           // workers; 0 = all
	Level    string        // instructions that are not to be used, for tests: crack/cpu
	Memory   int64         // bytes for hash regions; 0 = 64 MiB
	Budget   time.Duration // time for guessing; 0 = until ctx ends
	Progress func(done, total int64, left time.Duration)
	// Kept is what was tried on the system's accounts in earlier runs, and KeptDatabases
	// what on those of databases; nil = nothing is kept.
	Kept, KeptDatabases *Keeper
	// Slot says when heavy work on what has waited so long may begin, counted from when
	// its waiting began. Until then a run does as much as nobody notices. nil = at once.
	Slot func(waiting time.Duration) time.Duration
}
