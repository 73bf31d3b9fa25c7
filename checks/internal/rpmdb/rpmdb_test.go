package rpmdb

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"io"
	"iter"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// sample returns the content of testdata/NAME.gz (see testdata/rpm.sh).
func sample(t testing.TB, name string) []byte {
	t.Helper()
	f, err := os.Open("testdata/" + name + ".gz")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

type reader func(io.ReaderAt, int64) iter.Seq2[Blob, error]

// list returns "path package" for all files of a database, sorted, and the first error.
func list(read reader, data []byte) (files []string, err error) {
	for blob, err := range read(bytes.NewReader(data), int64(len(data))) {
		if err != nil {
			return files, err
		}
		h, err := ReadHeader(blob)
		if err != nil {
			return files, err
		}
		name, err := h.Name()
		if err != nil {
			return files, err
		}
		paths, err := h.Files(func([]byte) bool { return true })
		if err != nil {
			return files, err
		}
		for _, p := range paths {
			files = append(files, p+" "+name)
		}
	}
	slices.Sort(files)
	return files, nil
}

// TestSamples compares with what rpm itself said of the same packages.
func TestSamples(t *testing.T) {
	said, err := os.ReadFile("testdata/rpm.txt")
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Split(strings.TrimSpace(string(said)), "\n")
	slices.Sort(want)
	for name, read := range map[string]reader{"Packages.db": NDB, "Packages": BDB, "Packages.be": BDB} {
		t.Run(name, func(t *testing.T) {
			got, err := list(read, sample(t, name))
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

// TestTruncated: a database cut anywhere is never taken for a whole one.
func TestTruncated(t *testing.T) {
	for name, read := range map[string]reader{"Packages.db": NDB, "Packages": BDB} {
		t.Run(name, func(t *testing.T) {
			data := sample(t, name)
			for n := 0; n < len(data)-16; n += 997 {
				if files, err := list(read, data[:n]); !errors.Is(err, ErrCorrupt) {
					t.Fatalf("cut to %d of %d bytes: %d files, error %v", n, len(data), len(files), err)
				}
			}
		})
	}
}

func TestOtherForms(t *testing.T) {
	btree := sample(t, "Packages")
	binary.LittleEndian.PutUint32(btree[12:], 0x053162)
	encrypted := sample(t, "Packages")
	encrypted[24] = 1
	later := sample(t, "Packages.db")
	later[4] = 1
	for name, c := range map[string]struct {
		read reader
		data []byte
		want error
	}{
		"btree": {BDB, btree, ErrUnsupported}, "encrypted": {BDB, encrypted, ErrUnsupported}, "version": {NDB, later, ErrUnsupported},
		"empty-bdb": {BDB, nil, ErrCorrupt}, "empty-ndb": {NDB, nil, ErrCorrupt}, "ndb-as-bdb": {BDB, sample(t, "Packages.db"), ErrUnsupported},
		"bdb-as-ndb": {NDB, sample(t, "Packages"), ErrCorrupt},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := list(c.read, c.data); !errors.Is(err, c.want) {
				t.Errorf("error %v, want %v", err, c.want)
			}
		})
	}
}

// TestCircles: overflow pages that name each other.
func TestCircles(t *testing.T) {
	data := sample(t, "Packages")
	for at := 4096; at < len(data); at += 4096 {
		if data[at+25] == bdbOverflow {
			binary.LittleEndian.PutUint32(data[at+16:], uint32(at/4096))
		}
	}
	if _, err := list(BDB, data); !errors.Is(err, ErrCorrupt) {
		t.Errorf("error %v, want ErrCorrupt", err)
	}
}

// TestOverlap: slots of ndb that all show the same bytes.
func TestOverlap(t *testing.T) {
	data := sample(t, "Packages.db")
	first := slices.Clone(data[ndbHeader : ndbHeader+ndbSlot])
	for at := ndbHeader; at < ndbPage; at += ndbSlot {
		copy(data[at:], first)
	}
	if _, err := list(NDB, data); !errors.Is(err, ErrCorrupt) {
		t.Errorf("error %v, want ErrCorrupt", err)
	}
}

// tag is one tag of a header under construction.
type tag struct {
	number, kind, count uint32
	data                string
}

// header composes a header.
func header(tags ...tag) []byte {
	var index, data []byte
	for _, t := range tags {
		for _, n := range []uint32{t.number, t.kind, uint32(len(data)), t.count} {
			index = binary.BigEndian.AppendUint32(index, n)
		}
		data = append(data, t.data...)
	}
	b := binary.BigEndian.AppendUint32(nil, uint32(len(tags)))
	b = binary.BigEndian.AppendUint32(b, uint32(len(data)))
	return slices.Concat(b, index, data)
}

var (
	named = tag{tagName, typeString, 1, "n\x00"}
	bases = tag{tagBasenames, typeStringArray, 2, "a\x00b\x00"}
	dirs  = tag{tagDirNames, typeStringArray, 2, "/x/\x00/y/\x00\x00\x00"}
	idx   = tag{tagDirIndexes, typeInt32, 2, "\x00\x00\x00\x01\x00\x00\x00\x00"}
)

func TestHeader(t *testing.T) {
	for name, c := range map[string]struct {
		blob []byte
		want []string
		err  error
	}{
		"plain":                   {header(named, bases, dirs, idx), []string{"/y/a", "/x/b"}, nil},
		"any-order":               {header(idx, dirs, bases, named), []string{"/y/a", "/x/b"}, nil},
		"no-files":                {header(named), nil, nil},
		"states":                  {header(named, bases, dirs, idx, tag{tagFileStates, typeChar, 2, "\x02\x03"}), []string{"/x/b"}, nil},
		"short-states":            {header(named, bases, dirs, idx, tag{tagFileStates, typeChar, 1, "\x02"}), nil, ErrCorrupt},
		"relocated":               {header(named, bases, dirs, idx, tag{tagDirNames, typeStringArray, 2, "/z/\x00/y/\x00"}), []string{"/y/a", "/z/b"}, nil},
		"old":                     {header(named, tag{tagOldFilenames, typeStringArray, 2, "/x/a\x00/b\x00"}), []string{"/x/a", "/b"}, nil},
		"old-short":               {header(named, tag{tagOldFilenames, typeStringArray, 3, "/x/a\x00/b\x00"}), nil, ErrCorrupt},
		"no-directories":          {header(named, bases, idx), nil, ErrCorrupt},
		"no-indexes":              {header(named, bases, dirs), nil, ErrCorrupt},
		"directory-9":             {header(named, bases, dirs, tag{tagDirIndexes, typeInt32, 2, "\x00\x00\x00\x09\x00\x00\x00\x00"}), nil, ErrCorrupt},
		"padding-is-no-directory": {header(named, bases, dirs, tag{tagDirIndexes, typeInt32, 2, "\x00\x00\x00\x02\x00\x00\x00\x00"}), nil, ErrCorrupt},
		"no-slash":                {header(named, bases, tag{tagDirNames, typeStringArray, 2, "/x\x00/y\x00"}, idx), nil, ErrCorrupt},
		"few-names":               {header(named, tag{tagBasenames, typeStringArray, 3, "a\x00b\x00"}, dirs, idx), nil, ErrCorrupt},
		"wrong-type":              {header(named, tag{tagBasenames, typeString, 2, "a\x00b\x00"}, dirs, idx), nil, ErrCorrupt},
		"huge-count":              {header(named, tag{tagBasenames, typeStringArray, 1 << 31, "a\x00b\x00"}, dirs, idx), nil, ErrCorrupt},
		"empty":                   {nil, nil, ErrCorrupt},
		"no-tags":                 {make([]byte, 8), nil, ErrCorrupt},
		"many-tags":               {[]byte("\x7f\xff\xff\xff\x00\x00\x00\x00"), nil, ErrCorrupt},
		"much-data":               {append([]byte("\x00\x00\x00\x01\xff\xff\xff\xff"), make([]byte, 16)...), nil, ErrCorrupt},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := []string(nil), error(nil)
			h, err := ReadHeader(inline(c.blob))
			if err == nil {
				got, err = h.Files(func([]byte) bool { return true })
			}
			if !errors.Is(err, c.err) || (err == nil) != (c.err == nil) {
				t.Errorf("error %v, want %v", err, c.err)
			}
			if d := cmp.Diff(c.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestNames(t *testing.T) {
	h, err := ReadHeader(inline(header(named, tag{tagVersion, typeString, 1, "1.2\x00"}, tag{tagRelease, typeString, 1, "3.el9\x00"})))
	if err != nil {
		t.Fatal(err)
	}
	name, err1 := h.Name()
	version, err2 := h.Version()
	if name != "n" || version != "1.2-3.el9" || err1 != nil || err2 != nil {
		t.Errorf("%q %q, errors %v %v", name, version, err1, err2)
	}
	for what, blob := range map[string][]byte{
		"none": header(bases), "empty": header(tag{tagName, typeString, 1, "\x00"}), "endless": header(tag{tagName, typeString, 1, "abc"}),
	} {
		h, err := ReadHeader(inline(blob))
		if err != nil {
			t.Fatal(err)
		}
		if name, err := h.Name(); !errors.Is(err, ErrCorrupt) {
			t.Errorf("%s name: %q, error %v", what, name, err)
		}
	}
}

// TestHugeBlob: what a database says of the size of a header is no reason to take memory.
func TestHugeBlob(t *testing.T) {
	r := io.NewSectionReader(zeros{}, 0, 1<<40)
	if _, err := ReadHeader(r); !errors.Is(err, ErrCorrupt) {
		t.Errorf("error %v", err)
	}
	for _, err := range BDB(r, 1<<40) {
		if !errors.Is(err, ErrUnsupported) {
			t.Errorf("bdb: error %v", err)
		}
	}
	intro := header(named, tag{tagBasenames, typeStringArray, 1, ""})
	binary.BigEndian.PutUint32(intro[4:], 1<<31-1)
	h, err := ReadHeader(padded{intro, 1 << 32})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.Files(func([]byte) bool { return true }); !errors.Is(err, ErrUnsupported) {
		t.Errorf("files of 2 GB: error %v", err)
	}
}

type zeros struct{}

func (zeros) ReadAt(p []byte, _ int64) (int, error) {
	clear(p)
	return len(p), nil
}

// padded is data with zeros up to a size.
type padded struct {
	data []byte
	size int64
}

func (p padded) Size() int64 { return p.size }

func (p padded) ReadAt(b []byte, off int64) (int, error) {
	clear(b)
	if off < int64(len(p.data)) {
		copy(b, p.data[off:])
	}
	return len(b), nil
}

func FuzzHeader(f *testing.F) {
	f.Add(header(named, bases, dirs, idx))
	f.Add(header(named, tag{tagOldFilenames, typeStringArray, 2, "/x/a\x00/b\x00"}))
	f.Add(header(named, bases, dirs, idx, tag{tagFileStates, typeChar, 2, "\x02\x03"}))
	f.Fuzz(func(t *testing.T, data []byte) {
		h, err := ReadHeader(inline(data))
		if err != nil {
			knownError(t, err)
			return
		}
		all, err := h.Files(func([]byte) bool { return true })
		if err != nil {
			knownError(t, err)
			return
		}
		for _, p := range all {
			base := p[strings.LastIndexByte(p, '/')+1:]
			if !bytes.Contains(data, []byte(base)) || strings.Contains(p, "\x00") {
				t.Fatalf("path %q", p)
			}
		}
		// Asked for less, the same files are found.
		some, err := h.Files(func(base []byte) bool { return len(base)%2 == 0 })
		if err != nil || len(some) > len(all) {
			t.Fatalf("%d of %d files, error %v", len(some), len(all), err)
		}
		for _, p := range some {
			if !slices.Contains(all, p) {
				t.Fatalf("%q is not among all", p)
			}
		}
	})
}

// FuzzDatabase changes a piece of a sample: reading it must end with files or a known error.
func FuzzDatabase(f *testing.F) {
	samples := [][]byte{sample(f, "Packages.db"), sample(f, "Packages"), sample(f, "Packages.be")}
	f.Add(uint8(0), uint32(32), []byte("Slot\x01\x00\x00\x00\x00\x01\x00\x00\xff\xff\xff\x7f"))
	f.Add(uint8(1), uint32(4096+16), []byte("\x01\x00\x00\x00"))
	f.Add(uint8(2), uint32(20), []byte("\x00\x00\x02\x00"))
	f.Fuzz(func(t *testing.T, which uint8, at uint32, piece []byte) {
		data := slices.Clone(samples[int(which)%len(samples)])
		copy(data[int(at)%len(data):], piece)
		read := NDB
		if which := int(which) % len(samples); which > 0 {
			read = BDB
		}
		var total int64
		for blob, err := range read(bytes.NewReader(data), int64(len(data))) {
			if err != nil {
				knownError(t, err)
				continue
			}
			if total += blob.Size(); total > int64(len(data)) {
				t.Fatalf("headers of %d bytes in %d", total, len(data))
			}
			if h, err := ReadHeader(blob); err != nil {
				knownError(t, err)
			} else if _, err := h.Files(func([]byte) bool { return true }); err != nil {
				knownError(t, err)
			}
		}
	})
}

func knownError(t *testing.T, err error) {
	t.Helper()
	if !errors.Is(err, ErrCorrupt) && !errors.Is(err, ErrUnsupported) {
		t.Fatalf("error %v", err)
	}
}
