package sqlite

import (
	"encoding/binary"
)

// Types of b-tree pages.
const (
	interiorIndex = 2
	interiorTable = 5
	leafIndex     = 10
	leafTable     = 13
)

// maxDepth bounds a walk down. A table of 2^31 rows in the smallest pages is less
// than 20 pages deep, and SQLite itself stops at 20.
const maxDepth = 20

// walk is one visit to a tree. No walk comes to a page twice, so one that goes on
// for more pages than the file has is running in circles.
type walk struct {
	db      *DB
	index   bool
	visited uint32
	buffers [maxDepth][]byte
}

// node is a page of a tree.
type node struct {
	kind  byte
	data  []byte // the page
	cells []byte // offsets of the cells, two bytes each
	right uint32 // the child after the last cell
}

func (n *node) interior() bool { return n.kind == interiorIndex || n.kind == interiorTable }

func (n *node) count() int { return len(n.cells) / 2 }

// cell returns the bytes from the start of cell i to the end of the page.
func (n *node) cell(i int) ([]byte, error) {
	at := int(binary.BigEndian.Uint16(n.cells[2*i:]))
	if at >= len(n.data) {
		return nil, corrupt("a cell at byte %d", at)
	}
	return n.data[at:], nil
}

// load reads the page number at a depth.
func (w *walk) load(number uint32, depth int) (*node, error) {
	if depth >= maxDepth {
		return nil, corrupt("a tree deeper than %d pages", maxDepth)
	}
	if w.visited++; w.visited > w.db.pages {
		return nil, corrupt("pages of a tree in circles")
	}
	if w.buffers[depth] == nil {
		w.buffers[depth] = make([]byte, w.db.page)
	}
	data := w.buffers[depth]
	if err := w.db.readPage(number, data); err != nil {
		return nil, err
	}
	data = data[:w.db.use]
	head := data
	if number == 1 {
		head = data[headerSize:]
	}
	n := &node{kind: head[0], data: data}
	switch {
	case w.index && (n.kind == interiorIndex || n.kind == leafIndex):
	case !w.index && (n.kind == interiorTable || n.kind == leafTable):
	default:
		return nil, corrupt("page %d of type %d", number, n.kind)
	}
	cells := head[8:]
	if n.interior() {
		n.right, cells = binary.BigEndian.Uint32(head[8:]), head[12:]
	}
	count := int(binary.BigEndian.Uint16(head[3:]))
	if 2*count > len(cells) {
		return nil, corrupt("%d cells on page %d", count, number)
	}
	n.cells = cells[:2*count]
	return n, nil
}

// Scan calls each for the rows of a table in the order of their numbers, until it
// wants no more or fails. A Record is valid until each returns.
func (db *DB) Scan(table Root, each func(row int64, r *Record) (more bool, err error)) error {
	w := &walk{db: db}
	_, err := w.scan(uint32(table), 0, each)
	return err
}

func (w *walk) scan(number uint32, depth int, each func(int64, *Record) (bool, error)) (more bool, err error) {
	n, err := w.load(number, depth)
	if err != nil {
		return false, err
	}
	for i := range n.count() {
		cell, err := n.cell(i)
		if err != nil {
			return false, err
		}
		if n.interior() {
			child, err := childOf(cell)
			if err == nil {
				more, err = w.scan(child, depth+1, each)
			}
			if err != nil || !more {
				return false, err
			}
			continue
		}
		row, record, err := w.db.tableCell(cell)
		if err != nil {
			return false, err
		}
		if more, err := each(row, record); err != nil || !more {
			return false, err
		}
	}
	if n.interior() {
		return w.scan(n.right, depth+1, each)
	}
	return true, nil
}

// Row returns the row of a table with this number, nil if there is none.
func (db *DB) Row(table Root, row int64) (*Record, error) {
	w := &walk{db: db}
	number := uint32(table)
	for depth := 0; ; depth++ {
		n, err := w.load(number, depth)
		if err != nil {
			return nil, err
		}
		number = n.right
		for i := range n.count() {
			cell, err := n.cell(i)
			if err != nil {
				return nil, err
			}
			if n.interior() {
				child, err := childOf(cell)
				if err != nil {
					return nil, err
				}
				key, used := varint(cell[4:])
				if used == 0 {
					return nil, corrupt("a cell without its key")
				}
				if row <= int64(key) {
					number = child
					break
				}
				continue
			}
			at, record, err := db.tableCell(cell)
			if err != nil || at == row {
				return record, err
			}
		}
		if !n.interior() {
			return nil, nil
		}
	}
}

// Lookup calls each for the row numbers that an index has for a text in its first
// column, which must be sorted bytewise, ascending.
func (db *DB) Lookup(index Root, text string, each func(row int64) error) error {
	w := &walk{db: db, index: true}
	return w.lookup(uint32(index), 0, text, each)
}

func (w *walk) lookup(number uint32, depth int, text string, each func(int64) error) error {
	n, err := w.load(number, depth)
	if err != nil {
		return err
	}
	for i := range n.count() {
		cell, err := n.cell(i)
		if err != nil {
			return err
		}
		var child uint32
		if n.interior() {
			if child, err = childOf(cell); err != nil {
				return err
			}
			cell = cell[4:]
		}
		record, err := w.db.indexCell(cell)
		if err != nil {
			return err
		}
		order, row, err := record.compare(text)
		if err != nil {
			return err
		}
		if order < 0 {
			continue // and so is all that is left of it
		}
		if n.interior() {
			if err := w.lookup(child, depth+1, text, each); err != nil {
				return err
			}
		}
		if order > 0 {
			return nil
		}
		if err := each(row); err != nil {
			return err
		}
	}
	if n.interior() {
		return w.lookup(n.right, depth+1, text, each)
	}
	return nil
}

func childOf(cell []byte) (uint32, error) {
	if len(cell) < 4 {
		return 0, corrupt("a cell without its child")
	}
	return binary.BigEndian.Uint32(cell), nil
}

// varint returns the number p begins with and its length; 0 = p is too short.
func varint(p []byte) (v uint64, used int) {
	for i, b := range p {
		if i == 8 {
			return v<<8 | uint64(b), 9
		}
		v = v<<7 | uint64(b&0x7f)
		if b < 0x80 {
			return v, i + 1
		}
	}
	return 0, 0
}
