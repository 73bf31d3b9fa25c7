package tree

import (
	"errors"
	"io"
	"io/fs"
	"path"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// Dir is a directory of a Tree held open, for reading hundreds of its files: the
// walk from the root is made once, not for every file. What holds for the Tree
// holds for it: regular files only, proven on the open descriptor, capped, every
// link resolved inside the tree. It is safe for concurrent use; Close ends it.
type Dir struct {
	t    *Tree
	name string   // as asked
	held *heldDir // nil where the source has no such thing
}

// Directory opens the directory name; a link to one will do. Anything else is
// ENOTDIR. A Dir goes on showing this very directory when the name is given to
// another one meanwhile.
func (t *Tree) Directory(name string) (*Dir, error) {
	d := &Dir{t: t, name: strings.TrimRight(name, "/")}
	err := t.look(func(src looker) error {
		at, err := walk(src, name, true)
		switch {
		case err != nil:
			return err
		case !at.info.Mode.IsDir():
			return syscall.ENOTDIR
		case kernelBehindLink(name, at.name):
			return nil // file by file, so that each is refused or not as Open does
		}
		if p, ok := src.(*pass); ok {
			d.held, err = p.hold(at.name)
		}
		return err
	})
	if err != nil {
		return nil, pathError("open", name, err)
	}
	return d, nil
}

// ReadFile is Tree.ReadFile for name in this directory: a relative clean name
// without "..", of one component or more. The content is read into the memory of
// buf where that is enough; nil will do.
func (d *Dir) ReadFile(name string, buf []byte) ([]byte, error) {
	whole := d.name + "/" + name
	if path.Clean(name) != name || name == "." || name == ".." || name[0] == '/' || strings.HasPrefix(name, "../") || strings.ContainsRune(name, 0) {
		return nil, pathError("read", whole, fs.ErrInvalid)
	}
	if d.held == nil {
		return d.t.ReadFile(whole)
	}
	f, info, err := d.held.open(name)
	if errors.Is(err, ErrChanged) {
		return d.t.ReadFile(whole) // a link, most likely: the Tree resolves it
	}
	if err == nil {
		defer f.Close()
		var data []byte
		if data, err = d.t.readAll(f, info.Size, buf); err == nil {
			return data, nil
		}
	}
	return nil, pathError("read", whole, err)
}

// Close releases the directory.
func (d *Dir) Close() error {
	if d.held == nil {
		return nil
	}
	return unix.Close(d.held.fd)
}

// heldDir is a directory of a DirSource with a descriptor of its own.
type heldDir struct {
	s    *DirSource
	fd   int // O_PATH descriptor
	name string
}

func (p *pass) hold(name string) (h *heldDir, err error) {
	err = p.in(name, func(dir int, base string) error {
		fd, err := openDirAt(dir, base)
		h = &heldDir{p.s, fd, name}
		return err
	})
	if err != nil {
		return nil, err
	}
	return h, nil
}

// open is DirSource.Open from here on: it follows no link in any component.
func (h *heldDir) open(name string) (io.ReadCloser, Info, error) {
	if !h.s.remote {
		if _, found := h.s.mounts.pointOnWay(path.Join(h.name, name)); found {
			return nil, Info{}, ErrRemote
		}
	}
	dir, base := h.fd, name
	for {
		part, rest, more := strings.Cut(base, "/")
		if !more {
			break
		}
		next, err := openDirAt(dir, part)
		if dir != h.fd {
			unix.Close(dir)
		}
		if err != nil {
			return nil, Info{}, err
		}
		dir, base = next, rest
	}
	if dir != h.fd {
		defer unix.Close(dir)
	}
	return h.s.open(dir, base)
}
