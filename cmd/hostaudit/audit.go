package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os/signal"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"hostaudit/checks"
	"hostaudit/checks/audit"
	"hostaudit/checks/catalogue"
	"hostaudit/checks/host"
	"hostaudit/checks/host/snapshot"
	"hostaudit/cmd/hostaudit/internal/confine"
)

// audit is the command that the program exists for.
func (p *program) audit(ctx context.Context, args []string, all []checks.Check) (int, error) {
	f, err := parseFlags(args, ids(all))
	if err != nil {
		return exitUsage, err
	}
	agent := f.root == "" && (f.format == "pandora" || f.format == "" && p.underAgent())

	loaded, err := loadPolicy(f, ids(all))
	var s *settings
	if err == nil {
		s, err = resolve(f, loaded, agent, all)
	}
	mem := p.openMemory(f, loaded.Policy.StateDir)
	defer mem.close()
	var broken error // the configuration's defect that the agent's server must hear of
	if err != nil {
		if _, usage := errors.AsType[usageError](err); !agent || usage {
			return exitUsage, err
		}
		broken = err
		if s, err = p.lastGood(mem, f, all); err != nil {
			return p.notChecked(f, all, broken)
		}
	} else if agent { // what somebody tries by hand is not what the agent goes back to
		mem.keepGood(loaded)
	}
	if err := s.loadWords(); err != nil {
		if !agent {
			return exitUsage, err
		}
		s.withoutWords()
		broken = cmp.Or(broken, err)
	}
	earlier, err := earlierReport(f)
	if err != nil {
		if !agent {
			return exitUsage, err
		}
		broken = cmp.Or(broken, err) // without it more is gated, not less
	}
	if !agent {
		if err := checkOut(f.out); err != nil {
			return exitUsage, err
		}
	}
	if agent && mem.tooSoon(time.Duration(s.policy.Agent.MinInterval), time.Now()) {
		return exitClean, nil
	}

	s.stateDir, s.machine = mem.dir, mem.machine
	s.verdicts, s.databases = mem.verdicts(blobVerdicts), mem.verdicts(blobDatabase)
	if err := s.memoryShort(); err != nil {
		mem.warn("passwords.memory", err)
	}
	remembered := mem.refusals(agent)
	baselines := mem.openBaselines(f, s.selected)
	report, interrupted, err := p.examine(ctx, s, remembered, baselines)
	if err != nil {
		return exitUsage, err
	}
	if !interrupted {
		mem.recordBaselines(baselines, s.selected, report.Run.Started)
	}
	mem.keepRefusals(remembered)
	s.judge(report, earlier, all)
	if err := p.deliver(report, s, mem, broken); err != nil {
		return exitUsage, err
	}
	if agent { // a run by hand must not make the agent skip one
		mem.audited(report.Run.Started)
	}
	p.warn(s, mem)
	if s.format.Exit != nil {
		return s.format.Exit(report), nil
	}
	return s.gate.exitCode(report, interrupted), nil
}

// examine walks the one road: host opened, snapshot collected, confined, checks
// run, report made.
func (p *program) examine(ctx context.Context, s *settings, remembered *checks.Memory, baselines *checks.Baselines) (report *checks.Report, interrupted bool, err error) {
	started := time.Now().UTC().Truncate(time.Second)
	// By itself the runtime takes what the control groups grant.
	if n := min(s.cpus, runtime.NumCPU()); s.agent || n > runtime.GOMAXPROCS(0) {
		runtime.GOMAXPROCS(n)
	}
	regions, heap := s.limits.Share(s.passwordMemory())
	debug.SetMemoryLimit(heap)
	h, err := p.openHost(s)
	if err != nil {
		return nil, false, err
	}
	// The host stays open: a check that was abandoned at the hard deadline may still
	// read it, and its descriptor must not become another file's. The end of the
	// program, which is near, closes it.

	// The first signal ends the audit early and prints what there is; after it
	// the default action is back, so a second one ends the program.
	sigctx, stop := signal.NotifyContext(ctx, syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	var signalled atomic.Bool
	defer context.AfterFunc(sigctx, func() { signalled.Store(true); stop() })()

	ctx, cancel := withDeadline(sigctx, s.deadline)
	defer cancel()
	if h.Mode == host.Live {
		h.Snapshot = snapshot.Collect(ctx, snapshot.Options{ProcDir: s.flags.proc, Root: mountPoint(s.flags.root)})
	}
	ended := h.OpenContainers(ctx)
	keep := s.confinement(h)
	keep.Stuck = !ended || h.Snapshot != nil && h.Snapshot.Abandoned
	confinement := confine.Apply(keep)

	bar := p.progress(s)
	env := &checks.Env{Host: h, Passwords: checks.PasswordSettings{
		Words: s.words, CPUs: s.cpus, Level: p.env["HOSTAUDIT_CPU"], Memory: max(regions, 1),
		Budget: time.Duration(s.policy.Passwords.Budget), Progress: bar.update,
		Kept: s.verdicts, KeptDatabases: s.databases, Slot: p.slot(s, h.Clock),
	}, Memory: remembered, Declared: s.policy.Declarations(), Baselines: baselines}
	results := (&audit.Runner{Checks: s.selected}).Run(ctx, env)
	bar.finish()
	if s.flags.debug {
		p.debug(s, h, confinement, results)
	}
	return &checks.Report{
		Schema: checks.Schema,
		Tool:   checks.Tool{Name: "hostaudit", Version: version},
		Target: target(h),
		Run: &checks.RunInfo{
			Started: started, Catalogue: catalogue.Number, WordList: s.wordsID,
			Selection: ids(s.selected), Confinement: confinement, Interrupted: signalled.Load(),
		},
		Summary: checks.Summarize(results),
		Checks:  results,
	}, signalled.Load(), nil
}

func (p *program) openHost(s *settings) (*host.Host, error) {
	opts := host.Options{Kind: host.Kind(s.flags.kind), Remote: s.flags.remote}
	if s.flags.root != "" {
		opts.ProcDir = s.flags.proc
		h, err := host.OpenRoot(s.flags.root, opts)
		if err != nil {
			return nil, usageError{fmt.Sprintf("--root %s: %s", s.flags.root, reason(err))}
		}
		if s.flags.proc != "" {
			// A host seen from beside it: what runs is evidence, but its addresses are
			// not ours, so there is no dialer.
			h.Mode = host.Live
		}
		return h, nil
	}
	return host.OpenLive(opts)
}

func target(h *host.Host) checks.Target {
	return checks.Target{
		Mode: string(h.Mode), Kind: string(h.Kind), KindReason: checks.Clean(h.KindReason),
		Path: checks.Clean(h.Path), Hostname: checks.Clean(h.Hostname),
		OS: checks.OS{ID: checks.Clean(h.OS.ID), VersionID: checks.Clean(h.OS.VersionID)},
	}
}

// mountPoint is the real path of a root directory, as the kernel tells it.
func mountPoint(root string) string {
	if root == "" {
		return ""
	}
	abs, err := filepath.Abs(root)
	if err != nil {
		return root
	}
	if real, err := filepath.EvalSymlinks(abs); err == nil {
		return real
	}
	return abs
}

func withDeadline(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	if d == 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, d)
}

