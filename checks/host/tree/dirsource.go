package tree

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"slices"

	"golang.org/x/sys/unix"
)

// DirSource is the Source of a directory of this machine.
//
// Every name is walked one component at a time from a descriptor of the root,
// with O_PATH and O_NOFOLLOW and never through "..", so nothing that happens to
// the tree meanwhile can lead outside it. This is what os.Root does too; os.Root
// itself is not used because it opens every directory on the way for reading,
// which needs the r bit (a home of mode 0711 would be closed to an auditor who is
// not root) and starts automounts, and because it follows links by itself.
type DirSource struct {
	dirs    *handles // of the root and of directories walked before
	rootDev uint64
	remote  bool // read remote file systems too
	mounts  mounts
	names   int // MaxNames but in a test
}

// OpenDirSource opens the directory dir. Files on network and FUSE file systems
// other than the one dir lies on are ErrRemote unless remote is set.
func OpenDirSource(dir string, remote bool) (*DirSource, error) {
	fail := func(err error) (*DirSource, error) {
		return nil, &fs.PathError{Op: "open", Path: dir, Err: err}
	}
	fd, err := openat(unix.AT_FDCWD, dir, unix.O_PATH|unix.O_DIRECTORY)
	if err != nil {
		return fail(err)
	}
	var st unix.Stat_t
	if err := ignoringEINTR(func() error { return unix.Fstat(fd, &st) }); err != nil {
		unix.Close(fd)
		return fail(err)
	}
	s := &DirSource{dirs: newHandles(fd, keep(maxKept, shareKept)), rootDev: uint64(st.Dev), remote: remote, names: MaxNames}
	if where, err := os.Readlink(fdPath(fd)); err == nil && !remote {
		s.mounts = readMounts(where)
	}
	return s, nil
}

// Close implements Source.
func (s *DirSource) Close() error { return s.dirs.close() }

// Lstat implements Source. It needs no right to the file itself and mounts
// nothing (AT_NO_AUTOMOUNT).
func (s *DirSource) Lstat(name string) (Info, error) {
	p := s.pass()
	defer p.end()
	return p.Lstat(name)
}

// ReadLink implements Source.
func (s *DirSource) ReadLink(name string) (string, error) {
	p := s.pass()
	defer p.end()
	return p.ReadLink(name)
}

// ReadDir implements Source.
func (s *DirSource) ReadDir(name string) ([]string, error) {
	p := s.pass()
	defer p.end()
	return p.ReadDir(name)
}

// Open implements Source. The file is opened twice: with O_PATH, which touches
// neither fifos nor devices, to learn what it is; and then, proven a regular file,
// for reading.
func (s *DirSource) Open(name string) (io.ReadCloser, Info, error) {
	p := s.pass()
	defer p.end()
	return p.Open(name)
}

// Lstat is that of the DirSource, and so are the others.
func (p *pass) Lstat(name string) (info Info, err error) {
	err = p.in(name, func(dir int, base string) error {
		st, err := lstatat(dir, base)
		if err == nil {
			info, p.seen, p.what = infoOf(st), name, st
		}
		return err
	})
	return info, wrap("lstat", name, err)
}

func (p *pass) ReadLink(name string) (target string, err error) {
	err = p.in(name, func(dir int, base string) error {
		var (
			buf []byte
			n   int
			err error
		)
		for size := 128; n == len(buf) && len(buf) <= maxName && err == nil; size = maxName + 1 {
			buf = make([]byte, size)
			err = ignoringEINTR(func() (err error) {
				n, err = unix.Readlinkat(dir, base, buf)
				return err
			})
		}
		switch {
		case errors.Is(err, unix.EINVAL):
			return ErrChanged // no link any more
		case err != nil:
			return err
		}
		target = string(buf[:n])
		return nil
	})
	return target, wrap("readlink", name, err)
}

func (p *pass) ReadDir(name string) (names []string, err error) {
	err = p.in(name, func(dir int, base string) error {
		return p.s.readDir(dir, base, func(f *os.File, limit int) (n int, err error) {
			names, err = f.Readdirnames(limit)
			return len(names), err
		})
	})
	if err != nil {
		return nil, wrap("readdir", name, err)
	}
	slices.Sort(names)
	return names, nil
}

