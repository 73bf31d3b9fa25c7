package tree

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

func TestDirectory(t *testing.T) {
	onBoth(t, map[string]Entry{
		"d/f":         textFile("content"),
		"d/empty":     textFile(""),
		"d/sub/g":     textFile("below"),
		"d/link":      link("f"),
		"d/out":       link("/d/f"),
		"d/climb":     link("../../../d/sub/g"),
		"d/dangling":  link("none"),
		"d/sublink":   link("sub"),
		"d/fifo":      {Mode: fs.ModeNamedPipe | 0o644},
		"d/kernel":    link("/proc/kmsg"),
		"proc/kmsg":   textFile("taken"),
		"other":       link("d"),
		"file":        textFile("x"),
		"kerneldir":   link("/proc"),
		"d/big":       textFile(strings.Repeat("x", 3000)),
		"d/notes.txt": textFile("n"),
	}, func(t *testing.T, tr *Tree) {
		tr.opts.MaxSize = 2000
		for _, name := range []string{"d", "/d", "/d/", "other"} {
			d, err := tr.Directory(name)
			must(t, err)
			defer d.Close()
			for file, want := range map[string]string{
				"f": "content", "empty": "", "sub/g": "below", "link": "content", "out": "content", "climb": "below", "sublink/g": "below",
			} {
				for _, buf := range [][]byte{nil, make([]byte, 3, 4), make([]byte, 100)} {
					data, err := d.ReadFile(file, buf)
					if err != nil || string(data) != want {
						t.Errorf("%s in %s: %q, error %v", file, name, data, err)
					}
				}
			}
			for file, want := range map[string]error{
				"none": fs.ErrNotExist, "dangling": fs.ErrNotExist, "f/x": fs.ErrNotExist, "fifo": ErrNotRegular, "sub": ErrNotRegular,
				"kernel": ErrNotRegular, "big": ErrTooLarge, "": fs.ErrInvalid, ".": fs.ErrInvalid, "..": fs.ErrInvalid, "../file": fs.ErrInvalid,
				"/file": fs.ErrInvalid, "sub/../f": fs.ErrInvalid, "f/": fs.ErrInvalid, "f\x00": fs.ErrInvalid,
			} {
				data, err := d.ReadFile(file, nil)
				if pe, is := errors.AsType[*fs.PathError](err); !errors.Is(err, want) || data != nil || !is || !strings.HasPrefix(pe.Path, "/") {
					t.Errorf("%q in %s: %q, error %v, want %v", file, name, data, err, want)
				}
			}
		}
		for name, want := range map[string]error{"file": syscall.ENOTDIR, "none": fs.ErrNotExist, "d/fifo": syscall.ENOTDIR} {
			if d, err := tr.Directory(name); d != nil || !errors.Is(err, want) {
				t.Errorf("Directory(%q): error %v, want %v", name, err, want)
			}
		}
		d, err := tr.Directory("kerneldir")
		must(t, err)
		defer d.Close()
		if data, err := d.ReadFile("kmsg", nil); !errors.Is(err, ErrNotRegular) {
			t.Errorf("a file of the kernel behind a link: %q, error %v", data, err)
		}
	})
}

// TestDirectoryRace exchanges what names are while they are read through a Dir.
func TestDirectoryRace(t *testing.T) {
	outside := filepath.Join(t.TempDir(), "outside")
	must(t, os.Mkdir(outside, 0o755))
	must(t, os.WriteFile(filepath.Join(outside, "f"), []byte("outside"), 0o644))
	root := materialise(t, map[string]Entry{
		"d/sub/f": textFile("inside"), "d/away": link(outside), "d/f": textFile("inside"), "d/g": link(outside + "/f"),
		"d/h": textFile("inside"), "d/fifo": {Mode: fs.ModeNamedPipe | 0o644},
	})
	tr, err := OpenDir(root, Options{})
	must(t, err)
	defer tr.Close()
	d, err := tr.Directory("d")
	must(t, err)
	defer d.Close()
	stop, done := make(chan struct{}), make(chan error, 1)
	go func() {
		for {
			select {
			case <-stop:
				done <- nil
				return
			default:
			}
			for _, pair := range [][2]string{{"sub", "away"}, {"f", "g"}, {"h", "fifo"}} {
				from, to := filepath.Join(root, "d", pair[0]), filepath.Join(root, "d", pair[1])
				if err := unix.Renameat2(unix.AT_FDCWD, from, unix.AT_FDCWD, to, unix.RENAME_EXCHANGE); err != nil {
					done <- err
					return
				}
			}
		}
	}()
	soon(t, func() {
		for i := range 3000 {
			name := []string{"sub/f", "away/f", "f", "g", "h", "fifo"}[i%6]
			data, err := d.ReadFile(name, nil)
			if err == nil && string(data) != "inside" {
				t.Errorf("%s: %q", name, data)
			}
		}
	})
	close(stop)
	must(t, <-done)
}

