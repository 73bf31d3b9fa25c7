package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"hostaudit/checks"
	"hostaudit/checks/host"
	"hostaudit/checks/password"
	"hostaudit/checks/state"
	"hostaudit/output"
)

var errDead = errors.New("killed")

// faultyFS is a state directory in memory whose process dies at one of its steps.
type faultyFS struct {
	files map[string][]byte
	steps int // until the process dies; negative = never
	how   int // what the last step does: 0 nothing, 1 half of it, 2 all of it
	dead  bool
}

// step reports what the step does: how much of it, and whether the process lives.
func (f *faultyFS) step() (how int, err error) {
	if f.dead {
		return 0, errDead
	}
	if f.steps == 0 {
		f.dead = true
		return f.how, errDead
	}
	f.steps--
	return 2, nil
}

func (f *faultyFS) ReadFile(name string) ([]byte, error) {
	if _, err := f.step(); err != nil {
		return nil, err
	}
	b, found := f.files[name]
	if !found {
		return nil, fs.ErrNotExist
	}
	return bytes.Clone(b), nil
}

func (f *faultyFS) WriteSync(name string, data []byte) error {
	how, err := f.step()
	switch how {
	case 1:
		f.files[name] = bytes.Clone(data[:len(data)/2])
	case 2:
		f.files[name] = bytes.Clone(data)
	}
	return err
}

func (f *faultyFS) Rename(from, to string) error {
	how, err := f.step()
	if how == 2 {
		f.files[to] = f.files[from]
		delete(f.files, from)
	}
	return err
}

func (f *faultyFS) Remove(name string) error {
	how, err := f.step()
	if how == 2 {
		delete(f.files, name)
	}
	return err
}

func (f *faultyFS) SyncDir() error { _, err := f.step(); return err }