// readEntries is ReadDir and the names of the symbolic links among the names, for
// the price of one reading. Where the file system does not tell the type of an
// entry, os.File asks by f's name, which leads to the descriptor.
func (p *pass) readEntries(name string) (names, links []string, err error) {
	err = p.in(name, func(dir int, base string) error {
		return p.s.readDir(dir, base, func(f *os.File, limit int) (int, error) {
			entries, err := f.ReadDir(limit)
			names, links = make([]string, 0, len(entries)), nil
			for _, e := range entries {
				names = append(names, e.Name())
				if e.Type()&fs.ModeSymlink != 0 {
					links = append(links, e.Name())
				}
			}
			return len(entries), err
		})
	})
	if err != nil {
		return nil, nil, wrap("readdir", name, err)
	}
	slices.Sort(names)
	slices.Sort(links)
	return names, links, nil
}

// readDir calls read with the directory open and with the number of entries that
// is too many.
func (s *DirSource) readDir(parent int, base string, read func(f *os.File, limit int) (int, error)) error {
	fd, err := openDirAt(parent, base)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	if err := s.allowed(fd); err != nil {
		return err
	}
	readable, err := openQuietly(fd, ".", unix.O_RDONLY|unix.O_DIRECTORY)
	if err != nil {
		return err
	}
	f := os.NewFile(uintptr(readable), fdPath(readable))
	defer f.Close()
	n, err := read(f, s.names+1)
	switch {
	case n > s.names:
		return ErrTooLarge
	case err != nil && !errors.Is(err, io.EOF):
		return err
	}
	return nil
}

func (p *pass) Open(name string) (r io.ReadCloser, info Info, err error) {
	err = p.in(name, func(dir int, base string) error {
		r, info, err = p.s.open(dir, base)
		return err
	})
	if err != nil {
		return nil, Info{}, wrap("open", name, err)
	}
	return r, info, nil
}

func (s *DirSource) open(dir int, base string) (io.ReadCloser, Info, error) {
	fd, err := openat(dir, base, unix.O_PATH|unix.O_NOFOLLOW)
	if err != nil {
		return nil, Info{}, err
	}
	defer unix.Close(fd)
	var proven unix.Stat_t
	if err := ignoringEINTR(func() error { return unix.Fstat(fd, &proven) }); err != nil {
		return nil, Info{}, err
	}
	switch proven.Mode & unix.S_IFMT {
	case unix.S_IFREG:
	case unix.S_IFLNK:
		return nil, Info{}, ErrChanged
	default:
		return nil, Info{}, ErrNotRegular
	}
	if err := s.allowedOn(fd, uint64(proven.Dev)); err != nil {
		return nil, Info{}, err
	}
	// O_NONBLOCK: a lease on the file (fcntl(2), F_SETLEASE) would make open wait,
	// and some regular files of /proc would make read wait.
	const flags = unix.O_RDONLY | unix.O_NONBLOCK | unix.O_NOCTTY
	readable, err := openQuietly(unix.AT_FDCWD, fdPath(fd), flags)
	if errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ENOTDIR) {
		// No /proc here. The name may have changed hands since; compared below.
		readable, err = openQuietly(dir, base, flags|unix.O_NOFOLLOW)
		if errors.Is(err, unix.ELOOP) {
			err = ErrChanged
		}
	}
	if err != nil {
		return nil, Info{}, err
	}
	var opened unix.Stat_t
	err = ignoringEINTR(func() error { return unix.Fstat(readable, &opened) })
	if err == nil && (opened.Dev != proven.Dev || opened.Ino != proven.Ino || opened.Mode&unix.S_IFMT != unix.S_IFREG) {
		err = ErrChanged
	}
	if err != nil {
		unix.Close(readable)
		return nil, Info{}, err
	}
	return &file{fd: readable}, infoOf(opened), nil
}

// allowed refuses a descriptor on a remote file system.
func (s *DirSource) allowed(fd int) error {
	if s.remote {
		return nil
	}
	var st unix.Stat_t
	if err := ignoringEINTR(func() error { return unix.Fstat(fd, &st) }); err != nil {
		return err
	}
	return s.allowedOn(fd, uint64(st.Dev))
}

// allowedOn is allowed for a descriptor whose device is known.
func (s *DirSource) allowedOn(fd int, dev uint64) error {
	if s.remote {
		return nil
	}
	remote, err := s.mounts.descriptorRemote(fd, dev, s.rootDev)
	if err == nil && remote {
		err = ErrRemote
	}
	return err
}
