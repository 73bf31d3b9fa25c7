package sqlite

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"slices"
	"testing"
	"time"
)

// sample returns an SQLite file rpm made (see rpmdb/testdata/rpm.sh).
func sample(t testing.TB) []byte {
	t.Helper()
	f, err := os.Open("../rpmdb/testdata/rpmdb.sqlite.gz")
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

func open(t testing.TB, data []byte) *DB {
	t.Helper()
	db, err := Open(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	return db
}

func find(t testing.TB, db *DB, kind, name string) Root {
	t.Helper()
	root, err := db.Find(kind, name)
	if err != nil {
		t.Fatalf("%s %s: %v", kind, name, err)
	}
	return root
}

func TestFind(t *testing.T) {
	db := open(t, sample(t))
	if find(t, db, Table, "Packages") == find(t, db, Table, "Basenames") {
		t.Error("two tables at one root")
	}
	for _, c := range [][2]string{{Table, "Basenames_key_idx"}, {Index, "Packages"}, {Table, "Package"}, {Table, ""}} {
		if root, err := db.Find(c[0], c[1]); !errors.Is(err, ErrNoSuchTable) {
			t.Errorf("%v: root %d, error %v", c, root, err)
		}
	}
}

// TestScan: all rows, with blobs on many overflow pages, and the same by number.
func TestScan(t *testing.T) {
	db := open(t, sample(t))
	packages := find(t, db, Table, "Packages")
	blobs := map[int64][]byte{}
	read := func(row int64, r *Record) []byte {
		b, err := r.Blob(1)
		if err != nil {
			t.Fatal(err)
		}
		data := make([]byte, b.Size())
		if _, err := b.ReadAt(data, 0); err != nil {
			t.Fatalf("row %d: %v", row, err)
		}
		if n, err := b.ReadAt(make([]byte, 2), b.Size()-1); n != 1 || err != io.EOF {
			t.Fatalf("at the end: %d bytes, error %v", n, err)
		}
		return data
	}
	err := db.Scan(packages, func(row int64, r *Record) (bool, error) {
		blobs[row] = read(row, r)
		return true, nil
	})
	if err != nil || len(blobs) != 3 {
		t.Fatalf("%d rows, error %v", len(blobs), err)
	}
	for row, want := range blobs {
		r, err := db.Row(packages, row)
		if err != nil || r == nil {
			t.Fatalf("row %d: %v, error %v", row, r, err)
		}
		if !bytes.Equal(read(row, r), want) {
			t.Errorf("row %d differs when read by number", row)
		}
		// rpm's header: number of tags and bytes, then as much as that.
		if n := 8 + 16*binary.BigEndian.Uint32(want) + binary.BigEndian.Uint32(want[4:]); int(n) != len(want) {
			t.Errorf("row %d: %d bytes of %d", row, len(want), n)
		}
	}
	if r, err := db.Row(packages, 4711); r != nil || err != nil {
		t.Errorf("row that is not there: %v, error %v", r, err)
	}
}

// TestLookup finds by the index exactly what reading the whole table finds, in
// tables whose trees have interior pages.
func TestLookup(t *testing.T) {
	db := open(t, sample(t))
	table, index := find(t, db, Table, "Basenames"), find(t, db, Index, "Basenames_key_idx")
	want := map[string][]int64{}
	packages := map[int64]int64{}
	err := db.Scan(table, func(row int64, r *Record) (bool, error) {
		c, err := r.columns(1)
		if err != nil {
			return false, err
		}
		key, err := r.text(c[0], 1000)
		if err != nil {
			return false, err
		}
		want[key] = append(want[key], row)
		packages[row], err = r.Integer(1)
		return true, err
	})
	if err != nil || len(want) < 300 {
		t.Fatalf("%d names, error %v", len(want), err)
	}
	several := false
	for key, rows := range want {
		var got []int64
		if err := db.Lookup(index, key, func(row int64) error { got = append(got, row); return nil }); err != nil {
			t.Fatal(err)
		}
		slices.Sort(got)
		slices.Sort(rows)
		if !slices.Equal(got, rows) {
			t.Errorf("%q: rows %v, want %v", key, got, rows)
		}
		several = several || len(rows) > 1
		for _, row := range rows {
			r, err := db.Row(table, row)
			if err != nil || r == nil {
				t.Fatalf("row %d: error %v", row, err)
			}
			if n, err := r.Integer(1); n != packages[row] || err != nil {
				t.Errorf("row %d: package %d, error %v, want %d", row, n, err, packages[row])
			}
		}
	}
	if !several {
		t.Error("the sample has no name twice")
	}
	for _, absent := range []string{"", "\x00", "host", "hostdd", "zzz", "\xff"} {
		if _, has := want[absent]; has {
			continue
		}
		if err := db.Lookup(index, absent, func(int64) error { return errors.New("found") }); err != nil {
			t.Errorf("%q: %v", absent, err)
		}
	}
}

func TestOpenErrors(t *testing.T) {
	for name, c := range map[string]struct {
		change func(b []byte) []byte
		want   error
	}{
		"empty":         {func([]byte) []byte { return nil }, ErrCorrupt},
		"other-magic":   {func(b []byte) []byte { b[0]++; return b }, ErrCorrupt},
		"page-size":     {func(b []byte) []byte { b[17] = 3; return b }, ErrCorrupt},
		"half-a-page":   {func(b []byte) []byte { return b[:len(b)-2048] }, ErrCorrupt},
		"pages-missing": {func(b []byte) []byte { return b[:len(b)-4096] }, ErrCorrupt},
		"all-reserved":  {func(b []byte) []byte { b[16], b[17], b[20] = 2, 0, 255; return b }, ErrCorrupt},
		"utf-16":        {func(b []byte) []byte { b[59] = 2; return b }, ErrUnsupported},
		"read-version":  {func(b []byte) []byte { b[19] = 3; return b }, ErrUnsupported},
	} {
		t.Run(name, func(t *testing.T) {
			data := c.change(sample(t))
			if _, err := Open(bytes.NewReader(data), int64(len(data))); !errors.Is(err, c.want) {
				t.Errorf("error %v, want %v", err, c.want)
			}
		})
	}
}

// TestCircles: trees and chains that lead back into themselves end with an error.
func TestCircles(t *testing.T) {
	data := sample(t)
	db := open(t, data)
	root := find(t, db, Table, "Basenames")
	page := data[int64(root-1)*db.page:]
	if page[0] != interiorTable {
		t.Fatalf("the sample's table has no interior page: %d", page[0])
	}
	t.Run("tree", func(t *testing.T) {
		circle := slices.Clone(data)
		binary.BigEndian.PutUint32(circle[int64(root-1)*db.page+8:], uint32(root))
		err := open(t, circle).Scan(root, func(int64, *Record) (bool, error) { return true, nil })
		if !errors.Is(err, ErrCorrupt) {
			t.Errorf("scan: error %v", err)
		}
		if _, err := open(t, circle).Row(root, 1<<40); !errors.Is(err, ErrCorrupt) {
			t.Errorf("row: error %v", err)
		}
	})
	t.Run("fan", func(t *testing.T) {
		// Every child of the root is the page itself: 2^20 ways down if nobody counts.
		circle := slices.Clone(data)
		p := circle[int64(root-1)*db.page:]
		for i := range int(binary.BigEndian.Uint16(p[3:])) {
			cell := binary.BigEndian.Uint16(p[12+2*i:])
			binary.BigEndian.PutUint32(p[cell:], uint32(root))
		}
		started := time.Now()
		err := open(t, circle).Scan(root, func(int64, *Record) (bool, error) { return true, nil })
		if !errors.Is(err, ErrCorrupt) || time.Since(started) > 10*time.Second {
			t.Errorf("error %v after %v", err, time.Since(started))
		}
	})
	t.Run("chain", func(t *testing.T) {
		packages := find(t, db, Table, "Packages")
		var long int64
		err := db.Scan(packages, func(row int64, r *Record) (bool, error) { // the row with the longest chain
			if r.size > 4*db.page {
				long = row
			}
			return true, nil
		})
		if err != nil || long == 0 {
			t.Fatalf("no long row, error %v", err)
		}
		r, err := db.Row(packages, long)
		if err != nil {
			t.Fatal(err)
		}
		circle := slices.Clone(data)
		binary.BigEndian.PutUint32(circle[int64(r.next-1)*db.page:], r.next)
		r, err = open(t, circle).Row(packages, long)
		if err != nil {
			t.Fatal(err)
		}
		b, err := r.Blob(1)
		if err != nil {
			t.Fatal(err)
		}
		got := make([]byte, b.Size())
		if _, err := b.ReadAt(got, 0); err != nil || int64(len(r.data)) != r.size {
			t.Errorf("%d bytes of %d, error %v", len(r.data), r.size, err)
		}
	})
}

func TestVarint(t *testing.T) {
	for _, c := range []struct {
		p    string
		v    uint64
		used int
	}{
		{"\x05", 5, 1},
		{"\x81\x00", 128, 2},
		{"\x81", 0, 0},
		{"", 0, 0},
		{"\xff\xff\xff\xff\xff\xff\xff\xff\xff", 1<<64 - 1, 9},
		{"\xff\xff\xff\xff\xff\xff\xff\xff", 0, 0},
	} {
		if v, used := varint([]byte(c.p)); v != c.v || used != c.used {
			t.Errorf("%x: %d, %d bytes", c.p, v, used)
		}
	}
}

func TestIntegers(t *testing.T) {
	for _, c := range []struct {
		kind uint64
		data string
		want int64
	}{
		{8, "", 0},
		{9, "", 1},
		{1, "\xff", -1},
		{2, "\x01\x00", 256},
		{3, "\xff\xff\xfe", -2},
		{4, "\x7f\xff\xff\xff", 1<<31 - 1},
		{5, "\x00\x00\x00\x00\x01\x00", 256},
		{6, "\x80\x00\x00\x00\x00\x00\x00\x00", -1 << 63},
	} {
		r := &Record{size: int64(len(c.data)), data: []byte(c.data)}
		if got, err := r.integer(column{c.kind, 0, int64(len(c.data))}); got != c.want || err != nil {
			t.Errorf("type %d %x: %d, error %v", c.kind, c.data, got, err)
		}
	}
	if _, err := (&Record{}).integer(column{kind: 13}); !errors.Is(err, ErrCorrupt) {
		t.Errorf("a text as integer: %v", err)
	}
}

// FuzzDB changes a piece of a real file: every answer is a value or a known error,
// and no row is longer than the file.
func FuzzDB(f *testing.F) {
	data := sample(f)
	f.Add(uint32(16), []byte{2, 0}, "hostd")
	f.Add(uint32(100), []byte{5, 0, 0, 0, 255}, "hostd")
	f.Add(uint32(4096), []byte{13, 0, 0, 0, 255, 0, 0}, "")
	f.Add(uint32(3*4096+8), []byte{0, 0, 0, 4}, "README")
	f.Fuzz(func(t *testing.T, at uint32, piece []byte, key string) {
		changed := slices.Clone(data)
		copy(changed[int(at)%len(changed):], piece)
		known := func(err error) {
			if err != nil && !errors.Is(err, ErrCorrupt) && !errors.Is(err, ErrUnsupported) && !errors.Is(err, ErrNoSuchTable) {
				t.Fatalf("error %v", err)
			}
		}
		db, err := Open(bytes.NewReader(changed), int64(len(changed)))
		if err != nil {
			known(err)
			return
		}
		for _, name := range []string{"Packages", "Basenames"} {
			root, err := db.Find(Table, name)
			known(err)
			if err != nil {
				continue
			}
			known(db.Scan(root, func(row int64, r *Record) (bool, error) {
				if r.size > int64(len(changed)) {
					t.Fatalf("a row of %d bytes", r.size)
				}
				if b, err := r.Blob(1); err == nil {
					_, err := b.ReadAt(make([]byte, min(b.Size(), 1<<16)), b.Size()/2)
					if err != io.EOF {
						known(err)
					}
				}
				_, err := r.Integer(1)
				known(err)
				return true, nil
			}))
			_, err = db.Row(root, int64(at))
			known(err)
		}
		index, err := db.Find(Index, "Basenames_key_idx")
		known(err)
		if err == nil {
			known(db.Lookup(index, key, func(int64) error { return nil }))
		}
	})
}
