// Package rpmdb reads what rpm(8) keeps of installed packages: the header of one
// package, and the two database files of rpm's own that hold headers, ndb
// (Packages.db) and the hash of Berkeley DB (Packages). It reads through an
// io.ReaderAt only what it needs and never touches the file system.
//
// Sources: rpm's docs/manual/format_header.md and lib/header.c (headers),
// lib/backend/ndb/rpmpkg.c (ndb), Berkeley DB's src/dbinc/db_page.h (hash).
package rpmdb

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
)

// Errors; test with errors.Is.
var (
	ErrCorrupt     = errors.New("not a whole rpm database")
	ErrUnsupported = errors.New("an rpm database of an unsupported form")
)

func corrupt(format string, a ...any) error {
	return fmt.Errorf("%w: %s", ErrCorrupt, fmt.Sprintf(format, a...))
}

// Blob is the header of one package as a database holds it.
type Blob interface {
	io.ReaderAt
	Size() int64 // bytes
}

// Tags (rpm's include/rpm/rpmtag.h).
const (
	tagName         = 1000
	tagVersion      = 1001
	tagRelease      = 1002
	tagOldFilenames = 1027 // full paths; packages made by rpm 3
	tagFileStates   = 1029
	tagDirIndexes   = 1116
	tagBasenames    = 1117
	tagDirNames     = 1118
)

// Types of a tag's data.
const (
	typeChar        = 1
	typeInt32       = 4
	typeString      = 6
	typeStringArray = 8
)

// Bounds. rpm's own are 65535 tags and 256 MiB of data; the list of files of the
// largest packages there are has a few MB.
const (
	maxTags = 0xffff
	maxTag  = 32 << 20 // bytes read for one tag
)

// entry is one of the index.
type entry struct {
	tag, kind   uint32
	offset, end int64 // of the data, in the blob
	count       uint32
}

// Header is the index of one package's header.
type Header struct {
	blob    Blob
	entries map[uint32]entry
}

// ReadHeader reads the index of b.
func ReadHeader(b Blob) (*Header, error) {
	var intro [8]byte
	if err := readFull(b, intro[:], 0); err != nil {
		return nil, err
	}
	tags, data := int64(binary.BigEndian.Uint32(intro[:])), int64(binary.BigEndian.Uint32(intro[4:]))
	start := 8 + 16*tags
	if tags < 1 || tags > maxTags || start+data > b.Size() {
		return nil, corrupt("a header of %d tags and %d bytes in %d", tags, data, b.Size())
	}
	index := make([]byte, 16*tags)
	if err := readFull(b, index, 8); err != nil {
		return nil, err
	}
	list := make([]entry, 0, tags)
	for ; len(index) > 0; index = index[16:] {
		e := entry{
			tag: binary.BigEndian.Uint32(index), kind: binary.BigEndian.Uint32(index[4:]),
			offset: start + int64(binary.BigEndian.Uint32(index[8:])), count: binary.BigEndian.Uint32(index[12:]),
		}
		if e.offset > start+data {
			return nil, corrupt("tag %d lies outside its header", e.tag)
		}
		list = append(list, e)
	}
	h := &Header{blob: b, entries: map[uint32]entry{}}
	// Data lies without gaps in the order of the offsets, so it ends where the next
	// begins. What was added after the package was made comes last in the index and
	// replaces what the package said.
	order := make([]int, len(list))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(list[a].offset, list[b].offset) })
	end := start + data
	for i := len(order) - 1; i >= 0; i-- {
		e := &list[order[i]]
		if e.end = end; i > 0 && list[order[i-1]].offset < e.offset {
			end = e.offset
		}
	}
	for _, e := range list {
		switch e.tag {
		case tagName, tagVersion, tagRelease, tagOldFilenames, tagFileStates, tagDirIndexes, tagBasenames, tagDirNames:
			h.entries[e.tag] = e
		}
	}
	return h, nil
}

// Name returns the package's name.
func (h *Header) Name() (string, error) {
	name, err := h.text(tagName)
	if err == nil && name == "" {
		err = corrupt("a package without a name")
	}
	return name, err
}

// Version returns "version-release".
func (h *Header) Version() (string, error) {
	version, err := h.text(tagVersion)
	if err != nil {
		return "", err
	}
	release, err := h.text(tagRelease)
	return version + "-" + release, err
}

