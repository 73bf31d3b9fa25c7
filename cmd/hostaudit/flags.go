package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"hostaudit/checks/host"
	"hostaudit/checks/policy"
	"hostaudit/output"
)

// flags are the command line of an audit. What was not said has its zero value.
type flags struct {
	root         string
	proc         string
	format       string
	out          []outFile
	only, skip   []string
	failOn       string
	require      []string
	baseline     string
	config       string
	stateDir     string
	passwordList string
	deadline     time.Duration
	cpus         int
	kind         string
	privacy      string
	color        string
	remote       bool
	reproducible bool
	debug        bool
	timings      bool
	verbose      bool
}

// outFile is one --out FORMAT=PATH.
type outFile struct {
	format output.Format
	path   string
}

// usageError is a mistake on the command line; the message is complete.
type usageError struct{ msg string }

func (e usageError) Error() string { return e.msg }

// parseFlags reads the arguments of an audit; known are the check IDs.
func parseFlags(args, known []string) (*flags, error) {
	var f flags
	fs := newFlagSet("run")
	fs.StringVar(&f.root, "root", "", "")
	fs.StringVar(&f.proc, "proc", "", "")
	fs.StringVar(&f.format, "format", "", "")
	fs.Func("out", "", f.addOut)
	fs.Func("only", "", addNames(&f.only, known, true))
	fs.Func("skip", "", addNames(&f.skip, known, true))
	fs.Func("require", "", addNames(&f.require, known, false))
	fs.Func("fail-on", "", oneOf(&f.failOn, "critical", "high", "medium", "low", "never"))
	fs.StringVar(&f.baseline, "baseline", "", "")
	fs.StringVar(&f.config, "config", "", "")
	fs.StringVar(&f.stateDir, "state-dir", "", "")
	fs.StringVar(&f.passwordList, "password-list", "", "")
	fs.Func("deadline", "", duration(&f.deadline))
	fs.IntVar(&f.cpus, "cpus", 0, "")
	fs.Func("kind", "", oneOf(&f.kind, kinds()...))
	fs.Func("privacy", "", oneOf(&f.privacy, "count", "full"))
	fs.Func("color", "", oneOf(&f.color, "auto", "always", "never"))
	fs.BoolVar(&f.remote, "remote-files", false, "")
	fs.BoolVar(&f.reproducible, "reproducible", false, "")
	fs.BoolVar(&f.debug, "debug", false, "")
	fs.BoolVar(&f.timings, "timings", false, "")
	fs.BoolVar(&f.verbose, "verbose", false, "")
	if err := fs.Parse(args); err != nil {
		return nil, flagError(err)
	}
	if fs.NArg() > 0 {
		return nil, usageError{fmt.Sprintf("unexpected argument %q", fs.Arg(0))}
	}
	if f.proc != "" && f.root == "" {
		return nil, usageError{"--proc goes with --root: the /proc and the files of one host"}
	}
	if f.cpus < 0 || f.cpus > 1024 {
		return nil, usageError{"--cpus must be 1 to 1024"}
	}
	if f.format != "" {
		if _, err := output.Lookup(f.format); err != nil {
			return nil, usageError{"--format: " + err.Error()}
		}
	}
	return &f, nil
}

// newFlagSet returns a set that prints nothing by itself.
func newFlagSet(name string) *flag.FlagSet {
	fs := flag.NewFlagSet(name, flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	return fs
}

// flagError keeps a request for help apart from a mistake, and writes flags the
// way the manual does.
func flagError(err error) error {
	if errors.Is(err, flag.ErrHelp) {
		return flag.ErrHelp
	}
	return usageError{strings.Replace(err.Error(), " -", " --", 1)}
}

func (f *flags) addOut(v string) error {
	name, path, ok := strings.Cut(v, "=")
	if !ok || path == "" {
		return errors.New("must be FORMAT=PATH")
	}
	format, err := output.Lookup(name)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(f.out, func(o outFile) bool { return filepath.Clean(o.path) == filepath.Clean(path) }) {
		return fmt.Errorf("%s is named twice", path)
	}
	f.out = append(f.out, outFile{format, path})
	return nil
}

// addNames appends check IDs (and families, where they are allowed), separated by commas.
func addNames(dst *[]string, known []string, families bool) func(string) error {
	return func(v string) error {
		for name := range strings.SplitSeq(v, ",") {
			if name = strings.TrimSpace(name); name == "" {
				continue
			}
			if !policy.Names(known, name) || !families && !slices.Contains(known, name) {
				return fmt.Errorf("no check is named %q (see hostaudit list)", name)
			}
			*dst = append(*dst, name)
		}
		return nil
	}
}

func duration(dst *time.Duration) func(string) error {
	return func(v string) error {
		d, err := time.ParseDuration(v)
		if err != nil || d <= 0 {
			return errors.New("must be a duration such as 20s or 5m")
		}
		*dst = d
		return nil
	}
}

// kinds are the words of --kind.
func kinds() []string {
	var words []string
	for _, k := range host.Kinds() {
		words = append(words, string(k))
	}
	return words
}

func oneOf(dst *string, words ...string) func(string) error {
	return func(v string) error {
		if !slices.Contains(words, v) {
			return fmt.Errorf("must be one of %s", strings.Join(words, ", "))
		}
		*dst = v
		return nil
	}
}

// usage is the manual on one screen.
const usage = `hostaudit asks a Linux host hardening questions and answers each with
pass, fail, not applicable or unknown, and the evidence.

  hostaudit [run] [flags]      audit this host (as root, to see everything)
  hostaudit --root DIR         audit a tree of files; nothing in it is run or written
  hostaudit --root DIR --proc DIR/proc
                               audit the running host that is mounted at DIR
  hostaudit list               the checks
  hostaudit explain ID         one check: why, what to do, what that may break
  hostaudit report FILE        print a stored JSON report (--format F)
  hostaudit baseline show|accept [--from REPORT]
                               what listens and starts here by right; accept keeps
                               what is there now (with --from: only if that JSON
                               report tells of it)
  hostaudit diff OLD NEW       what changed between two JSON reports (--format text,
                               json or markdown; - is standard input); exit 1 if
                               they differ
  hostaudit config check|show [--effective]|example
  hostaudit config import FILE [--words PATH]
                               the Pandora security plugin's file as one of ours
  hostaudit version

  --format F          text, json, pandora (by itself under the agent), sarif, junit,
                      markdown, html, github, gitlab, nagios, prometheus, csv, ocsf
  --out F=PATH        also write format F to PATH, mode 0600; repeatable
  --only, --skip L    check IDs or families, separated by commas
  --fail-on S         exit 1 from this severity: critical, high, medium (default),
                      low, never
  --require IDS       exit 3 unless these checks have an answer
  --baseline OLD      a JSON report; findings it has are reported, but decide nothing
  --config FILE       instead of /etc/hostaudit/hostaudit.toml and conf.d/*.toml
  --password-list F   your organisation's usual passwords, one a line
  --state-dir DIR     instead of /var/lib/hostaudit
  --deadline D        for the whole audit (60s; 20s under the agent; none for a tree)
  --cpus N            for password guessing (all; 1 under the agent)
  --kind K            host, container, container-image, vm-image or tree
  --privacy P         count: no names of accounts with weak passwords; full
  --remote-files      also open files on network and FUSE file systems
  --reproducible      leave out the time of the run
  --color C           auto, always, never
  --verbose, --timings, --debug

Exit: 0 clean, 1 findings, 2 usage or configuration error, 3 incomplete.
With --format pandora: 0 whenever the document is complete; nagios: its own 0 to 3.
`
