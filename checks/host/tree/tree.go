// Package tree reads a file tree the way a process chrooted into it would: every
// symbolic link, absolute ones and ".." included, is resolved inside the tree, so
// the tree of an image never shows a file of the machine the auditor runs on.
// It never writes, never blocks on a fifo and never wakes a device.
package tree

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"syscall"
)

// DefaultMaxSize is the cap of ReadFile where Options do not say otherwise.
const DefaultMaxSize = 8 << 20

// Options bound what a Tree reads.
type Options struct {
	MaxSize int64 // bytes ReadFile takes; 0 = 8 MiB
	Remote  bool  // open files on network and FUSE file systems too
}

// Tree is a file tree with every link resolved inside it, as chroot would.
//
// Names are slash-separated and relative to the root of the tree, with or
// without a leading slash. Errors are *fs.PathError values whose Path is the
// asked name with a leading slash: the path as the target sees it, never the
// auditor's. A name below something that is not a directory does not exist
// (fs.ErrNotExist).
type Tree struct {
	src  Source
	opts Options
}

// New returns a Tree over src.
func New(src Source, opts Options) *Tree {
	if opts.MaxSize <= 0 {
		opts.MaxSize = DefaultMaxSize
	}
	return &Tree{src: src, opts: opts}
}

// OpenDir returns the Tree of the directory dir. A link to a directory will do;
// an error names dir as it was given.
func OpenDir(dir string, opts Options) (*Tree, error) {
	src, err := OpenDirSource(dir, opts.Remote)
	if err != nil {
		return nil, err
	}
	return New(src, opts), nil
}

// ReadFile returns the content of a regular file. A file of more than
// Options.MaxSize bytes is ErrTooLarge, also when it grows while it is read;
// there is never a partial result.
func (t *Tree) ReadFile(name string) ([]byte, error) {
	data, err := t.readFile(name)
	if err != nil {
		return nil, pathError("read", name, err)
	}
	return data, nil
}

func (t *Tree) readFile(name string) ([]byte, error) {
	f, info, err := t.open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return t.readAll(f, info.Size, nil)
}

// readAll reads f to its end, into the memory of buf where that is enough.
func (t *Tree) readAll(f io.Reader, size int64, buf []byte) ([]byte, error) {
	if size > t.opts.MaxSize {
		return nil, ErrTooLarge
	}
	// Files of /proc have size 0 and content; files on disk may grow. So the size
	// is only a hint, and one byte beyond the cap decides.
	data := buf[:0]
	if int64(cap(data)) < size+1 {
		data = make([]byte, 0, max(size, 0)+512)
	}
	limited := io.LimitReader(f, t.opts.MaxSize+1)
	for {
		n, err := limited.Read(data[len(data):cap(data)])
		data = data[:len(data)+n]
		switch {
		case int64(len(data)) > t.opts.MaxSize:
			return nil, ErrTooLarge
		case errors.Is(err, io.EOF):
			return data, nil
		case err != nil:
			return nil, err
		}
		if len(data) == cap(data) {
			data = append(data, 0)[:len(data)]
		}
	}
}

// Open opens a regular file; the caller closes it. Reads are not capped and do
// not block: where a read would have to wait it fails with EAGAIN. Whatever is
// not a regular file is ErrNotRegular and is not opened. Where the source can read
// anywhere in a file, what is returned is an io.ReaderAt as well.
func (t *Tree) Open(name string) (io.ReadCloser, Info, error) {
	f, info, err := t.open(name)
	if err != nil {
		return nil, Info{}, pathError("open", name, err)
	}
	return f, info, nil
}

func (t *Tree) open(name string) (f io.ReadCloser, info Info, err error) {
	err = t.look(func(src looker) error {
		at, err := walk(src, name, true)
		if err != nil {
			return err
		}
		if !at.info.Mode.IsRegular() {
			return ErrNotRegular
		}
		if kernelBehindLink(name, at.name) {
			return fmt.Errorf("%w: a file of the kernel behind a link", ErrNotRegular)
		}
		f, info, err = src.Open(at.name)
		return err
	})
	return f, info, err
}

// kernelBehindLink reports whether asked leads out of the ordinary tree into
// /proc or /sys. Reading there can have effects (/proc/kmsg and trace_pipe lose
// what was read), and any local account can lay such a link where the audit
// looks, ~/.ssh/authorized_keys say. /etc/mtab is a link to the mount table on
// every system and harmless.
func kernelBehindLink(asked, resolved string) bool {
	top, rest, _ := strings.Cut(resolved, "/")
	if top != "proc" && top != "sys" {
		return false
	}
	first, _, _ := strings.Cut(strings.TrimLeft(asked, "/"), "/")
	return first != top && !(top == "proc" && strings.HasSuffix("/"+rest, "/mounts"))
}

