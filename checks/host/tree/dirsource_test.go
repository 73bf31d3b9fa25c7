package tree

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

func TestOpenDirErrors(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "none")
	if _, err := OpenDir(missing, Options{}); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), missing) {
		t.Errorf("missing root: %v", err)
	}
	file := filepath.Join(t.TempDir(), "file")
	must(t, os.WriteFile(file, nil, 0o644))
	if _, err := OpenDir(file, Options{}); err == nil {
		t.Error("a file was taken for a root")
	}
	tr, err := OpenDir(t.TempDir(), Options{})
	must(t, err)
	must(t, tr.Close())
	if _, err := tr.Stat("/"); !errors.Is(err, os.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
	if err := tr.Close(); !errors.Is(err, os.ErrClosed) {
		t.Errorf("second Close: %v", err)
	}
}

func TestErrorsKeepTheRootToThemselves(t *testing.T) {
	root := materialise(t, map[string]Entry{"etc/fifo": {Mode: fs.ModeNamedPipe | 0o644}, "etc/loop": link("loop")})
	tr, err := OpenDir(root, Options{})
	must(t, err)
	defer tr.Close()
	for _, name := range []string{"etc/fifo", "etc/loop", "etc/none", "/none/x"} {
		if _, err := tr.ReadFile(name); err == nil || strings.Contains(err.Error(), root) {
			t.Errorf("error %v", err)
		}
	}
}

func TestDevice(t *testing.T) {
	root := materialise(t, nil)
	if err := unix.Mknod(filepath.Join(root, "zero"), unix.S_IFCHR|0o666, int(unix.Mkdev(1, 5))); err != nil {
		t.Skipf("skipped: a device node cannot be made here: %v", err)
	}
	tr, err := OpenDir(root, Options{})
	must(t, err)
	defer tr.Close()
	if _, err := tr.ReadFile("zero"); !errors.Is(err, ErrNotRegular) {
		t.Errorf("tree: %v", err)
	}
	if _, _, err := tr.src.Open("zero"); !errors.Is(err, ErrNotRegular) {
		t.Errorf("source: %v", err)
	}
}

// TestSourceFollowsNothing asks the source, without the Tree before it, for names
// that a Tree would never ask for.
func TestSourceFollowsNothing(t *testing.T) {
	root := materialise(t, map[string]Entry{
		"real/f": textFile("x"), "dir": link("real"), "file": link("real/f"), "out": link("/"), "fifo": {Mode: fs.ModeNamedPipe | 0o644},
	})
	src, err := OpenDirSource(root, false)
	must(t, err)
	defer src.Close()
	for name, want := range map[string]error{
		"dir/f": ErrChanged, "file": ErrChanged, "out/etc/passwd": ErrChanged, "real/f/x": ErrChanged,
		"../x": fs.ErrInvalid, "/etc/passwd": fs.ErrInvalid, "real/../real/f": fs.ErrInvalid, "..": fs.ErrInvalid, "": fs.ErrInvalid,
		"fifo": ErrNotRegular, ".": ErrNotRegular, "real": ErrNotRegular, "none": fs.ErrNotExist,
	} {
		if f, _, err := src.Open(name); f != nil || !errors.Is(err, want) {
			t.Errorf("Open(%q): %v, want %v", name, err, want)
		}
	}
	for _, name := range []string{"dir", "out"} {
		if _, err := src.ReadDir(name); !errors.Is(err, ErrChanged) {
			t.Errorf("ReadDir(%q): %v", name, err)
		}
	}
}

