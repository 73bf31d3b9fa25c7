package tree

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// watched is a source that fails the test when it is asked for a name that is
// not clean, goes up, or lies below something that is no directory; and that
// counts.
type watched struct {
	*MapSource
	t     *testing.T
	calls int
}

func (w *watched) check(name string) {
	w.calls++
	if name == "" || path.Clean(name) != name || name[0] == '/' || name == ".." || strings.HasPrefix(name, "../") {
		w.t.Fatalf("the source was asked for %q", name)
	}
	for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
		if e := w.entries[dir]; e == nil || !e.Mode.IsDir() {
			w.t.Fatalf("the source was asked for %q, and %q is no directory", name, dir)
		}
	}
}

func (w *watched) Lstat(name string) (Info, error) { w.check(name); return w.MapSource.Lstat(name) }
func (w *watched) ReadLink(name string) (string, error) {
	w.check(name)
	return w.MapSource.ReadLink(name)
}

func (w *watched) ReadDir(name string) ([]string, error) {
	w.check(name)
	return w.MapSource.ReadDir(name)
}

func (w *watched) Open(name string) (io.ReadCloser, Info, error) {
	w.check(name)
	return w.MapSource.Open(name)
}

// parseEntries reads "name" (a file), "name/" (a directory) and "name>target"
// lines; what does not fit is left out.
func parseEntries(text string) map[string]Entry {
	entries := map[string]Entry{}
	for line := range strings.SplitSeq(text, "\n") {
		name, target, isLink := strings.Cut(line, ">")
		e := textFile("content of " + name)
		switch {
		case isLink && target != "":
			e = link(target)
		case strings.HasSuffix(name, "/"):
			e = Entry{Mode: fs.ModeDir | 0o755}
		}
		name = strings.Trim(name, "/")
		next := maps.Clone(entries)
		next[name] = e
		if _, err := NewMapSource(next); err == nil && len(entries) < 50 {
			entries = next
		}
	}
	return entries
}

// FuzzResolve holds that over any map of links a walk ends, asks the source only
// for names inside the root that it has resolved, and that the result is free of
// links and resolves to itself.
func FuzzResolve(f *testing.F) {
	f.Add("etc/ssh>/usr/etc/ssh\nusr/etc/ssh/f\n", "/etc/ssh/f")
	f.Add("a>../../../../b\nb>/a\n", "a/x/../..")
	f.Add("a>b/\nb/\nb/c>../a/./c/..\n", "a/c/")
	f.Add("a>a/a/a/a\n", "a/a")
	f.Add("l>.\nl2>l/l/l/l/../..\n", "l2/l2/")
	f.Add("a>\xff\n\xff\n", "//a//")
	f.Fuzz(func(t *testing.T, text, name string) {
		src, err := NewMapSource(parseEntries(text))
		if err != nil {
			t.Fatal(err)
		}
		w := &watched{MapSource: src, t: t}
		tr := New(w, Options{})
		resolved, err := tr.Resolve(name)
		if limit := 2*maxVisited + maxLinks; w.calls > limit {
			t.Fatalf("%d calls to the source", w.calls)
		}
		if err == nil {
			at := strings.TrimPrefix(resolved, "/")
			if at == "" {
				at = "."
			}
			e := w.entries[at]
			if e == nil || e.Mode.Type() == fs.ModeSymlink {
				t.Fatalf("%q resolved to %q, which is %+v", name, resolved, e)
			}
			if again, err := tr.Resolve(resolved); err != nil || again != resolved {
				t.Fatalf("%q resolves to %q, %v", resolved, again, err)
			}
		}
		data, readErr := tr.ReadFile(name)
		if readErr == nil && (err != nil || string(data) != string(w.entries[resolved[1:]].Content)) {
			t.Fatalf("read %q as %q, though it resolves to %q, %v", name, data, resolved, err)
		}
		if matches, _ := tr.Glob(name); !slices.IsSorted(matches) {
			t.Fatalf("matches not sorted: %q", matches)
		}
	})
}

