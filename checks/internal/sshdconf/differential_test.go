package sshdconf

import (
	"bytes"
	"cmp"
	"crypto/ed25519"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"
)

// TestDifferential asks a real sshd, in a root tree, what generated
// configurations mean. This package may say "unsure" where sshd knows, but never
// anything else than sshd, and "refused" only where sshd refuses.
//
// HOSTAUDIT_TEST_TREE is the tree; HOSTAUDIT_DIFFERENTIAL the number of
// configurations (300 unless set), HOSTAUDIT_DIFFERENTIAL_SEED the first seed.
func TestDifferential(t *testing.T) {
	root := os.Getenv("HOSTAUDIT_TEST_TREE")
	if root == "" {
		t.Skip("HOSTAUDIT_TEST_TREE is not set: no real sshd to compare with")
	}
	if os.Geteuid() != 0 {
		t.Skip("chroot into the tree needs root")
	}
	d := newDaemon(t, root)
	count := envInt(t, "HOSTAUDIT_DIFFERENTIAL", 300)
	first := envInt(t, "HOSTAUDIT_DIFFERENTIAL_SEED", 1)
	var tally struct{ accepts, refuses, refusedSeen, unsureAccepted, unsureRefused, compared, crashed int }
	for seed := first; seed < first+count; seed++ {
		files := generate(uint64(seed), d.shipped, d.build.Version.Before(8, 5))
		truth := d.ask(t, files)
		ours := Load(osFiles{root}, d.path("sshd_config"), CommandLine{}, d.build)
		problems := ours.Problems()
		kind := Accepted
		if len(problems) > 0 {
			kind = problems[0].Kind
		} else if _, o := ours.Listens(); o.Kind == Unsure {
			kind = Unsure // a name that only the resolver knows
		}
		switch {
		case truth.crashed:
			tally.crashed++
			t.Logf("seed %d: sshd crashes:\n%s", seed, files)
			continue
		case truth.refused:
			tally.refuses++
			switch kind {
			case Refused:
				tally.refusedSeen++
			case Unsure:
				tally.unsureRefused++
			case Accepted:
				t.Errorf("seed %d: sshd refuses (%s), we accept:\n%s", seed, truth.message, files)
			}
			continue
		case kind == Refused:
			tally.accepts++
			t.Errorf("seed %d: sshd accepts, we refuse: %+v\n%s", seed, problems[0], files)
			continue
		case kind == Unsure:
			tally.accepts++
			tally.unsureAccepted++
			continue
		}
		tally.accepts++
		tally.compared++
		for _, difference := range compare(ours, truth) {
			t.Errorf("seed %d: %s\n%s", seed, difference, files)
		}
	}
	t.Logf("OpenSSH %s: %d configurations, sshd refuses %d (%d %%): refusal seen %d, unsure %d; sshd accepts %d: values compared %d, unsure %d; sshd crashes %d",
		d.build.Version, count, tally.refuses, 100*tally.refuses/count, tally.refusedSeen, tally.unsureRefused,
		tally.accepts, tally.compared, tally.unsureAccepted, tally.crashed)
	if share := 100 * tally.refuses / count; share < 20 || share > 60 {
		t.Errorf("the share of refused configurations is %d %%, outside 20 to 60: the generator tests one side only", share)
	}
	if tally.compared*2 < tally.accepts {
		t.Errorf("only %d of %d accepted configurations were evaluated", tally.compared, tally.accepts)
	}
}

// daemon is a real sshd in a tree, with a directory of its own inside.
type daemon struct {
	root, dir string
	build     Build
	shipped   string
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
	d := &daemon{root: root, dir: "/tmp/" + filepath.Base(dir), build: Build{Vendor: Debian}}
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
	binary, err := os.ReadFile(filepath.Join(root, "usr/sbin/sshd"))
	if err != nil {
		t.Skipf("no sshd in the tree: %v", err)
	}
	for rest := binary; ; {
		_, after, found := bytes.Cut(rest, []byte("\x00OpenSSH_"))
		if !found {
			t.Fatal("no version in the sshd of the tree")
		}
		if v, ok := ParseVersion(string(after[:min(len(after), 32)])); ok {
			d.build.Version = v
			break
		}
		rest = after
	}
	shipped, err := os.ReadFile(filepath.Join(root, "usr/share/openssh/sshd_config"))
	if err != nil {
		t.Fatal(err)
	}
	d.shipped = string(shipped)
	d.write(t, "sshd_config", "")
	if truth := d.run(t); truth.refused {
		t.Skipf("sshd of the tree does not accept an empty configuration: %s", truth.message)
	}
	return d
}

