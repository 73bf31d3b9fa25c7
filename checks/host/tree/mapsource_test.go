package tree

import (
	"errors"
	"io/fs"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestMapSourceErrors(t *testing.T) {
	src, err := NewMapSource(map[string]Entry{
		"etc/shadow":     {Mode: 0o640, GID: 42, Err: fs.ErrPermission},
		"etc/bad":        {Mode: 0o644, Err: syscall.EIO},
		"root/":          {Mode: fs.ModeDir | 0o700, Err: fs.ErrPermission},
		"root/.ssh/keys": textFile("k"),
		"nfs/":           {Mode: fs.ModeDir | 0o755, Err: ErrRemote},
	})
	must(t, err)
	tr := New(src, Options{})
	for name, want := range map[string]error{
		"etc/shadow": fs.ErrPermission, "etc/bad": syscall.EIO, "root/.ssh/keys": fs.ErrPermission,
		"root/none": fs.ErrPermission, "nfs/x": ErrRemote, "etc/none": fs.ErrNotExist,
	} {
		_, err := tr.ReadFile(name)
		if !errors.Is(err, want) {
			t.Errorf("ReadFile(%s): %v, want %v", name, err, want)
		}
		checkPath(t, err, name)
	}
	if info, err := tr.Stat("etc/shadow"); err != nil || info.Mode != 0o640 || info.GID != 42 {
		t.Errorf("Stat of an unreadable file = %+v, %v", info, err)
	}
	if info, err := tr.Stat("root"); err != nil || info.Mode.Perm() != 0o700 {
		t.Errorf("Stat of a closed directory = %+v, %v", info, err)
	}
	if _, err := tr.ReadDir("root"); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("ReadDir of a closed directory: %v", err)
	}
}

func TestNewMapSourceRefuses(t *testing.T) {
	for name, entries := range map[string]map[string]Entry{
		"goes-up":      {"../x": textFile("")},
		"not-clean":    {"a//b": textFile("")},
		"twice":        {"a": textFile(""), "/a": textFile("")},
		"below-a-file": {"a": textFile(""), "a/b": textFile("")},
		"root-a-link":  {"/": link("x")},
		"root-a-file":  {".": textFile("")},
		"below-a-link": {"a": link("/"), "a/b/c": textFile("")},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := NewMapSource(entries); err == nil {
				t.Error("accepted")
			}
		})
	}
}

func TestMapSourceMakesParents(t *testing.T) {
	src, err := NewMapSource(map[string]Entry{"a/b/c/d": textFile(""), "a/x": textFile(""), "/": {Mode: fs.ModeDir | 0o700}})
	must(t, err)
	for dir, want := range map[string][]string{".": {"a"}, "a": {"b", "x"}, "a/b": {"c"}, "a/b/c": {"d"}} {
		got, err := src.ReadDir(dir)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("ReadDir(%s): %v %s", dir, err, diff)
		}
	}
	if info, err := src.Lstat("a/b"); err != nil || info.Mode != fs.ModeDir|0o755 {
		t.Errorf("made parent %+v, %v", info, err)
	}
	if info, err := src.Lstat("."); err != nil || info.Mode.Perm() != 0o700 {
		t.Errorf("given root %+v, %v", info, err)
	}
}
