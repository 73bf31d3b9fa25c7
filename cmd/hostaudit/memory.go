package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"hostaudit/checks"
	"hostaudit/checks/catalogue"
	"hostaudit/checks/policy"
	"hostaudit/checks/state"
	"hostaudit/output"
)

// memory is what one run remembers of the runs before: the last good
// configuration and when the last audit ended. Without a state directory it
// remembers nothing, and says so once.
type memory struct {
	store    *state.Store
	dir      string // "" = none
	machine  string // the machine-id
	failed   bool   // there should be a state directory and it cannot be used
	unlock   func()
	writable bool

	mu       sync.Mutex // an abandoned check may still remember something
	warnings []string

	saving sync.Mutex // held while verdicts are written
	closed bool
}

const (
	blobConfig   = "config"
	blobLast     = "last-audit"
	blobRefusals = "refusals"
	blobVerdicts = "verdicts"
	blobDatabase = "database-verdicts"
)

// openMemory opens the state directory: the one that was named on the command
// line or, on live runs, in the configuration; else the default one on live runs
// as root.
func (p *program) openMemory(f *flags, configured string) *memory {
	m := &memory{unlock: func() {}}
	dir := f.stateDir
	if f.root == "" {
		dir = cmp.Or(dir, configured)
	}
	if dir == "" {
		if f.root != "" || !isRoot() {
			return m
		}
		dir = state.DefaultDir
	}
	machine, err := os.ReadFile("/etc/machine-id")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		// By another id the whole state would look like another machine's and be
		// set aside, the accepted baselines with it.
		m.warn("state", err)
		m.failed = true
		return m
	}
	store, err := state.Open(dir, string(machine))
	if err != nil {
		m.warn("state directory", err)
		m.failed = true
		return m
	}
	m.store, m.dir, m.machine = store, dir, string(machine)
	unlock, err := store.Lock()
	if err != nil {
		// Another run is at work (a broker agent starts several). Both may read;
		// only the one with the lock writes.
		if !errors.Is(err, state.ErrLocked) {
			m.warn("state lock", err)
		}
		return m
	}
	m.unlock, m.writable = unlock, true
	return m
}

func (m *memory) close() {
	if !m.saving.TryLock() {
		// An abandoned check is writing. The lock stays with it until the program
		// ends: another run would write the same file.
		return
	}
	m.closed = true
	m.saving.Unlock()
	m.unlock()
	if m.store != nil {
		_ = m.store.Close() // read-only by now: nothing is lost
	}
}

func (m *memory) warn(what string, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if w := fmt.Sprintf("%s: %v", what, err); !slices.Contains(m.warnings, w) {
		m.warnings = append(m.warnings, w)
	}
}

// warned returns the warnings so far.
func (m *memory) warned() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.warnings)
}

func (m *memory) read(name string) []byte {
	if m.store == nil {
		return nil
	}
	blob, _, err := m.store.Read(name, 1)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		m.warn("state", err)
	}
	return blob
}

func (m *memory) write(name string, v any) {
	if !m.writable {
		return
	}
	blob, err := json.Marshal(v)
	if err == nil {
		err = m.store.Write(name, 1, blob)
	}
	if err != nil {
		m.warn("state", err)
	}
}

// keepGood remembers a configuration that was read and understood.
func (m *memory) keepGood(l policy.Loaded) {
	var known []policy.File
	same := func(a, b policy.File) bool { return a.Path == b.Path && bytes.Equal(a.Text, b.Text) }
	if json.Unmarshal(m.read(blobConfig), &known) == nil && slices.EqualFunc(known, l.Files, same) {
		return
	}
	m.write(blobConfig, l.Files)
}

// lastGood returns the settings of the last good configuration.
func (p *program) lastGood(m *memory, f *flags, all []checks.Check) (*settings, error) {
	blob := m.read(blobConfig)
	if blob == nil {
		return nil, errors.New("there is no last good configuration")
	}
	var files []policy.File
	if err := json.Unmarshal(blob, &files); err != nil {
		return nil, err
	}
	if !sameConfig(f, files) {
		return nil, errors.New("the last good configuration is another one")
	}
	loaded, err := policy.FromFiles(files, ids(all))
	if err := cmp.Or(loaded.Newer(catalogue.Number), err); err != nil { // this program was put back
		return nil, err
	}
	return resolve(f, loaded, true, all)
}

// sameConfig reports whether files are what the command line leads to, now or at another
// time. Two commands of the agent with a --config each keep their files in one state, and
// neither goes by the waivers of the other.
func sameConfig(f *flags, files []policy.File) bool {
	if f.config != "" {
		return len(files) == 1 && files[0].Path == f.config
	}
	return !slices.ContainsFunc(files, func(file policy.File) bool {
		return !strings.HasPrefix(file.Path, configDir+"/")
	})
}

