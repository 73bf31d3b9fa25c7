package bench

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"hostaudit/checks/crack"
)

// workerVariable in the environment makes the test binary our side of the comparison.
const workerVariable = "HOSTAUDIT_BENCH_WORKER"

// libraryVariable names another libcrypt.so.1 than the system's.
const libraryVariable = "HOSTAUDIT_BENCH_LIBCRYPT"

func TestMain(m *testing.M) {
	if os.Getenv(workerVariable) != "" {
		if err := serve(os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, "worker:", err)
			os.Exit(2)
		}
		return
	}
	os.Exit(m.Run())
}

// side is a process that is told what to try, and tries it: testdata/crypt3.c, which
// describes the lines it is spoken to with, or this program as a worker.
type side struct {
	in  io.Writer
	out *bufio.Scanner
}

// sample is what one request took.
type sample struct {
	candidates int64
	cpu, wall  time.Duration
}

// crypt3 compiles and starts the side of crypt(3), or skips the test.
func crypt3(tb testing.TB) *side {
	tb.Helper()
	cc, err := exec.LookPath("cc")
	if err != nil {
		tb.Skip("no C compiler (cc): cannot measure crypt(3)")
	}
	program := filepath.Join(tb.TempDir(), "crypt3")
	if out, err := exec.Command(cc, "-O2", "-Wall", "-Werror", "-o", program, "testdata/crypt3.c", "-ldl").CombinedOutput(); err != nil {
		tb.Fatalf("cc: %v\n%s", err, out)
	}
	cmd := exec.Command(program)
	if file := os.Getenv(libraryVariable); file != "" {
		cmd = exec.Command(program, file)
	}
	s := start(tb, cmd)
	if h := s.crypt(tb, "a", "$y$j75$abcd$"); !strings.HasPrefix(h, "$y$") {
		tb.Skip("crypt(3) of this system is not libxcrypt with yescrypt")
	}
	return s
}

// worker starts our side with further variables in its environment. It is a process of
// its own like the other side: all of its CPU time is that of the search, the collector's
// included, and the settings of the engine are read from the environment at its start.
func worker(tb testing.TB, environment ...string) *side {
	tb.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^$")
	cmd.Env = append(append(os.Environ(), workerVariable+"=1"), environment...)
	return start(tb, cmd)
}

func start(tb testing.TB, cmd *exec.Cmd) *side {
	tb.Helper()
	in, err := cmd.StdinPipe()
	if err != nil {
		tb.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		tb.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		_ = in.Close()
		if err := cmd.Wait(); err != nil {
			tb.Errorf("%s: %v", filepath.Base(cmd.Path), err)
		}
	})
	return &side{in, bufio.NewScanner(out)}
}

// ask sends lines and returns the one that answers.
func (s *side) ask(tb testing.TB, lines ...string) string {
	tb.Helper()
	s.tell(tb, lines...)
	if !s.out.Scan() {
		tb.Fatalf("no answer to %q: %v", lines[0], s.out.Err())
	}
	return s.out.Text()
}

func (s *side) tell(tb testing.TB, lines ...string) {
	tb.Helper()
	if _, err := io.WriteString(s.in, strings.Join(lines, "\n")+"\n"); err != nil {
		tb.Fatal(err)
	}
}

// load tells what to try.
func (s *side) load(tb testing.TB, words, hashes []string) {
	tb.Helper()
	s.tell(tb, append([]string{fmt.Sprintf("words %d", len(words))}, words...)...)
	s.tell(tb, append([]string{fmt.Sprintf("hashes %d", len(hashes))}, hashes...)...)
}

// run tries it for the given CPU time at least.
func (s *side) run(tb testing.TB, least time.Duration, cpus int) sample {
	tb.Helper()
	answer := s.ask(tb, fmt.Sprintf("run %d %d", least.Milliseconds(), cpus))
	var out sample
	if _, err := fmt.Sscan(answer, &out.candidates, &out.cpu, &out.wall); err != nil {
		tb.Fatalf("%q: %v", answer, err)
	}
	return out
}

// crypt returns "" where crypt(3) refuses.
func (s *side) crypt(tb testing.TB, word, setting string) string {
	tb.Helper()
	return strings.TrimPrefix(s.ask(tb, "crypt", word, setting), "*")
}

// clock is that of the core in Hz, 0 if it is not known.
func (s *side) clock(tb testing.TB) float64 {
	tb.Helper()
	hz, err := strconv.ParseFloat(s.ask(tb, "clock"), 64)
	if err != nil {
		tb.Fatal(err)
	}
	return hz
}

// serve is our side: the same lines, answered by crack.Run.
func serve(in io.Reader, out io.Writer) error {
	lines := bufio.NewScanner(in)
	var words [][]byte
	var jobs []crack.Job
	list := func(n int, add func(line string)) error {
		for range n {
			if !lines.Scan() {
				return errors.New("the list ends early")
			}
			add(lines.Text())
		}
		return nil
	}
	for lines.Scan() {
		command, rest, _ := strings.Cut(lines.Text(), " ")
		var numbers [2]int
		if n, err := fmt.Sscan(rest, &numbers[0], &numbers[1]); n == 0 {
			return err
		}
		var err error
		switch command {
		case "words":
			words = nil
			err = list(numbers[0], func(line string) { words = append(words, []byte(line)) })
		case "hashes":
			jobs = nil
			err = list(numbers[0], func(line string) { jobs = append(jobs, crack.Job{Form: crack.Identify(line)}) })
		case "run":
			var took sample
			if took, err = try(jobs, words, time.Duration(numbers[0])*time.Millisecond, numbers[1]); err == nil {
				_, err = fmt.Fprintln(out, took.candidates, took.cpu.Nanoseconds(), took.wall.Nanoseconds())
			}
		default:
			err = fmt.Errorf("unknown command %q", command)
		}
		if err != nil {
			return err
		}
	}
	return lines.Err()
}

// try runs the engine over all of it until the CPU time is spent, once at least.
func try(jobs []crack.Job, words [][]byte, least time.Duration, cpus int) (sample, error) {
	var took sample
	wall, start := time.Now(), processTime()
	for took.cpu == 0 || took.cpu < least {
		verdicts := crack.Run(context.Background(), jobs, crack.Options{Words: words, CPUs: cpus, Memory: 512 << 20, MaxTry: time.Hour, Level: os.Getenv("HOSTAUDIT_CPU")})
		for _, v := range verdicts {
			if v.State != crack.Survived {
				return sample{}, fmt.Errorf("a verdict is %q", v.State)
			}
			took.candidates += int64(v.Tried)
		}
		took.cpu = processTime() - start
	}
	took.wall = time.Since(wall)
	return took, nil
}

// processTime is the CPU time of all threads of this process.
func processTime() time.Duration {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_PROCESS_CPUTIME_ID, &t); err != nil {
		panic(err) // not reachable: Linux has had it since 2.6
	}
	return time.Duration(t.Nano())
}
