package state

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

func open(t *testing.T, dir, machine string) *Store {
	t.Helper()
	s, err := Open(dir, machine)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func TestWriteRead(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	s := open(t, dir, "m1")
	if _, _, err := s.Read("b", 1); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing blob: %v, want not exist", err)
	}
	for _, blob := range []string{"", "one", "two\nlines\n"} {
		if err := s.Write("b", 3, []byte(blob)); err != nil {
			t.Fatal(err)
		}
		got, schema, err := s.Read("b", 3)
		if err != nil || string(got) != blob || schema != 3 {
			t.Errorf("read %q schema %d %v, want %q schema 3", got, schema, err, blob)
		}
	}
	for path, want := range map[string]fs.FileMode{dir: 0o700, filepath.Join(dir, "b"): 0o600} {
		info, err := os.Stat(path)
		if err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: mode %v %v, want %v", path, info.Mode().Perm(), err, want)
		}
	}
}

func TestNewerIsLeftAlone(t *testing.T) {
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	s := open(t, dir, "m1")
	if err := s.Write("b", 7, []byte("x")); err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.Read("b", 6); !errors.Is(err, ErrNewer) {
		t.Errorf("error %v, want ErrNewer", err)
	}
	if err := s.Write("b", 6, []byte("older")); !errors.Is(err, ErrNewer) {
		t.Errorf("writing over it: error %v, want ErrNewer", err)
	}
	if got, _, err := s.Read("b", 7); err != nil || string(got) != "x" {
		t.Errorf("the newer blob now reads %q, %v", got, err)
	}
	if _, err := os.Stat(filepath.Join(dir, "b")); err != nil {
		t.Errorf("the newer blob was moved: %v", err)
	}
}

func TestDamagedAndClonedAreSetAside(t *testing.T) {
	for _, tc := range []struct {
		name    string
		spoil   func([]byte) []byte
		machine string
		want    error
		aside   string
	}{
		{"truncated", func(b []byte) []byte { return b[:len(b)-1] }, "m1", ErrDamaged, "b.damaged"},
		{"changed-byte", func(b []byte) []byte { b[len(b)-1] ^= 1; return b }, "m1", ErrDamaged, "b.damaged"},
		{"no-header", func([]byte) []byte { return []byte("hello") }, "m1", ErrDamaged, "b.damaged"},
		{"empty", func([]byte) []byte { return nil }, "m1", ErrDamaged, "b.damaged"},
		{"other-machine", func(b []byte) []byte { return b }, "m2", ErrCloned, "b.cloned"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "s")
			if err := open(t, dir, "m1").Write("b", 1, []byte("content")); err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(dir, "b")
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, tc.spoil(data), 0o600); err != nil {
				t.Fatal(err)
			}
			if _, _, err := open(t, dir, tc.machine).Read("b", 1); !errors.Is(err, tc.want) {
				t.Errorf("error %v, want %v", err, tc.want)
			}
			if _, err := os.Stat(filepath.Join(dir, tc.aside)); err != nil {
				t.Errorf("not set aside: %v", err)
			}
		})
	}
}

func TestOpenRefusesSharedDirectory(t *testing.T) {
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir, "m"); err == nil {
		t.Error("a directory that others can read was taken")
	}
}

func TestLock(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "s")
	a, b := open(t, dir, "m"), open(t, dir, "m")
	unlock, err := a.Lock()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Lock(); !errors.Is(err, ErrLocked) {
		t.Errorf("second lock: %v, want ErrLocked", err)
	}
	unlock()
	again, err := b.Lock()
	if err != nil {
		t.Fatalf("after unlock: %v", err)
	}
	again()
}

// failing makes the n-th step fail, as a full disk or a crash would.
type failing struct {
	FS
	n int
}

var errInjected = errors.New("injected")

func (f *failing) step() error {
	f.n--
	if f.n == 0 {
		return errInjected
	}
	return nil
}

func (f *failing) WriteSync(name string, data []byte) error {
	if err := f.step(); err != nil {
		_ = f.FS.WriteSync(name, data[:len(data)/2]) // half of it reached the disk
		return err
	}
	return f.FS.WriteSync(name, data)
}

func (f *failing) Rename(from, to string) error {
	if err := f.step(); err != nil {
		return err
	}
	return f.FS.Rename(from, to)
}

func (f *failing) SyncDir() error {
	if err := f.step(); err != nil {
		return err
	}
	return f.FS.SyncDir()
}

// Whatever step of a write fails, the blob is the old one or the new one.
func TestFailedWriteKeepsAWholeBlob(t *testing.T) {
	for n := 1; n <= 3; n++ {
		dir := filepath.Join(t.TempDir(), "s")
		s := open(t, dir, "m")
		if err := s.Write("b", 1, []byte("old")); err != nil {
			t.Fatal(err)
		}
		broken := New(&failing{s.fs, n}, "m")
		if err := broken.Write("b", 1, []byte("new")); !errors.Is(err, errInjected) {
			t.Errorf("step %d: error %v, want the injected one", n, err)
		}
		got, _, err := s.Read("b", 1)
		if err != nil || !bytes.Equal(got, []byte("old")) && !bytes.Equal(got, []byte("new")) {
			t.Errorf("step %d: read %q %v", n, got, err)
		}
		if _, err := os.Stat(filepath.Join(dir, "b.new")); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("step %d: the temporary file was left behind", n)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(`{"hostaudit-state":1,"schema":1,"machine":"x","sha256":"y"}` + "\nblob"))
	f.Add([]byte("\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		files := memory{"b": data}
		blob, schema, err := New(files, "m").Read("b", 1)
		if err == nil && (schema != 1 || !bytes.HasSuffix(data, blob)) {
			t.Errorf("accepted schema %d, blob %q of %q", schema, blob, data)
		}
	})
}

type memory map[string][]byte

func (m memory) ReadFile(name string) ([]byte, error) {
	if b, ok := m[name]; ok {
		return b, nil
	}
	return nil, fs.ErrNotExist
}
func (m memory) WriteSync(name string, data []byte) error { m[name] = data; return nil }
func (m memory) Rename(from, to string) error             { m[to] = m[from]; delete(m, from); return nil }
func (m memory) Remove(name string) error                 { delete(m, name); return nil }
func (m memory) SyncDir() error                           { return nil }
