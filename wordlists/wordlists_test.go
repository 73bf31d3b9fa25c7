package wordlists

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

func list(words ...string) [][]byte {
	var out [][]byte
	for _, w := range words {
		out = append(out, []byte(w))
	}
	return out
}

func TestCommon(t *testing.T) {
	words := Common()
	if len(words) != 500 {
		t.Fatalf("%d words, want 500", len(words))
	}
	place := map[string]int{}
	for i, w := range words {
		if before, ok := place[string(w)]; ok {
			t.Errorf("lines %d and %d are the same word", before+1, i+1)
		}
		place[string(w)] = i
		if len(w) == 0 || bytes.ContainsFunc(w, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
			t.Errorf("line %d: not a word of printable ASCII", i+1)
		}
	}
	for _, w := range []string{"123456", "password", "password1", "qwerty"} {
		if i, ok := place[w]; !ok || i > 20 {
			t.Errorf("%s is not among the first words", w)
		}
	}
	vendor, err := os.Open("regen/vendor.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer vendor.Close()
	defaults, err := Read(vendor)
	if err != nil || len(defaults) < 50 {
		t.Fatalf("vendor.txt: %d words, %v", len(defaults), err)
	}
	for _, w := range defaults {
		if _, ok := place[string(w)]; !ok {
			t.Errorf("the vendor default %s is missing", w)
		}
	}
}

func TestCommonIsACopy(t *testing.T) {
	Common()[0][0] = 'X'
	if Common()[0][0] == 'X' {
		t.Error("a caller changed the embedded list")
	}
}

// README.md states the digest of the file as regen printed it, so a list that
// was edited by hand or regenerated without saying so fails here.
func TestReadmeStatesTheDigest(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte(common))
	if !bytes.Contains(readme, []byte(hex.EncodeToString(sum[:]))) {
		t.Errorf("README.md does not name %x", sum)
	}
}

func TestDigest(t *testing.T) {
	a := Digest(list("ab", "c"))
	if !strings.HasPrefix(a, "sha256:") || len(a) != 7+64 {
		t.Errorf("form of %q", a)
	}
	for _, other := range [][][]byte{list("a", "bc"), list("c", "ab"), list("ab"), list("abc"), list("ab", "c", ""), nil} {
		if Digest(other) == a {
			t.Errorf("%q has the digest of another list", other)
		}
	}
	if Digest(list("ab", "c")) != a {
		t.Error("not stable")
	}
}

func TestRead(t *testing.T) {
	long := strings.Repeat("x", MaxBytes)
	tests := []struct {
		name, in string
		want     [][]byte
		err      string
	}{
		{"lf", "one\ntwo\n", list("one", "two"), ""},
		{"no-last-lf", "one\ntwo", list("one", "two"), ""},
		{"crlf", "one\r\ntwo\r\n", list("one", "two"), ""},
		{"blanks-kept", " one \n\t\n", list(" one ", "\t"), ""},
		{"bytes-kept", "p\xe4ss\n\x00\n", list("p\xe4ss", "\x00"), ""},
		{"empty-lines", "\n\none\n\r\n\n", list("one"), ""},
		{"comments", "#!comment: by us\n#hash\none #!comment:\n", list("#hash", "one #!comment:"), ""},
		{"repetition", "one\none\n", list("one", "one"), ""},
		{"empty", "", nil, ""},
		{"longest", long + "\r\n" + long + "\n" + long, list(long, long, long), ""},
		{"too-long", "one\n" + long + "x\n", nil, "line 2: longer than 1024 bytes"},
		{"far-too-long", "one\n\n" + long + long + long, nil, "line 3: longer than 1024 bytes"},
		{"too-long-at-end", long + "x", nil, "line 1: longer than 1024 bytes"},
		{"most-words", strings.Repeat("w\n", MaxWords) + "\n#!comment:\n", nil, "-"},
		{"too-many", strings.Repeat("w\n", MaxWords) + "\nw\n", nil, "line 10002: more than 10000 words"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Read(strings.NewReader(tt.in))
			switch {
			case tt.err == "-":
				if err != nil || len(got) != MaxWords {
					t.Errorf("%d words, %v", len(got), err)
				}
			case tt.err != "":
				if !errors.Is(err, ErrLimit) || !strings.HasPrefix(err.Error(), tt.err) || got != nil {
					t.Errorf("error %v, want %s", err, tt.err)
				}
			default:
				if err != nil {
					t.Error(err)
				}
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Error(diff)
				}
			}
		})
	}
	if _, err := Read(iotest.ErrReader(os.ErrPermission)); !errors.Is(err, os.ErrPermission) {
		t.Errorf("a failing reader gives %v", err)
	}
}

func TestMerge(t *testing.T) {
	got := Merge(list("123456", "password", "acme1"), list("acme", "acme1", "acme"))
	if diff := cmp.Diff(list("acme", "acme1", "123456", "password"), got); diff != "" {
		t.Error(diff)
	}
}

func FuzzRead(f *testing.F) {
	for _, s := range []string{"", "one\r\ntwo", "#!comment: x\n\nw\n", "\x00\xff\r\r\n", strings.Repeat("x", MaxBytes+1)} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		words, err := Read(bytes.NewReader(data))
		if err != nil {
			if !errors.Is(err, ErrLimit) || words != nil {
				t.Fatalf("%d words with error %v", len(words), err)
			}
			return
		}
		for _, w := range words {
			if len(w) == 0 || len(w) > MaxBytes || bytes.IndexByte(w, '\n') >= 0 || !bytes.Contains(data, w) {
				t.Fatalf("word %q is not a line", w)
			}
		}
		// What was read can be written and read again.
		again, err := Read(bytes.NewReader(bytes.Join(append(words, nil), []byte("\r\n"))))
		if err != nil || !cmp.Equal(words, again) {
			t.Fatalf("%q read again is %q, %v", words, again, err)
		}
	})
}
