// Package sqlite reads tables of an SQLite 3 database file: all rows of a table,
// one row by its number, or the rows an index has for a text. It only reads, it
// knows no SQL, and it judges neither a write-ahead log nor a rollback journal:
// where one with content lies beside the file, the file alone tells nothing
// certain and the caller must not ask.
//
// Source: https://www.sqlite.org/fileformat2.html
package sqlite

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Errors; test with errors.Is.
var (
	ErrCorrupt     = errors.New("not a whole SQLite database")
	ErrUnsupported = errors.New("an SQLite database of an unsupported form")
	ErrNoSuchTable = errors.New("no such table or index")
)

func corrupt(format string, a ...any) error {
	return fmt.Errorf("%w: %s", ErrCorrupt, fmt.Sprintf(format, a...))
}

// DB is a database file. It is not safe for concurrent use.
type DB struct {
	r     io.ReaderAt
	size  int64
	page  int64  // bytes of a page
	use   int64  // bytes of it that are used
	pages uint32 // of the file
}

const (
	magic      = "SQLite format 3\x00"
	headerSize = 100
	utf8Text   = 1
)

// Open reads the header of the file in r, of size bytes.
func Open(r io.ReaderAt, size int64) (*DB, error) {
	var head [headerSize]byte
	if err := readFull(r, head[:], 0); err != nil {
		return nil, err
	}
	if string(head[:16]) != magic {
		return nil, corrupt("no SQLite file")
	}
	db := &DB{r: r, size: size, page: int64(binary.BigEndian.Uint16(head[16:]))}
	if db.page == 1 {
		db.page = 65536
	}
	db.use = db.page - int64(head[20])
	switch {
	case db.page < 512 || db.page&(db.page-1) != 0 || db.use < 480:
		return nil, corrupt("pages of %d bytes, %d used", db.page, db.use)
	case size%db.page != 0:
		return nil, corrupt("%d bytes are no whole pages of %d", size, db.page)
	case head[19] > 2 || binary.BigEndian.Uint32(head[56:]) != utf8Text:
		return nil, ErrUnsupported
	}
	// The number of pages in the header counts only where the number of changes
	// in it is the one it was written with.
	db.pages = binary.BigEndian.Uint32(head[28:])
	if inFile := size / db.page; db.pages == 0 || binary.BigEndian.Uint32(head[24:]) != binary.BigEndian.Uint32(head[92:]) {
		db.pages = uint32(min(inFile, 1<<32-2))
	} else if int64(db.pages) > inFile {
		return nil, corrupt("%d pages of %d are there", inFile, db.pages)
	}
	return db, nil
}

// Kinds of entries of the schema.
const (
	Table = "table"
	Index = "index"
)

// Root is where a table or an index begins.
type Root uint32

// Find returns the Root of a table or index by its name, ErrNoSuchTable if there
// is none. Table and index are told apart.
func (db *DB) Find(kind, name string) (Root, error) {
	if name == "" {
		return 0, ErrNoSuchTable
	}
	var root Root
	err := db.Scan(1, func(_ int64, row *Record) (more bool, err error) {
		// type, name, tbl_name, rootpage, sql
		columns, err := row.columns(4)
		if err != nil {
			return false, err
		}
		is, err := row.text(columns[0], int64(len(kind)))
		if err != nil || is != kind {
			return err == nil, err
		}
		is, err = row.text(columns[1], int64(len(name)))
		if err != nil || is != name {
			return err == nil, err
		}
		number, err := row.integer(columns[3])
		if err == nil && (number < 2 || number > int64(db.pages)) {
			err = corrupt("%s %s on page %d", kind, name, number)
		}
		root = Root(number)
		return false, err
	})
	if err == nil && root == 0 {
		err = ErrNoSuchTable
	}
	return root, err
}

// readPage reads a page, numbered from 1, into buf.
func (db *DB) readPage(number uint32, buf []byte) error {
	if number == 0 || number > db.pages {
		return corrupt("page %d of %d", number, db.pages)
	}
	return readFull(db.r, buf[:db.page], int64(number-1)*db.page)
}

// readFull reads all of p or says that the database ends too early.
func readFull(r io.ReaderAt, p []byte, off int64) error {
	n, err := r.ReadAt(p, off)
	switch {
	case n == len(p):
		return nil
	case err == nil || errors.Is(err, io.EOF):
		return corrupt("it ends within byte %d", off+int64(n))
	}
	return err
}
