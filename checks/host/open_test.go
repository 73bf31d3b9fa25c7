package host

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hostaudit/checks/host/tree"
)

// treeOf is a tree of "name", "name/" and "name>target" entries and, after a
// "=", content; "!" at the end makes reading fail for lack of rights.
func treeOf(t *testing.T, names ...string) *tree.Tree {
	t.Helper()
	entries := map[string]tree.Entry{}
	for _, name := range names {
		e := tree.Entry{Mode: 0o644}
		name, closed := strings.CutSuffix(name, "!")
		if closed {
			e.Err = fs.ErrPermission
		}
		name, e.Target, _ = strings.Cut(name, ">")
		name, content, _ := strings.Cut(name, "=")
		e.Content = []byte(content)
		if strings.HasSuffix(name, "/") {
			e.Mode = fs.ModeDir | 0o755
		}
		entries[name] = e
	}
	src, err := tree.NewMapSource(entries)
	if err != nil {
		t.Fatal(err)
	}
	return tree.New(src, tree.Options{})
}

func TestTreeKind(t *testing.T) {
	tests := []struct {
		name  string
		files []string
		want  Kind
	}{
		{"empty", nil, KindTree},
		{"some-files", []string{"srv/data"}, KindTree},
		{"debian-container", []string{"etc/passwd", "usr/bin/bash"}, KindContainerImage},
		{"debian-container-with-empty-modules", []string{"etc/passwd", "usr/lib/modules/"}, KindContainerImage},
		{"alpine-container", []string{"etc/os-release", "bin/busybox", "sbin/init>/bin/busybox", "etc/inittab"}, KindContainerImage},
		{"distroless", []string{"etc/passwd", "usr/lib/os-release"}, KindContainerImage},
		{"docker-export", []string{".dockerenv", "usr/lib/systemd/systemd"}, KindContainerImage},
		{"machine-made-from-a-container", []string{".dockerenv", "usr/lib/systemd/systemd", "boot/vmlinuz-6"}, KindVMImage},
		{"debootstrap-with-systemd", []string{"etc/passwd", "usr/lib/systemd/systemd", "sbin>usr/sbin", "usr/sbin/init>/lib/systemd/systemd"}, KindTree},
		{"buildroot", []string{"etc/passwd", "bin/busybox", "sbin/init>../bin/busybox", "etc/init.d/rcS"}, KindTree},
		{"openrc", []string{"etc/passwd", "sbin/init>/bin/busybox", "bin/busybox", "sbin/openrc"}, KindTree},
		{"sysvinit", []string{"etc/passwd", "sbin/init"}, KindTree},
		{"modules-only", []string{"etc/passwd", "lib>usr/lib", "usr/lib/modules/6.1/modules.dep"}, KindTree},
		{"debian-cloud", []string{"etc/passwd", "usr/lib/systemd/systemd", "boot/vmlinuz-6.1.0-18-amd64", "usr/lib/modules/6.1/modules.dep"}, KindVMImage},
		{"fedora-kernel-in-usr", []string{"etc/passwd", "usr/lib/modules/6.1/vmlinuz"}, KindVMImage},
		{"efi", []string{"etc/passwd", "boot/efi/EFI/"}, KindVMImage},
		{"boot-unreadable", []string{"etc/passwd", "boot/!"}, KindTree},
		{"modules-unreadable", []string{"etc/passwd", "usr/lib/modules/!"}, KindTree},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := New(Root, treeOf(t, tt.files...))
			if h.Kind != tt.want || h.KindReason == "" {
				t.Errorf("kind %s (%s), want %s", h.Kind, h.KindReason, tt.want)
			}
		})
	}
}

