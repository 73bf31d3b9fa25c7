package rpmdb

import (
	"encoding/binary"
	"fmt"
	"io"
	"iter"
	"math/bits"
)

// Of Berkeley DB's pages (src/dbinc/db_page.h). Numbers have the byte order of
// the machine that wrote the file.
const (
	bdbHashMagic = 0x061561
	bdbMetaSize  = 96 + 4*32
	bdbPageHead  = 26

	bdbHashUnsorted = 2 // page types
	bdbOverflow     = 7
	bdbHashMeta     = 8
	bdbHash         = 13

	bdbKeyData = 1 // item types
	bdbOffPage = 3
)

// bdbAhead is how many bytes of a header's pages are read at once.
const bdbAhead = 64 << 10

// maxChain is the longest header that is read; the real ones have up to some MB.
const maxChain = 64 << 20

// BDB returns the headers in a Berkeley DB hash database of size bytes. An error is the
// last thing returned. A Blob is valid until the next one is asked for.
func BDB(r io.ReaderAt, size int64) iter.Seq2[Blob, error] {
	return func(yield func(Blob, error) bool) {
		db := bdb{r: r, size: size}
		err := db.open()
		if err == nil {
			err = db.scan(func(b Blob) bool { return yield(b, nil) })
		}
		if err != nil {
			yield(nil, err)
		}
	}
}

type bdb struct {
	r     io.ReaderAt
	size  int64
	order binary.ByteOrder
	page  int64 // bytes of a page
	last  int64 // number of the last page
	taken int64 // bytes of the headers so far

	scratch       []byte // memory of the last header, for the next
	buffer, ahead []byte // pages read ahead
	first         int64  // number of the first of them
}

func (db *bdb) open() error {
	var meta [bdbMetaSize]byte
	if err := readFull(db.r, meta[:], 0); err != nil {
		return err
	}
	switch uint32(bdbHashMagic) {
	case binary.LittleEndian.Uint32(meta[12:]):
		db.order = binary.LittleEndian
	case binary.BigEndian.Uint32(meta[12:]):
		db.order = binary.BigEndian
	default:
		return fmt.Errorf("%w: no hash of Berkeley DB", ErrUnsupported)
	}
	db.page, db.last = int64(db.order.Uint32(meta[20:])), int64(db.order.Uint32(meta[32:]))
	const checksums = 1
	switch {
	case meta[24] != 0 || meta[26]&checksums != 0:
		return fmt.Errorf("%w: encrypted or with checksums", ErrUnsupported)
	case meta[25] != bdbHashMeta || db.page < 512 || db.page > 65536 || db.page&(db.page-1) != 0:
		return corrupt("page of type %d, %d bytes", meta[25], db.page)
	case (db.last+1)*db.page > db.size:
		return corrupt("%d pages of %d bytes in %d", db.last+1, db.page, db.size)
	}
	return nil
}

// scan reads the pages of every bucket. It returns an error only while yield still
// wants more.
func (db *bdb) scan(yield func(Blob) bool) error {
	var meta [bdbMetaSize]byte
	if err := readFull(db.r, meta[:], 0); err != nil {
		return err
	}
	buckets := int64(db.order.Uint32(meta[72:])) + 1
	if buckets > db.last {
		return corrupt("%d buckets on %d pages", buckets, db.last)
	}
	page := make([]byte, db.page)
	var visited int64
	for b := range buckets {
		// Buckets are allocated in doublings, each doubling in one piece; spares tells how
		// many pages for other purposes lie before the piece (BUCKET_TO_PAGE in hash.h).
		doubling := bits.Len64(uint64(b)) // of b+1, the logarithm to base 2, rounded up
		if doubling >= 32 {
			return corrupt("%d buckets", buckets)
		}
		number := b + int64(db.order.Uint32(meta[96+4*doubling:]))
		for number != 0 {
			if visited++; number > db.last || visited > db.last {
				return corrupt("bucket %d leads to page %d of %d, or in circles", b, number, db.last)
			}
			if err := readFull(db.r, page, number*db.page); err != nil {
				return err
			}
			next := int64(db.order.Uint32(page[16:]))
			switch kind := page[25]; kind {
			case bdbHash, bdbHashUnsorted:
				more, err := db.hashPage(page, yield)
				if err != nil || !more {
					return err
				}
			case 0: // never used
			default:
				return corrupt("page %d of type %d in a bucket", number, kind)
			}
			number = next
		}
	}
	return nil
}

