package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"
)

// exitRow is one row of the README's table of exit codes, as this program is run for it.
type exitRow struct {
	what  string     // the row, word by word
	setup [][]string // runs before, whatever they exit with
	edit  [2]string  // a file that then takes the place of another
	runs  [][]string // each must exit as the row says
	env   []string
	live  bool                // audits this machine, as far as its accounts
	want  []string            // in standard output of each, or in standard error of an exit 2
	run   func(*exec.Cmd) int // nil = run it to its end
}

func exitRows() []exitRow {
	audit := func(tree string, args ...string) []string {
		return append([]string{"--root", tree}, args...)
	}
	agent := []string{"PANDORA_AGENT=host1"}
	return []exitRow{
		{
			what: "nothing was found, and nothing that matters is unknown",
			runs: [][]string{audit("clean", "--only", "password,accounts"), audit("clean", "--only", "password,mysql")},
		},
		{
			what: "a finding at or above `--fail-on` (medium unless said)",
			runs: [][]string{
				audit("weak", "--only", "password.scheme"),
				audit("weak", "--only", "password.scheme", "--fail-on", "low"),
				audit("weak", "--only", "password.dictionary", "--fail-on", "critical"),
			},
			want: []string{"alice"},
		},
		{
			what: "findings below `--fail-on` only; with `never`, any",
			runs: [][]string{
				audit("weak", "--only", "password.scheme", "--fail-on", "high"),
				audit("weak", "--only", "password", "--fail-on", "never"),
			},
			want: []string{"alice"},
		},
		{
			what: "a finding under a waiver",
			runs: [][]string{
				audit("weak", "--only", "password.scheme", "--config", "waived.toml"),
				audit("weak", "--only", "password.scheme", "--config", "waived-today.toml"),
			},
			want: []string{"WAIVED", "the old mail server knows nothing newer"},
		},
		{
			what: "a finding that no waiver covers, or whose waiver has expired",
			runs: [][]string{
				audit("weak", "--only", "password.scheme", "--config", "waived-other.toml"),
				audit("weak", "--only", "password.scheme", "--config", "expired.toml"),
				audit("weaker", "--only", "password.scheme", "--config", "waived.toml"),
			},
			want: []string{"FAILED", "alice"},
		},
		{
			what:  "a finding that the report named by `--baseline` has as well",
			setup: [][]string{audit("weak", "--only", "password", "--out", "json=old.json")},
			runs:  [][]string{audit("weak", "--only", "password", "--baseline", "old.json")},
			want:  []string{"known from the earlier report"},
		},
		{
			what: "a finding that it has not, that is worse now, or that was waived then",
			setup: [][]string{
				audit("weak", "--only", "password", "--out", "json=old.json"),
				audit("weak", "--only", "password.scheme", "--config", "waived.toml", "--out", "json=waived.json"),
				audit("weak", "--only", "password", "--out", "json=counted.json", "--privacy", "count"),
			},
			runs: [][]string{
				audit("weaker", "--only", "password", "--baseline", "old.json"),
				audit("weak", "--only", "password.scheme", "--baseline", "waived.json"),
				// A number of accounts tells nothing of which they are.
				audit("weak", "--only", "password.dictionary", "--baseline", "counted.json"),
			},
			want: []string{"FAILED"},
		},
		{
			what: "findings and gaps of checks younger than the `catalogue` that the configuration names",
			runs: [][]string{
				audit("keyed", "--only", "ssh.root-keys,accounts.uid0", "--config", "pinned.toml"),
				audit("refused", "--only", "ssh.root-keys,accounts.uid0", "--config", "pinned.toml"),
			},
			want: []string{"it decides nothing"},
		},
		{
			what: "a check at or above `--fail-on` is unknown, or could not examine everything (a gap)",
			runs: [][]string{
				audit("refused", "--only", "ssh.root-login,accounts.uid0"),
				audit("costly", "--only", "password.empty"),
				audit("costly", "--only", "password.dictionary", "--config", "dictionary.toml"), // its finding is waived
			},
			want: []string{"COULD NOT BE CHECKED"},
		},
		{
			what: "a gap in checks below `--fail-on` only",
			runs: [][]string{
				audit("refused", "--only", "ssh.banner,accounts.uid0"),
				audit("refused", "--only", "ssh.root-login,accounts.uid0", "--fail-on", "critical"),
				audit("refused", "--only", "ssh.root-login,accounts.uid0", "--fail-on", "never"),
			},
			want: []string{"COULD NOT BE CHECKED"},
		},
		{
			what: "a gap under a waiver",
			runs: [][]string{
				audit("refused", "--only", "ssh.root-login,accounts.uid0", "--config", "gap.toml"),
				audit("refused", "--only", "ssh.root-login", "--require", "ssh.root-login", "--config", "gap.toml"),
			},
			want: []string{"WAIVED", "this sshd is started by nobody"},
		},
		{
			what: "a finding that counts, beside a gap",
			runs: [][]string{audit("costly", "--only", "password.dictionary")},
			want: []string{"FAILED", "not examined"},
		},
		{
			what: "a check named by `--require` is unknown or has a gap, whatever its severity",
			runs: [][]string{
				audit("refused", "--only", "ssh.banner,accounts.uid0", "--require", "ssh.banner"),
				audit("refused", "--only", "ssh.banner,accounts.uid0", "--require", "ssh.banner", "--fail-on", "never"),
				audit("refused", "--only", "ssh.root-keys,accounts.uid0", "--require", "ssh.root-keys", "--config", "pinned.toml"),
			},
			want: []string{"COULD NOT BE CHECKED"},
		},
		{
			what: "a check named by `--require` does not apply here",
			runs: [][]string{
				audit("clean", "--only", "mysql.root-password,accounts.uid0", "--require", "mysql.root-password"),
				audit("clean", "--config", "required.toml", "--only", "mysql.root-password,accounts.uid0"),
			},
			want: []string{"NOT APPLICABLE"},
		},
		{
			what: "nothing was applicable",
			runs: [][]string{audit("clean", "--only", "mysql,ftp"), audit("empty"), audit("clean", "--only", "mysql", "--fail-on", "never")},
			want: []string{"Nothing was established"},
		},
		{
			what: "only checks younger than `catalogue` apply: nothing was judged",
			runs: [][]string{audit("keyed", "--only", "ssh.root-keys", "--config", "pinned.toml")},
			want: []string{"it decides nothing"},
		},
		{
			what: "interrupted by SIGINT or SIGTERM: one whole document of what there is",
			runs: [][]string{
				audit("slow", "--only", "password.dictionary,accounts", "--cpus", "1"),
				audit("slow", "--only", "password.dictionary,accounts", "--cpus", "1", "--fail-on", "never"),
				audit("slow", "--only", "password.dictionary,accounts", "--cpus", "1", "--reproducible"),
			},
			run:  interrupted,
			want: []string{"the audit was interrupted", "accounts.uid0", "2 checks: "},
		},
		{
			what: "a mistake on the command line",
			runs: [][]string{
				{"--no-such-flag"},
				{"frobnicate"},
				audit("clean", "--fail-on", "severe"), audit("no-such-tree"),
				audit("clean", "--only", "accounts", "--require", "ssh.port"),
			},
			want: []string{"hostaudit: "},
		},
		{
			what: "a configuration, word list or `--baseline` that cannot be used, one made for a newer version too",
			runs: [][]string{
				audit("clean", "--config", "broken.toml"), audit("clean", "--config", "no-reason.toml"),
				audit("clean", "--config", "no-such.toml"), audit("clean", "--config", "newer.toml"),
				audit("clean", "--config", "newer-catalogue.toml"),
				{"--config", "broken.toml", "--state-dir", "state"},
				audit("clean", "--password-list", "no-such-list"), audit("clean", "--baseline", "no-such.json"),
				audit("clean", "--baseline", "broken.json"), audit("clean", "--baseline", "clean"),
				{"--baseline", "broken.json", "--state-dir", "state"},
				{"config", "check", "--config", "newer.toml"},
			},
			want: []string{"hostaudit: "},
		},
		{
			what: "such a configuration under the agent: the last good one, or every module reads `NOT CHECKED`; the first module says so",
			setup: [][]string{
				{"--config", "accounts.toml", "--state-dir", "state"},
			},
			edit: [2]string{"newer-catalogue.toml", "accounts.toml"},
			runs: [][]string{
				{"--config", "accounts.toml", "--state-dir", "state"},
				{"--config", "broken.toml", "--state-dir", "state"},
				{"--config", "newer.toml", "--state-dir", "state"},
				{"--config", "newer.toml", "--state-dir", "fresh"},
			},
			env: agent, live: true,
			want: []string{
				"<name>Host audit status</name>", "<description>FAIL: the configuration was refused: ", "<name>accounts.uid0</name>",
			},
		},
		{
			what: "a document could not be written",
			runs: [][]string{audit("clean", "--only", "accounts", "--out", "json=no-such-directory/out.json"), audit("clean", "--only", "accounts", "--out", "json=clean")},
			want: []string{"hostaudit: --out"},
		},
		{
			what: "with `--format pandora`, whatever was found: the agent throws away the output of a plugin that exits otherwise",
			runs: [][]string{
				audit("weak", "--only", "password", "--format", "pandora"), audit("empty", "--format", "pandora"),
				audit("refused", "--only", "ssh", "--require", "ssh.port", "--format", "pandora"),
			},
			want: []string{"<name>Host audit status</name>"},
		},
	}
}