// TestRace flips what names are while they are opened. Whatever happens, nothing
// from outside the root may ever come in, and nothing may hang.
func TestRace(t *testing.T) {
	outside := filepath.Join(t.TempDir(), "outside")
	must(t, os.Mkdir(outside, 0o755))
	must(t, os.WriteFile(filepath.Join(outside, "f"), []byte("outside"), 0o644))
	root := materialise(t, map[string]Entry{
		"a/dir/f":   textFile("inside"),
		"a/other":   link(outside),
		"a/file":    textFile("inside"),
		"a/climb":   link("../../../" + filepath.Base(filepath.Dir(outside)) + "/outside/f"),
		"a/regular": textFile("inside"),
		"a/fifo":    {Mode: fs.ModeNamedPipe | 0o644},
	})
	stop := make(chan struct{})
	done := make(chan error, 1)
	go func() {
		for {
			select {
			case <-stop:
				done <- nil
				return
			default:
			}
			for _, pair := range [][2]string{{"dir", "other"}, {"file", "climb"}, {"regular", "fifo"}} {
				from, to := filepath.Join(root, "a", pair[0]), filepath.Join(root, "a", pair[1])
				if err := unix.Renameat2(unix.AT_FDCWD, from, unix.AT_FDCWD, to, unix.RENAME_EXCHANGE); err != nil {
					done <- err
					return
				}
			}
		}
	}()
	tr, err := OpenDir(root, Options{})
	must(t, err)
	defer tr.Close()
	tries, good := 4000, 0
	if testing.Short() {
		tries = 400
	}
	read := map[string]func(name string) ([]byte, error){
		"tree": tr.ReadFile,
		"source": func(name string) ([]byte, error) {
			f, _, err := tr.src.Open(name)
			if err != nil {
				return nil, err
			}
			defer f.Close()
			return io.ReadAll(f)
		},
	}
	soonTimer := time.AfterFunc(2*time.Minute, func() { panic("the race test hangs") })
	defer soonTimer.Stop()
	for range tries {
		for how, read := range read {
			for _, name := range []string{"a/dir/f", "a/file", "a/regular"} {
				switch data, err := read(name); {
				case err == nil && string(data) == "inside":
					good++
				case err == nil:
					t.Fatalf("%s: %s holds %q", how, name, data)
				case !errors.Is(err, ErrChanged) && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, ErrNotRegular):
					t.Fatalf("%s: %s: %v", how, name, err)
				}
			}
		}
	}
	close(stop)
	if err := <-done; err != nil {
		t.Skipf("skipped: files cannot be exchanged here: %v", err)
	}
	if good == 0 {
		t.Error("no read ever succeeded: the race was not one")
	}
	t.Logf("%d of %d reads succeeded", good, tries*6)
}

func TestRemoteMounts(t *testing.T) {
	root := materialise(t, map[string]Entry{
		"home/ann/keys": textFile("k"), "homework": textFile("h"), "etc/home": link("/home/ann"), "etc/x": textFile("x"),
	})
	open := func(remote bool) *Tree {
		src, err := OpenDirSource(root, remote)
		must(t, err)
		src.mounts.remote = map[string]bool{"home": true}
		return New(src, Options{})
	}
	tr := open(false)
	defer tr.Close()
	for _, name := range []string{"home", "home/ann/keys", "etc/home/keys", "home/none"} {
		if _, err := tr.Stat(name); !errors.Is(err, ErrRemote) {
			t.Errorf("Stat(%s): %v", name, err)
		}
	}
	if _, err := tr.Glob("/home/*/keys"); !errors.Is(err, ErrRemote) {
		t.Errorf("Glob: %v", err)
	}
	for _, name := range []string{"homework", "etc/x"} {
		if _, err := tr.ReadFile(name); err != nil {
			t.Error(err)
		}
	}
	asked := open(true)
	defer asked.Close()
	if _, err := asked.ReadFile("etc/home/keys"); err != nil {
		t.Errorf("with Remote: %v", err)
	}
}

func TestRemoteByDescriptor(t *testing.T) {
	root := materialise(t, map[string]Entry{"d/f": textFile("x")})
	src, err := OpenDirSource(root, false)
	must(t, err)
	defer src.Close()
	tr := New(src, Options{})
	own := src.rootDev
	for _, tt := range []struct {
		name           string
		fsType         string
		rootDev        uint64
		rootType, want string
	}{
		{"the-roots-own-is-never-remote", "nfs4", own, "nfs4", ""},
		{"network", "nfs4", own + 1, "ext4", "remote"},
		{"user-space", "fuse.sshfs", own + 1, "fuse.sshfs", "remote"},
		{"another-9p-on-a-9p-root", "9p", own + 1, "9p", ""},
		{"virtiofs-on-ext4", "virtiofs", own + 1, "ext4", "remote"},
		{"local", "xfs", own + 1, "ext4", ""},
		{"not-in-the-table", "", own + 1, "ext4", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			src.rootDev = tt.rootDev
			src.mounts = mounts{fsType: map[uint64]string{tt.rootDev: tt.rootType}}
			if tt.fsType != "" {
				src.mounts.fsType[own] = tt.fsType
			}
			var want error
			if tt.want != "" {
				want = ErrRemote
			}
			if _, err := tr.ReadFile("d/f"); !errors.Is(err, want) {
				t.Errorf("ReadFile: %v", err)
			}
			if _, err := tr.ReadDir("d"); !errors.Is(err, want) {
				t.Errorf("ReadDir: %v", err)
			}
		})
	}
}

