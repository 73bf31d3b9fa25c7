package des

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// TestCircuits feeds each circuit all 64 inputs at once and compares with its
// table.
func TestCircuits(t *testing.T) {
	boxes := []func(l, r *[32]uint64, from *[48]uint8, key *[48]uint64){box1, box2, box3, box4, box5, box6, box7, box8}
	for n, box := range boxes {
		t.Run(fmt.Sprintf("S%d", n+1), func(t *testing.T) {
			var l, r, want [32]uint64
			var from [48]uint8
			var key [48]uint64
			for i := range 6 {
				from[6*n+i] = uint8(i)
				for in := range 64 {
					r[i] |= uint64((in^int(inverted[n].in))>>(5-i)&1) << in
				}
			}
			for in := range 64 {
				out := uint32(sbox(n, in)^inverted[n].out) << (28 - 4*n)
				for i, p := range permutation {
					want[i] |= uint64(out>>(32-p)&1) << in
				}
			}
			if box(&l, &r, &from, &key); l != want {
				t.Errorf("got %x, want %x", l, want)
			}
		})
	}
}

// TestLanes compares both batches with the one-word way for every number of
// words up to 130, and the bitslice for every number up to 64.
func TestLanes(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	c, plain := New(), New()
	for n := 1; n <= 130; n++ {
		words := make([][]byte, n)
		for i := range words {
			words[i] = randomWord(r, r.IntN(30))
		}
		salt, count := r.Uint32N(1<<24), r.Uint32N(60)
		check := func(way string, got []Digest, want func(word []byte) Digest) {
			t.Helper()
			for i, w := range words {
				if d := want(w); d != got[i] {
					t.Fatalf("%s, salt %d, count %d, word %d of %d %q: %s, want %s", way, salt, count, i, n, w, got[i], d)
				}
			}
		}
		traditional := func(w []byte) Digest { return plain.Traditional(w, salt) }
		bsdi := func(w []byte) Digest {
			d, ok := plain.BSDi(w, count, salt)
			if !ok {
				t.Fatal("stopped")
			}
			return d
		}
		dst := make([]Digest, n)
		c.Batch(dst, words, repeat(salt, n))
		check("Batch", dst, traditional)
		dst = make([]Digest, n)
		if !c.BatchBSDi(dst, words, count, repeat(salt, n)) {
			t.Fatal("stopped")
		}
		check("BatchBSDi", dst, bsdi)
		if n > 64 {
			continue
		}
		dst = make([]Digest, n)
		c.bitslice(dst, words, c.fold, max(count, 1), salt, nil)
		check("bitslice", dst, bsdi)
	}
}

func TestTranspose(t *testing.T) {
	var m [64]uint64
	r := rand.New(rand.NewPCG(9, 10))
	for i := range m {
		m[i] = r.Uint64()
	}
	got := m
	transpose64(&got)
	for i := range 64 {
		for j := range 64 {
			if got[i]>>(63-j)&1 != m[j]>>(63-i)&1 {
				t.Fatalf("bit %d of row %d is wrong", j, i)
			}
		}
	}
}
