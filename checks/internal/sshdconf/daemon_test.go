package sshdconf

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/pem"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
)

// daemon is a real sshd in a tree, with a directory of its own inside.
type daemon struct {
	root, dir string
	build     Build
	shipped   string
	groups    map[string][]string // of an account
	files     osFiles
}

func newDaemon(t *testing.T, root string) *daemon {
	t.Helper()
	dir, err := os.MkdirTemp(filepath.Join(root, "tmp"), "hostaudit-sshdconf-")
	if err != nil {
		t.Skipf("no scratch directory in the tree: %v", err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	d := &daemon{root: root, dir: "/tmp/" + filepath.Base(dir), build: Build{Vendor: Debian}, files: osFiles{root}}
	_, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(private, "")
	if err != nil {
		t.Fatal(err)
	}
	d.write(t, "key", string(pem.EncodeToMemory(block)))
	// The separation directory is made by the unit; without it sshd ends.
	switch err := os.Mkdir(filepath.Join(root, "run/sshd"), 0o755); {
	case err == nil:
		t.Cleanup(func() { os.Remove(filepath.Join(root, "run/sshd")) })
	case !errors.Is(err, fs.ErrExist):
		t.Fatal(err)
	}
	d.build.Version = versionOf(t, filepath.Join(root, "usr/sbin/sshd"))
	shipped, err := os.ReadFile(filepath.Join(root, "usr/share/openssh/sshd_config"))
	if err != nil {
		t.Fatal(err)
	}
	d.shipped = string(shipped)
	d.groups = groupsOf(t, root)
	d.write(t, "sshd_config", "")
	if truth := d.run(t, conns[0]); truth.refused {
		t.Skipf("sshd of the tree does not accept an empty configuration: %s", truth.message)
	}
	return d
}

// versionOf finds the version in the program.
func versionOf(t *testing.T, program string) Version {
	t.Helper()
	binary, err := os.ReadFile(program)
	if err != nil {
		t.Skipf("no sshd in the tree: %v", err)
	}
	for rest := binary; ; {
		_, after, found := bytes.Cut(rest, []byte("\x00OpenSSH_"))
		if !found {
			t.Fatal("no version in the sshd of the tree")
		}
		if v, ok := ParseVersion(string(after[:min(len(after), 32)])); ok {
			return v
		}
		rest = after
	}
}

// groupsOf reads the names of all groups of every account.
func groupsOf(t *testing.T, root string) map[string][]string {
	t.Helper()
	read := func(name string) (rows [][]string) {
		data, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(data)) {
			rows = append(rows, strings.Split(strings.TrimSpace(line), ":"))
		}
		return rows
	}
	groups := map[string][]string{}
	passwd := read("etc/passwd")
	for _, g := range read("etc/group") {
		for _, user := range passwd {
			if user[3] == g[2] || slices.Contains(strings.Split(g[3], ","), user[0]) {
				groups[user[0]] = append(groups[user[0]], g[0])
			}
		}
	}
	return groups
}

func (d *daemon) write(t *testing.T, name, content string) {
	t.Helper()
	file := filepath.Join(d.root, d.dir, name)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	var err error
	if target, isLink := strings.CutPrefix(content, "-> "); isLink {
		err = os.Symlink(target, file)
	} else {
		err = os.WriteFile(file, []byte(strings.ReplaceAll(content, here, d.dir)), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// put writes the files.
func (d *daemon) put(t *testing.T, files fileSet) {
	t.Helper()
	if err := os.RemoveAll(filepath.Join(d.root, d.dir, "conf.d")); err != nil {
		t.Fatal(err)
	}
	for name, content := range files {
		d.write(t, name, content)
	}
}

// load reads the files as this package does.
func (d *daemon) load() *Config {
	return Load(Source{Files: d.files, Service: d.files.service, Home: d.files.home}, d.dir+"/sshd_config", CommandLine{}, d.build)
}

// answer is what sshd -T prints, or that it refuses.
type answer struct {
	refused bool
	crashed bool // ended by a signal: no answer
	message string
	values  map[string][]string
	only    map[string]bool // of a fixture: the keywords it tells of
}

func (d *daemon) run(t *testing.T, conn Conn) answer {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "/usr/sbin/sshd", "-T", "-f", d.dir+"/sshd_config", "-h", d.dir+"/key", "-C", connSpec(conn))
	cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: d.root}
	cmd.Dir, cmd.Env = "/", []string{"PATH=/usr/sbin:/usr/bin"}
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit) && exit.ExitCode() > 0:
		return answer{refused: true, message: strings.TrimSpace(errs.String())}
	case errors.As(err, &exit):
		return answer{crashed: true} // 10.0 does, for some configurations
	case err != nil:
		t.Fatalf("running sshd: %v\n%s", err, errs.String())
	}
	a := answer{values: map[string][]string{}}
	for line := range strings.Lines(out.String()) {
		word, value, _ := strings.Cut(strings.TrimRight(line, "\n"), " ")
		word = lower(word)
		a.values[word] = append(a.values[word], value)
	}
	return a
}

// osFiles is a Files over a directory that stands for the root.
type osFiles struct{ root string }

func (o osFiles) ReadFile(name string) ([]byte, error) {
	return os.ReadFile(filepath.Join(o.root, name))
}

func (o osFiles) IsDir(name string) (bool, error) {
	info, err := os.Stat(filepath.Join(o.root, name))
	return err == nil && info.IsDir(), err
}

// Glob is glob(3) for what the generator draws.
func (o osFiles) Glob(pattern string) ([]string, error) {
	matches, err := filepath.Glob(o.root + strings.ReplaceAll(pattern, "[!", "[^"))
	if err != nil {
		return nil, err
	}
	var names []string
	for _, m := range matches {
		if m = strings.TrimPrefix(m, o.root); path.Base(m)[0] != '.' || path.Base(pattern)[0] == '.' {
			names = append(names, m)
		}
	}
	return names, nil
}

func (o osFiles) service(name string) (uint16, bool, error) {
	data, err := o.ReadFile("/etc/services")
	for line := range strings.Lines(string(data)) {
		line, _, _ = strings.Cut(line, "#")
		f := strings.Fields(line)
		if len(f) > 1 && (f[0] == name || slices.Contains(f[2:], name)) && strings.HasSuffix(f[1], "/tcp") {
			n, err := strconv.ParseUint(strings.TrimSuffix(f[1], "/tcp"), 10, 16)
			return uint16(n), err == nil, err
		}
	}
	return 0, false, err
}

func (o osFiles) home(account string) (string, bool, error) {
	data, err := o.ReadFile("/etc/passwd")
	for line := range strings.Lines(string(data)) {
		if f := strings.Split(strings.TrimSpace(line), ":"); len(f) > 5 && f[0] == account {
			return f[5], true, nil
		}
	}
	return "", false, err
}