const mountTable = `22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
30 22 0:40 / /home rw - autofs systemd-1 rw,fd=30
31 30 0:50 / /home rw shared:9 - nfs4 srv:/home rw
32 22 0:41 / /boot rw - autofs systemd-1 rw
33 32 8:2 / /boot rw - vfat /dev/sda2 rw
34 22 0:60 / /mnt/my\040disk rw - fuse.sshfs me@x: rw
35 22 0:61 / /srv/tree rw master:3 - 9p share rw
36 35 0:62 / /srv/tree/usr rw - 9p share2 rw
37 35 0:63 / /srv/tree/nfs/a rw - nfs srv:/a rw
a broken line
`

func TestParseMounts(t *testing.T) {
	for root, want := range map[string]map[string]bool{
		"/":         {"home": true, "mnt/my disk": true, "srv/tree": true, "srv/tree/usr": true, "srv/tree/nfs/a": true},
		"/srv/tree": {"nfs/a": true},
		"/srv/tre":  {},
		"/home":     {},
		"/mnt":      {"my disk": true},
	} {
		if diff := cmp.Diff(want, parseMounts(mountTable, root).remote); diff != "" {
			t.Errorf("root %s: %s", root, diff)
		}
	}
	m := parseMounts(mountTable, "/")
	if got := m.fsType[unix.Mkdev(8, 2)]; got != "vfat" {
		t.Errorf("device 8:2 is %q", got)
	}
	if at, found := m.pointOnWay("home/ann"); at != "home" || !found {
		t.Errorf("home/ann lies on %q, %v", at, found)
	}
	if at, found := m.pointOnWay("homework"); found {
		t.Errorf("homework lies on %q", at)
	}
}

// onThread runs f on a thread of its own, which ends afterwards, so f may change
// its rights and its root. Never on the first thread: it cannot end, and
// /proc/self describes it.
func onThread(f func() error) error {
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
		if unix.Gettid() == unix.Getpid() {
			err := onThread(f)
			runtime.UnlockOSThread()
			done <- err
			return
		}
		done <- f()
	}()
	return <-done
}

// asNobody runs f with the rights of uid 65534.
func asNobody(t *testing.T, f func()) {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("skipped: needs root to become another user")
	}
	err := onThread(func() error {
		for _, id := range []uintptr{unix.SYS_SETRESGID, unix.SYS_SETRESUID} {
			if _, _, errno := unix.RawSyscall(id, 65534, 65534, 65534); errno != 0 {
				return errno
			}
		}
		f()
		return nil
	})
	if err != nil {
		t.Skipf("skipped: cannot become another user: %v", err)
	}
}

func TestUnprivileged(t *testing.T) {
	root := materialise(t, map[string]Entry{
		"home/ann/public": textFile("p"), "home/ann/private": {Mode: 0o600, Content: []byte("s")}, "closed/x": textFile("x"),
	})
	must(t, os.Chmod(filepath.Join(root, "home"), 0o711))
	must(t, os.Chmod(filepath.Join(root, "closed"), 0o700))
	for dir := root; dir != os.TempDir() && dir != "/"; dir = filepath.Dir(dir) {
		if info, err := os.Stat(dir); err == nil && info.Mode().Perm()&0o001 == 0 {
			must(t, os.Chmod(dir, 0o755))
		}
	}
	tr, err := OpenDir(root, Options{})
	must(t, err)
	defer tr.Close()
	asNobody(t, func() {
		if data, err := tr.ReadFile("home/ann/public"); string(data) != "p" || err != nil {
			t.Errorf("below a directory with x only: %q, %v", data, err)
		}
		if _, err := tr.Lstat("home/ann/private"); err != nil {
			t.Errorf("Lstat needs no right to the file: %v", err)
		}
		for _, name := range []string{"home/ann/private", "closed/x", "closed/none"} {
			if _, err := tr.ReadFile(name); !errors.Is(err, fs.ErrPermission) {
				t.Errorf("ReadFile(%s): %v", name, err)
			}
		}
		if _, err := tr.ReadDir("home"); !errors.Is(err, fs.ErrPermission) {
			t.Errorf("ReadDir without r: %v", err)
		}
		if _, err := tr.Glob("home/*"); !errors.Is(err, fs.ErrPermission) {
			t.Errorf("Glob without r: %v", err)
		}
		if _, err := tr.Glob("closed/*.conf"); !errors.Is(err, fs.ErrPermission) {
			t.Errorf("Glob in a closed directory: %v", err)
		}
	})
}

