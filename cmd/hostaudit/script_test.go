package main

import (
	"context"
	"errors"
	"flag"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"hostaudit/checks"
)

var update = flag.Bool("update", false, "write what the scripts print into their expectations")

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"hostaudit": func() {
			os.Exit(run(context.Background(), os.Args[1:], os.Environ(), os.Stdin, os.Stdout, os.Stderr))
		},
		"hostile":  hostile,
		"drifting": drifting,
	})
}

// driftOf is a check that compares the lines of a file with its baseline; without
// the file it cannot see everything. More lines than three it counts.
func driftOf(id, file string) checks.Check {
	return checks.Check{
		ID: id, Title: "Nothing changed", Severity: checks.SeverityMedium, Needs: checks.Needs{Baseline: true},
		Run: func(_ context.Context, env *checks.Env, rec *checks.Recorder) {
			text, err := os.ReadFile(file)
			base, found, damaged := env.Baselines.Accepted(id)
			switch {
			case env.Baselines == nil:
				rec.NotApplicable(checks.ReasonNotAsked, "no state is kept")
				rec.Note("", "no state is kept")
				return
			case err != nil:
				rec.Gap(checks.Gap{Reason: checks.ReasonNoPermission, Detail: "not everything was seen"})
				return
			case damaged != "":
				rec.Gap(checks.Gap{Reason: checks.ReasonUnreadable, Detail: checks.Text(damaged)})
				return
			case !found:
				rec.NotApplicable(checks.ReasonAbsent, "no baseline yet")
				rec.Note("", "no baseline yet")
			}
			lines := strings.Fields(string(text))
			env.Baselines.Observe(id, lines)
			added := 0
			for _, l := range lines {
				if !found || slices.Contains(base.Entries, l) {
					continue
				}
				if added++; added > 3 {
					rec.Fact("added", added)
				} else {
					rec.Finding(checks.Finding{Kind: "added", Subject: checks.Text(l), Detail: "new", Evidence: checks.Running})
				}
			}
			if found {
				rec.Pass("nothing was added")
			}
		},
	}
}

// drifting is the program with one check that has a baseline, or with two where
// there is a file "other".
func drifting() {
	all := []checks.Check{driftOf("fake.drift", "lines")}
	if _, err := os.Stat("other"); err == nil {
		all = append(all, driftOf("other.drift", "other"))
	}
	p := &program{env: environment(os.Environ()), stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr}
	var code int
	var err error
	if len(os.Args) > 1 && os.Args[1] == "baseline" {
		code, err = p.baseline(context.Background(), os.Args[2:], all)
	} else {
		code, err = p.audit(context.Background(), os.Args[1:], all)
	}
	if err != nil {
		os.Stderr.WriteString(err.Error() + "\n")
	}
	os.Exit(code)
}

// hostile is the program with checks that do what none may do.
func hostile() {
	p := &program{env: environment(os.Environ()), stdout: os.Stdout, stderr: os.Stderr}
	check := func(id string, run func(context.Context, *checks.Env, *checks.Recorder)) checks.Check {
		return checks.Check{ID: id, Title: id, Severity: checks.SeverityHigh, Run: run}
	}
	code, err := p.audit(context.Background(), os.Args[1:], []checks.Check{
		check("a.panics", func(context.Context, *checks.Env, *checks.Recorder) { panic("hunter2") }),
		check("b.hangs", func(context.Context, *checks.Env, *checks.Recorder) { select {} }),
		check("c.silent", func(context.Context, *checks.Env, *checks.Recorder) {}),
		check("d.sound", func(_ context.Context, _ *checks.Env, rec *checks.Recorder) { rec.Pass("sound") }),
	})
	if err != nil {
		os.Stderr.WriteString(err.Error())
	}
	os.Exit(code)
}

// The whole program, as its users call it.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		Condition: func(cond string) (bool, error) {
			return cond == "root" && os.Geteuid() == 0, nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"exits": exits},
		Setup: func(env *testscript.Env) error {
			// Scripts that run live keep their state to themselves.
			env.Setenv("STATE", env.WorkDir+"/state")
			env.Setenv("PANDORA_AGENT", "")
			return nil
		},
	})
}

// exits runs a program and wants one exact exit code: exits CODE PROGRAM ARG...
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE PROGRAM ARG...")
	}
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		exit, ok := errors.AsType[*exec.ExitError](err)
		if !ok {
			ts.Fatalf("%s: %v", args[1], err)
		}
		got = exit.ExitCode()
	}
	if want := args[0]; strconv.Itoa(got) != want {
		ts.Fatalf("exit code %d, want %s", got, want)
	}
}