// Files returns the absolute paths of the installed files whose last component
// is wanted, in the package's order. What the package has but rpm did not put
// there (excluded documentation, another architecture's file) is left out, as
// rpm -qf does.
func (h *Header) Files(want func(base []byte) bool) ([]string, error) {
	if _, old := h.entries[tagOldFilenames]; old {
		return h.oldFiles(want)
	}
	base, any := h.entries[tagBasenames]
	if !any {
		return nil, nil // a package without files
	}
	names, err := h.array(tagBasenames)
	if err != nil {
		return nil, err
	}
	var wanted []int
	for i := range int(base.count) {
		name, rest, ended := bytes.Cut(names, []byte{0})
		if !ended {
			return nil, corrupt("fewer than %d file names", base.count)
		}
		if names = rest; want(name) {
			wanted = append(wanted, i)
		}
	}
	if len(wanted) == 0 {
		return nil, nil
	}
	return h.paths(wanted, base)
}

// paths composes the paths of the files with these numbers.
func (h *Header) paths(wanted []int, base entry) ([]string, error) {
	installed, err := h.installed(int(base.count))
	if err != nil {
		return nil, err
	}
	indexes, err := h.array(tagDirIndexes)
	if err != nil {
		return nil, err
	}
	if int64(len(indexes)) < 4*int64(base.count) {
		return nil, corrupt("fewer directories than files")
	}
	block, err := h.array(tagDirNames)
	if err != nil {
		return nil, err
	}
	dirs := bytes.Split(block, []byte{0})
	names, err := h.array(tagBasenames)
	if err != nil {
		return nil, err
	}
	all := bytes.Split(names, []byte{0})
	var paths []string
	for _, i := range wanted {
		dir := int64(binary.BigEndian.Uint32(indexes[4*i:]))
		// The last piece is what follows the last terminator: no name.
		if dir >= int64(h.entries[tagDirNames].count) || dir >= int64(len(dirs))-1 {
			return nil, corrupt("a file in no directory")
		}
		if !bytes.HasSuffix(dirs[dir], []byte("/")) {
			return nil, corrupt("a directory without its slash")
		}
		if installed(i) {
			paths = append(paths, string(dirs[dir])+string(all[i]))
		}
	}
	return paths, nil
}

// oldFiles is Files for a list of whole paths.
func (h *Header) oldFiles(want func(base []byte) bool) ([]string, error) {
	block, err := h.array(tagOldFilenames)
	if err != nil {
		return nil, err
	}
	count := int(h.entries[tagOldFilenames].count)
	installed, err := h.installed(count)
	if err != nil {
		return nil, err
	}
	var paths []string
	for i := range count {
		name, rest, ended := bytes.Cut(block, []byte{0})
		if !ended {
			return nil, corrupt("fewer than %d file names", count)
		}
		block = rest
		if want(name[bytes.LastIndexByte(name, '/')+1:]) && installed(i) {
			paths = append(paths, string(name))
		}
	}
	return paths, nil
}

// installed returns which of count files are on disk by rpm's book: state normal
// (0) or on a shared file system (3). Without the tag all are.
func (h *Header) installed(count int) (func(i int) bool, error) {
	if _, has := h.entries[tagFileStates]; !has {
		return func(int) bool { return true }, nil
	}
	states, err := h.array(tagFileStates)
	if err != nil {
		return nil, err
	}
	if len(states) < count {
		return nil, corrupt("fewer states than files")
	}
	return func(i int) bool { return states[i] == 0 || states[i] == 3 }, nil
}

// kinds are the types the tags have.
var kinds = map[uint32]uint32{
	tagName: typeString, tagVersion: typeString, tagRelease: typeString,
	tagOldFilenames: typeStringArray, tagBasenames: typeStringArray, tagDirNames: typeStringArray,
	tagFileStates: typeChar, tagDirIndexes: typeInt32,
}

// array returns the data of a tag and whatever padding follows it.
func (h *Header) array(tag uint32) ([]byte, error) {
	e, has := h.entries[tag]
	switch {
	case !has:
		return nil, corrupt("no tag %d", tag)
	case e.kind != kinds[tag]:
		return nil, corrupt("tag %d of type %d", tag, e.kind)
	case e.end-e.offset > maxTag:
		return nil, fmt.Errorf("%w: tag %d of %d bytes", ErrUnsupported, tag, e.end-e.offset)
	case int64(e.count) > e.end-e.offset: // the shortest element has one byte
		return nil, corrupt("tag %d of %d elements in %d bytes", tag, e.count, e.end-e.offset)
	}
	data := make([]byte, e.end-e.offset)
	return data, readFull(h.blob, data, e.offset)
}

func (h *Header) text(tag uint32) (string, error) {
	data, err := h.array(tag)
	if err != nil {
		return "", err
	}
	text, _, ended := bytes.Cut(data, []byte{0})
	if !ended {
		return "", corrupt("tag %d has no end", tag)
	}
	return string(text), nil
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
