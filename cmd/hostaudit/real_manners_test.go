package main_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// A manners is this machine under the agent, with accounts of a test's own.
type manners struct {
	t       *testing.T
	dir     string // passwd, shadow, machine-id, audit.toml; state is mounted on
	program string
}

// fewAccounts have cheap hashes: what they need is light work. One password is "letmein".
func fewAccounts() (passwd, shadow string) {
	passwd, shadow = "root:x:0:0:root:/root:/bin/sh\n", "root:*:20000:0:99999:7:::\n"
	for i, hash := range []string{"$1$salt0001$Xx2fxxKcnjWBOwIpdX6GE0", "$1$saltsalt$w/Ivy2gobQNOjDXinAHvO.", "$1$salt0002$Xx2fxxKcnjWBOwIpdX6GE0"} {
		passwd += fmt.Sprintf("few%d:x:%d:100::/home/a:/bin/sh\n", i, 1000+i)
		shadow += fmt.Sprintf("few%d:%s:20000:0:99999:7:::\n", i, hash)
	}
	return passwd, shadow
}

func newManners(t *testing.T, program, passwd, shadow string) *manners {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("not root: no mount namespace")
	}
	m := &manners{t: t, dir: t.TempDir(), program: program}
	for name, text := range map[string]string{
		"passwd": passwd, "shadow": shadow, "machine-id": "0123456789abcdef0123456789abcdef\n",
		"audit.toml": "only = [\"password\"]\n",
	} {
		m.write(name, text)
	}
	if err := os.Mkdir(m.dir+"/state", 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat("/etc/machine-id"); err != nil {
		t.Skipf("nothing to mount a machine-id on: %v", err)
	}
	if out, err := exec.Command("unshare", "--mount", "true").CombinedOutput(); err != nil {
		t.Skipf("no mount namespace can be made: %v: %s", err, out)
	}
	return m
}

func (m *manners) write(name, text string) {
	m.t.Helper()
	if err := os.WriteFile(filepath.Join(m.dir, name), []byte(text), 0o600); err != nil {
		m.t.Fatal(err)
	}
}

// command is a shell script among mounts of its own; $A is the audit's command line.
func (m *manners) command(script string, flags ...string) *exec.Cmd {
	c := exec.Command("unshare", "--mount", "--propagation", "private", "sh", "-ec", `cd "$D"
for f in passwd shadow machine-id; do mount --bind $f /etc/$f; done
mount -t tmpfs -o size=256k,mode=700 state state
`+script)
	audit := append([]string{m.program, "--config", m.dir + "/audit.toml", "--state-dir", m.dir + "/state"}, flags...)
	c.Env = append(os.Environ(), "PANDORA_AGENT=host1", "PANDORA_HOME=/nonexistent", "D="+m.dir, "A="+strings.Join(audit, " "))
	return c
}

// run returns the standard output of a script that must succeed and tell nothing else.
func (m *manners) run(script string, flags ...string) string {
	m.t.Helper()
	c := m.command(script, flags...)
	var stderr bytes.Buffer
	c.Stderr = &stderr
	out, err := c.Output()
	if err != nil || stderr.Len() > 0 {
		m.t.Fatalf("%v: %s\n%s", err, stderr.String(), out)
	}
	return string(out)
}

// documents are the parts of an output that "=" lines separate.
func documents(t *testing.T, out string, n int) []string {
	t.Helper()
	parts := strings.Split(out, "=\n")
	if len(parts) != n {
		t.Fatalf("%d documents, want %d:\n%s", len(parts), n, out)
	}
	return parts
}

var statusModule = regexp.MustCompile(`(?s)^<module>.*?</module>\n`)

// verdicts is a document without its first module, which tells the program's health.
func verdicts(t *testing.T, document string) string {
	t.Helper()
	first := statusModule.FindString(document)
	if !strings.Contains(first, "Host audit status") || !strings.HasSuffix(document, "</module>\n") {
		t.Fatalf("not a whole document:\n%s", document)
	}
	return strings.TrimPrefix(document, first)
}