// TestAgainstTheKernel compares with openat2(2), RESOLVE_IN_ROOT, over random
// trees on disk: the kernel's own meaning of chroot-style resolution.
func TestAgainstTheKernel(t *testing.T) {
	const seed = 20260102
	rng := rand.New(rand.NewPCG(seed, 1))
	trees := 150
	if testing.Short() {
		trees = 20
	}
	word := func() string { return []string{"a", "b", "c", "d", "..", "."}[rng.IntN(6)] }
	name := func() string {
		var b strings.Builder
		if rng.IntN(2) == 0 {
			b.WriteString("/")
		}
		for i := range 1 + rng.IntN(5) {
			if i > 0 {
				b.WriteString("/")
			}
			b.WriteString(word())
		}
		if rng.IntN(5) == 0 {
			b.WriteString("/")
		}
		return b.String()
	}
	outcomes := map[string]int{}
	for range trees {
		var text strings.Builder
		for range 12 {
			switch rng.IntN(4) {
			case 0:
				fmt.Fprintf(&text, "%s/%s\n", word(), word())
			case 1:
				fmt.Fprintf(&text, "%s/%s/%s/\n", word(), word(), word())
			default:
				fmt.Fprintf(&text, "%s/%s>%s\n", word(), word(), name())
			}
		}
		fmt.Fprintf(&text, "%s>%s\n", word(), name())
		root := materialise(t, parseEntries(text.String()))
		fd, err := unix.Open(root, unix.O_PATH|unix.O_DIRECTORY, 0)
		must(t, err)
		onDisk, err := OpenDir(root, Options{})
		must(t, err)
		src, err := NewMapSource(parseEntries(text.String()))
		must(t, err)
		for range 60 {
			ask := name()
			for _, follow := range []bool{true, false} {
				want, err := kernelResolve(fd, root, ask, follow)
				if errors.Is(err, unix.ENOSYS) || errors.Is(err, unix.EPERM) {
					t.Skipf("skipped: no openat2 here: %v", err)
				}
				outcomes[kind(err)]++
				for which, tr := range map[string]*Tree{"dir": onDisk, "map": New(src, Options{})} {
					var at place
					gotErr := tr.look(func(src looker) (err error) {
						at, err = walk(src, ask, follow)
						return err
					})
					if got := absolute(at.name); kind(gotErr) != kind(err) || err == nil && got != want {
						t.Fatalf("%s: %q (follow %v) = %q, %v; the kernel says %q, %v; tree:\n%s", which, ask, follow, got, gotErr, want, err, &text)
					}
				}
			}
		}
		unix.Close(fd)
		onDisk.Close()
	}
	t.Logf("outcomes: %v", outcomes)
	for _, k := range []string{"found", "not there", "loop"} {
		if outcomes[k] < 20 {
			t.Errorf("only %d names were %s: the comparison compares little", outcomes[k], k)
		}
	}
}

func kernelResolve(root int, rootPath, name string, follow bool) (string, error) {
	how := unix.OpenHow{Flags: unix.O_PATH | unix.O_CLOEXEC, Resolve: unix.RESOLVE_IN_ROOT}
	if !follow {
		how.Flags |= unix.O_NOFOLLOW
	}
	fd, err := unix.Openat2(root, name, &how)
	for errors.Is(err, unix.EAGAIN) { // something was renamed somewhere on the machine (openat2(2))
		fd, err = unix.Openat2(root, name, &how)
	}
	if err != nil {
		return "", err
	}
	defer unix.Close(fd)
	where, err := os.Readlink(fdPath(fd))
	if err != nil {
		return "", err
	}
	rel, err := filepath.Rel(rootPath, where)
	return absolute(rel), err
}

// kind sorts errors of the kernel and of the Tree into the same classes.
func kind(err error) string {
	switch {
	case err == nil:
		return "found"
	case errors.Is(err, unix.ENOENT), errors.Is(err, unix.ENOTDIR), errors.Is(err, fs.ErrNotExist):
		return "not there"
	case errors.Is(err, unix.ELOOP), errors.Is(err, ErrTooDeep):
		return "loop"
	}
	return err.Error()
}
