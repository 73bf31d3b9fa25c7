package crack

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hostaudit/checks/crack/cpu"
)

const (
	yescryptDefault = "$y$j9T$F5Jx5fExrKuPp53xLKQ..1$LqFhKWNa2oIqdEHDk2fdveIINzDgcqd4K/6xb07MT64" // 16 MiB
	scryptDefault   = "$7$CU..../....abcd$eVFr/.YDjVGC6Y0wY29S6v9FpQ0/7iVz.UxSYoiK5t8"            // 64 MiB
)

// kernelEngine has the kernels of yescrypt chosen, which it need not be able to run.
func kernelEngine(t *testing.T) *engine {
	t.Helper()
	e := newEngine(nil, cpu.Features{AVX2: true})
	if !e.yes.Together() {
		t.Skip("there are kernels of yescrypt for amd64 only")
	}
	return e
}

// Two regions are taken only where every worker can have two.
func TestMemoryForTwo(t *testing.T) {
	for _, tt := range []struct {
		limit   int64 // MiB
		workers int
		hash    string
		want    int
	}{
		{64, 1, yescryptDefault, 2},
		{64, 2, yescryptDefault, 2},
		{64, 3, yescryptDefault, 1},
		{64, 4, yescryptDefault, 1},
		{48, 2, yescryptDefault, 1},
		{32, 1, yescryptDefault, 2},
		{32, 2, yescryptDefault, 1},
		{31, 1, yescryptDefault, 1},
		{16, 1, yescryptDefault, 1},
		{16, 2, yescryptDefault, 1},
		{1, 2, yescryptDefault, 1},
		{64, 1, strings.Replace(yescryptDefault, "$y$", "$gy$", 1), 2},
		{64, 1, scryptDefault, 1},
		{128, 1, scryptDefault, 2},
		{64, 16, "$y$j75$abcd$UwXkpeHdTrNo81uzkObZa.2aam1qxWv/M.fMheztRM8", 2},
	} {
		f := Identify(tt.hash)
		t.Run(fmt.Sprintf("%s-%d-MiB-%d-workers", f.Scheme, tt.limit, tt.workers), func(t *testing.T) {
			gate := NewMemoryGate(tt.limit << 20)
			gate.join(tt.workers)
			e := kernelEngine(t)
			e.share = gate.share
			if !f.Supported || f.Cost.Memory == 0 {
				t.Fatalf("%+v", f)
			}
			l := e.lanes(&f)
			if l.n != tt.want || l.oneSalt {
				t.Errorf("takes %+v", l)
			}
			tries := []try{{form: &f}, {form: &f}}[:l.n]
			need := e.memory(tries)
			if need != f.Cost.Memory*int64(l.n) {
				t.Errorf("needs %d bytes for %d, of which one has %d", need, l.n, f.Cost.Memory)
			}
			if l.n > 1 && need*int64(tt.workers) > gate.limit {
				t.Errorf("%d workers with %d bytes are over the limit", tt.workers, need)
			}
			plain := newEngine(nil, cpu.Features{})
			plain.share = gate.share
			if got := plain.lanes(&f); got.n != 1 {
				t.Errorf("plain Go takes %+v", got)
			}
		})
	}
}

// made returns the hash that plain Go makes of a word, the setting being without the digest.
func made(t *testing.T, setting, word string) string {
	t.Helper()
	f := Identify(setting + strings.Repeat(".", 43))
	tried := try{form: &f, word: []byte(word)}
	var e engine
	defer e.release()
	if e.one(&tried); tried.err != nil {
		t.Fatalf("%s: %v", setting, tried.err)
	}
	return setting + string(tried.digest)
}

// observed is an engine that tells how many it hashed together, and looks at what is held
// meanwhile.
type observed struct {
	*engine
	gate *MemoryGate
	seen func(together int, held, counted, limit int64)
}

func (o observed) hash(tries []try) {
	o.engine.hash(tries)
	o.gate.mu.Lock()
	counted := o.gate.used
	o.gate.mu.Unlock()
	o.seen(len(tries), o.yes.Held(), counted, o.gate.limit)
}

