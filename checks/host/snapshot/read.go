package snapshot

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"golang.org/x/sys/unix"
)

// errLineTooLong: a line of a kernel table does not fit the buffer.
var errLineTooLong = errors.New("line longer than the buffer")

// buffer returns the collector's one read buffer, at least n bytes long. What was
// read into it is valid until the next call.
func (c *collector) buffer(n int) []byte {
	if len(c.buf) < n {
		c.buf = make([]byte, n)
	}
	return c.buf
}

// maxSmallFile bounds files read whole; modules.builtin is the largest of them.
const maxSmallFile = 1 << 20

// readAll reads a small file whole. The result is valid until the next read.
func (c *collector) readAll(path string) ([]byte, error) {
	b, _, err := c.readFile(unix.AT_FDCWD, path, maxSmallFile, false)
	return b, err
}

// readAt reads up to limit bytes of a file of a process relative to a directory
// descriptor, and tells whether there was more. The result is valid until the next
// read. Such a file is written in one go, so a read that does not fill the buffer
// was the last one; that saves a call for each.
func (c *collector) readAt(dir int, name string, limit int) (b []byte, more bool, err error) {
	return c.readFile(dir, name, limit, true)
}

func (c *collector) readFile(dir int, name string, limit int, whole bool) (b []byte, more bool, err error) {
	fd, err := unix.Openat(dir, name, unix.O_RDONLY|unix.O_CLOEXEC|unix.O_NOCTTY|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, false, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	defer unix.Close(fd)
	buf := c.buffer(16 << 10)
	total := 0
	for {
		room := buf[total:min(len(buf), limit+1)]
		n, err := unix.Read(fd, room)
		c.steps.Add(1)
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case err != nil:
			return nil, false, &fs.PathError{Op: "read", Path: name, Err: err}
		case n == 0:
			return buf[:total], false, nil
		}
		total += n
		if total > limit {
			return buf[:limit], true, nil
		}
		if whole && n < len(room) {
			return buf[:total], false, nil
		}
		if total == len(buf) {
			grown := make([]byte, 2*len(buf))
			copy(grown, buf)
			buf, c.buf = grown, grown
		}
	}
}

// eachLine hands every line of a kernel table to visit, through one buffer: a
// table of a busy server is many megabytes long.
func (c *collector) eachLine(ctx context.Context, dir int, path string, visit func(line []byte) error) error {
	fd, err := unix.Openat(dir, path, unix.O_RDONLY|unix.O_CLOEXEC|unix.O_NOCTTY, 0)
	if err != nil {
		return &fs.PathError{Op: "open", Path: path, Err: err}
	}
	defer unix.Close(fd)
	return eachLine(ctx, fdReader{c, fd}, c.buffer(64<<10), visit)
}

// fdReader reads from a descriptor.
type fdReader struct {
	c  *collector
	fd int
}

// Read implements io.Reader.
func (r fdReader) Read(b []byte) (int, error) {
	for {
		n, err := unix.Read(r.fd, b)
		r.c.steps.Add(1)
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case err != nil:
			return 0, err
		case n == 0:
			return 0, io.EOF
		}
		return n, nil
	}
}

// eachLine splits what r gives into lines. A last line without newline counts.
func eachLine(ctx context.Context, r io.Reader, buf []byte, visit func(line []byte) error) error {
	kept := 0
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := r.Read(buf[kept:])
		data := buf[:kept+n]
		for {
			i := bytes.IndexByte(data, '\n')
			if i < 0 {
				break
			}
			if err := visit(data[:i]); err != nil {
				return err
			}
			data = data[i+1:]
		}
		switch {
		case errors.Is(err, io.EOF):
			if len(data) > 0 {
				return visit(data)
			}
			return nil
		case err != nil:
			return fmt.Errorf("read: %w", err)
		case len(data) == len(buf):
			return errLineTooLong
		}
		kept = copy(buf, data)
	}
}

// link reads a symbolic link relative to a directory descriptor. The result is
// valid until the next read.
func (c *collector) link(dir int, name string) ([]byte, error) {
	buf := c.buffer(8 << 10)
	n, err := unix.Readlinkat(dir, name, buf)
	c.steps.Add(1)
	if err != nil {
		return nil, &fs.PathError{Op: "readlink", Path: name, Err: err}
	}
	return buf[:n], nil
}

// gone reports the errors of a process that ended while it was read.
func gone(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ESRCH)
}

// identify follows a link such as /proc/PID/root to its directory. The flags keep
// the kernel from asking a network file system or mounting anything.
func identify(dir int, name string) (Directory, error) {
	var st unix.Statx_t
	flags := unix.AT_STATX_DONT_SYNC | unix.AT_NO_AUTOMOUNT
	if err := unix.Statx(dir, name, flags, unix.STATX_INO, &st); err == nil {
		return Directory{st.Dev_major, st.Dev_minor, st.Ino}, nil
	} else if !errors.Is(err, unix.ENOSYS) {
		return Directory{}, err
	}
	var old unix.Stat_t // kernels before 4.11
	if err := unix.Fstatat(dir, name, &old, unix.AT_NO_AUTOMOUNT); err != nil {
		return Directory{}, err
	}
	dev := uint64(old.Dev)
	return Directory{unix.Major(dev), unix.Minor(dev), uint64(old.Ino)}, nil
}
