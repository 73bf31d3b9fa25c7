package checks

import "testing"

func TestMemoryIsKeptAtEveryPut(t *testing.T) {
	m := NewMemory(map[string]string{"a": "1"})
	var kept []map[string]string
	m.KeepBy(func(entries map[string]string) { kept = append(kept, entries) })
	m.Put("b", "2")
	m.Put("b", "3")
	if len(kept) != 2 || len(kept[0]) != 2 || kept[0]["b"] != "2" || kept[1]["b"] != "3" {
		t.Errorf("kept %v", kept)
	}
}

func TestForgetfulMemory(t *testing.T) {
	earlier := map[string]string{"k": "v"}
	m := NewForgetfulMemory(earlier)
	if v, ok := m.Get("k"); !ok || v != "v" {
		t.Errorf("what an earlier run kept reads %q, %v", v, ok)
	}
	if !m.Forgetful() || NewMemory(earlier).Forgetful() {
		t.Error("forgetful memories are not told from lasting ones")
	}
	var none *Memory
	if none.Forgetful() || none.Entries() != nil {
		t.Error("a nil Memory claims to hold something")
	}
}