// interrupted starts a program, ends it when it is at work and returns its exit code.
func interrupted(cmd *exec.Cmd) int {
	if err := cmd.Start(); err != nil {
		return -1
	}
	// Signals are met before the checks begin, and nothing but guessing takes this much
	// processor time.
	for range 600 {
		time.Sleep(100 * time.Millisecond)
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", cmd.Process.Pid))
		if err != nil {
			break
		}
		_, after, _ := bytes.Cut(stat, []byte(") "))
		fields := strings.Fields(string(after))
		if ticks, err := strconv.Atoi(fields[11]); err != nil || ticks >= 60 || fields[0] == "Z" {
			break
		}
	}
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		return -1
	}
	return exitCodeOf(cmd.Wait())
}

// exitCodeOf is the code a program ended with, -1 if a signal ended it.
func exitCodeOf(err error) int {
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return exit.ExitCode()
	}
	if err != nil {
		return -1
	}
	return 0
}

// readmeExits are the rows of the README's table: what happened, and the exit code.
func readmeExits(t *testing.T) (rows []string, codes map[string]int) {
	t.Helper()
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	const begin, end = "<!-- exit codes: begin (a test runs every row) -->\n", "<!-- exit codes: end -->"
	_, rest, ok := strings.Cut(string(text), begin)
	table, _, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatal("the README has lost the marks around its table of exit codes")
	}
	codes = map[string]int{}
	for line := range strings.Lines(table) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), " | ")
		if len(cells) != 2 {
			t.Fatalf("not a row of two cells: %q", line)
		}
		code, err := strconv.Atoi(strings.TrimSpace(cells[0]))
		if err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		what := strings.TrimSpace(cells[1])
		rows, codes[what] = append(rows, what), code
	}
	return rows, codes
}

