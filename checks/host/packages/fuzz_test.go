package packages

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"hostaudit/checks/host/tree"
)

func TestParseDiversions(t *testing.T) {
	list, err := parseDiversions([]byte("/a\n/b\n:\n/c\n/d\npkg\n"))
	want := []diversion{{"/a", "/b", ":", 1}, {"/c", "/d", "pkg", 4}}
	if err != nil || !slices.Equal(list, want) {
		t.Errorf("%+v, error %v", list, err)
	}
	for text, line := range map[string]string{
		"/a\n": "line 1", "/a\n/b\n:\n/c\n": "line 4", "/a\n/b\n:": "line 3", "a\n/b\n:\n": "line 1", "/a\n/b\n\n": "line 1", "/\n/b\n:\n": "line 1", "\n": "line 1",
	} {
		if _, err := parseDiversions([]byte(text)); err == nil || !strings.Contains(err.Error(), line) {
			t.Errorf("%q: error %v, want one in %s", text, err, line)
		}
	}
	if list, err := parseDiversions(nil); list != nil || err != nil {
		t.Errorf("nothing: %+v, error %v", list, err)
	}
}

func FuzzDiversions(f *testing.F) {
	for _, seed := range []string{"/a\n/b\n:\n", "/bin/sh\n/bin/sh.distrib\ndash\n/x\n", "", "\n\n\n", "/a\n/b\n"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		list, err := parseDiversions(data)
		var again []byte
		for i, d := range list {
			if d.line != 3*i+1 || d.from[0] != '/' || d.to[0] != '/' || d.by == "" {
				t.Fatalf("diversion %+v", d)
			}
			again = append(again, d.from+"\n"+d.to+"\n"+d.by+"\n"...)
		}
		if !bytes.HasPrefix(data, again) || err == nil && len(again) != len(data) {
			t.Fatalf("%q became %q, error %v", data, again, err)
		}
	})
}

// FuzzLines: a path is found in a list exactly when one of its lines is the path.
func FuzzLines(f *testing.F) {
	f.Add([]byte("/.\n/usr/sbin/sshd\n"), "/usr/sbin/sshd")
	f.Add([]byte("/usr/sbin/sshd"), "/usr/sbin/sshd")
	f.Add([]byte("/usr/sbin/sshd2\nx/usr/sbin/sshd\n"), "/usr/sbin/sshd")
	f.Fuzz(func(t *testing.T, data []byte, p string) {
		if !strings.HasPrefix(p, "/") {
			return
		}
		s := newSearch(nil)
		target := s.add(p)
		s.absoluteLines(data, 0, "pkg", "")
		want := target.path != "/" && slices.Contains(strings.Split(string(data), "\n"), target.path)
		if target.found != want || (target.owner.Package == "pkg") != want || s.left != map[bool]int{true: 0, false: 1}[want] {
			t.Fatalf("found %v, want %v: %+v", target.found, want, target)
		}
	})
}

// FuzzDatabases puts hostile bytes where each manager has its files: asking must
// end, and what is not found in a database that was not understood has an error.
func FuzzDatabases(f *testing.F) {
	f.Add([]byte("Package: a\nStatus: install ok installed\n"), []byte("/.\n/bin/x\n"), []byte("/bin/x\n/bin/y\n:\n"))
	f.Add([]byte("P:a\nF:bin\nR:x\n\n"), []byte("%FILES%\nbin/x\n\n"), []byte("SQLite format 3\x00"))
	f.Add([]byte("Package: a\n"), []byte("0123456789abcdef0123456789abcdef  bin/x\n"), []byte("RpmP"))
	f.Fuzz(func(t *testing.T, a, b, c []byte) {
		for _, files := range []map[string][]byte{
			{"var/lib/dpkg/status": a, "var/lib/dpkg/info/a.list": b, "var/lib/dpkg/diversions": c},
			{"var/lib/dpkg/status.d/a": a, "var/lib/dpkg/status.d/a.md5sums": b},
			{"lib/apk/db/installed": a},
			{"var/lib/pacman/local/a-1-1/files": b},
			{"usr/lib/opkg/status": a, "usr/lib/opkg/info/a.list": b},
			{"var/lib/rpm/rpmdb.sqlite": c},
			{"var/lib/rpm/Packages.db": c},
			{"var/lib/rpm/Packages": c},
		} {
			entries := map[string]tree.Entry{}
			for name, data := range files {
				entries[name] = tree.Entry{Mode: 0o644, Content: data}
			}
			src, err := tree.NewMapSource(entries)
			if err != nil {
				t.Fatal(err)
			}
			db := Open(tree.New(src, tree.Options{}))
			owners := db.Owners("/bin/x", "/bin/y", "relative")
			if len(owners) != 3 || owners["relative"].Err == nil {
				t.Fatalf("%+v", owners)
			}
			// An owner is named by some of the bytes; a file that is nowhere among them has none.
			for _, p := range []string{"/bin/x", "/bin/y"} {
				o := owners[p]
				somewhere := bytes.Contains(bytes.Join([][]byte{a, b, c}, nil), []byte(p[5:]))
				if o.Package != "" && !somewhere {
					t.Fatalf("%s: %+v", p, o)
				}
			}
			if db.Manager() == RPM && owners["/bin/x"].Err == nil && len(c) < 100 {
				t.Fatalf("an rpm database of %d bytes was taken for whole", len(c))
			}
			if again := db.Owners("/bin/x"); again["/bin/x"] != owners["/bin/x"] {
				t.Fatalf("%+v, then %+v", owners, again)
			}
		}
	})
}
