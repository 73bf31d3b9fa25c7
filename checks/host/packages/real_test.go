package packages_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"hostaudit/checks/host/hosttest"
	"hostaudit/checks/host/packages"
	"hostaudit/checks/host/tree"
)

// realTree returns the root of real packages, or skips.
func realTree(t testing.TB) string {
	t.Helper()
	dir := os.Getenv(hosttest.TreeVariable)
	if dir == "" {
		t.Skipf("%s is not set: no tree of real packages (make tree)", hosttest.TreeVariable)
	}
	return dir
}

func openTree(t testing.TB, dir string) *tree.Tree {
	t.Helper()
	tr, err := tree.OpenDir(dir, tree.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tr.Close() })
	return tr
}

// TestAgainstDpkg asks dpkg-query who owns each file of the tree's programs and
// libraries. dpkg knows one name of each; on a merged system that may be /bin/x
// where the file is /usr/bin/x.
func TestAgainstDpkg(t *testing.T) {
	dir := realTree(t)
	if _, err := exec.LookPath("dpkg-query"); err != nil {
		t.Skip("no dpkg-query here to compare with")
	}
	var files []string
	for _, top := range []string{"usr/bin", "usr/sbin", "usr/lib", "etc/init.d"} {
		err := filepath.WalkDir(filepath.Join(dir, top), func(p string, e fs.DirEntry, err error) error {
			if err == nil && !e.IsDir() {
				files = append(files, strings.TrimPrefix(p, dir))
			}
			return err
		})
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
	}
	if len(files) < 1000 {
		t.Fatalf("%d files in the tree", len(files))
	}
	want := dpkgOwners(t, dir)
	got := packages.Open(openTree(t, dir)).Owners(files...)
	unowned, bad := 0, 0
	for _, f := range files {
		names := []string{f}
		for _, merged := range []string{"/bin/", "/sbin/", "/lib/", "/lib64/"} {
			if strings.HasPrefix(f, "/usr"+merged) {
				names = append(names, strings.TrimPrefix(f, "/usr"))
			}
		}
		owner := ""
		for _, n := range names {
			if o := want[n]; o != "" {
				owner = o
			}
		}
		if owner == "" {
			unowned++
		}
		if o := got[f]; o.Package != owner || o.Err != nil || (owner != "" && o.Version == "") {
			if bad++; bad < 20 {
				t.Errorf("%s: %+v, dpkg says %q", f, o, owner)
			}
		}
	}
	t.Logf("%d files, %d of no package, %d differ", len(files), unowned, bad)
	if unowned == 0 {
		t.Error("every file of the tree has an owner: nothing shows that others have none")
	}
}

// dpkgOwners returns what dpkg-query says of every path it knows of: its first
// owner by name, diversions applied.
func dpkgOwners(t *testing.T, dir string) map[string]string {
	t.Helper()
	query := func(args ...string) []byte {
		cmd := exec.Command("dpkg-query", append([]string{"--admindir=" + filepath.Join(dir, "var/lib/dpkg")}, args...)...)
		cmd.Env = append(os.Environ(), "LC_ALL=C")
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("dpkg-query %v: %v", args, err)
		}
		return out
	}
	owners := map[string]string{}
	divertedBy := map[string]string{} // from -> package
	for line := range bytes.Lines(query("-S", "*")) {
		text := strings.TrimSuffix(string(line), "\n")
		if rest, is := strings.CutPrefix(text, "diversion by "); is {
			if by, from, is := strings.Cut(rest, " from: "); is {
				divertedBy[from] = by
			}
			continue
		}
		if strings.HasPrefix(text, "local diversion") {
			t.Fatalf("the tree has a local diversion: %s", text)
		}
		who, name, is := strings.Cut(text, ": ")
		if !is {
			t.Fatalf("dpkg-query said %q", text)
		}
		first, _, _ := strings.Cut(who, ", ")
		first, _, _ = strings.Cut(first, ":")
		if by := divertedBy[name]; by != "" && strings.Contains(who, by) {
			first = by
		}
		owners[name] = first
	}
	if len(owners) < 1000 || len(divertedBy) == 0 {
		t.Fatalf("dpkg knows %d paths, %d diversions", len(owners), len(divertedBy))
	}
	return owners
}

func BenchmarkOwners(b *testing.B) {
	dir := realTree(b)
	five := []string{"/usr/sbin/sshd", "/usr/sbin/cron", "/usr/sbin/nginx", "/lib/systemd/systemd", "/usr/sbin/unknown"}
	found := five[:4]
	var thirty []string
	entries, err := os.ReadDir(filepath.Join(dir, "usr/sbin"))
	if err != nil {
		b.Fatal(err)
	}
	for i := range 29 {
		thirty = append(thirty, "/usr/sbin/"+entries[i*len(entries)/29].Name())
	}
	thirty = append(thirty, "/opt/unknown")
	tr := openTree(b, dir)
	for _, c := range []struct {
		name  string
		paths []string
	}{{"five", five}, {"found", found}, {"thirty", thirty}} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				packages.Open(tr).Owners(c.paths...)
			}
		})
	}
}
