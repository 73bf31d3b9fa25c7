package crack

import (
	"context"
	"runtime"
	"time"

	"hostaudit/checks/crack/cpu"
	"hostaudit/checks/internal/guard"
)

// Job is one account's hash and the candidates that only apply to it.
type Job struct {
	// Form is what Identify returned. A LockedHash is tested like a Hash.
	Form Form
	// Names are what Run makes derived candidates of (Derive), which are tried
	// before the list. The zero value gives none.
	Names Names
	// Derived are further candidates of this kind, after those of Names.
	Derived [][]byte
}

// Names are what people make passwords of: see Derive.
type Names struct {
	Login, GECOS, Hostname string
	Now                    time.Time // gives the year
}

// derived returns the job's own candidates, likeliest first.
func (j *Job) derived() [][]byte {
	return append(Derive(j.Names.Login, j.Names.GECOS, j.Names.Hostname, j.Names.Now), j.Derived...)
}

// Options say what to try and with how much.
type Options struct {
	// Words is the list for all jobs, likeliest first.
	Words [][]byte
	// CPUs is the number of workers; 0 means one per usable CPU.
	CPUs int
	// Memory bounds in bytes the regions that memory-hard schemes fill; 0 means
	// 64 MiB. A hash that needs more by itself is TooCostly.
	Memory int64
	// Gate counts the regions of Runs that work side by side, and bounds them instead
	// of Memory; nil means that this Run's are counted alone.
	Gate *MemoryGate
	// MaxTry is the longest Form.Estimate that is started at all; 0 means 2 s,
	// which bcrypt passes up to cost 13.
	MaxTry time.Duration
	// Budget is the time after which no further candidate is started; 0 means
	// no limit but the context's. Where the Ledger is kept, one candidate is
	// started even if the budget is spent, so that every hash is finished some day.
	Budget time.Duration
	// Ledger is what earlier runs tried, and takes down what this one tries; nil
	// means that nothing is known or kept.
	Ledger *Ledger
	// EmptyOnly: try the empty word and nothing else.
	EmptyOnly bool
	// Idle: nobody waits for the result. Nothing is started once the budget is
	// spent, and the time a hash waits is not counted.
	Idle bool
	// Now is the clock for Budget; nil means time.Now.
	Now func() time.Time
	// Level takes instructions away that kernels would use: cpu.Features.Lower.
	Level string
	// Progress is told how many tests are settled out of how many, and for how long
	// the others will take. It is called by one worker at a time and holds the
	// others up.
	Progress func(done, total int64, left time.Duration)

	newHasher func(stop func() bool) hasher // tests replace the hashing
}

const (
	defaultMemory = 64 << 20
	memorySlack   = 1 << 20 // for what goes with an array of a round size: S-boxes and states
	defaultMaxTry = 2 * time.Second
)

// State is what became of a job. The zero value is unknown: not a pass.
type State uint8

// The states of a verdict.
const (
	StateUnknown State = iota
	// Weak: a candidate matches.
	Weak
	// Survived: every candidate was tried and none matches.
	Survived
	// Partial: the context or the budget ended before all of Total were tried.
	Partial
	// NotTestable: the form is no hash, or one that is not Supported.
	NotTestable
	// TooCostly: one try is over MaxTry or over Memory; none was started, and the
	// Ledger does not know the answer.
	TooCostly
	// Failed: the hashing library panicked or refused the hash.
	Failed
)

// String returns the state in words for notes and tests.
func (s State) String() string {
	switch s {
	case Weak:
		return "weak"
	case Survived:
		return "survived"
	case Partial:
		return "partial"
	case NotTestable:
		return "not testable"
	case TooCostly:
		return "too costly"
	case Failed:
		return "failed"
	}
	return "unknown"
}