// weakFew is what every audit of fewAccounts says, whatever becomes of its state.
func weakFew(t *testing.T, document string) {
	t.Helper()
	module := regexp.MustCompile(`(?s)<name>password.dictionary</name>.*?</module>`).FindString(document)
	if !strings.Contains(module, "FAIL: ") || !strings.Contains(module, "<status>CRITICAL</status>") {
		t.Errorf("password.dictionary:\n%s", module)
	}
	if strings.Contains(document, "few1") {
		t.Errorf("the name left the host:\n%s", document)
	}
}

const warning = "<status>WARNING</status>"

// TestStateUnderTheAgent: whatever becomes of the state directory, the audit is
// complete and right, the server hears of the state, and what it held stays whole.
func TestStateUnderTheAgent(t *testing.T) {
	program := builtProgram(t)
	passwd, shadow := fewAccounts()
	for _, c := range []struct{ name, spoil, flags, told string }{
		{"read-only", "mount -o remount,ro state", "", "read-only file system"},
		{"full", "head -c 1M /dev/zero >state/fill 2>/dev/null || true; sed 's/salt0002/salt0003/' shadow >changed; cat changed >shadow", "", "no space left on device"},
		{"not-ours", "chmod 755 state", "", "must belong to uid 0 with mode 0700"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := newManners(t, program, passwd, shadow)
			out := documents(t, m.run(`$A
echo =
cp -a state before
`+c.spoil+`
$A
echo =
for f in before/*; do b=${f#before/}; [ $b = last-audit ] || cmp $f state/$b; done
umount state
$A
`), 3)
			if strings.Contains(statusModule.FindString(out[0]), warning) {
				t.Errorf("a sound state is warned of:\n%s", out[0])
			}
			if first := statusModule.FindString(out[1]); !strings.Contains(first, warning) || !strings.Contains(first, c.told) {
				t.Errorf("want %q told:\n%s", c.told, first)
			}
			weakFew(t, out[1])
			if diff := cmp.Diff(verdicts(t, out[0]), verdicts(t, out[1])); diff != "" {
				t.Errorf("the verdicts differ:\n%s", diff)
			}
		})
	}
	t.Run("missing", func(t *testing.T) {
		m := newManners(t, program, passwd, shadow)
		out := m.run("$A", "--state-dir", m.dir+"/no/such")
		if first := statusModule.FindString(out); !strings.Contains(first, warning) || !strings.Contains(first, "no such file") {
			t.Errorf("not told:\n%s", first)
		}
		weakFew(t, out)
	})
}

// TestAuditsAtTheSameTime: an audit beside another one waits for nothing, says all
// that is remembered and changes nothing of the state.
func TestAuditsAtTheSameTime(t *testing.T) {
	program := builtProgram(t)
	m := newManners(t, program, "", "")
	few, fewShadow := fewAccounts()
	many, manyShadow := twentyYescrypt()
	// The first audit learns of the few; then accounts come that keep it at work.
	m.write("few", few)
	m.write("few.shadow", fewShadow)
	m.write("many", many+strings.TrimPrefix(few, "root:x:0:0:root:/root:/bin/sh\n"))
	m.write("many.shadow", manyShadow+strings.TrimPrefix(fewShadow, "root:*:20000:0:99999:7:::\n"))
	out := documents(t, m.run(`cat few >passwd; cat few.shadow >shadow
$A
echo =
cat many >passwd; cat many.shadow >shadow
$A >first.xml &
first=$!
for i in 1 2 3 4 5 6 7 8 9 10; do
	sleep 0.1; # until it has the lock and hashes
	[ "$(cut -d' ' -f14 /proc/$first/stat)" -gt 30 ] && break
done
cat few >passwd; cat few.shadow >shadow
cp -a state before
start=$(date +%s%N)
$A
echo =
echo $(( ($(date +%s%N) - start) / 1000000 ))
kill -0 $first && echo at-work
wait $first
echo =
cat first.xml
echo =
$A
`), 5)
	if diff := cmp.Diff(out[0], out[1]); diff != "" {
		t.Errorf("beside another audit (-alone +beside):\n%s", diff)
	}
	took, rest, _ := strings.Cut(out[2], "\n")
	if ms, err := strconv.Atoi(took); err != nil || ms > 900 {
		t.Errorf("it took %s ms", took)
	}
	if strings.TrimSpace(rest) != "at-work" {
		t.Errorf("the first audit was over by then: %q", rest)
	}
	weakFew(t, out[3])
	if diff := cmp.Diff(out[0], out[4]); diff != "" {
		t.Errorf("after it (-before +after):\n%s", diff)
	}
}

