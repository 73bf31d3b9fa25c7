package mycnf

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// below is an Opener over the directory tree.
type below string

func (b below) ReadFile(name string) ([]byte, fs.FileMode, error) {
	info, err := os.Stat(filepath.Join(string(b), name))
	if err != nil {
		return nil, 0, err
	}
	data, err := os.ReadFile(filepath.Join(string(b), name))
	return data, info.Mode(), err
}

func (b below) ReadDir(name string) ([]string, error) {
	entries, err := os.ReadDir(filepath.Join(string(b), name))
	var names []string
	for i := range entries {
		names = append(names, entries[len(entries)-1-i].Name()) // not the order wanted
	}
	return names, err
}

// TestAgainstMyPrintDefaults compares the options of whole files with what
// MariaDB's own my_print_defaults makes of them.
func TestAgainstMyPrintDefaults(t *testing.T) {
	tree := os.Getenv("HOSTAUDIT_TEST_TREE")
	if tree == "" {
		t.Skip("HOSTAUDIT_TEST_TREE names no root tree with my_print_defaults")
	}
	if os.Geteuid() != 0 {
		t.Skip("chroot needs root")
	}
	if _, err := os.Stat(filepath.Join(tree, "usr/bin/my_print_defaults")); err != nil {
		t.Skipf("the tree has no my_print_defaults: %v", err)
	}
	dir, err := os.MkdirTemp(filepath.Join(tree, "tmp"), "mycnf")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	inside := strings.TrimPrefix(dir, filepath.Clean(tree))

	for i, text := range realFiles() {
		t.Run(fmt.Sprintf("file-%02d", i), func(t *testing.T) {
			sub := filepath.Join(dir, fmt.Sprint(i))
			for name, body := range split(text, filepath.Join(inside, fmt.Sprint(i))) {
				file := filepath.Join(sub, name)
				if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(file, []byte(body), 0o644); err != nil {
					t.Fatal(err)
				}
				if strings.Contains(name, "writable") {
					if err := os.Chmod(file, 0o666); err != nil {
						t.Fatal(err)
					}
				}
			}
			main := filepath.Join(inside, fmt.Sprint(i), "my.cnf")
			cmd := exec.Command("/usr/bin/my_print_defaults", "--defaults-file="+main, "mysqld", "server")
			cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: tree}
			cmd.Dir = "/"
			var stderr bytes.Buffer
			cmd.Stderr = &stderr
			out, err := cmd.Output()

			set := LoadRequired(below(tree), main)
			fatal := false
			for _, p := range set.Problems {
				fatal = fatal || p.Fatal
				if !p.Fatal && !p.Known && !errors.Is(p.Err, ErrRelative) {
					t.Errorf("problem without counterpart: %+v", p)
				}
			}
			if fatal != (err != nil) {
				t.Fatalf("fatal = %v, my_print_defaults: %v\n%s", fatal, err, stderr.Bytes())
			}
			if fatal {
				return
			}
			var ours strings.Builder
			for _, o := range set.In("mysqld", "server") {
				ours.WriteString("--" + o.Name)
				if o.HasValue {
					ours.WriteString("=" + o.Value)
				}
				ours.WriteString("\n")
			}
			if ours.String() != string(out) {
				t.Errorf("ours:\n%.300q\ntheirs:\n%.300q", ours.String(), out)
			}
		})
	}
}

// split cuts a text at lines "== name"; DIR stands for the directory.
func split(text, dir string) map[string]string {
	out := map[string]string{}
	for part := range strings.SplitSeq("== my.cnf\n"+strings.ReplaceAll(text, "DIR", dir), "== ") {
		if name, body, ok := strings.Cut(part, "\n"); ok {
			out[name] = body
		}
	}
	return out
}

