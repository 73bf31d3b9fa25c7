package packages_test

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hostaudit/checks/host/hosttest"
	"hostaudit/checks/host/packages"
	"hostaudit/checks/host/tree"
)

// ask looks up paths in a host written as txtar and returns "package version",
// "-" where no package owns it, and "?" after it where the answer has an Err.
func ask(t *testing.T, text string, paths ...string) map[string]string {
	t.Helper()
	return show(packages.Open(hosttest.Load(t, text).Tree).Owners(paths...))
}

func show(owners map[string]packages.Owner) map[string]string {
	got := map[string]string{}
	for p, o := range owners {
		got[p] = strings.TrimSpace(o.Package + " " + o.Version)
		if got[p] == "" {
			got[p] = "-"
		}
		if o.Err != nil {
			got[p] += "?"
		}
	}
	return got
}

const merged = `-- bin -> usr/bin --
-- sbin -> usr/sbin --
-- lib -> usr/lib --
-- usr/bin/ --
-- usr/sbin/ --
-- usr/lib/ --
`

const debian = `-- var/lib/dpkg/status --
Package: openssh-server
Status: install ok installed
Architecture: amd64
Multi-Arch: foreign
Version: 1:9.2p1-2
Description: a server
 Package: liar
 .

Package: gone
Status: deinstall ok config-files
Architecture: amd64
Version: 1

Package: libc6
Status: install ok unpacked
Architecture: amd64
Multi-Arch: same
Version: 2.36

Package: libc6
Status: deinstall ok config-files
Architecture: i386
Multi-Arch: same
Version: 2.36

Package: shell
Status: hold reinstreq half-configured
Architecture: all
Version: 5
-- var/lib/dpkg/info/openssh-server.list --
/.
/usr
/usr/sbin
/usr/sbin/sshd
/etc/init.d/ssh
-- var/lib/dpkg/info/gone.list --
/.
/usr/sbin/goned
/etc/init.d/gone
-- var/lib/dpkg/info/libc6:amd64.list --
/.
/lib/x86_64-linux-gnu/libc.so.6
-- var/lib/dpkg/info/libc6:i386.list --
/.
/lib/i386-linux-gnu/libc.so.6
-- var/lib/dpkg/info/shell.list --
/.
/bin/sh
/sbin/shutdown
-- var/lib/dpkg/info/stray.list --
/.
/usr/bin/stray
`

