package listeners

import (
	"fmt"
	"testing"

	"hostaudit/checks"
	"hostaudit/checks/host/snapshot"
)

// crowded is a host of 3,000 listeners of 2,000 processes.
func crowded() world {
	w := bookworm()
	w.listeners = nil
	for i := range 2000 {
		w.processes = append(w.processes, proc(1000+i, fmt.Sprintf("/usr/sbin/d%d", i%200), fmt.Sprintf("d%d.service", i)))
		w.packages[fmt.Sprintf("/usr/sbin/d%d", i%200)] = fmt.Sprintf("pkg%d", i%200)
	}
	for i := range 3000 {
		addr := [...]string{"0.0.0.0", "[::]", "127.0.0.1"}[i%3]
		w.listeners = append(w.listeners, tcp(addr, uint16(1000+i), 1000+i%2000))
	}
	w.baselines = accepted()
	return w
}

func BenchmarkCrowded(b *testing.B) {
	w := crowded()
	lines := w.record(b)
	for name, run := range map[string]func(world) checks.Result{
		"declared":  func(w world) checks.Result { return w.runDeclared(b) },
		"cleartext": func(w world) checks.Result { return w.runCleartext(b) },
		"drift":     func(w world) checks.Result { return w.runDrift(b) },
	} {
		b.Run(name, func(b *testing.B) {
			w.baselines = accepted(lines...)
			for b.Loop() {
				if r := run(w); r.Status == checks.StatusUnknown {
					b.Fatal(seen(r))
				}
			}
		})
	}
}

// TestCrowded: what a crowded host lists is bounded by what it has.
func TestCrowded(t *testing.T) {
	w := crowded()
	w.baselines = nil
	if n := len(w.runDeclared(t).Findings); n != 2000 {
		t.Errorf("%d findings of 2,000 listeners outside", n)
	}
	w.baselines = accepted(w.record(t)...)
	if got := seen(w.runDeclared(t)); got != "pass" {
		t.Error(got)
	}
	if got := seen(w.runDrift(t)); got != "pass" {
		t.Error(got)
	}
	w.listeners = append(w.listeners, snapshot.Listener{})
	if got := w.runDeclared(t); got.Status != checks.StatusFail {
		t.Errorf("a listener without an address: %s", seen(got))
	}
}
