package tree

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"syscall"
	"time"
)

// Entry is one file of a MapSource. Its type is in Mode; a zero type with a
// Target is a link.
type Entry struct {
	Mode     fs.FileMode
	UID, GID uint32
	Content  []byte
	Target   string // of a link, as written
	ModTime  time.Time
	Size     int64 // where it is to differ from the length of Content; 0 = that length

	// Err is what reading the entry fails with: Open of a file, ReadDir of a
	// directory, ReadLink of a link. Below a directory with an Err nothing can be
	// looked at either, as below a directory without its r and x bits.
	Err error
}

// MapSource is a Source in memory: the hosts of tests, and images that are small
// or indexed. It is read-only once made and safe for concurrent use.
type MapSource struct {
	entries  map[string]*Entry
	children map[string][]string
	inodes   map[string]uint64
}

// NewMapSource returns the Source of entries, by name relative to the root (a
// leading or trailing slash does no harm). Parents that are missing are made:
// directories of root, mode 0755. It is an error if a name is given twice, goes
// up ("..") or lies below something that is no directory.
func NewMapSource(entries map[string]Entry) (*MapSource, error) {
	s := &MapSource{
		entries:  map[string]*Entry{".": {Mode: fs.ModeDir | 0o755}},
		children: map[string][]string{},
		inodes:   map[string]uint64{},
	}
	given := map[string]bool{}
	for _, raw := range slices.Sorted(maps.Keys(entries)) {
		e := entries[raw]
		name := strings.Trim(raw, "/")
		if name == "" {
			name = "."
		}
		// Not fs.ValidPath: a name of a host need not be UTF-8.
		if path.Clean(name) != name || name == ".." || strings.HasPrefix(name, "../") || strings.ContainsRune(name, 0) {
			return nil, fmt.Errorf("entry %q: not a clean relative name", raw)
		}
		if given[name] {
			return nil, fmt.Errorf("entry %q: given twice", raw)
		}
		given[name] = true
		if e.Target != "" {
			e.Mode = e.Mode.Perm() | fs.ModeSymlink
		}
		s.entries[name] = &e
	}
	if !s.entries["."].Mode.IsDir() {
		return nil, errors.New("the root is no directory")
	}
	for _, name := range slices.Sorted(maps.Keys(s.entries)) {
		for name != "." {
			dir, base := path.Dir(name), path.Base(name)
			parent, known := s.entries[dir]
			if !known {
				s.entries[dir] = &Entry{Mode: fs.ModeDir | 0o755}
			} else if !parent.Mode.IsDir() {
				return nil, fmt.Errorf("entry %q: %q is no directory", name, dir)
			}
			if !slices.Contains(s.children[dir], base) {
				s.children[dir] = append(s.children[dir], base)
			}
			if known {
				break
			}
			name = dir
		}
	}
	for i, name := range slices.Sorted(maps.Keys(s.entries)) {
		s.inodes[name] = uint64(i) + 2
		slices.Sort(s.children[name])
	}
	return s, nil
}

// find returns the entry of name.
func (s *MapSource) find(op, name string) (*Entry, error) {
	for dir := name; dir != "."; {
		dir = path.Dir(dir)
		parent, ok := s.entries[dir]
		switch {
		case !ok:
			return nil, &fs.PathError{Op: op, Path: name, Err: fs.ErrNotExist}
		case !parent.Mode.IsDir():
			return nil, &fs.PathError{Op: op, Path: name, Err: ErrChanged}
		case parent.Err != nil:
			return nil, &fs.PathError{Op: op, Path: name, Err: parent.Err}
		}
	}
	e, ok := s.entries[name]
	if !ok {
		return nil, &fs.PathError{Op: op, Path: name, Err: fs.ErrNotExist}
	}
	return e, nil
}

func (s *MapSource) info(name string, e *Entry) Info {
	size := e.Size
	if size == 0 {
		size = int64(max(len(e.Content), len(e.Target)))
	}
	return Info{
		Mode: e.Mode, UID: e.UID, GID: e.GID, Size: size, ModTime: e.ModTime,
		Dev: 1, Ino: s.inodes[name],
	}
}

// Lstat implements Source.
func (s *MapSource) Lstat(name string) (Info, error) {
	e, err := s.find("lstat", name)
	if err != nil {
		return Info{}, err
	}
	return s.info(name, e), nil
}

// ReadLink implements Source.
func (s *MapSource) ReadLink(name string) (string, error) {
	e, err := s.find("readlink", name)
	switch {
	case err != nil:
		return "", err
	case e.Mode.Type() != fs.ModeSymlink:
		return "", &fs.PathError{Op: "readlink", Path: name, Err: ErrChanged}
	case e.Err != nil:
		return "", &fs.PathError{Op: "readlink", Path: name, Err: e.Err}
	}
	return e.Target, nil
}

// ReadDir implements Source.
func (s *MapSource) ReadDir(name string) ([]string, error) {
	e, err := s.find("readdir", name)
	switch {
	case err != nil:
		return nil, err
	case !e.Mode.IsDir():
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: syscall.ENOTDIR}
	case e.Err != nil:
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: e.Err}
	case len(s.children[name]) > MaxNames:
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: ErrTooLarge}
	}
	return slices.Clone(s.children[name]), nil
}

// Open implements Source.
func (s *MapSource) Open(name string) (io.ReadCloser, Info, error) {
	e, err := s.find("open", name)
	switch {
	case err != nil:
		return nil, Info{}, err
	case e.Mode.Type() == fs.ModeSymlink:
		return nil, Info{}, &fs.PathError{Op: "open", Path: name, Err: ErrChanged}
	case !e.Mode.IsRegular():
		return nil, Info{}, &fs.PathError{Op: "open", Path: name, Err: ErrNotRegular}
	case e.Err != nil:
		return nil, Info{}, &fs.PathError{Op: "open", Path: name, Err: e.Err}
	}
	return memFile{bytes.NewReader(e.Content)}, s.info(name, e), nil
}

// memFile is an open file of a MapSource.
type memFile struct{ *bytes.Reader }

// Close implements io.Closer.
func (memFile) Close() error { return nil }

// Close implements Source.
func (s *MapSource) Close() error { return nil }