// window returns page number, out of memory where it is read already: the pages
// of one header mostly follow each other.
func (db *bdb) window(number int64) ([]byte, error) {
	if at := (number - db.first) * db.page; at >= 0 && at+db.page <= int64(len(db.ahead)) {
		return db.ahead[at : at+db.page], nil
	}
	if db.buffer == nil {
		db.buffer = make([]byte, max(db.page, bdbAhead))
	}
	db.first, db.ahead = number, db.buffer[:min(int64(len(db.buffer)), (db.last+1-number)*db.page)]
	if err := readFull(db.r, db.ahead, number*db.page); err != nil {
		db.ahead = nil
		return nil, err
	}
	return db.ahead[:db.page], nil
}

// hashPage yields the headers of one page: keys and values by turns.
func (db *bdb) hashPage(page []byte, yield func(Blob) bool) (more bool, err error) {
	items := int(db.order.Uint16(page[20:]))
	if items%2 != 0 || bdbPageHead+2*items > len(page) {
		return false, corrupt("%d items on a page", items)
	}
	end := len(page)
	var key []byte
	for i := range items {
		start := int(db.order.Uint16(page[bdbPageHead+2*i:]))
		if start < bdbPageHead+2*items || start >= end {
			return false, corrupt("an item outside its page")
		}
		item := page[start:end]
		end = start
		if i%2 == 0 {
			key = item[1:]
			continue
		}
		var blob Blob
		switch {
		case item[0] == bdbOffPage && len(item) >= 12:
			size := int64(db.order.Uint32(item[8:]))
			if db.taken += size; db.taken > db.size {
				return false, corrupt("headers of %d bytes in %d", db.taken, db.size)
			}
			if size > maxChain {
				return false, fmt.Errorf("%w: a header of %d bytes", ErrUnsupported, size)
			}
			blob = &chain{db: db, next: db.order.Uint32(item[4:]), size: size, data: db.scratch[:0]}
		case item[0] == bdbKeyData:
			blob = inline(append([]byte(nil), item[1:]...))
		default:
			return false, fmt.Errorf("%w: item of type %d", ErrUnsupported, item[0])
		}
		if len(key) == 4 && db.order.Uint32(key) == 0 {
			continue // the number the next package gets
		}
		more := yield(blob)
		if c, is := blob.(*chain); is {
			db.scratch = c.data
		}
		if !more {
			return false, nil
		}
	}
	return true, nil
}

// inline is a small header.
type inline []byte

func (b inline) Size() int64 { return int64(len(b)) }

func (b inline) ReadAt(p []byte, off int64) (int, error) { return readBytes(b, p, off) }

func readBytes(data, p []byte, off int64) (int, error) {
	if off < 0 || off >= int64(len(data)) {
		return 0, io.EOF
	}
	n := copy(p, data[off:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// chain is a header on overflow pages, each of which names the next. It is read
// as far as was asked.
type chain struct {
	db   *bdb
	next uint32
	size int64
	data []byte
}

func (c *chain) Size() int64 { return c.size }

func (c *chain) ReadAt(p []byte, off int64) (int, error) {
	for want := min(off+int64(len(p)), c.size); int64(len(c.data)) < want; {
		if err := c.more(); err != nil {
			return 0, err
		}
	}
	return readBytes(c.data, p, off)
}

// more reads one page. Every page brings at least a byte of a size that is known,
// so a chain that leads back into itself ends.
func (c *chain) more() error {
	if c.next == 0 || int64(c.next) > c.db.last {
		return corrupt("a header continued on page %d", c.next)
	}
	page, err := c.db.window(int64(c.next))
	if err != nil {
		return err
	}
	used := int(c.db.order.Uint16(page[22:]))
	if page[25] != bdbOverflow || used < 1 || bdbPageHead+used > len(page) {
		return corrupt("page %d is of type %d and holds %d bytes", c.next, page[25], used)
	}
	c.next = c.db.order.Uint32(page[16:])
	c.data = append(c.data, page[bdbPageHead:bdbPageHead+used]...)
	if int64(len(c.data)) > c.size || int64(len(c.data)) < c.size && c.next == 0 {
		return corrupt("a header of other than %d bytes", c.size)
	}
	return nil
}
