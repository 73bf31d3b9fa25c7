package tree

import (
	"errors"
	"io"
	"io/fs"
	"time"
)

// Source is where a Tree's bytes come from: a directory of the machine, a map
// in a test, later an image. Names are relative to the root, slash-separated,
// without leading slash and cleaned ("." is the root). The Tree resolves every
// link itself and hands a Source only names it has resolved, so a Source follows
// none: a name that is (or meanwhile became) a symbolic link, or leads through
// one, is ErrChanged.
type Source interface {
	Lstat(name string) (Info, error)
	// ReadLink returns the target as written; what is no link is ErrChanged.
	ReadLink(name string) (string, error)
	// ReadDir returns names only, in bytewise order; ErrTooLarge beyond MaxNames.
	ReadDir(name string) ([]string, error)
	// Open opens a regular file and nothing else (ErrNotRegular), proven on the
	// descriptor before any byte is read; it never blocks on a fifo or wakes a device.
	Open(name string) (io.ReadCloser, Info, error)
	Close() error
}

// MaxNames is how many entries of one directory are read.
const MaxNames = 100_000

// Info is what the audit needs of a file's inode.
type Info struct {
	Mode     fs.FileMode // type and permission bits, setuid, setgid, sticky
	UID, GID uint32
	Size     int64 // bytes
	ModTime  time.Time
	Dev, Ino uint64 // 0 where the source has none
}

// Errors that a Tree returns besides fs.ErrNotExist and fs.ErrPermission; test
// with errors.Is.
var (
	ErrNotRegular = errors.New("not a regular file")
	ErrTooLarge   = errors.New("larger than the read limit")
	ErrRemote     = errors.New("on a network or FUSE file system")
	ErrTooDeep    = errors.New("too many levels of symbolic links")
	ErrChanged    = errors.New("changed while it was looked at")
)
