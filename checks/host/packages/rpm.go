package packages

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"path"
	"slices"

	"hostaudit/checks/host/tree"
	"hostaudit/checks/internal/rpmdb"
	"hostaudit/checks/internal/sqlite"
)

// The files of rpm's backends, newest first.
const (
	rpmSQLite = "rpmdb.sqlite" // Fedora, RHEL 9
	rpmNDB    = "Packages.db"  // SUSE
	rpmBDB    = "Packages"     // RHEL 8 and before
)

// rpm is a database of rpm(8) in one directory.
type rpm struct {
	t    *tree.Tree
	dir  string
	kind string // name of the file
	// others: files of other backends are there as well, left behind by an upgrade or
	// not: which of them rpm reads is in its configuration.
	others bool
}

func openRPM(t *tree.Tree) (backend, bool) {
	there := false
	for _, dir := range rpmDirs {
		var kinds []string
		for _, kind := range []string{rpmSQLite, rpmNDB, rpmBDB} {
			content, is := filled(t, dir+"/"+kind)
			if content {
				kinds = append(kinds, kind)
			}
			there = there || is
		}
		if len(kinds) > 0 {
			return rpm{t, dir, kinds[0], len(kinds) > 1}, true
		}
	}
	return nil, there
}

// find implements backend.
func (r rpm) find(s *search) error {
	name := r.dir + "/" + r.kind
	before, err := r.state()
	if err != nil {
		return err
	}
	f, info, err := r.t.Open(name)
	if err != nil {
		return missing(name, err)
	}
	defer f.Close()
	at, isAt := f.(io.ReaderAt)
	size := info.Size
	if !isAt {
		data, err := readWhole(r.t, name)
		if err != nil {
			return err
		}
		at, size = bytes.NewReader(data), int64(len(data))
	}
	limited := &limitedReader{at, maxRead}
	err = r.findIn(limited, size, s)
	// What changes under the reader looks damaged, or whole and is not.
	after, e := r.state()
	switch {
	case e != nil:
		err = e
	case before != after:
		err = fmt.Errorf("%s: %w", name, tree.ErrChanged)
	case err == nil && r.others:
		err = fmt.Errorf("%w: %s has several databases", ErrUnsupported, r.dir)
	}
	if err != nil && (e != nil || before != after) {
		s.doubt = err
	}
	return rpmError(name, err)
}

// state is what shows that a database was written to. A write-ahead log or a
// journal with content means that the file alone does not tell what is installed:
// a transaction is under way or was interrupted.
func (r rpm) state() (tree.Info, error) {
	name := r.dir + "/" + r.kind
	if r.kind == rpmSQLite {
		for _, suffix := range []string{"-wal", "-journal"} {
			if content, _ := filled(r.t, name+suffix); content {
				return tree.Info{}, fmt.Errorf("%s: %w: an rpm transaction is under way or was interrupted", name+suffix, tree.ErrChanged)
			}
		}
	}
	info, err := r.t.Stat(name)
	return info, missing(name, err)
}

// rpmError says which file and translates what the grammars say.
func rpmError(name string, err error) error {
	switch {
	case errors.Is(err, rpmdb.ErrCorrupt) || errors.Is(err, sqlite.ErrCorrupt):
		return notWhole(name, "%v", err)
	case errors.Is(err, rpmdb.ErrUnsupported) || errors.Is(err, sqlite.ErrUnsupported) || errors.Is(err, sqlite.ErrNoSuchTable):
		return fmt.Errorf("%w: %s: %w", ErrUnsupported, name, err)
	}
	return err
}

func (r rpm) findIn(at io.ReaderAt, size int64, s *search) error {
	bases := map[string]bool{}
	for key := range s.needles {
		bases[path.Base(key)] = true
	}
	var headers iter.Seq2[rpmdb.Blob, error]
	switch r.kind {
	case rpmSQLite:
		headers = sqliteHeaders(at, size, bases)
	case rpmNDB:
		headers = rpmdb.NDB(at, size)
	default:
		headers = rpmdb.BDB(at, size)
	}
	want := func(base []byte) bool { return bases[string(base)] }
	// A file may be in several packages, so all are looked at: the answer must not
	// depend on their order, which every upgrade changes.
	count := 0
	for blob, err := range headers {
		if err == nil {
			err = lookInHeader(blob, want, s)
		}
		if err != nil {
			return err
		}
		count++
	}
	if count == 0 && r.kind != rpmSQLite {
		return notWhole(r.dir+"/"+r.kind, "no package")
	}
	return nil
}