func TestReadingLeavesTheAccessTime(t *testing.T) {
	root := materialise(t, map[string]Entry{"d/f": textFile("x")})
	long := time.Date(2001, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, name := range []string{"d/f", "d"} {
		must(t, os.Chtimes(filepath.Join(root, name), long, long))
	}
	tr, err := OpenDir(root, Options{})
	must(t, err)
	defer tr.Close()
	_, err = tr.ReadFile("d/f")
	must(t, err)
	_, err = tr.ReadDir("d")
	must(t, err)
	for _, name := range []string{"d/f", "d"} {
		var st unix.Stat_t
		must(t, unix.Stat(filepath.Join(root, name), &st))
		if got := time.Unix(st.Atim.Unix()).UTC(); !got.Equal(long) {
			t.Errorf("%s: access time is now %s", name, got)
		}
	}
}

func TestReadDirCap(t *testing.T) {
	src, err := OpenDirSource(materialise(t, map[string]Entry{"at/a": {}, "at/b": {}, "over/a": {}, "over/b": {}, "over/c": {}}), false)
	must(t, err)
	if src.names != MaxNames {
		t.Errorf("the cap is %d", src.names)
	}
	src.names = 2
	tr := New(src, Options{})
	defer tr.Close()
	if names, err := tr.ReadDir("at"); len(names) != 2 || err != nil {
		t.Errorf("at the cap: %d names, %v", len(names), err)
	}
	if names, err := tr.ReadDir("over"); names != nil || !errors.Is(err, ErrTooLarge) {
		t.Errorf("over the cap: %d names, %v", len(names), err)
	}
}

// TestWithoutProc reads where there is no /proc to reopen a descriptor through.
func TestWithoutProc(t *testing.T) {
	root := materialise(t, map[string]Entry{"d/f": textFile("x"), "fifo": {Mode: fs.ModeNamedPipe | 0o644}})
	tr, err := OpenDir(root, Options{})
	must(t, err)
	defer tr.Close()
	err = onThread(func() error {
		if err := unix.Unshare(unix.CLONE_FS); err != nil {
			return err
		}
		if err := unix.Chroot(root); err != nil {
			return err
		}
		if data, err := tr.ReadFile("d/f"); string(data) != "x" || err != nil {
			t.Errorf("ReadFile: %q, %v", data, err)
		}
		if _, err := tr.ReadFile("fifo"); !errors.Is(err, ErrNotRegular) {
			t.Errorf("fifo: %v", err)
		}
		return nil
	})
	if err != nil {
		t.Skipf("skipped: cannot chroot a thread: %v", err)
	}
}

func TestKernelFiles(t *testing.T) {
	tr, err := OpenDir("/", Options{})
	must(t, err)
	defer tr.Close()
	if _, err := tr.Lstat("/proc/self/status"); err != nil {
		t.Skipf("skipped: no /proc here: %v", err)
	}
	if data, err := tr.ReadFile("/proc/self/status"); err != nil || !strings.Contains(string(data), "Name:") {
		t.Errorf("a file of size 0 with content: %q, %v", data, err)
	}
	// The link of the kernel leads to the tree's root, here "/" all the same.
	if got, err := tr.Resolve("/proc/self/root/proc"); got != "/proc" || err != nil {
		t.Errorf("Resolve = %q, %v", got, err)
	}
	if _, err := tr.ReadFile("/dev/zero"); !errors.Is(err, ErrNotRegular) && !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("/dev/zero: %v", err)
	}
}

// ReadLinks says what Lstat of every entry says.
func TestReadLinks(t *testing.T) {
	dir := t.TempDir()
	for name, target := range map[string]string{"sub/b": "/etc/passwd", "sub/a": "nowhere", "sub/c": "."} {
		if err := os.MkdirAll(filepath.Join(dir, "sub", "directory"), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "sub", "file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	tr, err := OpenDir(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer tr.Close()
	want := []string{"a", "b", "c"}
	if got, err := tr.ReadLinks("/sub"); err != nil || !slices.Equal(got, want) {
		t.Errorf("ReadLinks: %v, %v; want %v", got, err, want)
	}
	if _, got, err := tr.entriesByLstat("/sub"); err != nil || !slices.Equal(got, want) {
		t.Errorf("by Lstat: %v, %v; want %v", got, err, want)
	}
	if _, err := tr.ReadLinks("/none"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing directory: %v", err)
	}
	if _, err := tr.ReadLinks("/sub/file"); !errors.Is(err, syscall.ENOTDIR) {
		t.Errorf("file: %v", err)
	}
}
