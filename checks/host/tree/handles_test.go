package tree

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// descriptorsBelow counts this process's descriptors of what lies in root.
func descriptorsBelow(t *testing.T, root string) (n int) {
	t.Helper()
	open, err := os.ReadDir("/proc/self/fd")
	must(t, err)
	for _, fd := range open {
		if at, err := os.Readlink("/proc/self/fd/" + fd.Name()); err == nil && (at == root || strings.HasPrefix(at, root+"/")) {
			n++
		}
	}
	return n
}

func openSource(t *testing.T, root string, most int) (*Tree, *handles) {
	t.Helper()
	src, err := OpenDirSource(root, false)
	must(t, err)
	src.dirs.max = most
	return New(src, Options{}), src.dirs
}

// TestHeldDirectoriesFollowTheName: what is held of a directory that is moved,
// replaced or removed answers for nothing.
func TestHeldDirectoriesFollowTheName(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(t *testing.T, root, outside string)
		want   string
		err    error
	}{
		{"nothing", func(*testing.T, string, string) {}, "old", nil},
		{"moved-and-made-anew", func(t *testing.T, root, _ string) {
			must(t, os.Rename(root+"/a/b", root+"/a/before"))
			must(t, os.MkdirAll(root+"/a/b/c", 0o755))
			must(t, os.WriteFile(root+"/a/b/c/f", []byte("new"), 0o644))
		}, "new", nil},
		{"first-component-moved", func(t *testing.T, root, _ string) {
			must(t, os.Rename(root+"/a", root+"/before"))
			must(t, os.MkdirAll(root+"/a/b/c", 0o755))
			must(t, os.WriteFile(root+"/a/b/c/f", []byte("new"), 0o644))
		}, "new", nil},
		{"exchanged", func(t *testing.T, root, _ string) {
			must(t, unix.Renameat2(unix.AT_FDCWD, root+"/a", unix.AT_FDCWD, root+"/twin", unix.RENAME_EXCHANGE))
		}, "twin", nil},
		{"made-a-link-inside", func(t *testing.T, root, _ string) {
			must(t, os.Rename(root+"/a/b", root+"/a/before"))
			must(t, os.Symlink("/twin/b", root+"/a/b"))
		}, "twin", nil},
		{"made-a-link-outside", func(t *testing.T, root, outside string) {
			must(t, os.Rename(root+"/a/b", root+"/a/before"))
			must(t, os.Symlink(outside, root+"/a/b"))
		}, "", fs.ErrNotExist},
		{"made-a-file", func(t *testing.T, root, _ string) {
			must(t, os.RemoveAll(root+"/a/b"))
			must(t, os.WriteFile(root+"/a/b", nil, 0o644))
		}, "", fs.ErrNotExist},
		{"removed", func(t *testing.T, root, _ string) { must(t, os.RemoveAll(root+"/a/b")) }, "", fs.ErrNotExist},
		{"moved-out", func(t *testing.T, root, outside string) { must(t, os.Rename(root+"/a/b", outside+"/away")) }, "", fs.ErrNotExist},
		{"file-added", func(t *testing.T, root, _ string) {
			must(t, os.WriteFile(root+"/a/b/c/f.new", []byte("new"), 0o644))
			must(t, os.Rename(root+"/a/b/c/f.new", root+"/a/b/c/f"))
		}, "new", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			outside := t.TempDir()
			must(t, os.MkdirAll(outside+"/c", 0o755))
			must(t, os.WriteFile(outside+"/c/f", []byte("outside"), 0o644))
			root := materialise(t, map[string]Entry{"a/b/c/f": textFile("old"), "twin/b/c/f": textFile("twin"), "link": link("a/b")})
			tr, held := openSource(t, root, 8)
			defer tr.Close()
			for _, name := range []string{"a/b/c/f", "link/c/f", "twin/b/c/f"} {
				_, err := tr.ReadFile(name)
				must(t, err)
			}
			if got := slices.Sorted(maps.Keys(held.kept)); !slices.Equal(got, []string{"a", "a/b", "a/b/c", "twin", "twin/b", "twin/b/c"}) {
				t.Fatalf("held: %v", got)
			}
			deep := held.kept["a/b/c"]
			_, err := tr.Stat("a/b/c/f")
			must(t, err)
			if held.kept["a/b/c"] != deep {
				t.Error("a directory at rest was opened again")
			}
			tt.change(t, root, outside)
			for _, name := range []string{"a/b/c/f", "link/c/f"} {
				for how, read := range map[string]func() (string, error){
					"ReadFile": func() (string, error) { data, err := tr.ReadFile(name); return string(data), err },
					"Stat": func() (string, error) {
						info, err := tr.Stat(name)
						want, e := os.Stat(root + strings.Replace("/"+name, "/link/", "/a/b/", 1))
						if err == nil && tt.name != "made-a-link-inside" && (e != nil || info.Ino != want.Sys().(*syscall.Stat_t).Ino) {
							return "", fmt.Errorf("another file: %v", e)
						}
						return tt.want, err
					},
					"ReadDir": func() (string, error) {
						names, err := tr.ReadDir(filepath.Dir(name))
						if err == nil && !slices.Equal(names, []string{"f"}) {
							err = fmt.Errorf("names %v", names)
						}
						return tt.want, err
					},
				} {
					if got, err := read(); !errors.Is(err, tt.err) || err == nil && got != tt.want {
						t.Errorf("%s(%s): %q, %v; want %q, %v", how, name, got, err, tt.want, tt.err)
					}
				}
			}
		})
	}
}