// refusals returns what the checks remember of logins that were refused. repeated
// says that this audit runs again and again, unattended.
func (m *memory) refusals(repeated bool) *checks.Memory {
	var earlier map[string]string
	if blob := m.read(blobRefusals); blob != nil {
		if err := json.Unmarshal(blob, &earlier); err != nil {
			m.warn("state", err)
		}
	}
	switch {
	case (repeated || m.store != nil) && !m.writable: // another run is at work, or keeps nothing
		return checks.NewForgetfulMemory(earlier)
	case !m.writable:
		return checks.NewFleetingMemory()
	}
	memory := checks.NewMemory(earlier)
	memory.KeepBy(func(entries map[string]string) { m.write(blobRefusals, entries) })
	return memory
}

// keepRefusals keeps what the checks forgot, too: each refusal itself was kept
// when it was met, for one that is forgotten is one more attempt at somebody's
// account.
func (m *memory) keepRefusals(c *checks.Memory) {
	c.Settle(func(kept map[string]string) {
		if len(kept) > 0 || m.read(blobRefusals) != nil {
			m.write(blobRefusals, kept)
		}
	})
}

// verdicts returns what keeps a ledger of passwords that were tried; nil where there
// is no state directory.
func (m *memory) verdicts(blob string) *checks.Keeper {
	if m.store == nil {
		return nil
	}
	k := &checks.Keeper{Load: func() ([]byte, error) { return m.loadVerdicts(blob) }}
	if m.writable {
		k.Save = func(data []byte) error { return m.saveVerdicts(blob, data) }
	}
	return k
}

// loadVerdicts: what was damaged or another machine's is set aside, and a new
// ledger begun. What cannot be read, or was written by a newer version, stays.
func (m *memory) loadVerdicts(name string) ([]byte, error) {
	blob, _, err := m.store.Read(name, 1)
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		return blob, nil
	}
	m.warn("state", err)
	if errors.Is(err, state.ErrDamaged) || errors.Is(err, state.ErrCloned) {
		return nil, nil
	}
	return nil, err
}

func (m *memory) saveVerdicts(name string, blob []byte) error {
	m.saving.Lock()
	defer m.saving.Unlock()
	if m.closed {
		return errors.New("the run is over")
	}
	err := m.store.Write(name, 1, blob)
	if err != nil {
		m.warn("state", err)
	}
	return err
}

// lastAudit is when the last audit began.
type lastAudit struct {
	Started time.Time `json:"started"`
}

// tooSoon reports whether the last audit began less than interval before now. A
// time in the future (the clock was set back) is not believed.
func (m *memory) tooSoon(interval time.Duration, now time.Time) bool {
	if interval == 0 {
		return false
	}
	var last lastAudit
	blob := m.read(blobLast)
	if blob == nil || json.Unmarshal(blob, &last) != nil {
		return false
	}
	since := now.Sub(last.Started)
	return since >= 0 && since < interval
}

func (m *memory) audited(started time.Time) { m.write(blobLast, lastAudit{started}) }

// notChecked prints the fixed set of modules with nothing established: the
// server hears of a broken configuration by a CRITICAL first module, and every
// check reads NOT CHECKED instead of keeping its last good-looking value.
func (p *program) notChecked(f *flags, all []checks.Check, broken error) (int, error) {
	s, err := resolve(&flags{only: f.only, skip: f.skip, format: f.format, privacy: f.privacy}, policy.Loaded{}, true, all)
	if err != nil {
		return exitUsage, err
	}
	results := make([]checks.Result, len(s.selected))
	for i, c := range s.selected {
		rec := checks.NewRecorder(c)
		rec.Gap(checks.Gap{Reason: checks.ReasonUnreadable, Detail: "the configuration of hostaudit could not be used"})
		results[i] = rec.Seal()
	}
	report := &checks.Report{
		Schema: checks.Schema, Tool: checks.Tool{Name: "hostaudit", Version: version},
		Target:  checks.Target{Mode: "live", Kind: "host"},
		Summary: checks.Summarize(results), Checks: results,
	}
	opts := p.pandoraOptions(s)
	opts.Problem = configProblem(broken)
	if err := output.Pandora(p.stdout, report, opts); err != nil {
		return exitUsage, err
	}
	return exitClean, nil
}

// configProblem is the sentence the first module carries.
func configProblem(err error) checks.Text { return checks.Clean(err.Error()) }