func (d *daemon) path(name string) string { return d.dir + "/" + name }

func (d *daemon) write(t *testing.T, name, content string) {
	t.Helper()
	file := filepath.Join(d.root, d.path(name))
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if target, isLink := strings.CutPrefix(content, "-> "); isLink {
		if err := os.Symlink(target, file); err != nil {
			t.Fatal(err)
		}
		return
	}
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// ask writes the files, with @ standing for the directory, and runs sshd -T.
func (d *daemon) ask(t *testing.T, files fileSet) answer {
	t.Helper()
	if err := os.RemoveAll(filepath.Join(d.root, d.path("conf.d"))); err != nil {
		t.Fatal(err)
	}
	for name, content := range files {
		d.write(t, name, strings.ReplaceAll(content, "@", d.dir))
	}
	return d.run(t)
}

// answer is what sshd -T prints, or that it refuses.
type answer struct {
	refused bool
	crashed bool // ended by a signal: no answer
	message string
	values  map[string][]string
}

func (d *daemon) run(t *testing.T) answer {
	t.Helper()
	cmd := exec.Command("chroot", d.root, "/usr/sbin/sshd", "-T", "-f", d.path("sshd_config"), "-h", d.path("key"),
		"-C", "user=root,host=x,addr=192.0.2.1,laddr=192.0.2.2,lport=22")
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
		word, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		word = lower(word)
		a.values[word] = append(a.values[word], value)
	}
	return a
}

// compare returns what differs between our reading and sshd's.
func compare(c *Config, truth answer) []string {
	var differences []string
	defaults := map[string]string{
		"permitrootlogin": "prohibit-password", "passwordauthentication": "yes", "usepam": "no",
		"kbdinteractiveauthentication": "yes", "pubkeyauthentication": "yes", "permitemptypasswords": "no",
		"hostbasedauthentication": "no",
	}
	for _, word := range slices.Sorted(func(yield func(string) bool) {
		for word := range defaults {
			if !yield(word) {
				return
			}
		}
	}) {
		var may []string
		for _, v := range c.View("root").Values(word) {
			may = append(may, oneName(v.Word(defaults[word])))
		}
		if word == "kbdinteractiveauthentication" && c.build.Version.Before(8, 7) && len(may) == 1 {
			// Then ChallengeResponseAuthentication is a setting of its own that turns
			// this one on, which is off unless set.
			v := c.View("root").Values(word)[0]
			on := c.Global("challengeresponseauthentication").Word("yes") == "yes" || v.Word("no") == "yes"
			if v.Line == nil || c.Global(word).Line == v.Line {
				may = []string{map[bool]string{true: "yes", false: "no"}[on]}
			}
		}
		if is := oneName(strings.Join(truth.values[word], " ")); !slices.Contains(may, is) {
			differences = append(differences, fmt.Sprintf("%s: sshd says %s, we say one of %v", word, is, may))
		}
	}
	set, outcome := c.Listens()
	if outcome.Kind != Accepted || slices.ContainsFunc(set, func(l Listen) bool { return !l.Addr.IsValid() }) {
		return differences
	}
	var ours, theirs []string
	for _, l := range set {
		ours = append(ours, netip.AddrPortFrom(l.Addr, l.Port).String())
	}
	theirs = append(theirs, truth.values["listenaddress"]...)
	slices.Sort(ours)
	slices.Sort(theirs)
	if theirs = slices.Compact(theirs); !slices.Equal(ours, theirs) {
		differences = append(differences, fmt.Sprintf("listens: sshd says %v, we say %v", theirs, ours))
	}
	return differences
}

func oneName(value string) string {
	if value == "without-password" {
		return "prohibit-password"
	}
	return value
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

func (o osFiles) Glob(pattern string) ([]string, error) {
	dir, base := path.Split(pattern)
	entries, err := os.ReadDir(filepath.Join(o.root, dir))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		if ok, _ := path.Match(base, e.Name()); ok && (e.Name()[0] != '.' || base[0] == '.') {
			names = append(names, dir+e.Name())
		}
	}
	return names, nil
}

func envInt(t *testing.T, name string, fallback int) int {
	t.Helper()
	n, err := strconv.Atoi(cmp.Or(os.Getenv(name), strconv.Itoa(fallback)))
	if err != nil || n < 1 {
		t.Fatalf("%s is no number above 0", name)
	}
	return n
}