// TestHeldDirectoriesAreFew has more readers and directories than may be kept.
func TestHeldDirectoriesAreFew(t *testing.T) {
	entries := map[string]Entry{}
	for i := range 60 {
		entries[fmt.Sprintf("d%d/sub/f", i)] = textFile(fmt.Sprint(i))
	}
	root := materialise(t, entries)
	for _, most := range []int{0, 1, 2, 5, 200} {
		t.Run(fmt.Sprint(most), func(t *testing.T) {
			tr, held := openSource(t, root, most)
			var group sync.WaitGroup
			for reader := range 4 {
				group.Go(func() {
					for i := range 300 {
						n := (i*7 + reader) % 60
						data, err := tr.ReadFile(fmt.Sprintf("d%d/sub/f", n))
						if err != nil || string(data) != fmt.Sprint(n) {
							t.Errorf("file %d: %q, %v", n, data, err)
						}
					}
				})
			}
			group.Wait()
			want := min(most, 120)
			if n := descriptorsBelow(t, root); n != 1+want || len(held.kept) != want {
				t.Errorf("%d descriptors, %d held, want %d and the root", n, len(held.kept), want)
			}
			must(t, tr.Close())
			if n := descriptorsBelow(t, root); n != 0 {
				t.Errorf("%d descriptors after Close", n)
			}
		})
	}
}

// TestCloseWhileInUse: whoever reads while the Tree is closed has an answer or
// ErrClosed, and no descriptor stays.
func TestCloseWhileInUse(t *testing.T) {
	root := materialise(t, map[string]Entry{"a/b/f": textFile("x"), "c/d/e/f": textFile("x")})
	closed := 0
	for range 40 {
		tr, _ := openSource(t, root, 3)
		var group sync.WaitGroup
		results := make(chan error, 400)
		for range 4 {
			group.Go(func() {
				for i := range 100 {
					data, err := tr.ReadFile([]string{"a/b/f", "c/d/e/f"}[i%2])
					if err == nil && string(data) != "x" {
						err = fmt.Errorf("content %q", data)
					}
					results <- err
				}
			})
		}
		<-results
		must(t, tr.Close())
		group.Wait()
		close(results)
		for err := range results {
			if errors.Is(err, os.ErrClosed) {
				closed++
			} else if err != nil {
				t.Error(err)
			}
		}
		if n := descriptorsBelow(t, root); n != 0 {
			t.Fatalf("%d descriptors after Close", n)
		}
		if tr.Handle() != "" {
			t.Error("a closed Tree has a handle")
		}
	}
	if closed == 0 {
		t.Error("no read ever met the closed Tree")
	}
}

// TestHeldDirectoriesGiveWay: where the process has no descriptor left, those held
// are closed before anything fails.
func TestHeldDirectoriesGiveWay(t *testing.T) {
	entries := map[string]Entry{"late/sub/f": textFile("x")}
	for i := range 20 {
		entries[fmt.Sprintf("d%d/f", i)] = textFile("x")
	}
	tr, held := openSource(t, materialise(t, entries), 40)
	defer tr.Close()
	for i := range 20 {
		_, err := tr.ReadFile(fmt.Sprintf("d%d/f", i))
		must(t, err)
	}
	var before unix.Rlimit
	must(t, unix.Getrlimit(unix.RLIMIT_NOFILE, &before))
	next, err := unix.Open("/", unix.O_PATH|unix.O_CLOEXEC, 0)
	must(t, err)
	unix.Close(next)
	must(t, unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: uint64(next), Max: before.Max}))
	atMost := keep(1000, 1)
	data, err := tr.ReadFile("late/sub/f")
	must(t, unix.Setrlimit(unix.RLIMIT_NOFILE, &before))
	if err != nil || string(data) != "x" {
		t.Errorf("%q, %v", data, err)
	}
	if len(held.kept) >= 20 {
		t.Errorf("%d still held", len(held.kept))
	}
	if atMost != next {
		t.Errorf("a limit of %d allows %d", next, atMost)
	}
}

// TestOtherFileSystemsAreNotHeld: a descriptor kept there would keep them from
// being unmounted.
func TestOtherFileSystemsAreNotHeld(t *testing.T) {
	tr, held := openSource(t, "/", 40)
	defer tr.Close()
	for _, name := range []string{"/proc/self/status", "/proc/sys/kernel/ostype", "/etc/passwd"} {
		if _, err := tr.ReadFile(name); err != nil {
			t.Skipf("skipped: %v", err)
		}
	}
	if got := slices.Sorted(maps.Keys(held.kept)); !slices.Equal(got, []string{"etc"}) {
		t.Errorf("held: %v", got)
	}
}

// TestLinksOfEveryLength: a target may be as long as the kernel takes it.
func TestLinksOfEveryLength(t *testing.T) {
	root := materialise(t, nil)
	tr, _ := openSource(t, root, 2)
	defer tr.Close()
	for _, n := range []int{1, 127, 128, 129, 1000, 4095} {
		target := strings.Repeat("x", n)
		must(t, os.Symlink(target, root+"/link"))
		if got, err := tr.ReadLink("link"); err != nil || got != target {
			t.Errorf("%d bytes: %d read, %v", n, len(got), err)
		}
		must(t, os.Remove(root+"/link"))
	}
}
