package crack

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hostaudit/checks/state"
	"hostaudit/wordlists"
)

const cryptAlphabet = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// The program on ten thousand accounts that an earlier audit has finished: no
// candidate, 0.2 s of processor time, 64 MB. The earlier audit would take hours,
// so its ledger is made with a matcher that hashes nothing.
func TestTenThousandUnchangedAccounts(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the program")
	}
	const n = 10_000
	r := rand.New(rand.NewPCG(1, 2))
	random := func(n int, last string) string {
		var b strings.Builder
		for range n - 1 {
			b.WriteByte(cryptAlphabet[r.IntN(64)])
		}
		return b.String() + last
	}
	dir := t.TempDir()
	etc := filepath.Join(dir, "tree/etc")
	var passwd, shadow strings.Builder
	jobs := make([]Job, n)
	now := time.Now()
	for i := range jobs {
		name, gecos := fmt.Sprint("user", i), fmt.Sprintf("User Number%d,Room %d", i, i)
		field := "$6$" + random(16, "a") + "$" + random(86, ".")
		if i%2 == 0 {
			field = "$y$j9T$" + random(22, ".") + "$" + random(43, ".")
		}
		fmt.Fprintf(&passwd, "%s:x:%d:100:%s:/home/%s:/bin/bash\n", name, 1000+i, gecos, name)
		fmt.Fprintf(&shadow, "%s:%s:20000:0:99999:7:::\n", name, field)
		jobs[i] = Job{Form: Identify(field), Names: Names{Login: name, GECOS: gecos, Hostname: "tree1", Now: now}}
		jobs[i].Form.Cost.Memory = 0 // no region is filled
	}
	write := func(path, text string) {
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(etc+"/passwd", passwd.String())
	write(etc+"/shadow", shadow.String())
	write(etc+"/hostname", "tree1\n")

	d := newDisk()
	d.now = now
	for _, v := range Run(t.Context(), jobs, Options{
		CPUs: 1, Words: wordlists.Common(), Ledger: d.open(t), newHasher: func(func() bool) hasher { return idler{} },
	}) {
		if v.State != Survived {
			t.Fatalf("%+v", v)
		}
	}
	t.Logf("the ledger has %d KiB", len(d.blob)>>10)
	machine, _ := os.ReadFile("/etc/machine-id") // none: the empty one, as for the program
	stateDir := filepath.Join(dir, "state")
	store, err := state.Open(stateDir, string(machine))
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	if err := store.Write("verdicts", 1, d.blob); err != nil {
		t.Fatal(err)
	}

	program := filepath.Join(dir, "hostaudit")
	build := exec.Command("go", "build", "-o", program, "hostaudit/cmd/hostaudit")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	best, most := time.Hour, 0
	for range 5 { // the machine has other work, which costs this one caches
		c := exec.Command(program, "--root", filepath.Dir(etc), "--state-dir", stateDir, "--format", "json", "--deadline", "60s")
		c.Env = append(os.Environ(), "GOMAXPROCS=1")
		var report bytes.Buffer
		c.Stdout = &report
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- c.Wait() }() // its exit code is the verdict on the rest of the tree
		for running := true; running; {
			select {
			case <-ended:
				running = false
			case <-time.After(time.Millisecond):
				most = max(most, peak(c.Process.Pid))
			}
		}
		out := report.Bytes()
		for _, want := range []string{`"candidates_tried": "0"`, `"candidates_left": "0"`, `"hashes_tested": "10000"`} {
			if !bytes.Contains(out, []byte(want)) {
				t.Fatalf("no %s in %.2000s", want, passwordFacts(out))
			}
		}
		best = min(best, c.ProcessState.UserTime()+c.ProcessState.SystemTime())
	}
	t.Logf("%v of processor time, %d KiB of memory", best, most)
	if best > 200*time.Millisecond {
		t.Errorf("%v of processor time, want 200 ms at most", best)
	}
	if most == 0 || most > 64<<10 {
		t.Errorf("%d KiB of memory, want 64 MiB at most", most)
	}
}

// peak is the most memory in KiB that a running process has had at a time. What
// wait(2) tells counts that of this process before it started the other.
func peak(pid int) (kib int) {
	status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid)) // it may have ended
	if _, rest, ok := strings.Cut(string(status), "VmHWM:"); ok {
		_, _ = fmt.Sscan(rest, &kib)
	}
	return kib
}

// idler finds nothing, fast.
type idler struct{}

func (idler) lanes(*Form) lanes { return lanes{n: 1} }

func (idler) memory([]try) int64 { return 0 }

func (idler) hash([]try) {}

func (idler) release() {}

// passwordFacts are the facts of a report about guessing.
func passwordFacts(report []byte) string {
	var r struct {
		Checks []struct {
			ID    string
			Facts map[string]string
		}
	}
	if err := json.Unmarshal(report, &r); err != nil {
		return err.Error()
	}
	for _, c := range r.Checks {
		if c.ID == "password.dictionary" {
			return fmt.Sprint(c.Facts)
		}
	}
	return "no password.dictionary"
}
