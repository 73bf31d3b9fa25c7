package tree

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

// file and link are short for entries.
func textFile(content string) Entry { return Entry{Mode: 0o644, Content: []byte(content)} }
func link(target string) Entry      { return Entry{Target: target} }

// onBoth runs f on the tree of entries in memory and on disk.
func onBoth(t *testing.T, entries map[string]Entry, f func(t *testing.T, tr *Tree)) {
	t.Helper()
	src, err := NewMapSource(entries)
	if err != nil {
		t.Fatal(err)
	}
	t.Run("map", func(t *testing.T) { f(t, New(src, Options{})) })
	t.Run("dir", func(t *testing.T) {
		tr, err := OpenDir(materialise(t, entries), Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer tr.Close()
		f(t, tr)
	})
}

// materialise writes entries to a directory and returns its path.
func materialise(t testing.TB, entries map[string]Entry) string {
	t.Helper()
	root := filepath.Join(t.TempDir(), "root")
	must(t, os.Mkdir(root, 0o755))
	for _, name := range slices.Sorted(maps.Keys(entries)) {
		e, at := entries[name], filepath.Join(root, name)
		must(t, os.MkdirAll(filepath.Dir(at), 0o755))
		switch {
		case e.Target != "":
			must(t, os.Symlink(e.Target, at))
		case e.Mode.IsDir():
			must(t, os.MkdirAll(at, 0o755))
		case e.Mode.Type() == fs.ModeNamedPipe:
			must(t, unix.Mkfifo(at, 0o644))
		case e.Mode.Type() == fs.ModeSocket:
			must(t, unix.Mknod(at, unix.S_IFSOCK|0o644, 0))
		default:
			must(t, os.WriteFile(at, e.Content, 0o644))
			must(t, os.Chmod(at, e.Mode))
		}
	}
	return root
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// within fails the test if f does not return soon.
func soon(t *testing.T, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() { defer close(done); f() }()
	select {
	case <-done:
	case <-time.After(10 * time.Second):
		t.Fatal("hangs")
	}
}

func TestReadFile(t *testing.T) {
	outside := filepath.Join(t.TempDir(), "passwd")
	must(t, os.WriteFile(outside, []byte("the auditor's own"), 0o644))

	entries := map[string]Entry{
		"etc/os-release":           link("../usr/lib/os-release"),
		"usr/lib/os-release":       textFile("ID=x\n"),
		"etc/ssh":                  link("/usr/etc/ssh"),
		"usr/etc/ssh/sshd_config":  textFile("Port 22\n"),
		"etc/passwd":               link(outside),
		"etc/gone":                 link("/nowhere/at/all"),
		"etc/climb":                link("../../../../../../../../secret"),
		"secret":                   textFile("of the tree\n"),
		"etc/procroot":             link("/proc/self/root" + outside),
		"etc/magic":                link("/proc/self/root/secret"),
		"proc/self":                link("7"),
		"proc/7/root":              link("/"),
		"proc/7/mounts":            textFile("table\n"),
		"proc/kmsg":                textFile("log\n"),
		"etc/mtab":                 link("../proc/self/mounts"),
		"home/eve/authorized_keys": link("/proc/kmsg"),
		"loop1":                    link("loop2"),
		"loop2":                    link("/loop1"),
		"loopdir":                  link("loopdir/x"),
		"fifo":                     {Mode: fs.ModeNamedPipe | 0o644},
		"tofifo":                   link("fifo"),
		"socket":                   {Mode: fs.ModeSocket | 0o644},
		"etc/zero":                 link("/dev/zero"),
		"dir/empty/":               {Mode: fs.ModeDir | 0o755},
		"todir":                    link("dir/"),
		"tofileslash":              link("secret/"),
		"up":                       link("todir/empty/../../secret"),
		"bad\xff name\n":           textFile("odd\n"),
		"exact":                    textFile(strings.Repeat("x", 1<<20)),
	}
	tests := []struct {
		name, ask, want string
		err             error
	}{
		{"plain", "secret", "of the tree\n", nil},
		{"leading-slash", "/secret", "of the tree\n", nil},
		{"many-slashes", "//etc///ssh//sshd_config", "Port 22\n", nil},
		{"relative-link", "/etc/os-release", "ID=x\n", nil},
		{"absolute-directory-link", "/etc/ssh/sshd_config", "Port 22\n", nil},
		{"link-to-what-only-the-auditor-has", "/etc/passwd", "", fs.ErrNotExist},
		{"dangling-absolute", "/etc/gone", "", fs.ErrNotExist},
		{"climbing-link", "/etc/climb", "of the tree\n", nil},
		{"climbing-name", "../../../../secret", "of the tree\n", nil},
		{"proc-self-root-to-outside", "/etc/procroot", "", fs.ErrNotExist},
		{"proc-self-root-is-the-trees-own", "/etc/magic", "of the tree\n", nil},
		{"mtab", "/etc/mtab", "table\n", nil},
		{"proc-asked-for", "/proc/kmsg", "log\n", nil},
		{"proc-behind-a-link", "/home/eve/authorized_keys", "", ErrNotRegular},
		{"loop", "/loop1", "", ErrTooDeep},
		{"loop-through-itself", "/loopdir", "", ErrTooDeep},
		{"fifo", "/fifo", "", ErrNotRegular},
		{"link-to-fifo", "/tofifo", "", ErrNotRegular},
		{"socket", "/socket", "", ErrNotRegular},
		{"link-to-dev-zero", "/etc/zero", "", fs.ErrNotExist},
		{"directory", "/dir", "", ErrNotRegular},
		{"root", "/", "", ErrNotRegular},
		{"empty-name", "", "", fs.ErrNotExist},
		{"file-with-slash", "/secret/", "", fs.ErrNotExist},
		{"link-with-slash-to-file", "/tofileslash", "", fs.ErrNotExist},
		{"below-a-file", "/secret/x", "", fs.ErrNotExist},
		{"up-from-a-file", "/secret/../secret", "", fs.ErrNotExist},
		{"up-from-nothing", "/nothing/../secret", "", fs.ErrNotExist},
		{"up-through-a-link", "/up", "of the tree\n", nil},
		{"dots", "/./dir/./../secret", "of the tree\n", nil},
		{"not-utf8", "/bad\xff name\n", "odd\n", nil},
		{"nul", "/sec\x00ret", "", fs.ErrInvalid},
		{"long-name", "/" + strings.Repeat("a/", 4096), "", syscall.ENAMETOOLONG},
		{"large-but-allowed", "/exact", strings.Repeat("x", 1<<20), nil},
	}
	onBoth(t, entries, func(t *testing.T, tr *Tree) {
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				soon(t, func() {
					got, err := tr.ReadFile(tt.ask)
					if string(got) != tt.want || !errors.Is(err, tt.err) {
						t.Errorf("ReadFile(%q) = %.40q, %v; want %.40q, %v", tt.ask, got, err, tt.want, tt.err)
					}
					checkPath(t, err, tt.ask)
				})
			})
		}
	})
}