// A process that dies at any step of keeping its ledger loses at most its own work:
// the next one reads what was kept before or after, and every verdict is right.
func TestLedgerSurvivesEveryFault(t *testing.T) {
	root, want := ledgerTree(t, 10)
	words := [][]byte{[]byte("letmein"), []byte("trustno1"), []byte("iloveyou"), []byte("starwars")}
	audit := func(files *faultyFS, list [][]byte) (weak []string, facts map[string]checks.Text, m *memory) {
		t.Helper()
		h, err := host.OpenRoot(root, host.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer h.Tree.Close()
		m = &memory{store: state.New(files, "m"), writable: true, unlock: func() {}}
		c := password.Dictionary()
		rec := checks.NewRecorder(c)
		c.Run(context.Background(), &checks.Env{Host: h, Passwords: checks.PasswordSettings{Words: list, CPUs: 1, Kept: m.verdicts(blobVerdicts)}}, rec)
		res := rec.Seal()
		for _, f := range res.Findings {
			weak = append(weak, string(f.Subject))
		}
		slices.Sort(weak)
		return weak, res.Facts, m
	}
	first := &faultyFS{files: map[string][]byte{}, steps: -1}
	_, facts, _ := audit(first, words[:3])
	all := facts["candidates_tried"]
	faults := 0
	for how := range 3 {
		for at := 0; ; at++ {
			files := &faultyFS{files: map[string][]byte{}, steps: at, how: how}
			maps.Copy(files.files, first.files)
			weak, _, m := audit(files, words)
			if !slices.Equal(weak, want) {
				t.Errorf("step %d: the audit that cannot write found %q", at, weak)
			}
			if !files.dead {
				break // there is no such step
			}
			faults++
			if w := m.warned(); len(w) != 1 || !strings.Contains(w[0], "killed") {
				t.Errorf("step %d: warned %q, want once", at, w)
			}
			files.dead, files.steps = false, -1
			weak, facts, m = audit(files, words)
			// Five sound hashes and the one with the new word: nothing else is tried again.
			if !slices.Equal(weak, want) || facts["candidates_tried_earlier"] == "0" ||
				facts["candidates_tried"] != "0" && facts["candidates_tried"] != "5" || len(m.warned()) > 0 {
				t.Errorf("step %d (%d): found %q, facts %v, warned %q; first tried %s", at, how, weak, facts, m.warned(), all)
			}
		}
	}
	if faults < 9 {
		t.Errorf("only %d faults", faults)
	}
}

// Of two runs at a time one keeps the ledger; the other reads it.
func TestSecondRunOnlyReads(t *testing.T) {
	dir := t.TempDir() + "/state"
	p := &program{}
	first := p.openMemory(&flags{stateDir: dir}, "")
	if err := first.verdicts(blobVerdicts).Save([]byte("x")); err != nil {
		t.Fatal(err)
	}
	second := p.openMemory(&flags{stateDir: dir}, "")
	defer second.close()
	kept := second.verdicts(blobVerdicts)
	if blob, err := kept.Load(); kept.Save != nil || string(blob) != "x" || err != nil {
		t.Errorf("the second run can write (%v) and reads %q, %v", kept.Save != nil, blob, err)
	}
	save := first.verdicts(blobVerdicts).Save
	first.close()
	if err := save([]byte("late")); err == nil {
		t.Error("an abandoned check wrote after its run was over")
	}
	if blob, _ := kept.Load(); string(blob) != "x" {
		t.Errorf("the ledger is %q", blob)
	}
	if (&memory{unlock: func() {}}).verdicts(blobVerdicts) != nil {
		t.Error("something is kept without a state directory")
	}
}

// Of an audit that finds weak passwords, neither they nor a hash are anywhere in
// what it prints or keeps, and no name where privacy says so.
func TestNothingLeaks(t *testing.T) {
	root, weak := ledgerTree(t, 10)
	program := buildProgram(t)
	secrets := []string{"Umbrella!Corp7", "umbrella!corp7"}
	for word, hash := range weakHashes {
		secrets = append(secrets, word, hash[strings.LastIndexByte(hash, '$')+1:])
	}
	secrets = append(secrets, "Xx2fxxKcnjWBOwIpdX6GE0", "saltsalt", "salt0003")
	// The administrator's own word is one of the passwords, with one too long for its list.
	list := filepath.Join(t.TempDir(), "list")
	long := filepath.Join(t.TempDir(), "long")
	shadow, err := os.ReadFile(root + "/etc/shadow")
	if err != nil {
		t.Fatal(err)
	}
	shadow = append(shadow, "owned:$1$saltsalt$Xx2fxxKcnjWBOwIpdX6GE0:20000::::::\n"...)
	shadow = append(shadow, "broken:$1$saltsalt$Xx2fxxKcnjWBOwIpdX6GE0$junk:20000::::::\n"...)
	passwd, err := os.ReadFile(root + "/etc/passwd")
	if err != nil {
		t.Fatal(err)
	}
	passwd = append(passwd, "owned:x:1:1:::\nbroken:x:2:2:::\n"...)
	// A group's password and the boot loader's are weak as well.
	const grub = "grub.pbkdf2.sha512.10.0A0B0C0D.423813E9A58D14F45BF42D1D4FFB33AE8DC447967871940D83CE3074ECF7753F7453504361BF019F63CD4AB55038FEFF27B62ECBAA41FA7F6EFEB9E1B25338F5"
	if err := os.MkdirAll(root+"/boot/grub", 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		root + "/etc/shadow": string(shadow), root + "/etc/passwd": string(passwd),
		root + "/etc/group": "clique:x:70:\n", root + "/etc/gshadow": "clique:" + weakHashes["letmein"] + "::\n",
		root + "/boot/grub/grub.cfg": "set superusers=\"starter\"\npassword_pbkdf2 starter " + grub + "\n",
		list:                         "Umbrella!Corp7\n", long: "Umbrella!Corp7" + strings.Repeat("x", 2000) + "\n",
	} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	leaks := func(what string, text []byte, secrets []string) {
		t.Helper()
		for _, s := range secrets {
			if bytes.Contains(text, []byte(s)) {
				t.Errorf("%s tells %q: %.1000s", what, s, text)
			}
		}
	}
	secrets = append(secrets, grub[len(grub)-32:])
	names := append(slices.Clone(weak), "owned", "clique", "starter")
	base := t.TempDir()
	for i, privacy := range []string{"count", "full"} {
		for _, format := range output.Formats() {
			dir := filepath.Join(base, fmt.Sprint("state-", format.Name, i))
			for _, run := range [][]string{
				{"--password-list", list}, {"--password-list", list}, {"--password-list", long}, {"--deadline", "1ms"}, {"--cpus", "3"},
			} {
				args := append([]string{
					"--root", root, "--only", "password.dictionary,password.empty", "--state-dir", dir, "--format", format.Name,
					"--privacy", privacy, "--debug", "--verbose", "--timings",
				}, run...)
				c := exec.Command(program, args...)
				var out bytes.Buffer
				c.Stdout, c.Stderr = &out, &out
				err := c.Run()
				what := fmt.Sprint(format.Name, privacy, run)
				leaks(what, bytes.ReplaceAll(out.Bytes(), []byte(base), nil), secrets)
				if privacy == "count" {
					leaks(what, out.Bytes(), names)
				} else if format.Name == "prometheus" { // never has a name of the host
					leaks(what, bytes.ReplaceAll(out.Bytes(), []byte(base), nil), names)
				} else if run[0] != "--deadline" && run[1] != long && !bytes.Contains(out.Bytes(), []byte(weak[0])) {
					t.Errorf("%s: %v, and the run that may name its findings does not: %s", what, err, out.Bytes())
				}
			}
			files := 0
			err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
				if err != nil || d.IsDir() {
					return err
				}
				text, err := os.ReadFile(name)
				files++
				leaks("the state", text, append(slices.Clone(secrets), names...))
				return err
			})
			if err != nil || files < 2 {
				t.Errorf("%d files of state, %v", files, err)
			}
		}
	}

	// What the program leaves behind when it is killed in the middle of it: the trace of
	// every goroutine.
	for delay := 10 * time.Millisecond; ; delay += 2 * time.Millisecond {
		c := exec.Command(program, "--root", root, "--only", "password", "--state-dir", filepath.Join(base, "killed"))
		c.Env = append(os.Environ(), "GOTRACEBACK=system")
		var out bytes.Buffer
		c.Stdout, c.Stderr = &out, &out
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(delay)
		_ = c.Process.Signal(syscall.SIGQUIT) // it may have ended
		_ = c.Wait()
		leaks("a killed run", out.Bytes(), append(slices.Clone(secrets), names...))
		if bytes.Contains(out.Bytes(), []byte("hostaudit/checks/crack.work(")) {
			break
		}
		if delay > 300*time.Millisecond {
			t.Fatalf("no run was killed at work: %s", out.Bytes())
		}
		if err := os.RemoveAll(filepath.Join(base, "killed")); err != nil {
			t.Fatal(err)
		}
	}
}