func lookInHeader(blob rpmdb.Blob, want func([]byte) bool, s *search) error {
	h, err := rpmdb.ReadHeader(blob)
	if err != nil {
		return err
	}
	paths, err := h.Files(want)
	if err != nil || len(paths) == 0 {
		return err
	}
	name, err := h.Name()
	if err != nil {
		return err
	}
	version, err := h.Version()
	for _, p := range paths {
		if len(p) > 0 && p[0] == '/' {
			s.look([]byte(p[1:]), name, version)
		}
	}
	return err
}

// maxLookups is up to how many names the index of names is asked for; reading all
// packages costs less than more.
const maxLookups = 256

// sqliteHeaders returns the headers of the packages that have a file of one of
// these names, by rpm's own index of them (lib/backend/sqlite.c), or of all.
func sqliteHeaders(at io.ReaderAt, size int64, bases map[string]bool) iter.Seq2[rpmdb.Blob, error] {
	return func(yield func(rpmdb.Blob, error) bool) {
		if err := eachSQLiteHeader(at, size, bases, func(b rpmdb.Blob) bool { return yield(b, nil) }); err != nil {
			yield(nil, err)
		}
	}
}

// eachSQLiteHeader returns an error only while yield still wants more.
func eachSQLiteHeader(at io.ReaderAt, size int64, bases map[string]bool, yield func(rpmdb.Blob) bool) error {
	db, err := sqlite.Open(at, size)
	if err != nil {
		return err
	}
	packages, err := db.Find(sqlite.Table, "Packages")
	if err != nil {
		return err
	}
	each := func(_ int64, row *sqlite.Record) (bool, error) {
		blob, err := row.Blob(1)
		if err != nil {
			return false, err
		}
		return yield(blob), nil
	}
	empty := true
	err = db.Scan(packages, func(n int64, row *sqlite.Record) (bool, error) {
		if empty = false; len(bases) > maxLookups {
			return each(n, row)
		}
		return false, nil
	})
	switch {
	case err != nil:
		return err
	case empty:
		return fmt.Errorf("%w: no package", ErrNotWhole)
	case len(bases) > maxLookups:
		return nil
	}
	numbers, err := sqliteLookup(db, bases)
	if err != nil {
		return err
	}
	for _, n := range numbers {
		row, err := db.Row(packages, n)
		if err == nil && row == nil {
			err = fmt.Errorf("%w: package %d has files and no header", ErrNotWhole, n)
		}
		if err != nil {
			return err
		}
		if more, err := each(n, row); err != nil || !more {
			return err
		}
	}
	return nil
}

// sqliteLookup returns the numbers of the packages that have a file of one of
// these names, ascending.
func sqliteLookup(db *sqlite.DB, bases map[string]bool) ([]int64, error) {
	names, err := db.Find(sqlite.Table, "Basenames")
	if err != nil {
		return nil, err
	}
	index, err := db.Find(sqlite.Index, "Basenames_key_idx")
	if err != nil {
		return nil, err
	}
	found := map[int64]bool{}
	for _, base := range slices.Sorted(maps.Keys(bases)) {
		err := db.Lookup(index, base, func(number int64) error {
			row, err := db.Row(names, number)
			if err == nil && row == nil {
				err = fmt.Errorf("%w: an index of files that are not there", ErrNotWhole)
			}
			if err != nil {
				return err
			}
			n, err := row.Integer(1)
			if found[n] = true; len(found) > maxNumber {
				return fmt.Errorf("%w: more than %d packages with such a file", tree.ErrTooLarge, maxNumber)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return slices.Sorted(maps.Keys(found)), nil
}

// limitedReader ends when more was read than a database of honest size needs:
// what a hostile one says of itself costs no more than that.
type limitedReader struct {
	r    io.ReaderAt
	left int64
}

// ReadAt implements io.ReaderAt.
func (l *limitedReader) ReadAt(p []byte, off int64) (int, error) {
	if l.left -= int64(len(p)); l.left < 0 {
		return 0, fmt.Errorf("%w: more than %d bytes of a package database", tree.ErrTooLarge, int64(maxRead))
	}
	return l.r.ReadAt(p, off)
}