// checkPath asserts that an error names the asked path as the target sees it.
func checkPath(t *testing.T, err error, asked string) {
	t.Helper()
	if err == nil {
		return
	}
	var pe *fs.PathError
	if !errors.As(err, &pe) || pe.Path != "/"+strings.TrimLeft(asked, "/") {
		t.Errorf("error %v does not name %q", err, asked)
	}
	if errors.As(pe.Err, &pe) {
		t.Errorf("error %v names a second path", err)
	}
}

func TestLinkLimitIsTheKernels(t *testing.T) {
	entries := map[string]Entry{"l0": textFile("end\n")}
	for i := 1; i <= 41; i++ {
		entries[fmt.Sprintf("l%d", i)] = link(fmt.Sprintf("l%d", i-1))
	}
	onBoth(t, entries, func(t *testing.T, tr *Tree) {
		if got, err := tr.ReadFile("l40"); string(got) != "end\n" || err != nil {
			t.Errorf("40 links: %q, %v", got, err)
		}
		if _, err := tr.ReadFile("l41"); !errors.Is(err, ErrTooDeep) {
			t.Errorf("41 links: %v", err)
		}
	})
}

func TestWalkIsBounded(t *testing.T) {
	wide := strings.Repeat("d/../", 500)
	entries := map[string]Entry{"d/f": textFile("x")}
	for i := range 20 {
		entries[fmt.Sprintf("w%d", i)] = link(wide + fmt.Sprintf("w%d", i+1))
	}
	onBoth(t, entries, func(t *testing.T, tr *Tree) {
		if _, err := tr.Stat("w0"); !errors.Is(err, ErrTooDeep) {
			t.Errorf("a walk of 20,000 components: %v", err)
		}
	})
	deep, err := NewMapSource(map[string]Entry{strings.Repeat("d/", 300) + "f": textFile("x")})
	must(t, err)
	if _, err := New(deep, Options{}).ReadFile(strings.Repeat("d/", 300) + "f"); !errors.Is(err, ErrTooDeep) {
		t.Errorf("300 directories deep: %v", err)
	}
}

