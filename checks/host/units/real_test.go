package units_test

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"hostaudit/checks/host/hosttest"
	"hostaudit/checks/host/tree"
	"hostaudit/checks/host/units"
)

// suites are the releases of Debian whose systemd is asked.
func suites() []string { return []string{"bullseye", "bookworm", "trixie", "sid"} }

// A release is a throw-away copy of the parts of a release's root tree that say what
// starts, and the tree itself, whose own systemd and systemctl read that copy. The tree
// is never written to.
type release struct {
	t     *testing.T
	tree  string // the whole tree, read only
	copy  string // what the tests change
	mount string // where both come together, in namespaces of their own
	root  string // the argument for systemctl's --root: "/", or "/mnt" for the copy alone
}

// copied are the directories of a release that tests change.
func copied() []string { return []string{"etc", "opt", "run", "usr/lib/systemd", "usr/local"} }

// newRelease returns an unchanged copy, or skips, saying why.
func newRelease(t *testing.T, suite string) *release {
	t.Helper()
	hosttest.RequireReal(t)
	dir := filepath.Join(filepath.Dir(os.Getenv(hosttest.TreeVariable)), "units-"+suite)
	if _, err := os.Stat(dir + ".stamp"); err != nil {
		t.Skipf("no tree of units of %s (make tree): %v", suite, err)
	}
	r := &release{t: t, tree: dir, copy: t.TempDir(), mount: t.TempDir(), root: "/"}
	for _, d := range copied() {
		into := filepath.Join(r.copy, filepath.Dir(d))
		if err := os.MkdirAll(into, 0o755); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command("cp", "-a", "--reflink=auto", filepath.Join(dir, d), into).CombinedOutput(); err != nil {
			t.Fatalf("copy of %s: %v\n%s", d, err, out)
		}
	}
	// /lib is what the tree has: a link on merged systems.
	if err := os.Symlink("usr/lib", filepath.Join(r.copy, "lib")); err != nil {
		t.Fatal(err)
	}
	if target, err := os.Readlink(filepath.Join(dir, "lib")); err != nil || target != "usr/lib" {
		t.Fatalf("/lib of %s is no link to usr/lib: %q, %v", suite, target, err)
	}
	return r
}

// together joins tree and copy at $3 and runs the rest there.
const together = `set -e
tree=$1 copy=$2 root=$3; shift 3
mount --bind "$tree" "$root"
mount -o remount,bind,ro "$root"
for d in etc opt run usr/lib/systemd usr/local; do mount --bind "$copy/$d" "$root/$d"; done
mount --bind "$copy" "$root/mnt"
mount -t tmpfs -o mode=1777 tmp "$root/tmp"
mount -t proc proc "$root/proc"
mkdir -p "$copy/dev"
for dev in "$root/dev" "$root/mnt/dev"; do mount --rbind /dev "$dev"; done
`

// Not by exec: as process 1 systemctl would write its errors to the kernel's log.
const runInside = together + `chroot "$root" "$@" && exit 0 || exit $?`

// said is what a program of the release said, by lines, and its exit status.
type said struct {
	stdout, stderr []string
	exit           int
}

// run runs a program of the release over the copy, without a running systemd.
func (r *release) run(command ...string) said { return r.script(runInside, command...) }

func (r *release) script(script string, command ...string) said {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "unshare", append([]string{
		"--mount", "--propagation", "private", "--net", "--pid", "--ipc", "--uts", "--cgroup", "--fork", "--kill-child",
		"bash", "-c", script, "inside", r.tree, r.copy, r.mount,
	}, command...)...)
	cmd.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C", "HOME=/", "SYSTEMD_OFFLINE=1", "SYSTEMD_COLORS=0"}
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) || ctx.Err() != nil {
		r.t.Fatalf("%q: %v %v\n%s", command, err, ctx.Err(), stderr.String())
	}
	return said{lines(stdout.String()), lines(stderr.String()), cmd.ProcessState.ExitCode()}
}

func lines(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return r == '\n' })
}

// put makes a file, or a link when the content is "-> target", with its parents.
func (r *release) put(name, content string) {
	r.t.Helper()
	file := filepath.Join(r.copy, name)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		r.t.Fatal(err)
	}
	var err error
	if target, link := strings.CutPrefix(content, "-> "); link {
		err = os.Symlink(target, file)
	} else {
		err = os.WriteFile(file, []byte(content), 0o644)
	}
	if err != nil {
		r.t.Fatal(err)
	}
}

// replace is put of a file that may be there.
func (r *release) replace(name, content string) {
	r.t.Helper()
	if err := os.Remove(filepath.Join(r.copy, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		r.t.Fatal(err)
	}
	r.put(name, content)
}

// system loads the copy.
func (r *release) system() *units.System {
	r.t.Helper()
	tr, err := tree.OpenDir(r.copy, tree.Options{})
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { tr.Close() })
	return units.Load(tr)
}

// names returns every name that a unit, a link to one, or a script goes by in the copy,
// and an instance of every template.
func (r *release) names() []string {
	r.t.Helper()
	found := map[string]bool{}
	for _, dir := range []string{
		"etc/systemd", "run/systemd", "usr/local/lib/systemd", "usr/lib/systemd/system", "etc/init.d",
	} {
		err := fs.WalkDir(os.DirFS(filepath.Join(r.copy, dir)), ".", func(name string, d fs.DirEntry, err error) error {
			switch {
			case errors.Is(err, fs.ErrNotExist):
				return nil
			case err != nil:
				return err
			case dir == "etc/init.d" && !d.IsDir():
				found[path.Base(name)+".service"] = true
			case d.IsDir() && path.Ext(name) == ".d":
				found[strings.TrimSuffix(path.Base(name), ".d")] = true
			case isUnitName(path.Base(name)):
				found[path.Base(name)] = true
			}
			return nil
		})
		if err != nil {
			r.t.Fatal(err)
		}
	}
	for name := range found {
		if before, after, _ := strings.Cut(name, "@"); strings.HasPrefix(after, ".") {
			found[before+"@some"+after] = true
		}
	}
	// A name of two words would be taken for its escaped form, and options for options.
	var list []string
	for name := range found {
		if isUnitName(name) && !strings.ContainsAny(name, " \t\\/") && !strings.HasPrefix(name, "-") {
			list = append(list, name)
		}
	}
	slices.Sort(list)
	return list
}

func isUnitName(name string) bool {
	return slices.Contains([]string{
		".service", ".socket", ".target", ".device", ".mount", ".automount", ".swap", ".timer", ".path", ".slice", ".scope",
	}, path.Ext(name)) && name != path.Ext(name)
}
