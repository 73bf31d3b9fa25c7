package mysqlhash_test

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"

	"hostaudit/checks/internal/mysqlhash"
)

// decoded is what a stored string of hexadecimal or base64 digits stands for,
// or nothing.
func decoded(stored string) string {
	if b, err := hex.DecodeString(strings.TrimPrefix(stored, "*")); err == nil {
		return string(b)
	}
	if b, err := base64.RawStdEncoding.DecodeString(stored[max(0, len(stored)-43):]); err == nil {
		return string(b)
	}
	return ""
}

// FuzzParse holds, for any string under any plugin: the outcome is a Hash or
// one of the four errors; neither shows the string; a Hash costs what MaxCost
// allows, and says the same of a word each time and in any of its copies.
func FuzzParse(f *testing.F) {
	plugins := []string{
		"", mysqlhash.Native, mysqlhash.Old, mysqlhash.SHA256, mysqlhash.CachingSHA2,
		mysqlhash.Ed25519, mysqlhash.Parsec, "unix_socket",
	}
	for i, v := range vectors {
		f.Add(uint8(i), []byte(v.stored), []byte(v.word))
		for at, p := range plugins {
			if strings.EqualFold(p, v.plugin) {
				f.Add(uint8(at), []byte(v.stored), []byte(v.word))
				f.Add(uint8(at), []byte(v.stored[:len(v.stored)/2]), []byte(v.word))
			}
		}
	}
	f.Add(uint8(4), []byte("$A$7xx$"+salt+mysqlhash.Digits256("a", salt, 7000)), []byte("a"))
	f.Add(uint8(3), []byte("$5$"+salt), []byte{})
	f.Fuzz(func(t *testing.T, at uint8, stored, word []byte) {
		h, err := mysqlhash.Parse(plugins[int(at)%len(plugins)], stored)
		if err != nil {
			if !errors.Is(err, mysqlhash.ErrPlugin) && !errors.Is(err, mysqlhash.ErrEmpty) &&
				!errors.Is(err, mysqlhash.ErrMalformed) && !errors.Is(err, mysqlhash.ErrTooCostly) {
				t.Errorf("unknown error: %v", err)
			}
			if h.Scheme() != "" {
				t.Error("a hash beside an error")
			}
			return
		}
		if h.Cost() <= 0 || h.Cost() > mysqlhash.MaxCost {
			t.Errorf("cost %v", h.Cost())
		}
		if h.Scheme() == "" || h.Outdated() != (h.Scheme() == mysqlhash.Old) {
			t.Errorf("scheme %q, outdated %v", h.Scheme(), h.Outdated())
		}
		text := fmt.Sprintf("%v %+v %#v %s %x %q", h, h, h, h, h, h)
		if text != strings.TrimSpace(strings.Repeat(h.Scheme()+" ", 6)) {
			t.Errorf("shows %q", text)
		}
		if h.Cost() > mysqlhash.MaxCost/10 {
			return // slow, not different
		}
		again, err := mysqlhash.Parse(h.Scheme(), stored)
		if err != nil {
			t.Fatalf("not read again under its own scheme: %v", err)
		}
		got := h.Matches(word)
		if h.Matches(word) != got || again.Matches(word) != got {
			t.Error("not the same answer each time")
		}
	})
}
