package main

import (
	"testing"
	"time"
)

// An agent that cannot keep what was refused must not try it every few minutes.
func TestRefusalsAreForgetfulWhereNothingIsKept(t *testing.T) {
	dir := t.TempDir() + "/state"
	p := &program{}
	first := p.openMemory(&flags{stateDir: dir}, "")
	defer first.close()
	second := p.openMemory(&flags{stateDir: dir}, "") // the first holds the lock
	defer second.close()
	none := &memory{unlock: func() {}}
	for _, c := range []struct {
		name     string
		m        *memory
		repeated bool
		want     bool
	}{
		{"kept", first, true, false},
		{"locked", second, true, true},
		{"no-state", none, true, true},
		{"locked-by-hand", second, false, true},
		{"by-hand-without-state", none, false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := c.m.refusals(c.repeated).Forgetful(); got != c.want {
				t.Errorf("forgetful %v, want %v", got, c.want)
			}
		})
	}
	if !none.refusals(false).Fleeting() || first.refusals(false).Fleeting() {
		t.Error("fleeting is what is not kept")
	}
	first.audited(time.Unix(1000, 0))
	if !first.tooSoon(time.Hour, time.Unix(1001, 0)) || none.tooSoon(time.Hour, time.Unix(1001, 0)) {
		t.Error("the time of the last audit is not what was kept")
	}
}

// The configuration may say where the state is, but not for a tree.
func TestStateDirOfTheConfiguration(t *testing.T) {
	p := &program{}
	configured := t.TempDir() + "/configured"
	tree := p.openMemory(&flags{root: "/"}, configured)
	defer tree.close()
	live := p.openMemory(&flags{}, configured)
	defer live.close()
	named := p.openMemory(&flags{stateDir: t.TempDir() + "/named"}, configured)
	defer named.close()
	if tree.dir != "" || live.dir != configured || named.dir == configured {
		t.Errorf("state of a tree %q, live %q, named %q", tree.dir, live.dir, named.dir)
	}
}

// The agent kills a plugin that takes too long: a refusal is in the file at once.
func TestRefusalIsKeptAtOnce(t *testing.T) {
	dir := t.TempDir() + "/state"
	m := (&program{}).openMemory(&flags{stateDir: dir}, "")
	m.refusals(true).Put("server", "refused")
	m.close() // and nothing else: the program was killed

	next := (&program{}).openMemory(&flags{stateDir: dir}, "")
	defer next.close()
	if v, ok := next.refusals(true).Get("server"); !ok || v != "refused" {
		t.Errorf("the next run reads %q, %v", v, ok)
	}
}