func realFiles() []string {
	return []string{
		"", "\n\n", "[mysqld]\n", "[mysqld]", "[mysqld]\nport=1", "port=1\n", "# c\n; c\n[mysqld]\na\n",
		"[mysqld]\na = b c \t\n", "[mysqld]\na=b#c\nd=e # f\n#g\nh=i;j\n", "[mysqld]\na=\"b # c\" # d\ne='f\"#'\n",
		"[mysqld]\na='b\nc=\"\nd=''\ne=\"x' \n", "[mysqld]\na=it's # kept\nb='it\\'s' # gone\n",
		"[mysqld]\na=\\n\\t\\r\\b\\s\\\"\\'\\\\\\x\\\n", "[mysqld]\na=\"x\\\"\nb=\"x\\\\\" # c\n",
		"[mysqld]\na=\nb= \nc=#\nd\n", "[mysqld]\na==b=c\n", "[mysqld]\nskip-networking foo\n",
		"[mysqld]\r\na=b\r\n\r\nc\r\n", "[mysqld]\na=\xa0b\xa0\n\xa0c=d\n", "[mysqld]\na=b\x00c\nd=e\n",
		"[mysqld ]\na=1\n[ mysqld]\nb=2\n[mysqld]c=3\nd=4\n", "[MySQLd]\na=1\n[SERVER]\nb=2\n[server2]\nc=3\n",
		"[mysqld]\na=1\n[mysqld\nb=2\n", "[mysqld]\na=1\n[client]\nb=2\n[server]\nc=3\n[mysqld]\na=4\n",
		"[mysqld]\na=" + strings.Repeat("x", 5000) + "\nb=1\n", "[mysqld]\n" + strings.Repeat("y", 4094) + "\nb=1\n",
		"[mysqld]\n" + strings.Repeat("y", 4095) + "\nb=1\n", "[mysqld]\na=1\n!nothing\n!includes x\n!include\nb=1\n",
		"[mysqld]\n!include DIR/x.cnf\na=1\n== x.cnf\n[mysqld]\nx=1\n", "[client]\n!include DIR/x.cnf\n== x.cnf\n[mysqld]\nx=1\n",
		"[mysqld]\n!include DIR/x.cnf\na=1\n== x.cnf\nx=1\n", "[mysqld]\n!include DIR/x.cnf\na=1\n== x.cnf\n[mysqld]\nx=1\n[y\nz\n",
		"[mysqld]\n!include DIR/none.cnf\na=1\n", "[mysqld]\n!includedir DIR/none\na=1\n", "[mysqld]\n! \tinclude \t DIR/x.cnf \t\na=1\n== x.cnf\n[mysqld]\nx=1\n",
		"[mysqld]\na\n!include DIR/x.cnf", "[mysqld]\na\n!include DIR/x.cnf\n== x.cnf\n[mysqld]\nx=1",
		"[mysqld]\n!includedir DIR/d\na=1\n== d/b.cnf\n[mysqld]\nb\n== d/B.cnf\n[mysqld]\nB\n== d/10.cnf\n[mysqld]\nten\n== d/9.cnf\n[mysqld]\nnine\n== d/a.v1.cnf\n[mysqld]\nv1\n== d/z.cnf.bak\n[mysqld]\nbak\n== d/.h.cnf\n[mysqld]\nh\n== d/.cnf\n[mysqld]\nbare\n== d/u.CNF\n[mysqld]\nupper\n== d/i.ini\n[mysqld]\nini\n",
		"[mysqld]\n!include DIR/writable.cnf\na=1\n== writable.cnf\n[mysqld]\nw=1\n", "!include DIR/x.cnf\na=1\n== x.cnf\n[mysqld]\nx=1\n",
		"[mysqld]\n!include DIR/x.cnf\na=1\n== x.cnf\n[mysqld]\nx=1\n!includedir DIR/none\ny=1\n",
		"[mysqld]\na=1\n!include DIR/my.cnf\nb=1\n", "[mysqld]\na b = c d\n", "[mysqld]\n  # x\n\t;y\n -- = 1\n",
		"[mysqld]\n!include # DIR/x.cnf\n!includedir DIR/d # c\na=1\n== d/x.cnf\n[mysqld]\nx\n", "[]\na=1\n[mysqld]\nb=1\n", "[mysqld]\n!include \na=1\n", "\xef\xbb\xbf[mysqld]\na=1\n",
	}
}