func TestLiveKind(t *testing.T) {
	const first = "1/ns/pid>" + firstPIDNamespace
	tests := []struct {
		name       string
		root, proc []string
		foreign    bool // the /proc is another system's than the auditor's
		want       Kind
	}{
		{"host", nil, []string{first, "1/environ=HOME=/\x00TERM=linux\x00", "1/cgroup=0::/init.scope\n"}, false, KindHost},
		{"host-seen-without-root", nil, []string{"1/environ!", "1/ns/pid>x!", "self/ns/pid>" + firstPIDNamespace}, false, KindHost},
		{"nothing-readable", nil, nil, false, KindHost},
		{"podman", []string{"run/.containerenv"}, []string{"1/ns/pid>pid:[4026532000]"}, false, KindContainer},
		{"mark-and-nothing-else", []string{".dockerenv"}, nil, false, KindContainer},
		{"mark-with-same-mounts-but-unknown-namespace", []string{".dockerenv"}, []string{"1/ns/mnt>mnt:[1]", "self/ns/mnt>mnt:[1]"}, false, KindContainer},
		{"docker-with-pid-host", []string{".dockerenv"}, []string{first, "1/ns/mnt>mnt:[4026531841]", "self/ns/mnt>mnt:[4026532999]"}, false, KindContainer},
		{"machine-made-from-a-container", []string{".dockerenv"}, []string{first, "1/ns/mnt>mnt:[4026531841]", "self/ns/mnt>mnt:[4026531841]"}, false, KindHost},
		{"the-same-without-root", []string{".dockerenv"}, []string{"1/ns/pid>x!", "self/ns/pid>" + firstPIDNamespace, "1/ns/mnt>x!", "self/ns/mnt>" + firstMountNamespace}, false, KindHost},
		{"nspawn", nil, []string{first, "1/environ=A=b\x00container=systemd-nspawn\x00"}, false, KindContainer},
		{"container-empty", nil, []string{first, "1/environ=container=\x00xcontainer=y\x00"}, false, KindHost},
		{"cgroup-v1-docker", nil, []string{first, "1/cgroup=4:memory:/docker/0123\n"}, false, KindContainer},
		{"cgroup-kubernetes", nil, []string{first, "1/cgroup=0::/kubepods.slice/x\n"}, false, KindContainer},
		{"containerd-without-marks", nil, []string{"1/ns/pid>pid:[4026532000]", "1/cgroup=0::/\n"}, false, KindContainer},
		{"containerd-without-root", nil, []string{"1/ns/pid>x!", "self/ns/pid>pid:[4026532000]"}, false, KindContainer},
		{"host-seen-from-a-container", nil, []string{first, "self/ns/pid>pid:[4026532000]"}, true, KindHost},
		{"host-seen-from-a-container-without-rights", nil, []string{"1/ns/pid>x!", "self/ns/pid>pid:[4026532000]"}, true, KindHost},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, reason := liveKind(treeOf(t, tt.root...), treeOf(t, tt.proc...), !tt.foreign)
			if got != tt.want || reason == "" {
				t.Errorf("kind %s (%s), want %s", got, reason, tt.want)
			}
		})
	}
}

func TestOSReleaseAndHostname(t *testing.T) {
	tests := []struct {
		name     string
		files    []string
		os       OSRelease
		hostname string
	}{
		{
			"debian",
			[]string{"etc/os-release>../usr/lib/os-release", "usr/lib/os-release=ID=debian\nVERSION_ID=\"12\"\nPRETTY_NAME='D 12'\n", "etc/hostname=web1\n"},
			OSRelease{ID: "debian", VersionID: "12", PrettyName: "D 12"},
			"web1",
		},
		{"etc-wins", []string{"etc/os-release=ID=a\nID_LIKE=\"b c\"", "usr/lib/os-release=ID=z"}, OSRelease{ID: "a", IDLike: "b c"}, ""},
		{"only-usr", []string{"usr/lib/os-release=ID=z", "etc/hostname=# c\n\n  h \nx\n"}, OSRelease{ID: "z"}, "h"},
		{"default-id", []string{"etc/os-release=NAME=x"}, OSRelease{ID: "linux"}, ""},
		{"unreadable-is-not-absent", []string{"etc/os-release!", "usr/lib/os-release=ID=z", "etc/hostname!"}, OSRelease{}, ""},
		{"none", nil, OSRelease{}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := New(Root, treeOf(t, tt.files...))
			if diff := cmp.Diff(tt.os, h.OS); diff != "" || h.Hostname != tt.hostname {
				t.Errorf("hostname %q, OS %s", h.Hostname, diff)
			}
		})
	}
}

func TestOpenRoot(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"etc/passwd": "root:x:0:0::/root:/bin/sh\n", "etc/hostname": "tree1\n"} {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	h, err := OpenRoot(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if h.Mode != Root || h.Path != dir || h.Hostname != "tree1" || h.Dial != nil || h.Kind != KindContainerImage {
		t.Errorf("host %+v", h)
	}
	if list := h.Accounts().List; len(list) != 1 {
		t.Errorf("accounts %+v", list)
	}
	if err := h.Close(); err != nil {
		t.Error(err)
	}
	if h, err = OpenRoot(dir, Options{Kind: KindVMImage}); err != nil || h.Kind != KindVMImage || h.KindReason == "" {
		t.Errorf("with a kind given: %+v, %v", h, err)
	}
	if h, err = OpenRoot(dir, Options{ProcDir: "/proc"}); err != nil || h.Kind != KindHost && h.Kind != KindContainer {
		t.Errorf("with a /proc: %+v, %v", h, err)
	}
	if _, err = OpenRoot(filepath.Join(dir, "none"), Options{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing root: %v", err)
	}
	if _, err = OpenRoot(dir, Options{ProcDir: filepath.Join(dir, "none")}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing proc: %v", err)
	}
}

func TestOpenLive(t *testing.T) {
	h, err := OpenLive(Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	want, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	if h.Mode != Live || h.Path != "" || h.Dial == nil || h.Snapshot != nil || h.Hostname != want || h.Clock == nil {
		t.Errorf("host %+v", h)
	}
	if h.Kind != KindHost && h.Kind != KindContainer {
		t.Errorf("kind %s", h.Kind)
	}
	t.Logf("this machine: %s, %s", h.Kind, h.KindReason)
}

func TestHostLiteralHasAccounts(t *testing.T) {
	h := &Host{Tree: treeOf(t, "etc/passwd=root:x:0:0::/:\n")}
	if list := h.Accounts().List; len(list) != 1 || list[0].Name != "root" {
		t.Errorf("accounts %+v", list)
	}
}