func TestStatAndLinks(t *testing.T) {
	entries := map[string]Entry{
		"bin/sh":        link("/bin/dash"),
		"bin/dash":      {Mode: 0o755 | fs.ModeSetuid | fs.ModeSetgid, Content: []byte("#")},
		"sbin":          link("bin"),
		"tmp/":          {Mode: fs.ModeDir | 0o755},
		"etc/a/b":       textFile("b"),
		"etc/z":         textFile("z"),
		"etc/.hidden":   textFile("h"),
		"etc/link-to-a": link("a/"),
	}
	onBoth(t, entries, func(t *testing.T, tr *Tree) {
		info, err := tr.Stat("/sbin/sh")
		if err != nil || info.Mode != 0o755|fs.ModeSetuid|fs.ModeSetgid || info.Size != 1 || info.Ino == 0 {
			t.Errorf("Stat = %+v, %v", info, err)
		}
		if info, err = tr.Lstat("/sbin/sh"); err != nil || info.Mode.Type() != fs.ModeSymlink {
			t.Errorf("Lstat = %+v, %v", info, err)
		}
		if info, err = tr.Lstat("/sbin/"); err != nil || !info.Mode.IsDir() {
			t.Errorf("Lstat with a slash at the end = %+v, %v", info, err)
		}
		if info, err = tr.Lstat("/"); err != nil || !info.Mode.IsDir() {
			t.Errorf("Lstat(/) = %+v, %v", info, err)
		}
		if target, err := tr.ReadLink("/sbin/sh"); target != "/bin/dash" || err != nil {
			t.Errorf("ReadLink = %q, %v", target, err)
		}
		if _, err := tr.ReadLink("/bin/dash"); !errors.Is(err, syscall.EINVAL) {
			t.Errorf("ReadLink of a file: %v", err)
		}
		if _, err := tr.ReadLink("/sbin/"); !errors.Is(err, syscall.EINVAL) {
			t.Errorf("ReadLink through a slash: %v", err)
		}
		for ask, want := range map[string]string{"/sbin/sh": "/bin/dash", "..": "/", "etc/link-to-a/b": "/etc/a/b", "/etc/link-to-a/..": "/etc"} {
			if got, err := tr.Resolve(ask); got != want || err != nil {
				t.Errorf("Resolve(%q) = %q, %v; want %q", ask, got, err, want)
			}
		}
		names, err := tr.ReadDir("/etc")
		if diff := cmp.Diff([]string{".hidden", "a", "link-to-a", "z"}, names); diff != "" || err != nil {
			t.Errorf("ReadDir: %v %s", err, diff)
		}
		if names, err := tr.ReadDir("etc/link-to-a"); len(names) != 1 || err != nil {
			t.Errorf("ReadDir through a link = %v, %v", names, err)
		}
		if names, err := tr.ReadDir("/tmp"); len(names) != 0 || err != nil {
			t.Errorf("ReadDir of an empty directory = %v, %v", names, err)
		}
		if _, err := tr.ReadDir("/etc/z"); !errors.Is(err, syscall.ENOTDIR) || errors.Is(err, fs.ErrNotExist) {
			t.Errorf("ReadDir of a file: %v", err)
		}
		if _, err := tr.ReadDir("/etc/none"); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("ReadDir of nothing: %v", err)
		}
		f, info, err := tr.Open("/sbin/sh")
		if err != nil || info.Size != 1 {
			t.Fatalf("Open = %+v, %v", info, err)
		}
		if data, err := io.ReadAll(f); string(data) != "#" || err != nil {
			t.Errorf("read %q, %v", data, err)
		}
		must(t, f.Close())
	})
}

