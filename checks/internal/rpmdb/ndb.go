package rpmdb

import (
	"encoding/binary"
	"io"
	"iter"
)

// Sizes and magic numbers of ndb (lib/backend/ndb/rpmpkg.c). All numbers are
// little-endian.
const (
	ndbMagic      = "RpmP"
	ndbSlotMagic  = "Slot"
	ndbStartMagic = "BlbS"
	ndbEndMagic   = "BlbE"
	ndbPage       = 4096
	ndbBlock      = 16 // bytes a slot counts in
	ndbHeader     = 32
	ndbSlot       = 16
	ndbBlobHead   = 16
	ndbBlobTail   = 12
)

// NDB returns the headers in an ndb database of size bytes. An error is the last
// thing returned. The same bytes are never returned twice.
func NDB(r io.ReaderAt, size int64) iter.Seq2[Blob, error] {
	return func(yield func(Blob, error) bool) {
		if err := ndb(r, size, func(b Blob) bool { return yield(b, nil) }); err != nil {
			yield(nil, err)
		}
	}
}

// ndb returns an error only while yield still wants more.
func ndb(r io.ReaderAt, size int64, yield func(Blob) bool) error {
	var head [ndbHeader]byte
	if err := readFull(r, head[:], 0); err != nil {
		return err
	}
	if string(head[:4]) != ndbMagic {
		return corrupt("no ndb database")
	}
	if binary.LittleEndian.Uint32(head[4:]) != 0 {
		return ErrUnsupported // a later version
	}
	pages := int64(binary.LittleEndian.Uint32(head[12:]))
	if pages < 1 || pages*ndbPage > size {
		return corrupt("%d pages of slots in %d bytes", pages, size)
	}
	// One page at a time: a hostile file may say that it consists of slots.
	page := make([]byte, ndbPage)
	taken := pages * ndbPage
	for n := range pages {
		if err := readFull(r, page, n*ndbPage); err != nil {
			return err
		}
		slots := page
		if n == 0 {
			slots = page[ndbHeader:]
		}
		for ; len(slots) > 0; slots = slots[ndbSlot:] {
			if string(slots[:4]) != ndbSlotMagic {
				return corrupt("slot without its magic number")
			}
			index := binary.LittleEndian.Uint32(slots[4:])
			from, blocks := int64(binary.LittleEndian.Uint32(slots[8:])), int64(binary.LittleEndian.Uint32(slots[12:]))
			if from == 0 {
				continue // free
			}
			from, length := from*ndbBlock, blocks*ndbBlock
			if taken += length; index == 0 || from < pages*ndbPage || from+length > size || taken > size {
				return corrupt("package %d lies outside the file or on another", index)
			}
			b, err := ndbBlob(r, index, from, length)
			if err != nil {
				return err
			}
			if !yield(b) {
				return nil
			}
		}
	}
	return nil
}

// ndbBlob checks the frame of a blob. Its checksum is not computed: that would
// mean reading everything, and rpm's own readers compute it only to repair.
func ndbBlob(r io.ReaderAt, index uint32, from, length int64) (Blob, error) {
	if length < ndbBlobHead+ndbBlobTail {
		return nil, corrupt("package %d of %d bytes", index, length)
	}
	var head [ndbBlobHead]byte
	if err := readFull(r, head[:], from); err != nil {
		return nil, err
	}
	var tail [ndbBlobTail]byte
	if err := readFull(r, tail[:], from+length-ndbBlobTail); err != nil {
		return nil, err
	}
	size := int64(binary.LittleEndian.Uint32(head[12:]))
	if string(head[:4]) != ndbStartMagic || binary.LittleEndian.Uint32(head[4:]) != index ||
		string(tail[8:]) != ndbEndMagic || int64(binary.LittleEndian.Uint32(tail[4:])) != size ||
		size > length-ndbBlobHead-ndbBlobTail {
		return nil, corrupt("package %d has no frame", index)
	}
	return io.NewSectionReader(r, from+ndbBlobHead, size), nil
}