// Stat describes what name leads to, links followed inside the tree.
func (t *Tree) Stat(name string) (Info, error) { return t.stat("stat", name, true) }

// Lstat describes name itself, a link included: the last component is not
// followed unless a slash comes after it. It mounts nothing.
func (t *Tree) Lstat(name string) (Info, error) { return t.stat("lstat", name, false) }

func (t *Tree) stat(op, name string, follow bool) (info Info, err error) {
	err = t.look(func(src looker) error {
		at, err := walk(src, name, follow)
		info = at.info
		return err
	})
	if err != nil {
		return Info{}, pathError(op, name, err)
	}
	return info, nil
}

// ReadLink returns the target of a link as it is written. Anything but a link is
// EINVAL, as in readlink(2).
func (t *Tree) ReadLink(name string) (target string, err error) {
	err = t.look(func(src looker) error {
		at, err := walk(src, name, false)
		if err != nil {
			return err
		}
		if at.info.Mode.Type() != fs.ModeSymlink {
			return syscall.EINVAL
		}
		target, err = src.ReadLink(at.name)
		return err
	})
	if err != nil {
		return "", pathError("readlink", name, err)
	}
	return target, nil
}

// ReadDir returns the names in a directory, bytewise sorted, without "." and
// "..". Anything but a directory is ENOTDIR; a directory of more than MaxNames
// entries is ErrTooLarge.
func (t *Tree) ReadDir(name string) (names []string, err error) {
	err = t.look(func(src looker) error {
		at, err := walk(src, name, true)
		if err != nil {
			return err
		}
		if !at.info.Mode.IsDir() {
			return syscall.ENOTDIR
		}
		names, err = src.ReadDir(at.name)
		return err
	})
	if err != nil {
		return nil, pathError("readdir", name, err)
	}
	return names, nil
}

// ReadLinks returns the names of the symbolic links in a directory, bytewise
// sorted. Errors are those of ReadDir.
func (t *Tree) ReadLinks(name string) ([]string, error) {
	_, links, err := t.ReadEntries(name)
	return links, err
}

// ReadEntries is ReadDir and ReadLinks at once.
func (t *Tree) ReadEntries(name string) (names, links []string, err error) {
	if _, ok := t.src.(*DirSource); !ok {
		return t.entriesByLstat(name)
	}
	err = t.look(func(src looker) error {
		at, err := walk(src, name, true)
		if err != nil {
			return err
		}
		if !at.info.Mode.IsDir() {
			return syscall.ENOTDIR
		}
		names, links, err = src.(*pass).readEntries(at.name)
		return err
	})
	if err != nil {
		return nil, nil, pathError("readdir", name, err)
	}
	return names, links, nil
}

// entriesByLstat is ReadEntries for a Source that cannot tell faster.
func (t *Tree) entriesByLstat(name string) (names, links []string, err error) {
	names, err = t.ReadDir(name)
	for _, n := range names {
		info, err := t.Lstat(strings.TrimRight(name, "/") + "/" + n)
		switch {
		case errors.Is(err, fs.ErrNotExist): // gone meanwhile
		case err != nil:
			return nil, nil, err
		case info.Mode&fs.ModeSymlink != 0:
			links = append(links, n)
		}
	}
	return names, links, err
}

// Resolve returns the absolute name inside the tree that name leads to, free of
// links. What it leads to must exist.
func (t *Tree) Resolve(name string) (resolved string, err error) {
	err = t.look(func(src looker) error {
		at, err := walk(src, name, true)
		resolved = absolute(at.name)
		return err
	})
	if err != nil {
		return "", pathError("resolve", name, err)
	}
	return resolved, nil
}

// Close releases the source.
func (t *Tree) Close() error { return t.src.Close() }

// looker is what a walk asks of a Source.
type looker interface {
	Lstat(name string) (Info, error)
	ReadLink(name string) (string, error)
	ReadDir(name string) ([]string, error)
	Open(name string) (io.ReadCloser, Info, error)
}

// look calls f with the source, and again while the tree changes under it. The
// source can only say that a name it was given is no longer what the walk found;
// walking again finds out what it is now. Three times, so that a tree that never
// rests ends the wait.
func (t *Tree) look(f func(src looker) error) (err error) {
	for range 3 {
		if dir, ok := t.src.(*DirSource); ok {
			p := dir.pass()
			err = f(p)
			p.end()
		} else {
			err = f(t.src)
		}
		if !errors.Is(err, ErrChanged) {
			return err
		}
	}
	return err
}

// pathError names the asked path and keeps of err what went wrong, not where:
// the source's own names mean nothing to a reader.
func pathError(op, name string, err error) error {
	for {
		pe, ok := err.(*fs.PathError)
		if !ok {
			break
		}
		err = pe.Err
	}
	return &fs.PathError{Op: op, Path: "/" + strings.TrimLeft(name, "/"), Err: err}
}
