package tree

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// openDirAt opens the directory base in parent with O_PATH. The Tree has seen a
// directory there, so anything else means that it changed.
func openDirAt(parent int, base string) (int, error) {
	fd, err := openat(parent, base, unix.O_PATH|unix.O_DIRECTORY|unix.O_NOFOLLOW)
	if errors.Is(err, unix.ENOTDIR) || errors.Is(err, unix.ELOOP) {
		err = ErrChanged
	}
	return fd, err
}

// openQuietly opens for reading and, where the caller may ask for that (owner or
// root), leaves the time of last access alone.
func openQuietly(dir int, name string, flags int) (int, error) {
	fd, err := openat(dir, name, flags|unix.O_NOATIME)
	if errors.Is(err, unix.EPERM) {
		fd, err = openat(dir, name, flags)
	}
	return fd, err
}

func openat(dir int, name string, flags int) (fd int, err error) {
	err = ignoringEINTR(func() error {
		fd, err = unix.Openat(dir, name, flags|unix.O_CLOEXEC|unix.O_LARGEFILE, 0)
		return err
	})
	return fd, err
}

func lstatat(dir int, base string) (st unix.Stat_t, err error) {
	err = ignoringEINTR(func() error {
		return unix.Fstatat(dir, base, &st, unix.AT_SYMLINK_NOFOLLOW|unix.AT_NO_AUTOMOUNT)
	})
	return st, err
}

func fdPath(fd int) string { return "/proc/self/fd/" + strconv.Itoa(fd) }

func ignoringEINTR(f func() error) error {
	for {
		if err := f(); !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}

// wrap adds the name; nil stays nil.
func wrap(op, name string, err error) error {
	if err == nil {
		return nil
	}
	return &fs.PathError{Op: op, Path: name, Err: err}
}

// file reads a descriptor without Go's poller: that would wait where the
// descriptor says EAGAIN.
type file struct{ fd int }

// Read implements io.Reader.
func (f *file) Read(p []byte) (n int, err error) {
	if f.fd < 0 {
		return 0, os.ErrClosed
	}
	err = ignoringEINTR(func() error {
		n, err = unix.Read(f.fd, p)
		return err
	})
	switch {
	case err != nil:
		return 0, err
	case n == 0 && len(p) > 0:
		return 0, io.EOF
	}
	return n, nil
}

// ReadAt implements io.ReaderAt.
func (f *file) ReadAt(p []byte, off int64) (n int, err error) {
	if f.fd < 0 {
		return 0, os.ErrClosed
	}
	if off < 0 {
		return 0, fs.ErrInvalid
	}
	for n < len(p) {
		var got int
		err := ignoringEINTR(func() (err error) {
			got, err = unix.Pread(f.fd, p[n:], off+int64(n))
			return err
		})
		switch {
		case err != nil:
			return n, err
		case got == 0:
			return n, io.EOF
		}
		n += got
	}
	return n, nil
}

// Close implements io.Closer.
func (f *file) Close() error {
	if f.fd < 0 {
		return os.ErrClosed
	}
	fd := f.fd
	f.fd = -1
	return unix.Close(fd)
}

// infoOf translates a stat record.
func infoOf(st unix.Stat_t) Info {
	mode := fs.FileMode(st.Mode & 0o777)
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFDIR:
		mode |= fs.ModeDir
	case unix.S_IFLNK:
		mode |= fs.ModeSymlink
	case unix.S_IFIFO:
		mode |= fs.ModeNamedPipe
	case unix.S_IFSOCK:
		mode |= fs.ModeSocket
	case unix.S_IFBLK:
		mode |= fs.ModeDevice
	case unix.S_IFCHR:
		mode |= fs.ModeDevice | fs.ModeCharDevice
	case unix.S_IFREG:
	default:
		mode |= fs.ModeIrregular
	}
	if st.Mode&unix.S_ISUID != 0 {
		mode |= fs.ModeSetuid
	}
	if st.Mode&unix.S_ISGID != 0 {
		mode |= fs.ModeSetgid
	}
	if st.Mode&unix.S_ISVTX != 0 {
		mode |= fs.ModeSticky
	}
	return Info{
		Mode: mode, UID: st.Uid, GID: st.Gid, Size: st.Size,
		ModTime: time.Unix(st.Mtim.Unix()).UTC(),
		Dev:     uint64(st.Dev), Ino: uint64(st.Ino),
	}
}