// confinement keeps what the rest of the run reads beside this mount namespace,
// and what it writes: its state and the documents that were asked for.
func (s *settings) confinement(h *host.Host) confine.Options {
	o := confine.Options{Background: s.agent}
	for _, c := range h.Containers {
		o.ReadDirs = append(o.ReadDirs, c.Host.Tree.Handle())
	}
	if s.stateDir != "" {
		o.WriteDirs = append(o.WriteDirs, s.stateDir)
	}
	for _, out := range s.flags.out {
		if special(out.path) {
			o.WriteFiles = append(o.WriteFiles, out.path)
		} else {
			o.WriteDirs = append(o.WriteDirs, filepath.Dir(out.path))
		}
	}
	return o
}

// passwordMemory is what the regions of the password engine may take in bytes as
// far as it goes by the settings; the process's limits may leave less.
func (s *settings) passwordMemory() int64 {
	if mib := s.policy.Passwords.Memory; mib > 0 {
		return int64(mib) << 20
	}
	if s.agent {
		return passwordMemory
	}
	// A region of a common yescrypt hash is 16 MiB, and each worker needs one.
	return max(passwordMemory, int64(s.cpus)*(17<<20))
}

// memoryShort tells that the limits leave less than the configuration grants. With
// more the process would be killed. It names no number, which changes every run.
func (s *settings) memoryShort() error {
	wanted := s.passwordMemory()
	if regions, _ := s.limits.Share(wanted); s.policy.Passwords.Memory == 0 || regions == wanted {
		return nil
	}
	return fmt.Errorf("the program uses less, as the %s leaves no more", s.limits.Cause)
}

// warn tells a person on standard error what did not go as it should; under the
// agent nobody would read it.
func (p *program) warn(s *settings, mem *memory) {
	if s.agent {
		return
	}
	for _, w := range mem.warned() {
		fmt.Fprintf(p.stderr, "hostaudit: %s\n", oneLine(errors.New(w)))
	}
	if s.counted > 0 {
		fmt.Fprintf(p.stderr, "hostaudit: %s tells how many accounts, not which: %d findings about accounts may be new and are gated (write it with --out json=FILE or --privacy full)\n",
			oneLine(errors.New(s.flags.baseline)), s.counted)
	}
	if s.flags.root == "" && !isRoot() && s.format.Name == "text" {
		fmt.Fprintln(p.stderr, "hostaudit: not root: what could not be read is unknown, not passed")
	}
}

// debug tells a developer on standard error what the run was given and how long
// it took; nothing of it is content of a file or a command line.
func (p *program) debug(s *settings, h *host.Host, confinement []string, results []checks.Result) {
	fmt.Fprintf(p.stderr, "debug: deadline %s, %d CPUs, state %q, confinement %q\n", s.deadline, s.cpus, s.stateDir, confinement)
	regions, heap := s.limits.Share(s.passwordMemory())
	fmt.Fprintf(p.stderr, "debug: memory: %d MiB for password regions, heap of %d MiB; %q leaves %d MiB and %d CPUs\n",
		regions>>20, heap>>20, s.limits.Cause, s.limits.Memory>>20, s.limits.CPUs)
	if h.Snapshot != nil {
		fmt.Fprintf(p.stderr, "debug: %d processes, %d listeners, %d containers, %d not opened\n",
			len(h.Snapshot.Processes), len(h.Snapshot.Listeners), len(h.Containers), len(h.Guests))
	}
	for _, r := range results {
		fmt.Fprintf(p.stderr, "debug: %s: %s, %d findings, %d gaps, %s\n", r.ID, r.Status, len(r.Findings), len(r.Gaps), r.Elapsed)
	}
}

// sourceDate is the time of SOURCE_DATE_EPOCH, for reproducible documents.
func (p *program) sourceDate() (time.Time, bool) {
	n, err := strconv.ParseInt(strings.TrimSpace(p.env["SOURCE_DATE_EPOCH"]), 10, 64)
	return time.Unix(n, 0).UTC(), err == nil
}
