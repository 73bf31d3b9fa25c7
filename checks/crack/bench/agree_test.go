package bench

import (
	"slices"
	"strings"
	"testing"
	"time"

	"hostaudit/checks/crack"
)

// What is compared has to be the same work: every hash that is measured is one of the
// row's scheme that both sides match with its password and with no candidate, and all
// hashes of a row differ, because the engine computes equal ones once.
func TestSidesAgree(t *testing.T) {
	libcrypt := crypt3(t)
	for _, r := range rows() {
		t.Run(r.name(), func(t *testing.T) {
			both := loads(t, libcrypt, r)
			many := both[1]
			if got := len(slices.Compact(slices.Sorted(slices.Values(many.hashes)))); got != r.accounts || r.accounts < 2 {
				t.Fatalf("%d different hashes of %d accounts", got, r.accounts)
			}
			if both[0].hashes[0] != many.hashes[0] || len(both[0].hashes) != 1 {
				t.Error("the one account is not the first of many")
			}
			for i, h := range many.hashes {
				if f := crack.Identify(h); !f.Supported || f.Scheme.String() != r.scheme {
					t.Fatalf("account %d is %v", i, f)
				}
			}
			// One of the list besides: the words of the accounts are long.
			word, setting := r.account(0)
			for _, w := range []string{word, both[0].words[2]} {
				h := libcrypt.crypt(t, w, setting)
				if again := libcrypt.crypt(t, w, h); again != h {
					t.Errorf("word %q: crypt(3) makes %q of its own %q", w, again, h)
				}
				f := crack.Identify(h)
				if ok, err := crack.Check(f, []byte(w)); !ok || err != nil {
					t.Errorf("word %q: crypt(3) says %q, we do not (%v)", w, h, err)
				}
				if ok, err := crack.Check(f, []byte(both[0].words[1])); ok || err != nil {
					t.Errorf("%q matches another word (%v)", h, err)
				}
			}
		})
	}
}

func TestSidesCountTheSame(t *testing.T) {
	libcrypt, ours := crypt3(t), worker(t)
	r := rows()[slices.IndexFunc(rows(), func(r row) bool { return r.scheme == "md5crypt" })]
	hashes := loads(t, libcrypt, r)[1].hashes[:3]
	words := candidates(4)
	for name, s := range map[string]*side{"crypt3": libcrypt, "worker": ours} {
		s.load(t, words, hashes)
		for _, least := range []time.Duration{0, 30 * time.Millisecond} {
			got := s.run(t, least, 1)
			pass := int64(len(words) * len(hashes))
			if got.candidates < pass || got.candidates%pass != 0 || least == 0 && got.candidates != pass {
				t.Errorf("%s, %v: %d candidates, a pass is %d", name, least, got.candidates, pass)
			}
			if got.cpu <= 0 || got.cpu < least || got.wall <= 0 {
				t.Errorf("%s, %v: %v of CPU time, %v by the clock", name, least, got.cpu, got.wall)
			}
		}
		s.load(t, words[:1], hashes[:1]) // the lists before it are gone
		if got := s.run(t, 0, 1); got.candidates != 1 {
			t.Errorf("%s: %d candidates of one", name, got.candidates)
		}
	}
}

// A hash that is found ends its work early, so its time must not count.
func TestWorkerRefusesWhatMatches(t *testing.T) {
	libcrypt := crypt3(t)
	hash := libcrypt.crypt(t, "123456", "$1$abcdefgh$")
	var out strings.Builder
	for input, want := range map[string]string{
		"words 1\n123456\nhashes 1\n" + hash + "\nrun 0 1\n": "weak",
		"words 1\n123456\nhashes 1\n" + "*\nrun 0 1\n":       "not testable",
		"words 2\n123456\n": "ends early",
		"sleep 1\n":         "unknown command",
		"words\n":           "EOF",
	} {
		err := serve(strings.NewReader(input), &out)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", input, err, want)
		}
	}
	if out.Len() != 0 {
		t.Errorf("answers: %q", out.String())
	}
}
