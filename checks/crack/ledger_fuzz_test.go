package crack

import (
	"bytes"
	"encoding/binary"
	"testing"
	"time"
)

// FuzzOpenLedger: what is taken for a ledger is written back as it was read, and
// runs with it end in verdicts that are true.
func FuzzOpenLedger(f *testing.F) {
	d := newDisk()
	seed := func(jobs []Job, list []string, change func(*fakeHasher, *Options)) {
		m := &fakeHasher{}
		l := NewLedger(d.clock)
		if d.blob != nil {
			l, _ = OpenLedger(d.blob, d.clock)
		}
		l.KeepBy(func(b []byte) error { d.blob = b; return nil })
		o := Options{CPUs: 1, Words: words(list...), Ledger: l}
		if change != nil {
			change(m, &o)
		}
		Run(f.Context(), jobs, with(m, o))
		f.Add(d.blob)
	}
	seed([]Job{fakeJob("a", "a1"), fakeJob("b")}, []string{"w1", "w2", "w3"}, hits("b:w2"))
	seed([]Job{fakeJob("a", "a1"), fakeJob("c"), fakeJob("d")}, []string{"w1", "w3", "w4"}, only(3))
	seed([]Job{fakeJob("e")}, nil, hits("e:"))
	f.Add([]byte{blobFormat})
	for _, told := range []int64{-1 << 62, -maxAge} { // more time went by than there is
		blob := append(append([]byte{blobFormat}, make([]byte, keySize)...), 1)
		f.Add(append(binary.AppendVarint(blob, told), 0, 0, 0))
	}
	f.Fuzz(func(t *testing.T, blob []byte) {
		l, err := OpenLedger(blob, func() time.Time { return time.Unix(0, 0) })
		if err != nil {
			return
		}
		l.mu.Lock()
		again := l.encode(l.prune())
		l.mu.Unlock()
		second, err := OpenLedger(again, l.clock)
		if err != nil {
			t.Fatal("what was written back is not read")
		}
		second.mu.Lock()
		defer second.mu.Unlock()
		if !bytes.Equal(second.encode(second.prune()), again) {
			t.Fatal("two writings differ")
		}
		for _, v := range Run(t.Context(), []Job{fakeJob("a", "a1"), fakeJob("x")}, with(&fakeHasher{}, Options{Words: words("w1", "w2"), Ledger: l})) {
			if v.Known < 0 || v.Tried+v.Known > v.Total || v.State != Survived && v.State != Weak {
				t.Fatalf("%+v", v)
			}
		}
	})
}

func TestOpenLedgerRefuses(t *testing.T) {
	d := newDisk()
	d.run(t, []Job{fakeJob("a", "a1"), fakeJob("b")}, []string{"w1", "w2"}, hits("b:w2"))
	for n := range d.blob {
		if _, err := OpenLedger(d.blob[:n], d.clock); err == nil {
			t.Errorf("%d of %d bytes were taken for a ledger", n, len(d.blob))
		}
	}
	for name, blob := range map[string][]byte{
		"nil": nil, "other-format": append([]byte{blobFormat + 1}, d.blob[1:]...), "more": append(bytes.Clone(d.blob), 0),
		"many-words": append(bytes.Clone(d.blob[:1+keySize]), 1, 0, 0xff, 0xff, 0xff, 0x7f),
	} {
		if _, err := OpenLedger(blob, d.clock); err == nil {
			t.Errorf("%s was taken for a ledger", name)
		}
	}
}