func TestDpkg(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want map[string]string
	}{
		"installed": {debian, map[string]string{
			"/usr/sbin/sshd": "openssh-server 1:9.2p1-2", "/usr/sbin": "openssh-server 1:9.2p1-2",
			"/usr//sbin/../sbin/sshd": "openssh-server 1:9.2p1-2", "/usr/sbin/ssh": "-", "/usr/sbin/sshd2": "-", "/sr/sbin/sshd": "-",
		}},
		"states": {debian, map[string]string{
			"/usr/sbin/goned": "-", "/etc/init.d/gone": "-", "/usr/bin/stray": "-", "/bin/sh": "shell 5",
			"/lib/x86_64-linux-gnu/libc.so.6": "libc6 2.36", "/lib/i386-linux-gnu/libc.so.6": "-",
		}},
		"not-merged": {debian, map[string]string{"/sbin/shutdown": "shell 5", "/usr/sbin/shutdown": "-", "/usr/bin/sh": "-"}},
		"merged": {debian + merged, map[string]string{
			"/sbin/shutdown": "shell 5", "/usr/sbin/shutdown": "shell 5", "/usr/bin/sh": "shell 5", "/sbin/sshd": "openssh-server 1:9.2p1-2",
			"/usr/bin/shutdown": "-", "/usr/lib/x86_64-linux-gnu/libc.so.6": "libc6 2.36",
		}},
		"bin-and-sbin-are-one": {debian + "-- sbin -> usr/bin --\n-- bin -> usr/bin --\n-- usr/sbin -> bin --\n-- usr/bin/ --\n", map[string]string{
			"/usr/bin/sshd": "openssh-server 1:9.2p1-2", "/usr/bin/shutdown": "shell 5", "/usr/sbin/sh": "shell 5",
		}},
		"moved": {strings.ReplaceAll(debian, "/usr/sbin/sshd", "/opt/sshd") + "-- opt -> data/software --\n-- data/software/ --\n", map[string]string{
			"/data/software/sshd": "openssh-server 1:9.2p1-2", "/opt/sshd": "openssh-server 1:9.2p1-2", "/software/sshd": "-",
		}},
		"relative": {debian, map[string]string{"usr/sbin/sshd": "-?", "": "-?"}},
		"newline":  {debian, map[string]string{"/usr/sbin/sshd\n/etc": "-", "/usr/sbin/sshd\n": "-"}},
		"update": {debian + "-- var/lib/dpkg/updates/0001 --\nPackage: gone\nStatus: install ok installed\nArchitecture: amd64\nVersion: 2\n" +
			"-- var/lib/dpkg/updates/0002 --\nPackage: shell\nStatus: purge ok not-installed\nArchitecture: all\n" +
			"-- var/lib/dpkg/updates/tmp.i --\nnonsense\n", map[string]string{"/usr/sbin/goned": "gone 2", "/bin/sh": "-"}},

		// Not whole: what is found counts, what is not found is open.
		"list-missing":      {strings.Replace(debian, "info/shell.list", "info/shall.list", 1), map[string]string{"/usr/sbin/sshd": "openssh-server 1:9.2p1-2", "/bin/sh": "-?", "/x": "-?"}},
		"list-unreadable":   {strings.Replace(debian, "info/shell.list", "info/shell.list err=permission", 1), map[string]string{"/usr/sbin/sshd": "openssh-server 1:9.2p1-2", "/bin/sh": "-?"}},
		"list-empty":        {strings.Replace(debian, "info/shell.list --\n/.\n/bin/sh\n/sbin/shutdown\n", "info/shell.list --\n", 1), map[string]string{"/usr/sbin/sshd": "openssh-server 1:9.2p1-2", "/bin/sh": "-?"}},
		"list-truncated":    {strings.Replace(debian, "info/openssh-server.list", "info/openssh-server.list nonl", 1), map[string]string{"/etc/init.d/ssh": "openssh-server 1:9.2p1-2", "/x": "-?", "/bin/sh": "shell 5"}},
		"status-unreadable": {strings.Replace(debian, "dpkg/status --", "dpkg/status err=permission --", 1), map[string]string{"/usr/sbin/sshd": "-?"}},
		"status-truncated":  {strings.Replace(debian, "dpkg/status --", "dpkg/status nonl --", 1), map[string]string{"/usr/sbin/sshd": "openssh-server 1:9.2p1-2", "/x": "-?"}},
		"status-damaged":    {strings.Replace(debian, "Package: shell", "\x01\x02\x03", 1), map[string]string{"/usr/sbin/sshd": "openssh-server 1:9.2p1-2", "/bin/sh": "-?"}},
		"status-unknown":    {strings.Replace(debian, "half-configured", "half-eaten", 1), map[string]string{"/usr/sbin/sshd": "openssh-server 1:9.2p1-2", "/bin/sh": "-?"}},
		"status-climbs":     {strings.Replace(debian, "Package: shell", "Package: ../../shell", 1), map[string]string{"/usr/sbin/sshd": "openssh-server 1:9.2p1-2", "/bin/sh": "-?"}},
		"status-empty":      {"-- var/lib/dpkg/status --\n-- var/lib/dpkg/info/a.list --\n/bin/sh\n", map[string]string{"/bin/sh": "-?"}},
		"update-damaged":    {debian + "-- var/lib/dpkg/updates/0001 --\nnonsense\n", map[string]string{"/bin/sh": "shell 5", "/x": "-?"}},
		"no-info":           {"-- var/lib/dpkg/status --\nPackage: a\nStatus: install ok installed\n", map[string]string{"/bin/sh": "-?"}},
		"none":              {"-- etc/passwd --\n", map[string]string{"/bin/sh": "-?"}},
	} {
		t.Run(name, func(t *testing.T) {
			var paths []string
			for p := range c.want {
				paths = append(paths, p)
			}
			if d := cmp.Diff(c.want, ask(t, c.text, paths...)); d != "" {
				t.Error(d)
			}
		})
	}
}