// TestDirectoryStays: the directory that was opened is the one that is read.
func TestDirectoryStays(t *testing.T) {
	root := materialise(t, map[string]Entry{"d/f": textFile("first"), "e/f": textFile("second")})
	tr, err := OpenDir(root, Options{})
	must(t, err)
	defer tr.Close()
	d, err := tr.Directory("d")
	must(t, err)
	must(t, os.Rename(filepath.Join(root, "d"), filepath.Join(root, "old")))
	must(t, os.Rename(filepath.Join(root, "e"), filepath.Join(root, "d")))
	if data, err := d.ReadFile("f", nil); err != nil || string(data) != "first" {
		t.Errorf("%q, error %v", data, err)
	}
	must(t, d.Close())
}

func TestDirectoryRemote(t *testing.T) {
	root := materialise(t, map[string]Entry{"d/sub/f": textFile("x"), "d/f": textFile("x")})
	src, err := OpenDirSource(root, false)
	must(t, err)
	src.mounts.remote = map[string]bool{"d/sub": true}
	tr := New(src, Options{})
	defer tr.Close()
	d, err := tr.Directory("d")
	must(t, err)
	defer d.Close()
	if _, err := d.ReadFile("sub/f", nil); !errors.Is(err, ErrRemote) {
		t.Errorf("below a remote mount point: %v", err)
	}
	if data, err := d.ReadFile("f", nil); err != nil || string(data) != "x" {
		t.Errorf("beside it: %q, error %v", data, err)
	}
	if _, err := tr.Directory("d/sub"); !errors.Is(err, ErrRemote) {
		t.Errorf("a remote directory: %v", err)
	}
}

// TestDirectoryDescriptors: every descriptor is closed again, whatever happened.
func TestDirectoryDescriptors(t *testing.T) {
	count := func() int {
		names, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Skipf("skipped: descriptors cannot be counted here: %v", err)
		}
		return len(names)
	}
	root := materialise(t, map[string]Entry{"d/a/b/f": textFile("x"), "d/l": link("a"), "d/fifo": {Mode: fs.ModeNamedPipe | 0o644}})
	tr, err := OpenDir(root, Options{})
	must(t, err)
	defer tr.Close()
	before := count()
	for range 50 {
		d, err := tr.Directory("d")
		must(t, err)
		for _, name := range []string{"a/b/f", "a/b/none", "a/none/f", "l/b/f", "fifo", "a/b/f/x", "a"} {
			d.ReadFile(name, nil)
		}
		must(t, d.Close())
	}
	if after := count(); after > before+5 {
		t.Errorf("%d descriptors before, %d after", before, after)
	}
}

func TestOpenReadsAnywhere(t *testing.T) {
	onBoth(t, map[string]Entry{"f": textFile("0123456789")}, func(t *testing.T, tr *Tree) {
		f, _, err := tr.Open("f")
		must(t, err)
		at, is := f.(io.ReaderAt)
		if !is {
			t.Fatalf("%T reads in order only", f)
		}
		for _, c := range []struct {
			off  int64
			n    int
			want string
			err  error
		}{{0, 3, "012", nil}, {7, 3, "789", nil}, {8, 5, "89", io.EOF}, {10, 1, "", io.EOF}, {99, 1, "", io.EOF}} {
			p := make([]byte, c.n)
			if n, err := at.ReadAt(p, c.off); string(p[:n]) != c.want || err != c.err && !(err == io.EOF && c.off+int64(c.n) == 10) {
				t.Errorf("%d bytes at %d: %q, error %v", c.n, c.off, p[:n], err)
			}
		}
		if _, err := at.ReadAt(make([]byte, 1), -1); err == nil {
			t.Error("a negative offset was taken")
		}
		must(t, f.Close())
		if _, disk := f.(*file); disk {
			if _, err := at.ReadAt(make([]byte, 1), 0); !errors.Is(err, os.ErrClosed) {
				t.Errorf("after Close: %v", err)
			}
		}
	})
}

func BenchmarkManyFiles(b *testing.B) {
	entries := map[string]Entry{}
	for i := range 350 {
		entries[fmt.Sprintf("var/lib/dpkg/info/p%d.list", i)] = textFile(strings.Repeat("/usr/share/doc/something\n", 100))
	}
	tr, err := OpenDir(materialise(b, entries), Options{})
	must(b, err)
	defer tr.Close()
	b.Run("tree", func(b *testing.B) {
		for b.Loop() {
			for i := range 350 {
				if _, err := tr.ReadFile(fmt.Sprintf("/var/lib/dpkg/info/p%d.list", i)); err != nil {
					b.Fatal(err)
				}
			}
		}
	})
	b.Run("directory", func(b *testing.B) {
		for b.Loop() {
			d, err := tr.Directory("/var/lib/dpkg/info")
			must(b, err)
			var buf []byte
			for i := range 350 {
				if buf, err = d.ReadFile(fmt.Sprintf("p%d.list", i), buf); err != nil {
					b.Fatal(err)
				}
			}
			must(b, d.Close())
		}
	})
}