// The README's table of exit codes is this test: each row is a run of the whole
// program, and each run exits as its row says.
func TestReadmeExitCodes(t *testing.T) {
	program, err := exec.LookPath("hostaudit") // TestMain's, which is this binary
	if err != nil {
		t.Fatal(err)
	}
	listed, codes := readmeExits(t)
	var known []string
	for _, row := range exitRows() {
		known = append(known, row.what)
		code, ok := codes[row.what]
		if !ok {
			t.Errorf("the README has no row %q", row.what)
			continue
		}
		t.Run(strings.ReplaceAll(row.what, " ", "-"), func(t *testing.T) {
			if row.live && os.Geteuid() != 0 {
				t.Skip("a live run as the agent needs root")
			}
			dir := exitFiles(t)
			start := func(args []string) (*exec.Cmd, *bytes.Buffer, *bytes.Buffer) {
				ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
				t.Cleanup(cancel)
				cmd := exec.CommandContext(ctx, program, args...)
				var out, errs bytes.Buffer
				cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &out, &errs
				cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "GOCOVERDIR=" + t.TempDir()}, row.env...)
				return cmd, &out, &errs
			}
			for _, args := range row.setup {
				cmd, _, errs := start(args)
				if got := exitCodeOf(cmd.Run()); got == exitUsage || got < 0 {
					t.Fatalf("%q exits %d: %s", args, got, errs)
				}
			}
			if row.edit[0] != "" {
				if err := os.Rename(filepath.Join(dir, row.edit[0]), filepath.Join(dir, row.edit[1])); err != nil {
					t.Fatal(err)
				}
			}
			for _, args := range row.runs {
				cmd, out, errs := start(args)
				end := row.run
				if end == nil {
					end = func(cmd *exec.Cmd) int { return exitCodeOf(cmd.Run()) }
				}
				if got := end(cmd); got != code {
					t.Errorf("%q exits %d, want %d\n%s%s", args, got, code, out, errs)
				}
				said := out
				if code == exitUsage {
					if said = errs; out.Len() > 0 {
						t.Errorf("%q prints %q", args, out)
					}
				}
				text := strings.Join(strings.Fields(said.String()), " ")
				for _, want := range row.want {
					if !strings.Contains(text, want) {
						t.Errorf("%q lacks %q:\n%s", args, want, said)
					}
				}
			}
		})
	}
	for _, what := range listed {
		if !slices.Contains(known, what) {
			t.Errorf("no test has the README's row %q", what)
		}
	}
}

// exitFiles lays out the trees and configurations.
func exitFiles(t *testing.T) string {
	t.Helper()
	archive, err := txtar.ParseFile("testdata/exit.txtar")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, f := range archive.Files {
		path := filepath.Join(dir, f.Name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		mode := os.FileMode(0o600)
		if strings.Contains(f.Name, "/sbin/") {
			mode = 0o755
		}
		text := bytes.ReplaceAll(f.Data, []byte("TODAY"), []byte(time.Now().UTC().Format(time.DateOnly)))
		if err := os.WriteFile(path, text, mode); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}
