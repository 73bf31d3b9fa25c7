package snapshot

import (
	"bytes"
	"encoding/binary"
	"errors"

	"golang.org/x/sys/unix"
)

// direntName is where the name begins in struct linux_dirent64, getdents64(2).
const direntName = 19

var errDirent = errors.New("malformed directory entry")

// parseDirents hands the names in what getdents64(2) returned to visit, but for "."
// and "..". They are valid until the buffer is used again.
func parseDirents(b []byte, visit func(name []byte) error) error {
	for len(b) > 0 {
		if len(b) < direntName {
			return errDirent
		}
		length := int(binary.NativeEndian.Uint16(b[16:]))
		if length <= direntName || length > len(b) {
			return errDirent
		}
		name, _, found := bytes.Cut(b[direntName:length], []byte{0})
		b = b[length:]
		switch {
		case !found || len(name) == 0:
			return errDirent
		case string(name) == ".", string(name) == "..":
			continue
		}
		if err := visit(name); err != nil {
			return err
		}
	}
	return nil
}

// eachName hands the names in an open directory to visit. The buffer is large: each
// call costs more than what it copies.
func (c *collector) eachName(dir int, visit func(name []byte) error) error {
	if c.dirents == nil {
		c.dirents = make([]byte, 32<<10)
	}
	for {
		n, err := unix.ReadDirent(dir, c.dirents)
		c.steps.Add(1)
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case err != nil:
			return err
		case n == 0:
			return nil
		}
		if err := parseDirents(c.dirents[:n], visit); err != nil {
			return err
		}
	}
}
