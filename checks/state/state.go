// Package state keeps the program's own memory between runs: named blobs in one
// directory of mode 0700, each with a schema number and a checksum, written
// whole or not at all. It knows nothing of what the blobs mean.
package state

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// DefaultDir is where a live run as root keeps its state.
const DefaultDir = "/var/lib/hostaudit"

// maxBlob bounds what is read back, in bytes.
const maxBlob = 64 << 20

// Errors of Read; test with errors.Is. fs.ErrNotExist means there is no blob.
var (
	ErrNewer   = errors.New("written by a newer version") // left alone
	ErrDamaged = errors.New("damaged")                    // set aside as NAME.damaged
	ErrCloned  = errors.New("from another machine")       // set aside as NAME.cloned
	ErrLocked  = errors.New("in use by another run")
)

// FS is what a Store does to files, so that tests can make each step fail.
type FS interface {
	ReadFile(name string) ([]byte, error)
	// WriteSync creates name with mode 0600, writes data and syncs it.
	WriteSync(name string, data []byte) error
	Rename(from, to string) error
	Remove(name string) error
	SyncDir() error
}

// Store is one state directory.
type Store struct {
	fs      FS
	machine string
	close   func() error
	lock    func() (func(), error)
}

// header is the first line of every blob's file.
type header struct {
	State   int    `json:"hostaudit-state"` // layout of this line
	Schema  int    `json:"schema"`          // layout of the blob
	Machine string `json:"machine"`
	Sum     string `json:"sha256"`
}

// Open opens dir and makes it if it is missing. machineID binds the blobs to
// this machine: a state that was cloned with the disk is set aside. The directory
// must belong to the caller and be closed to all others.
func Open(dir, machineID string) (*Store, error) {
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	info, err := root.Stat(".")
	if err == nil {
		err = private(dir, info)
	}
	if err != nil {
		root.Close()
		return nil, err
	}
	s := New(dirFS{root}, machineID)
	s.close = root.Close
	s.lock = func() (func(), error) { return flock(root) }
	return s, nil
}

// private refuses a directory that others can look into or change.
func private(dir string, info fs.FileInfo) error {
	var st unix.Stat_t
	if err := unix.Stat(dir, &st); err != nil {
		return err
	}
	if info.Mode().Perm()&0o077 != 0 || int(st.Uid) != os.Geteuid() {
		return fmt.Errorf("%s: must belong to uid %d with mode 0700", dir, os.Geteuid())
	}
	return nil
}

// New returns a Store over files, for tests; it cannot be locked.
func New(files FS, machineID string) *Store {
	return &Store{fs: files, machine: machineTag(machineID)}
}

// machineTag keeps the machine-id itself out of the files (machine-id(5) asks
// that it is not exposed).
func machineTag(id string) string {
	sum := sha256.Sum256([]byte("hostaudit state\x00" + strings.TrimSpace(id)))
	return hex.EncodeToString(sum[:8])
}

// Close releases the directory.
func (s *Store) Close() error {
	if s.close == nil {
		return nil
	}
	return s.close()
}

// Lock takes the directory for this run, or returns ErrLocked at once.
func (s *Store) Lock() (unlock func(), err error) {
	if s.lock == nil {
		return func() {}, nil
	}
	return s.lock()
}

// Read returns the blob that was last written under name with a schema of at
// most schema, and its schema.
func (s *Store) Read(name string, schema int) (blob []byte, written int, err error) {
	data, err := s.fs.ReadFile(name)
	if err != nil {
		return nil, 0, err
	}
	line, blob, found := bytes.Cut(data, []byte("\n"))
	var h header
	if !found || json.Unmarshal(line, &h) != nil || h.State < 1 || h.Schema < 1 {
		return nil, 0, s.setAside(name, ErrDamaged, ".damaged")
	}
	if h.State > 1 || h.Schema > schema {
		return nil, 0, fmt.Errorf("%s: %w", name, ErrNewer)
	}
	if h.Sum != checksum(blob) {
		return nil, 0, s.setAside(name, ErrDamaged, ".damaged")
	}
	if h.Machine != s.machine {
		return nil, 0, s.setAside(name, ErrCloned, ".cloned")
	}
	return blob, h.Schema, nil
}

// SetAside reports whether a damaged blob of that name was set aside, by this run
// or an earlier one: then that there is none now does not mean that there never
// was.
func (s *Store) SetAside(name string) bool {
	_, err := s.fs.ReadFile(name + ".damaged")
	return !errors.Is(err, fs.ErrNotExist)
}

// setAside keeps an unusable blob for a person to look at.
func (s *Store) setAside(name string, why error, suffix string) error {
	if err := s.fs.Rename(name, name+suffix); err != nil {
		return fmt.Errorf("%s: %w, and could not be set aside: %v", name, why, err)
	}
	return fmt.Errorf("%s: %w, set aside as %s", name, why, name+suffix)
}

// Write replaces the blob under name: a reader, or a run after a crash, sees the
// old one or the new one, never a part. A blob of a newer version stays, and the
// error is ErrNewer.
func (s *Store) Write(name string, schema int, blob []byte) error {
	if old, err := s.fs.ReadFile(name); err == nil {
		var h header
		first, _, _ := bytes.Cut(old, []byte("\n"))
		if json.Unmarshal(first, &h) == nil && (h.State > 1 || h.Schema > schema) {
			return fmt.Errorf("%s: %w", name, ErrNewer)
		}
	}
	line, err := json.Marshal(header{State: 1, Schema: schema, Machine: s.machine, Sum: checksum(blob)})
	if err != nil {
		return err
	}
	temp := name + ".new"
	if err := s.fs.WriteSync(temp, append(append(line, '\n'), blob...)); err != nil {
		_ = s.fs.Remove(temp) // best effort: the write's error is the one that matters
		return err
	}
	if err := s.fs.Rename(temp, name); err != nil {
		_ = s.fs.Remove(temp)
		return err
	}
	return s.fs.SyncDir()
}

func checksum(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// dirFS is the FS of a real directory; os.Root keeps every name inside it.
type dirFS struct{ root *os.Root }

func (d dirFS) ReadFile(name string) ([]byte, error) {
	f, err := d.root.OpenFile(name, os.O_RDONLY|unix.O_NONBLOCK|unix.O_NOFOLLOW, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil {
		return nil, err
	} else if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: not a regular file", name)
	}
	data, err := io.ReadAll(io.LimitReader(f, maxBlob+1))
	if err == nil && len(data) > maxBlob {
		err = fmt.Errorf("%s: larger than %d bytes", name, maxBlob)
	}
	return data, err
}

func (d dirFS) WriteSync(name string, data []byte) error {
	f, err := d.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Sync(), f.Close())
}

func (d dirFS) Rename(from, to string) error { return d.root.Rename(from, to) }
func (d dirFS) Remove(name string) error     { return d.root.Remove(name) }

func (d dirFS) SyncDir() error {
	f, err := d.root.Open(".")
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// flock holds an advisory lock on the file "lock" until unlock or the end of the
// process, however it ends.
func flock(root *os.Root) (func(), error) {
	f, err := root.OpenFile("lock", os.O_RDWR|os.O_CREATE|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		f.Close()
		if errors.Is(err, unix.EWOULDBLOCK) {
			return nil, ErrLocked
		}
		return nil, err
	}
	return func() { f.Close() }, nil
}
