package sqlite

import (
	"encoding/binary"
	"fmt"
	"io"
	"strings"
)

// maxPayload is the largest row that is read, in bytes.
const maxPayload = 64 << 20

// Record is one row. What does not fit on the page of the row lies in a chain of
// overflow pages and is read as far as it is asked for.
type Record struct {
	db   *DB
	size int64
	data []byte // as far as it was read
	next uint32 // overflow page, 0 = none
}

// tableCell reads a cell of a leaf of a table.
func (db *DB) tableCell(cell []byte) (row int64, r *Record, err error) {
	size, used := varint(cell)
	key, usedKey := varint(cell[used:])
	if used == 0 || usedKey == 0 {
		return 0, nil, corrupt("a cell without its head")
	}
	r, err = db.record(cell[used+usedKey:], size, db.use-35)
	return int64(key), r, err
}

// indexCell reads a cell of an index, after the number of its child.
func (db *DB) indexCell(cell []byte) (*Record, error) {
	size, used := varint(cell)
	if used == 0 {
		return nil, corrupt("a cell without its head")
	}
	return db.record(cell[used:], size, (db.use-12)*64/255-23)
}

// record returns the record that begins at data and of which at most fits bytes
// lie on the page ("B-tree Cell Format").
func (db *DB) record(data []byte, size uint64, fits int64) (*Record, error) {
	if size > uint64(db.size) {
		return nil, corrupt("a row of %d bytes in %d", size, db.size)
	}
	if size > maxPayload {
		return nil, fmt.Errorf("%w: a row of %d bytes", ErrUnsupported, size)
	}
	r := &Record{db: db, size: int64(size)}
	if r.size <= fits {
		if int64(len(data)) < r.size {
			return nil, corrupt("a row across the end of its page")
		}
		r.data = data[:r.size:r.size]
		return r, nil
	}
	least := (db.use-12)*32/255 - 23
	local := least + (r.size-least)%(db.use-4)
	if local > fits {
		local = least
	}
	if int64(len(data)) < local+4 {
		return nil, corrupt("a row across the end of its page")
	}
	r.data, r.next = data[:local:local], binary.BigEndian.Uint32(data[local:])
	return r, nil
}

// need reads until n bytes are there. Every page of the chain brings as much as
// is missing or fits on it, so a chain that leads back into itself ends.
func (r *Record) need(n int64) error {
	if n > r.size {
		return corrupt("a row of %d bytes has more columns", r.size)
	}
	for int64(len(r.data)) < n {
		length := int64(len(r.data))
		if r.next == 0 {
			return corrupt("a row of %d bytes ends after %d", r.size, length)
		}
		data := append(r.data, make([]byte, r.db.page)...)
		page := data[length:]
		if err := r.db.readPage(r.next, page); err != nil {
			return err
		}
		r.next = binary.BigEndian.Uint32(page)
		used := copy(page, page[4:min(r.db.use, 4+r.size-length)])
		r.data = data[:length+int64(used)]
	}
	return nil
}

// column is where a value lies in its record.
type column struct {
	kind       uint64 // serial type
	start, end int64
}

// columns reads the head of the record; a record with fewer than n is corrupt.
func (r *Record) columns(n int) ([]column, error) {
	if err := r.need(min(r.size, 9)); err != nil {
		return nil, err
	}
	head, used := varint(r.data)
	if used == 0 || head > uint64(r.size) || int(head) < used {
		return nil, corrupt("a row without its head")
	}
	// No more of it than the columns asked for can take: the head of a hostile row
	// may be as long as the row.
	read := min(int64(head), int64(used+9*n))
	if err := r.need(read); err != nil {
		return nil, err
	}
	var list []column
	at := int64(head)
	for kinds := r.data[used:read]; len(list) < n; {
		kind, used := varint(kinds)
		if used == 0 {
			return nil, corrupt("a row of %d columns", len(list))
		}
		kinds = kinds[used:]
		length, err := valueLength(kind)
		if err != nil {
			return nil, err
		}
		if length > r.size-at {
			return nil, corrupt("a value across the end of its row")
		}
		list = append(list, column{kind, at, at + length})
		at += length
	}
	return list, nil
}

// valueLength returns the bytes of a value of a serial type.
func valueLength(kind uint64) (int64, error) {
	switch {
	case kind <= 4:
		return int64(kind), nil
	case kind == 5:
		return 6, nil
	case kind == 6 || kind == 7:
		return 8, nil
	case kind == 8 || kind == 9:
		return 0, nil
	case kind < 12:
		return 0, corrupt("a value of type %d", kind)
	}
	return int64((kind - 12) / 2), nil
}

// text returns the value if it is a text of at most most bytes. What is longer or
// no text is "", which no name is.
func (r *Record) text(c column, most int64) (string, error) {
	if c.kind < 13 || c.kind%2 == 0 || c.end-c.start > most {
		return "", nil
	}
	if err := r.need(c.end); err != nil {
		return "", err
	}
	return string(r.data[c.start:c.end]), nil
}

func (r *Record) integer(c column) (int64, error) {
	switch {
	case c.kind == 8:
		return 0, nil
	case c.kind == 9:
		return 1, nil
	case c.kind < 1 || c.kind > 6:
		return 0, corrupt("a value of type %d is no integer", c.kind)
	}
	if err := r.need(c.end); err != nil {
		return 0, err
	}
	v := int64(int8(r.data[c.start]))
	for _, b := range r.data[c.start+1 : c.end] {
		v = v<<8 | int64(b)
	}
	return v, nil
}

// Integer returns the integer in column n, from 0.
func (r *Record) Integer(n int) (int64, error) {
	columns, err := r.columns(n + 1)
	if err != nil {
		return 0, err
	}
	return r.integer(columns[n])
}

// compare orders the first column of an index' row against a text and returns the
// number of the row it stands for, which is the last column. NULL and numbers
// come before texts, blobs after them.
func (r *Record) compare(text string) (order int, row int64, err error) {
	columns, err := r.columns(2)
	if err != nil {
		return 0, 0, err
	}
	switch kind := columns[0].kind; {
	case kind < 12:
		return -1, 0, nil
	case kind%2 == 0:
		return 1, 0, nil
	}
	// One byte more than the text has decides.
	start, end := columns[0].start, min(columns[0].end, columns[0].start+int64(len(text))+1)
	if err := r.need(end); err != nil {
		return 0, 0, err
	}
	order = strings.Compare(string(r.data[start:end]), text)
	if order == 0 {
		row, err = r.integer(columns[1])
	}
	return order, row, err
}

// Blob is a binary value in a Record.
type Blob struct {
	r *Record
	c column
}

// Blob returns the binary value in column n, from 0.
func (r *Record) Blob(n int) (*Blob, error) {
	columns, err := r.columns(n + 1)
	if err != nil {
		return nil, err
	}
	if kind := columns[n].kind; kind < 12 || kind%2 != 0 {
		return nil, corrupt("column %d of type %d is no blob", n, kind)
	}
	return &Blob{r, columns[n]}, nil
}

// Size returns the length in bytes.
func (b *Blob) Size() int64 { return b.c.end - b.c.start }

// ReadAt implements io.ReaderAt.
func (b *Blob) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 || off >= b.Size() {
		return 0, io.EOF
	}
	end := min(off+int64(len(p)), b.Size())
	if err := b.r.need(b.c.start + end); err != nil {
		return 0, err
	}
	n := copy(p, b.r.data[b.c.start+off:b.c.start+end])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}