func TestReadFileCap(t *testing.T) {
	entries := map[string]Entry{
		"at":   textFile(strings.Repeat("x", 100)),
		"over": textFile(strings.Repeat("x", 101)),
	}
	root := materialise(t, entries)
	must(t, os.WriteFile(filepath.Join(root, "sparse"), nil, 0o644))
	must(t, os.Truncate(filepath.Join(root, "sparse"), 1<<40))
	entries["sparse"] = Entry{Mode: 0o644, Size: 1 << 40}
	dir, err := OpenDirSource(root, false)
	must(t, err)
	inMemory, err := NewMapSource(entries)
	must(t, err)
	for name, src := range map[string]Source{"dir": dir, "map": inMemory} {
		t.Run(name, func(t *testing.T) {
			tr := New(src, Options{MaxSize: 100})
			if data, err := tr.ReadFile("at"); len(data) != 100 || err != nil {
				t.Errorf("at the cap: %d bytes, %v", len(data), err)
			}
			for _, name := range []string{"over", "sparse"} {
				if data, err := tr.ReadFile(name); data != nil || !errors.Is(err, ErrTooLarge) {
					t.Errorf("%s: %d bytes, %v", name, len(data), err)
				}
			}
		})
	}
}

// endless is a source with one file that claims to be empty and never ends.
type endless struct {
	*MapSource
	taken int
}

func (e *endless) Open(string) (io.ReadCloser, Info, error) { return io.NopCloser(e), Info{}, nil }
func (e *endless) Read(p []byte) (int, error)               { e.taken += len(p); return len(p), nil }

func TestReadFileThatGrows(t *testing.T) {
	src, err := NewMapSource(map[string]Entry{"f": textFile("")})
	must(t, err)
	growing := &endless{MapSource: src}
	if _, err := New(growing, Options{MaxSize: 5000}).ReadFile("f"); !errors.Is(err, ErrTooLarge) {
		t.Errorf("error %v", err)
	}
	if growing.taken != 5001 {
		t.Errorf("took %d bytes, want the cap and one", growing.taken)
	}
}

// restless answers ErrChanged a number of times before it answers.
type restless struct {
	*MapSource
	changes int
}

func (r *restless) Open(name string) (io.ReadCloser, Info, error) {
	if r.changes--; r.changes >= 0 {
		return nil, Info{}, ErrChanged
	}
	return r.MapSource.Open(name)
}

func TestRetriesWhatChanged(t *testing.T) {
	src, err := NewMapSource(map[string]Entry{"f": textFile("x")})
	must(t, err)
	if data, err := New(&restless{src, 2}, Options{}).ReadFile("f"); string(data) != "x" || err != nil {
		t.Errorf("changed twice: %q, %v", data, err)
	}
	if _, err := New(&restless{src, 9}, Options{}).ReadFile("f"); !errors.Is(err, ErrChanged) {
		t.Errorf("never at rest: %v", err)
	}
}
