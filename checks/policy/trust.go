package policy

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// maxFile is the largest configuration file or word list read, in bytes.
const maxFile = 8 << 20

// ErrUntrusted says that someone other than root or the caller can change a
// file that decides about the audit.
var ErrUntrusted = errors.New("can be changed by others")

// ReadTrusted reads a configuration file or word list of the auditing host. The
// file, every directory above it and every link on the way must belong to root
// or to uid, and must not be writable by a group or by others: whoever can write
// there could waive the findings about himself. A sticky directory such as /tmp
// is accepted, for nobody can replace another's file in it. Group root counts as
// root, unless an access control list names others.
func ReadTrusted(path string, uid int) ([]byte, error) {
	if !filepath.IsAbs(path) {
		wd, err := os.Getwd()
		if err != nil {
			return nil, err
		}
		path = filepath.Join(wd, path)
	}
	st, real, err := trusted(path, uid)
	if err != nil {
		return nil, err
	}
	if st.Mode&unix.S_IFMT != unix.S_IFREG {
		return nil, fmt.Errorf("%s: not a regular file", path)
	}
	// The real path has no link left; what is opened must be what was judged.
	f, err := os.OpenFile(real, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var opened unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &opened); err != nil {
		return nil, err
	}
	if opened.Dev != st.Dev || opened.Ino != st.Ino {
		return nil, fmt.Errorf("%s: changed while it was read", path)
	}
	b, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, err
	}
	if len(b) > maxFile {
		return nil, fmt.Errorf("%s: larger than %d bytes", path, maxFile)
	}
	return b, nil
}

// trusted walks an absolute path one component at a time, judging each, and
// returns what it leads to and its path without links.
func trusted(path string, uid int) (unix.Stat_t, string, error) {
	rest := strings.Split(strings.Trim(filepath.Clean(path), "/"), "/")
	at := "/"
	var st unix.Stat_t
	if err := judge(at, uid, &st); err != nil {
		return st, "", err
	}
	for links := 0; len(rest) > 0; {
		name := rest[0]
		rest = rest[1:]
		if name == "" || name == "." {
			continue
		}
		if name == ".." {
			at = filepath.Dir(at)
			continue
		}
		next := filepath.Join(at, name)
		if err := judge(next, uid, &st); err != nil {
			return st, "", err
		}
		if st.Mode&unix.S_IFMT != unix.S_IFLNK {
			at = next
			continue
		}
		if links++; links > 40 {
			return st, "", fmt.Errorf("%s: too many links", path)
		}
		target, err := os.Readlink(next)
		if err != nil {
			return st, "", err
		}
		if filepath.IsAbs(target) {
			at = "/"
		}
		rest = append(strings.Split(strings.Trim(target, "/"), "/"), rest...)
	}
	return st, at, nil
}

// judge fills st with what stands at path and says whether others can change it.
func judge(path string, uid int, st *unix.Stat_t) error {
	if err := unix.Lstat(path, st); err != nil {
		return &fs.PathError{Op: "lstat", Path: path, Err: err}
	}
	if st.Uid != 0 && int(st.Uid) != uid {
		return fmt.Errorf("%s: %w (its owner is uid %d)", path, ErrUntrusted, st.Uid)
	}
	kind := st.Mode & unix.S_IFMT
	if kind == unix.S_IFLNK { // the mode of a link means nothing
		return nil
	}
	if kind == unix.S_IFDIR && st.Mode&unix.S_ISVTX != 0 {
		return nil
	}
	if st.Mode&0o002 != 0 || st.Mode&0o020 != 0 && st.Gid != 0 {
		return fmt.Errorf("%s: %w (mode %04o)", path, ErrUntrusted, st.Mode&0o7777)
	}
	if st.Mode&0o020 != 0 && hasACL(path) {
		return fmt.Errorf("%s: %w (mode %04o with an access control list)", path, ErrUntrusted, st.Mode&0o7777)
	}
	return nil
}

// hasACL reports an access control list. With one the group's bits of the mode are the
// mask of everybody the list names (acl(5), "CORRESPONDENCE BETWEEN ACL ENTRIES AND
// FILE PERMISSION BITS"), so that they say nothing about the group alone; without the
// bit for writing nobody it names can write.
func hasACL(path string) bool {
	n, err := unix.Lgetxattr(path, "system.posix_acl_access", nil)
	return err == nil && n > 0
}
