package packages_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hostaudit/checks/host/packages"
	"hostaudit/checks/host/tree"
)

// unzip returns a sample database (see testdata/rpm.sh of rpmdb).
func unzip(t testing.TB, name string) []byte {
	t.Helper()
	f, err := os.Open("../../internal/rpmdb/testdata/" + name + ".gz")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func rpmTree(t testing.TB, files map[string][]byte) *tree.Tree {
	t.Helper()
	entries := map[string]tree.Entry{}
	for name, data := range files {
		entries[name] = tree.Entry{Mode: 0o644, Content: data}
	}
	src, err := tree.NewMapSource(entries)
	if err != nil {
		t.Fatal(err)
	}
	return tree.New(src, tree.Options{})
}

// TestRPM asks of every backend what rpm itself said, one by one and all at once
// (which is another way through an SQLite database).
func TestRPM(t *testing.T) {
	said, err := os.ReadFile("../../internal/rpmdb/testdata/rpm.txt")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"/usr/sbin/other": "-", "/hostd": "-", "/usr/share/doc/hostd/README": "-", // not installed
		"/usr/sbin/hostd/": "hostd 1.2.3-4",
	}
	paths := []string{"/usr/sbin/other", "/hostd", "/usr/share/doc/hostd/README", "/usr/sbin/hostd/"}
	for line := range strings.Lines(string(said)) {
		p, pkg, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		want[p] = pkg + " 1.2.3-4"
		paths = append(paths, p)
	}
	for sample, place := range map[string]string{
		"rpmdb.sqlite": "var/lib/rpm/rpmdb.sqlite", "Packages.db": "usr/lib/sysimage/rpm/Packages.db",
		"Packages": "var/lib/rpm/Packages", "Packages.be": "usr/share/rpm/Packages",
	} {
		t.Run(sample, func(t *testing.T) {
			tr := rpmTree(t, map[string][]byte{place: unzip(t, sample)})
			db := packages.Open(tr)
			if db.Manager() != packages.RPM {
				t.Fatalf("manager %q", db.Manager())
			}
			if d := cmp.Diff(want, show(db.Owners(paths...))); d != "" {
				t.Errorf("all at once: %s", d)
			}
			for _, p := range paths[:20] {
				if d := cmp.Diff(map[string]string{p: want[p]}, show(packages.Open(tr).Owners(p))); d != "" {
					t.Errorf("one: %s", d)
				}
			}
		})
	}
}

func TestRPMNotWhole(t *testing.T) {
	sqlite, ndb, bdb := unzip(t, "rpmdb.sqlite"), unzip(t, "Packages.db"), unzip(t, "Packages")
	for name, c := range map[string]struct {
		files map[string][]byte
		want  error // of a file that is not there; nil = no package owns it, for sure
		found bool  // the file that is there has its owner, without an error
	}{
		"wal":        {map[string][]byte{"rpmdb.sqlite": sqlite, "rpmdb.sqlite-wal": []byte("x")}, tree.ErrChanged, false},
		"journal":    {map[string][]byte{"rpmdb.sqlite": sqlite, "rpmdb.sqlite-journal": []byte("x")}, tree.ErrChanged, false},
		"empty-wal":  {map[string][]byte{"rpmdb.sqlite": sqlite, "rpmdb.sqlite-wal": nil}, nil, true},
		"cut-sqlite": {map[string][]byte{"rpmdb.sqlite": sqlite[:len(sqlite)/2]}, packages.ErrNotWhole, false},
		"cut-ndb":    {map[string][]byte{"Packages.db": ndb[:len(ndb)/2]}, packages.ErrNotWhole, false},
		"cut-bdb":    {map[string][]byte{"Packages": bdb[:len(bdb)/2]}, packages.ErrNotWhole, false},
		"two":        {map[string][]byte{"rpmdb.sqlite": sqlite, "Packages": bdb}, packages.ErrUnsupported, true},
		"unknown":    {map[string][]byte{"Packages": bytes.Repeat([]byte("x"), 500)}, packages.ErrUnsupported, false},
		"empty":      {map[string][]byte{"Packages": nil}, packages.ErrNotWhole, false},
	} {
		t.Run(name, func(t *testing.T) {
			files := map[string][]byte{}
			for n, data := range c.files {
				files["var/lib/rpm/"+n] = data
			}
			owners := packages.Open(rpmTree(t, files)).Owners("/usr/sbin/hostd", "/none")
			if o := owners["/usr/sbin/hostd"]; (o.Package == "hostd" && o.Err == nil) != c.found || (o.Package == "" && o.Err == nil) {
				t.Errorf("hostd: %+v", o)
			}
			if o := owners["/none"]; !errors.Is(o.Err, c.want) || o.Package != "" {
				t.Errorf("none: %+v, want error %v", o, c.want)
			}
		})
	}
}

// changing is a source whose file changes when it is opened.
type changing struct {
	tree.Source
	opened bool
}

func (c *changing) Open(name string) (io.ReadCloser, tree.Info, error) {
	c.opened = true
	return c.Source.Open(name)
}

func (c *changing) Lstat(name string) (tree.Info, error) {
	info, err := c.Source.Lstat(name)
	if c.opened {
		info.ModTime = info.ModTime.Add(1)
	}
	return info, err
}

// TestRPMChanges: an answer from a database that was written to meanwhile is none.
func TestRPMChanges(t *testing.T) {
	src, err := tree.NewMapSource(map[string]tree.Entry{"var/lib/rpm/rpmdb.sqlite": {Mode: 0o644, Content: unzip(t, "rpmdb.sqlite")}})
	if err != nil {
		t.Fatal(err)
	}
	for p, o := range packages.Open(tree.New(&changing{Source: src}, tree.Options{})).Owners("/usr/sbin/hostd", "/none") {
		if !errors.Is(o.Err, tree.ErrChanged) {
			t.Errorf("%s: %+v", p, o)
		}
	}
}