// TestDiversions: as dpkg -S says of such records.
func TestDiversions(t *testing.T) {
	const text = `
-- var/lib/dpkg/status --
Package: dash
Status: install ok installed
Version: 1

Package: bash
Status: install ok installed
Version: 5

Package: zsh
Status: install ok installed
Version: 9
-- var/lib/dpkg/info/bash.list --
/.
/bin/sh
/bin/ls
/usr/bin/top
/usr/lib/file
-- var/lib/dpkg/info/dash.list --
/.
/bin/sh
/usr/bin/dash
-- var/lib/dpkg/info/zsh.list --
/.
/usr/bin/zsh
`
	const diversions = `-- var/lib/dpkg/diversions --
/bin/sh
/bin/sh.distrib
dash
/bin/ls
/bin/ls.real
:
/usr/bin/top
/usr/bin/top.bash
zsh
/lib/file
/lib/file.usr-is-merged
zsh
`
	want := map[string]string{
		"/bin/sh": "dash 1", "/bin/sh.distrib": "bash 5", // dash put its own there
		"/bin/ls": "-", "/bin/ls.real": "bash 5", // the administrator did
		"/usr/bin/top": "-", "/usr/bin/top.bash": "bash 5", // zsh means to, but ships none
		"/usr/lib/file": "bash 5", "/usr/bin/zsh": "zsh 9",
		// A diversion of another name of the file does not concern the name that is recorded.
		"/usr/lib/file.usr-is-merged": "-",
	}
	var paths []string
	for p := range want {
		paths = append(paths, p)
	}
	if d := cmp.Diff(want, ask(t, text+diversions, paths...)); d != "" {
		t.Errorf("not merged: %s", d)
	}
	for p, owner := range want {
		if rest, is := strings.CutPrefix(p, "/bin/"); is {
			want["/usr/bin/"+rest] = owner
			paths = append(paths, "/usr/bin/"+rest)
		}
	}
	if d := cmp.Diff(want, ask(t, text+diversions+merged, paths...)); d != "" {
		t.Errorf("merged: %s", d)
	}
	for _, p := range paths { // one by one: nothing depends on what else is asked
		if d := cmp.Diff(map[string]string{p: want[p]}, ask(t, text+diversions+merged, p)); d != "" {
			t.Errorf("alone: %s", d)
		}
	}
	for what, damaged := range map[string]string{
		"unreadable": strings.Replace(diversions, "diversions --", "diversions err=permission --", 1),
		"two-lines":  "-- var/lib/dpkg/diversions --\n/bin/sh\n/bin/sh.distrib\n",
		"relative":   "-- var/lib/dpkg/diversions --\nbin/sh\nbin/sh.distrib\ndash\n",
		"truncated":  strings.Replace(diversions, "diversions --", "diversions nonl --", 1),
	} {
		got := ask(t, text+damaged, "/usr/bin/zsh", "/usr/bin/none")
		if d := cmp.Diff(map[string]string{"/usr/bin/zsh": "zsh 9?", "/usr/bin/none": "-?"}, got); d != "" {
			t.Errorf("%s: %s", what, d)
		}
	}
}

