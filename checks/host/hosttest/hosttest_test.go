package hosttest_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"hostaudit/checks/host"
	"hostaudit/checks/host/hosttest"
	"hostaudit/checks/host/snapshot"
	"hostaudit/checks/host/tree"
)

const fixture = `a comment
-- etc/passwd --
root:x:0:0:root:/root:/bin/bash
-- etc/shadow mode=0640 uid=0 gid=42 --
root:*:19000:0:99999:7:::
-- etc/hostname nonl --
web1
-- etc/os-release --
ID=debian
VERSION_ID="12"
-- etc/localtime -> /usr/share/zoneinfo/UTC --
-- var/empty/ mode=01777 gid=7 --
-- run/initctl fifo mode=0600 --
-- run/sock socket --
-- dev/x device --
-- closed/ err=permission --
-- closed/f --
-- etc/bad err=io --
-- mnt/ err=remote --
-- etc/dated mtime=2025-06-07T08:09:10Z size=9999999 uid=5 --
-- etc/quoted quoted --
a\x00b\r
\xff"x
-- etc/blob base64 --
AAEC
-- "home/a b/x\n" mode=4755 --
x
`

func TestLoad(t *testing.T) {
	h := hosttest.Load(t, fixture)
	if h.Mode != host.Root || h.Kind != host.KindTree || h.Snapshot != nil || h.Dial != nil {
		t.Errorf("host %+v", h)
	}
	if want := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC); !h.Clock().Equal(want) {
		t.Errorf("clock %s", h.Clock())
	}
	if h.Hostname != "web1" || h.OS.ID != "debian" || h.OS.VersionID != "12" {
		t.Errorf("hostname %q, OS %+v", h.Hostname, h.OS)
	}
	if list := h.Accounts().List; len(list) != 1 || list[0].Name != "root" {
		t.Errorf("accounts %+v", list)
	}
	if first, second := h.Accounts(), h.Accounts(); first != second {
		t.Error("accounts are not kept")
	}

	for name, want := range map[string]tree.Info{
		"etc/passwd":    {Mode: 0o644},
		"etc/shadow":    {Mode: 0o640, GID: 42},
		"etc/localtime": {Mode: fs.ModeSymlink | 0o777},
		"etc":           {Mode: fs.ModeDir | 0o755},
		"var/empty":     {Mode: fs.ModeDir | fs.ModeSticky | 0o777, GID: 7},
		"run/initctl":   {Mode: fs.ModeNamedPipe | 0o600},
		"run/sock":      {Mode: fs.ModeSocket | 0o644},
		"dev/x":         {Mode: fs.ModeDevice | fs.ModeCharDevice | 0o644},
		"etc/dated":     {Mode: 0o644, UID: 5, Size: 9999999},
		"home/a b/x\n":  {Mode: fs.ModeSetuid | 0o755},
	} {
		info, err := h.Tree.Lstat(name)
		if err != nil || info.Mode != want.Mode || info.UID != want.UID || info.GID != want.GID || want.Size != 0 && info.Size != want.Size {
			t.Errorf("%s: %+v, %v", name, info, err)
		}
	}
	if info, _ := h.Tree.Stat("etc/dated"); !info.ModTime.Equal(time.Date(2025, 6, 7, 8, 9, 10, 0, time.UTC)) {
		t.Errorf("mtime %s", info.ModTime)
	}
	for name, want := range map[string]string{
		"etc/hostname": "web1", "etc/quoted": "a\x00b\r\n\xff\"x\n", "etc/blob": "\x00\x01\x02", "home/a b/x\n": "x\n",
	} {
		if data, err := h.Tree.ReadFile(name); string(data) != want || err != nil {
			t.Errorf("%s: %q, %v", name, data, err)
		}
	}
	for name, want := range map[string]error{
		"closed/f": fs.ErrPermission, "etc/bad": syscall.EIO, "mnt/x": tree.ErrRemote, "run/initctl": tree.ErrNotRegular,
	} {
		if _, err := h.Tree.ReadFile(name); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", name, err, want)
		}
	}
}

func TestSourceRefuses(t *testing.T) {
	for name, text := range map[string]string{
		"twice":             "-- a --\n-- a --\n",
		"unknown-attribute": "-- a mod=0644 --\n",
		"bad-mode":          "-- a mode=999 --\n",
		"bad-error":         "-- a err=none --\n",
		"link-with-content": "-- a -> /b --\nx\n",
		"fifo-with-content": "-- a fifo --\nx\n",
		"bad-quoted":        "-- a quoted --\n\\q\n",
		"goes-up":           "-- ../a --\n",
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := hosttest.Source(text); err == nil {
				t.Error("accepted")
			}
		})
	}
}

func TestLoadFileAndLive(t *testing.T) {
	path := filepath.Join(t.TempDir(), "host.txtar")
	if err := os.WriteFile(path, []byte(fixture), 0o600); err != nil {
		t.Fatal(err)
	}
	snap := &snapshot.Snapshot{NetNS: 7}
	h := hosttest.Live(hosttest.LoadFile(t, path), snap)
	if h.Mode != host.Live || h.Kind != host.KindHost || h.Snapshot != snap || h.Hostname != "web1" || h.Path != "" {
		t.Errorf("host %+v", h)
	}
}