// Verdict is the result of one job. It never tells the word.
type Verdict struct {
	State State
	// Empty says that the empty password matches: Enter logs in.
	Empty bool
	// Tried counts candidates that this run tested; of a Weak hash, up to and with
	// the first match in candidate order. The empty word counts also if an EmptyOnly
	// run with the same open Ledger tested it. Known counts those that earlier runs had
	// tested. Total is how many there are: the empty word, derived ones and the
	// list, without repetitions and without words that crypt(3) does not take
	// (longer than 511 bytes or with a NUL). Where time ran out before the derived
	// ones were made, Total counts as many as Derive makes at most.
	Tried, Known, Total int
	// Remembered says of a Partial hash that the next run goes on where this one
	// stopped and knows since when the hash waits: now for Waiting.
	Remembered bool
	Waiting    time.Duration
	// Where is the place of a panic behind Failed, "dir/file.go:42"; it is
	// empty if the library refused.
	Where string
}

// Run tests every job and returns one verdict for each, in the order of jobs.
//
// Order of work: the empty word on every hash; then the derived candidates, the
// likeliest of every hash first (of many hashes, a block of them at a time); then
// the list word by word, each word on every hash. A hash that matched leaves the
// set. Equal hash strings are hashed once, and share their derived candidates:
// what opens one account opens the other.
//
// Of each step cheap hashes come first. Where a scheme is faster on several words at a
// time, a few candidates are taken together, of different hashes if there are any, else
// the next ones of a hash. A word is computed once for all hashes with one salt.
//
// What the Ledger knows is not tried again. Of what is tried, the first batch and every
// 16th after it go to the hash that has waited longest since an earlier run: new hashes
// and new words cannot keep it from being finished.
//
// When the budget is spent, Run returns as soon as the candidates then being hashed are
// done; when ctx ends, they are dropped, within milliseconds. Hashes with candidates left
// are Partial.
func Run(ctx context.Context, jobs []Job, opts Options) []Verdict {
	opts = withDefaults(opts)
	s := newSchedule(jobs, opts)
	if s.total > 0 {
		s.report(opts.Now())
	}
	workers := int(min(int64(opts.CPUs), s.total))
	opts.Gate.join(workers)
	var group guard.Group
	for range workers {
		group.Go(func() { work(ctx, s, opts.Gate, opts.newHasher) })
	}
	// A worker that dies leaves tests undone, so its hashes come out Partial.
	_ = group.Wait()
	s.commit()
	s.ledger.flush()
	return s.verdicts()
}

func withDefaults(o Options) Options {
	if o.CPUs <= 0 {
		o.CPUs = runtime.GOMAXPROCS(0)
	}
	if o.Gate == nil {
		o.Gate = NewMemoryGate(o.Memory)
	}
	o.Memory = o.Gate.limit
	if o.MaxTry <= 0 {
		o.MaxTry = defaultMaxTry
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Ledger == nil {
		o.Ledger = NewLedger(o.Now)
	}
	if o.newHasher == nil {
		features := cpu.Detect().Lower(o.Level)
		o.newHasher = func(stop func() bool) hasher {
			e := newEngine(stop, features)
			e.share = o.Gate.share
			return e
		}
	}
	return o
}

// work tests candidates until the schedule has none or time is up.
func work(ctx context.Context, s *schedule, gate *MemoryGate, newHasher func(stop func() bool) hasher) {
	defer gate.leave()
	stop := func() bool { return ctx.Err() != nil }
	h := newHasher(stop)
	l := lease{gate: gate}
	defer l.end() // whatever becomes of the region, or other Runs would wait for ever
	defer func() { h.release() }()
	var b batch
	for s.next(ctx, h, &b) {
		l.hold(h.memory(b.tries), func() { h.release() })
		started := s.now()
		if guard.Call(func() { h.hash(b.tries) }) != nil {
			h.release()
			h = b.oneByOne(func() hasher { return newHasher(stop) })
		}
		now := s.now()
		s.settle(&b, now, now.Sub(started))
		if s.ledger.due(now) {
			s.commit()
			s.ledger.checkpoint()
		}
	}
}