// TestDistroless: a package per file in status.d, checksums instead of lists.
func TestDistroless(t *testing.T) {
	const text = `
-- var/lib/dpkg/status.d/openssl --
Package: openssl
Version: 3.0
Architecture: amd64
-- var/lib/dpkg/status.d/openssl.md5sums --
0123456789abcdef0123456789abcdef  usr/bin/openssl
0123456789abcdef0123456789abcdef  usr/share/doc/a b
0123456789abcdef0123456789abcdef  ./usr/bin/dotted
-- var/lib/dpkg/status.d/base --
Package: base-files
Version: 12
-- var/lib/dpkg/status.d/base.md5sums --
0123456789abcdef0123456789abcdef  usr/lib/os-release
`
	for name, c := range map[string]struct {
		text string
		want map[string]string
	}{
		"whole": {text, map[string]string{
			"/usr/bin/openssl": "openssl 3.0", "/usr/bin/dotted": "openssl 3.0", "/usr/share/doc/a b": "openssl 3.0", "/usr/lib/os-release": "base-files 12",
			"/usr/bin/none": "-", "/etc/passwd": "-?", "/bin/openssl": "-",
		}},
		"no-checksums":      {text + "-- var/lib/dpkg/status.d/x --\nPackage: x\n", map[string]string{"/usr/bin/openssl": "openssl 3.0", "/usr/bin/none": "-?"}},
		"a-list":            {text + "-- var/lib/dpkg/status.d/x --\nPackage: x\n-- var/lib/dpkg/status.d/x.list --\n/usr/bin/x\n", map[string]string{"/usr/bin/x": "x", "/usr/bin/none": "-"}},
		"damaged-checksums": {text + "-- var/lib/dpkg/status.d/x --\nPackage: x\n-- var/lib/dpkg/status.d/x.md5sums --\nnonsense\n", map[string]string{"/usr/bin/openssl": "openssl 3.0", "/usr/bin/none": "-?"}},
		"damaged-stanza":    {text + "-- var/lib/dpkg/status.d/x --\nnonsense\n", map[string]string{"/usr/bin/openssl": "openssl 3.0", "/usr/bin/none": "-?"}},
		"empty-stanza":      {text + "-- var/lib/dpkg/status.d/x --\n", map[string]string{"/usr/bin/openssl": "openssl 3.0", "/usr/bin/none": "-?"}},
		"beside-status":     {text + debian, map[string]string{"/usr/bin/openssl": "openssl 3.0", "/usr/sbin/sshd": "openssh-server 1:9.2p1-2", "/usr/bin/none": "-"}},
	} {
		t.Run(name, func(t *testing.T) {
			var paths []string
			for p := range c.want {
				paths = append(paths, p)
			}
			if d := cmp.Diff(c.want, ask(t, c.text, paths...)); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestOthers(t *testing.T) {
	const (
		alpine = "installed --\nP:busybox\nV:1.36\nF:bin\nR:busybox\n\nP:dropbear\nV:2022\nF:usr/sbin\nR:dropbear\nF:\nR:init\n\n"
		arch   = `
-- var/lib/pacman/local/ALPM_DB_VERSION --
9
-- var/lib/pacman/local/open-ssh-9.0p1-1/files --
%FILES%
usr/
usr/bin/
usr/bin/sshd

%BACKUP%
usr/bin/other
`
		wrt = `
-- usr/lib/opkg/status --
Package: dropbear
Version: 2022
Status: install user installed

Package: gone
Version: 2022
Status: deinstall ok not-installed
-- usr/lib/opkg/info/dropbear.list --
/usr/sbin/dropbear
/usr/bin/ssh	0120777	/usr/sbin/dropbear
-- usr/lib/opkg/info/gone.list --
/usr/sbin/goned
`
	)
	for name, c := range map[string]struct {
		text    string
		manager packages.Manager
		want    map[string]string
	}{
		"apk":         {"-- lib/apk/db/" + alpine, packages.APK, map[string]string{"/bin/busybox": "busybox 1.36", "/usr/sbin/dropbear": "dropbear 2022", "/init": "dropbear 2022", "/sbin/dropbear": "-"}},
		"apk-merged":  {"-- usr/lib/apk/db/" + alpine + merged, packages.APK, map[string]string{"/usr/bin/busybox": "busybox 1.36", "/sbin/dropbear": "dropbear 2022"}},
		"apk-cut":     {strings.Replace("-- lib/apk/db/"+alpine, "installed --", "installed nonl --", 1) + "P:x", packages.APK, map[string]string{"/bin/busybox": "busybox 1.36", "/x": "-?"}},
		"apk-damaged": {"-- lib/apk/db/" + alpine + "nonsense\n", packages.APK, map[string]string{"/bin/busybox": "busybox 1.36", "/x": "-?"}},
		"apk-closed":  {strings.Replace("-- lib/apk/db/"+alpine, "installed --", "installed err=permission --", 1), packages.APK, map[string]string{"/bin/busybox": "-?"}},
		"apk-empty":   {"-- lib/apk/db/installed --\n", packages.APK, map[string]string{"/bin/busybox": "-?"}},

		"pacman":           {arch, packages.Pacman, map[string]string{"/usr/bin/sshd": "open-ssh 9.0p1-1", "/usr/bin": "open-ssh 9.0p1-1", "/usr/bin/other": "-"}},
		"pacman-no-files":  {arch + "-- var/lib/pacman/local/a-1-1/desc --\n", packages.Pacman, map[string]string{"/usr/bin/sshd": "open-ssh 9.0p1-1", "/x": "-?"}},
		"pacman-odd":       {arch + "-- var/lib/pacman/local/odd/files --\n", packages.Pacman, map[string]string{"/usr/bin/sshd": "open-ssh 9.0p1-1", "/x": "-?"}},
		"pacman-truncated": {arch + "-- var/lib/pacman/local/a-1-1/files nonl --\n%FILES%\nusr/b\n", packages.Pacman, map[string]string{"/usr/bin/sshd": "open-ssh 9.0p1-1", "/x": "-?"}},
		"pacman-closed":    {arch + "-- var/lib/pacman/local/ err=permission --\n", packages.Pacman, map[string]string{"/usr/bin/sshd": "-?"}},

		"opkg":         {wrt, packages.Opkg, map[string]string{"/usr/sbin/dropbear": "dropbear 2022", "/usr/bin/ssh": "dropbear 2022", "/usr/sbin/goned": "-"}},
		"opkg-missing": {strings.Replace(wrt, "info/dropbear.list", "info/d.list", 1), packages.Opkg, map[string]string{"/usr/sbin/dropbear": "-?"}},
		"opkg-status":  {strings.Replace(wrt, "opkg/status", "opkg/statu", 1), packages.Opkg, map[string]string{"/usr/sbin/dropbear": "-?"}},

		"none":                {"-- etc/passwd --\n", packages.None, map[string]string{"/x": "-?"}},
		"dpkg-before-rpm":     {debian + "-- var/lib/rpm/Packages --\nx\n", packages.Dpkg, map[string]string{"/bin/sh": "shell 5", "/x": "-"}},
		"empty-dpkg-and-apk":  {"-- var/lib/dpkg/status --\n-- lib/apk/db/" + alpine, packages.APK, map[string]string{"/bin/busybox": "busybox 1.36"}},
		"rpm-of-unknown-form": {"-- var/lib/rpm/Packages --\nwhatever this is, it is long enough to have a header of two hundred and twenty-four bytes: " + strings.Repeat("x", 200) + "\n", packages.RPM, map[string]string{"/x": "-?"}},
	} {
		t.Run(name, func(t *testing.T) {
			tr := hosttest.Load(t, c.text).Tree
			db := packages.Open(tr)
			var paths []string
			for p := range c.want {
				paths = append(paths, p)
			}
			if d := cmp.Diff(c.want, show(db.Owners(paths...))); d != "" {
				t.Error(d)
			}
			if db.Manager() != c.manager {
				t.Errorf("manager %q", db.Manager())
			}
		})
	}
}

func TestErrors(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want error
	}{
		"none":       {"-- etc/passwd --\n", packages.ErrNoDatabase},
		"permission": {"-- var/lib/dpkg/status err=permission --\nx\n", fs.ErrPermission},
		"not-whole":  {"-- var/lib/dpkg/status --\nPackage: a\nStatus: install ok installed\n-- var/lib/dpkg/info/ --\n", packages.ErrNotWhole},
		"fifo":       {"-- var/lib/dpkg/status fifo --\n", tree.ErrNotRegular},
		"remote":     {"-- var/lib/dpkg/status err=remote --\nx\n", tree.ErrRemote},
	} {
		t.Run(name, func(t *testing.T) {
			o := packages.Open(hosttest.Load(t, c.text).Tree).Owners("/x")["/x"]
			if !errors.Is(o.Err, c.want) || o.Package != "" {
				t.Errorf("%+v, want error %v", o, c.want)
			}
		})
	}
}

// counting counts how often files are opened.
type counting struct {
	tree.Source
	mu    sync.Mutex
	opens int
}

func (c *counting) Open(name string) (io.ReadCloser, tree.Info, error) {
	c.mu.Lock()
	c.opens++
	c.mu.Unlock()
	return c.Source.Open(name)
}

func TestRemembersAndIsSafe(t *testing.T) {
	src, err := hosttest.Source(debian)
	if err != nil {
		t.Fatal(err)
	}
	counter := &counting{Source: src}
	db := packages.Open(tree.New(counter, tree.Options{}))
	if counter.opens != 0 {
		t.Errorf("%d files opened before anyone asked", counter.opens)
	}
	db.Owners("/usr/sbin/sshd", "/none")
	before := counter.opens
	db.Owners("/none", "/usr/sbin/sshd")
	if counter.opens != before || before == 0 {
		t.Errorf("%d files opened for the first question, %d for the second", before, counter.opens-before)
	}
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			own := fmt.Sprintf("/none%d", i)
			got := show(db.Owners("/usr/sbin/sshd", "/bin/sh", own))
			if d := cmp.Diff(map[string]string{"/usr/sbin/sshd": "openssh-server 1:9.2p1-2", "/bin/sh": "shell 5", own: "-"}, got); d != "" {
				t.Error(d)
			}
			if m := db.Manager(); m != packages.Dpkg {
				t.Errorf("manager %q", m)
			}
		})
	}
	wg.Wait()
}
