package tree

import (
	"errors"
	"io"
	"io/fs"

	"golang.org/x/sys/unix"
)

// maxMountTable bounds the mount table of another process: a container has some
// tens of mounts, and whoever may mount can make the table as long as he likes.
const maxMountTable = 4 << 20

// OpenProcessRoot returns the Tree of a process's root directory, which may lie in
// another mount namespace. process is an O_PATH descriptor of the process's
// directory of procfs; it stays the caller's, and what is behind it does not become
// another process's. Which file systems are remote is told by the process's own
// mount table (proc_pid_mountinfo(5)), for the auditor's knows nothing of its
// mounts. A root that itself lies on a remote file system is ErrRemote unless
// Options.Remote is set, without being touched: nobody named it, and any account
// can have one that never answers.
func OpenProcessRoot(process int, opts Options) (*Tree, error) {
	fail := func(err error) (*Tree, error) { return nil, wrap("open", "root", err) }
	table, err := readTable(process, "mountinfo")
	if err != nil {
		return fail(err)
	}
	m := parseMounts(table, "/")
	if m.rootRemote && !opts.Remote {
		return fail(ErrRemote)
	}
	// Through the link of procfs: no walk of names, and no wait for a file system.
	fd, err := openat(process, "root", unix.O_PATH|unix.O_DIRECTORY)
	if err != nil {
		return fail(err)
	}
	// A file system that never answers is not asked, and not waited for: such a wait
	// can not be ended. What is not known to be local may have been put there since
	// the table was read.
	var st unix.Statx_t
	flags := unix.AT_EMPTY_PATH | unix.AT_STATX_DONT_SYNC | unix.AT_NO_AUTOMOUNT
	if err := ignoringEINTR(func() error { return unix.Statx(fd, "", flags, unix.STATX_INO, &st) }); err != nil {
		unix.Close(fd)
		return fail(err)
	}
	dev := unix.Mkdev(st.Dev_major, st.Dev_minor)
	if !opts.Remote && !m.localDevice(dev) {
		unix.Close(fd)
		return fail(ErrRemote)
	}
	s := &DirSource{dirs: newHandles(fd, keep(maxKeptGuest, shareKeptGuest)), rootDev: dev, remote: opts.Remote, names: MaxNames}
	if !opts.Remote {
		s.mounts = m
	}
	return New(s, opts), nil
}

// readTable reads a file of procfs whole.
func readTable(dir int, name string) (string, error) {
	fd, err := openat(dir, name, unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK)
	switch {
	case errors.Is(err, unix.EINVAL), errors.Is(err, unix.ESRCH):
		return "", fs.ErrNotExist // the process ended, or is a zombie
	case err != nil:
		return "", err
	}
	f := &file{fd: fd}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxMountTable+1))
	switch {
	case errors.Is(err, unix.ESRCH):
		return "", fs.ErrNotExist // the process ended
	case err != nil:
		return "", err
	case len(data) > maxMountTable:
		return "", ErrTooLarge
	}
	return string(data), nil
}

// Handle returns a name by which this process, as long as the Tree is open, can
// name the root directory to the kernel whatever mount namespace it lies in. ""
// where there is no directory.
func (t *Tree) Handle() string {
	s, ok := t.src.(*DirSource)
	if !ok {
		return ""
	}
	root, err := s.dirs.takeRoot()
	if err != nil {
		return ""
	}
	defer s.dirs.release(step{dir: root})
	return fdPath(root.fd)
}