// TestManyAuditsAtOnce: of audits that begin in the same moment each is complete.
func TestManyAuditsAtOnce(t *testing.T) {
	passwd, shadow := fewAccounts()
	m := newManners(t, builtProgram(t), passwd, shadow)
	out := documents(t, m.run(`for i in 1 2 3 4; do $A >$i.xml & done
wait
for i in 1 2 3 4; do cat $i.xml; echo =; done
$A
`), 5)
	for i, d := range out {
		weakFew(t, d)
		if diff := cmp.Diff(verdicts(t, out[4]), verdicts(t, d)); diff != "" {
			t.Errorf("audit %d (-last +this):\n%s", i, diff)
		}
	}
}

// TestBackground: while it hashes, every thread of an audit under the agent has the
// lowest priority, one of them works at a time, and the memory is the program's own
// beside the regions of two hashes side by side. What hashes cost more than light work waits for the slot.
func TestBackground(t *testing.T) {
	passwd, shadow := twentyYescrypt()
	shadow = regexp.MustCompile(`acc0[37]:`).ReplaceAllString(shadow, "gone:")
	m := newManners(t, builtProgram(t), passwd, shadow)
	m.write("audit.toml", "") // all checks
	c := m.command("exec $A")
	var stdout, stderr bytes.Buffer
	c.Stdout, c.Stderr = &stdout, &stderr
	started := time.Now()
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	memory := watchMemory(c.Process.Pid)
	ended := make(chan error, 1)
	go func() { ended <- c.Wait() }()
	samples := 0
	var err error
	for over := false; !over; {
		select {
		case err = <-ended:
			over = true
		case <-time.After(20 * time.Millisecond):
			if cpu, nices := threads(t, c.Process.Pid); cpu > time.Second/2 { // confined long since
				samples++
				for tid, nice := range nices {
					if nice != 19 {
						t.Errorf("thread %s: nice %d", tid, nice)
					}
				}
			}
		}
	}
	wall := time.Since(started)
	cpu := c.ProcessState.UserTime() + c.ProcessState.SystemTime()
	peak := int64(memory()) << 10
	t.Logf("%s of CPU in %s, at most %d MB, %d samples", cpu, wall, peak/mb, samples)
	if err != nil || stderr.Len() > 0 {
		t.Fatalf("%v: %s", err, stderr.String())
	}
	if samples < 5 {
		t.Errorf("%d samples: there was no work to look at", samples)
	}
	if cpu > wall+wall/5 {
		t.Errorf("%s of CPU in %s: more than one processor", cpu, wall)
	}
	if peak > 32*mb+2*17<<20 {
		t.Errorf("held %d MB", peak/mb)
	}
	module := regexp.MustCompile(`(?s)<name>password.dictionary</name>.*?</module>`).FindString(stdout.String())
	if !strings.Contains(module, "IN PROGRESS: ") || !strings.Contains(module, "<status>NORMAL</status>") {
		t.Errorf("before the slot:\n%s", module)
	}
	if wall > 18*time.Second {
		t.Errorf("took %s: the heavy work did not wait for the slot", wall)
	}
}

// threads returns the processor time of a process and its threads' nice values, proc(5).
func threads(t *testing.T, pid int) (cpu time.Duration, nices map[string]int) {
	t.Helper()
	nices = map[string]int{}
	stats, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", pid))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range stats {
		stat, err := os.ReadFile(name)
		if errors.Is(err, os.ErrNotExist) || len(stat) == 0 {
			continue
		}
		f := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
		if len(f) < 17 || f[0] == "Z" || f[0] == "X" {
			continue
		}
		ticks, _ := strconv.Atoi(f[11])
		nice, _ := strconv.Atoi(f[16])
		cpu += time.Duration(ticks) * (time.Second / 100)
		nices[name] = nice
	}
	return cpu, nices
}
