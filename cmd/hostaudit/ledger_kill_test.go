package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"hostaudit/checks/crack"
	"hostaudit/checks/state"
	"hostaudit/wordlists"
)

// Hashes of listed words and of one derived from the GECOS name, made with openssl.
var weakHashes = map[string]string{
	"letmein": "$1$saltsalt$w/Ivy2gobQNOjDXinAHvO.", "trustno1": "$1$saltsalt$7htCb1k/OLlkigg4dAWfJ.",
	"iloveyou": "$1$saltsalt$x7sy27qbE3nqLg8FGIMiU/", "starwars": "$1$saltsalt$aK1VEBGOyomhLEVsQME580",
	"zaphod123": "$1$saltsalt$1rBMHRFtdAjw8xTK9/Bsu/",
}

// ledgerTree is a tree of n accounts, some of them weak, and their names.
func ledgerTree(t *testing.T, n int) (root string, weak []string) {
	t.Helper()
	var passwd, shadow strings.Builder
	line := func(name, gecos, field string) {
		fmt.Fprintf(&passwd, "%s:x:1000:100:%s:/home/%s:/bin/bash\n", name, gecos, name)
		fmt.Fprintf(&shadow, "%s:%s:20000:0:99999:7:::\n", name, field)
	}
	words := []string{"letmein", "trustno1", "iloveyou", "starwars", "zaphod123"}
	for i := range n {
		name := fmt.Sprint("sound", i)
		if i%(n/len(words)) == 1 && i/(n/len(words)) < len(words) {
			word := words[i/(n/len(words))]
			name = fmt.Sprint("feeble", i)
			gecos := "Somebody"
			if word == "zaphod123" {
				gecos = "Zaphod"
			}
			line(name, gecos, weakHashes[word])
			weak = append(weak, name)
			continue
		}
		line(name, "Somebody", fmt.Sprintf("$2b$04$%04defghijklmnopqrstuuWTSHkTgWdsWag7rtSY2APXG6jxP2cuq", i))
	}
	root = filepath.Join(t.TempDir(), "tree")
	if err := os.MkdirAll(root+"/etc", 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"passwd": passwd.String(), "shadow": shadow.String()} {
		if err := os.WriteFile(filepath.Join(root, "etc", name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	slices.Sort(weak)
	return root, weak
}

func buildProgram(t *testing.T) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "hostaudit")
	build := exec.Command("go", "build", "-o", program, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return program
}

// dictionaryOf returns the accounts found and the facts of a JSON report.
func dictionaryOf(t *testing.T, report []byte) (weak []string, facts map[string]string) {
	t.Helper()
	var r struct {
		Checks []struct {
			ID       string
			Findings []struct{ Subject string }
			Facts    map[string]string
		}
	}
	if err := json.Unmarshal(report, &r); err != nil {
		t.Fatalf("%v: %s", err, report)
	}
	for _, c := range r.Checks {
		if c.ID == "password.dictionary" {
			for _, f := range c.Findings {
				weak = append(weak, f.Subject)
			}
			facts = c.Facts
		}
	}
	slices.Sort(weak)
	return weak, facts
}

// Fifty kills at random moments of real audits: the state always loads, no verdict
// is ever wrong, and the work gets done.
func TestKilledAudits(t *testing.T) {
	if testing.Short() {
		t.Skip("kills the program for half a minute")
	}
	root, want := ledgerTree(t, 200)
	program := buildProgram(t)
	dir := filepath.Join(t.TempDir(), "state")
	args := []string{"--root", root, "--only", "password.dictionary,password.empty", "--state-dir", dir, "--format", "json"}
	machine, _ := os.ReadFile("/etc/machine-id") // none: the empty one, as for the program
	r := rand.New(rand.NewPCG(3, 4))
	known, kills := -1, 0
	for kills < 50 {
		c := exec.Command(program, append(args, "--cpus", "1")...)
		var stderr bytes.Buffer
		c.Stderr = &stderr
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(r.IntN(500)) * time.Millisecond)
		_ = c.Process.Kill() // it may have ended by itself
		if _ = c.Wait(); c.ProcessState.ExitCode() != -1 {
			break // all is done
		}
		kills++
		if stderr.Len() > 0 {
			t.Fatalf("kill %d: %s", kills, stderr.String())
		}
		store, err := state.Open(dir, string(machine))
		if err != nil {
			t.Fatal(err)
		}
		blob, _, err := store.Read("verdicts", 1)
		store.Close()
		if os.IsNotExist(err) {
			continue // before its first checkpoint
		}
		if err != nil {
			t.Fatalf("kill %d: %v", kills, err)
		}
		ledger, err := crack.OpenLedger(blob, time.Now)
		if err != nil {
			t.Fatalf("kill %d: %v", kills, err)
		}
		known = checkLedger(t, root, ledger, known)
	}
	t.Logf("%d kills", kills)
	if known <= 0 {
		t.Error("nothing was remembered by all the audits that were killed")
	}
	out, _ := exec.Command(program, args...).Output()
	weak, facts := dictionaryOf(t, out)
	if !slices.Equal(weak, want) || facts["hashes_tested"] != "200" || facts["candidates_tried_earlier"] == "0" {
		t.Errorf("found %q, want %q; facts %v", weak, want, facts)
	}
	out, _ = exec.Command(program, args...).Output()
	if weak, facts = dictionaryOf(t, out); !slices.Equal(weak, want) || facts["candidates_tried"] != "0" {
		t.Errorf("then found %q, want %q; facts %v", weak, want, facts)
	}
	if names, _ := filepath.Glob(dir + "/*.damaged"); len(names) > 0 {
		t.Errorf("%q were set aside", names)
	}
}

// checkLedger asks a ledger what it knows, without trying anything. What it knew
// of hashes after an earlier kill it must know still.
func checkLedger(t *testing.T, root string, ledger *crack.Ledger, before int) int {
	t.Helper()
	shadow, err := os.ReadFile(root + "/etc/shadow")
	if err != nil {
		t.Fatal(err)
	}
	var jobs []crack.Job
	var names []string
	for line := range strings.Lines(string(shadow)) {
		f := strings.Split(line, ":")
		gecos := "Somebody"
		if f[1] == weakHashes["zaphod123"] {
			gecos = "Zaphod"
		}
		names = append(names, f[0])
		jobs = append(jobs, crack.Job{Form: crack.Identify(f[1]), Names: crack.Names{Login: f[0], GECOS: gecos, Now: time.Now()}})
	}
	over, cancel := withDeadline(t.Context(), time.Nanosecond)
	defer cancel()
	<-over.Done()
	known := 0
	for i, v := range crack.Run(over, jobs, crack.Options{Words: wordlists.Common(), Ledger: ledger}) {
		feeble := strings.HasPrefix(names[i], "feeble")
		if v.State == crack.Weak && !feeble || v.State == crack.Survived && feeble || v.Tried > 0 {
			t.Errorf("%s: %+v", names[i], v)
		}
		if !feeble {
			known += v.Known
		}
	}
	if known < before {
		t.Errorf("%d candidates are known, after %d were", known, before)
	}
	return known
}