// What a run finds and counts does not depend on how many candidates are computed side by
// side; no more memory is held than was counted.
func TestYescryptSideBySide(t *testing.T) {
	features := cpu.Detect()
	list := words("w1", "w2", "w3", "w4", "w5", "w6")
	var jobs []Job
	for _, setting := range []string{"$y$j84$%s$", "$gy$j84$%s$", "$7$6/..../....%s$", "$y$/84$%s$", "$y$j84/.$%s$"} {
		for i, word := range []string{"w3", "none", "w6", "", "w1"} {
			jobs = append(jobs, Job{Form: Identify(made(t, fmt.Sprintf(setting, "salt"+"./01234"[i:i+1]+"./."), word))})
		}
	}
	one := jobs[0].Form.Cost.Memory
	for _, tt := range []struct {
		name    string
		limit   int64
		workers int
		jobs    []Job
		most    int
	}{
		{"one-account", 64 << 20, 1, jobs[1:2], 2},
		{"alone", 64 << 20, 1, jobs, 2},
		{"two-workers", 64 << 20, 2, jobs, 2},
		{"no-room", 1, 2, jobs, 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			run := func(features cpu.Features) (verdicts []Verdict, most int) {
				var mu sync.Mutex
				gate := NewMemoryGate(tt.limit)
				if tt.name == "no-room" {
					gate.limit = 3 * one // for one each, and not for two
				}
				o := Options{Words: list, CPUs: tt.workers, Gate: gate}
				o.newHasher = func(stop func() bool) hasher {
					e := newEngine(stop, features)
					e.share = gate.share
					return observed{e, gate, func(together int, held, counted, limit int64) {
						mu.Lock()
						defer mu.Unlock()
						most = max(most, together)
						if held > counted || counted > limit {
							t.Errorf("%d bytes are held by one, %d counted for all, %d allowed", held, counted, limit)
						}
					}}
				}
				verdicts = Run(t.Context(), tt.jobs, o)
				if gate.used != 0 || gate.workers != 0 {
					t.Errorf("in the end %d bytes and %d workers are counted", gate.used, gate.workers)
				}
				return verdicts, most
			}
			want, most := run(cpu.Features{})
			if most != 1 {
				t.Errorf("plain Go computes %d side by side", most)
			}
			got, most := run(features)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
			weak := 0
			for _, v := range got {
				if v.State == Weak {
					weak++
				}
			}
			if want := len(tt.jobs) / 5 * 4; weak != want {
				t.Errorf("%d are weak, want %d", weak, want)
			}
			switch {
			case !kernelEngine(t).yes.Together() || !features.AVX2:
				t.Skip("no kernels here: compared plain Go with itself")
			case tt.name == "no-room":
			case most != tt.most:
				t.Errorf("computed at most %d side by side, want %d", most, tt.most)
			}
		})
	}
}

// Hashes of one cost and several parameters, which no batch has, are computed one by one.
func TestYescryptOfSeveralParameters(t *testing.T) {
	e := kernelEngine(t)
	e.features = cpu.Detect()
	e.yes.Features = e.features
	defer e.release()
	var tries []try
	for _, setting := range []string{"$y$j75$abcd$", "$y$j84$abcd$"} {
		f := Identify(made(t, setting, "word"))
		tries = append(tries, try{form: &f, word: []byte("word")})
	}
	e.hash(tries)
	for i := range tries {
		if !tries[i].matches(tries[i].form) {
			t.Errorf("number %d does not match (%v)", i, tries[i].err)
		}
	}
}

// Workers of runs that share a gate share what there is.
func TestShare(t *testing.T) {
	gate := NewMemoryGate(64 << 20)
	for _, want := range []int64{65 << 20, 65 << 19, 65 << 18} {
		if got := gate.share(); got != want {
			t.Errorf("a share is %d bytes, want %d", got, want)
		}
		gate.join(max(gate.workers, 1)*2 - gate.workers)
	}
}
