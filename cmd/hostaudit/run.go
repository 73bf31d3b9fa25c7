package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path"
	"runtime"
	"strings"

	"hostaudit/checks/catalogue"
)

// version is stamped by the Makefile.
var version = "dev"

// program is what a command may touch of the outside.
type program struct {
	env            map[string]string
	stdin          io.Reader
	stdout, stderr io.Writer
}

// run is the whole program: args without the program's name, env as "KEY=value".
// It returns the exit code.
func run(ctx context.Context, args, env []string, stdin io.Reader, stdout, stderr io.Writer) (code int) {
	p := &program{env: environment(env), stdin: stdin, stdout: stdout, stderr: stderr}
	defer func() {
		// A panic's value can hold a secret of the host; its place cannot.
		if recover() != nil {
			place := panicPlace()
			fmt.Fprintf(stderr, "hostaudit: internal error at %s\n", place)
			code = problemExit(args, stdout, errors.New("internal error at "+place))
		}
	}()
	err := p.dispatch(ctx, args, &code)
	switch {
	case err == nil:
	case errors.Is(err, flag.ErrHelp):
		if p.underAgent() { // its standard output is for modules alone
			fmt.Fprint(stderr, usage)
			return exitUsage
		}
		code = exitClean
		if _, err := fmt.Fprint(stdout, usage); err != nil {
			fmt.Fprintf(stderr, "hostaudit: %s\n", oneLine(err))
			code = exitUsage
		}
	default:
		fmt.Fprintf(stderr, "hostaudit: %s\n", oneLine(err))
		if _, ok := errors.AsType[usageError](err); ok {
			fmt.Fprintln(stderr, "hostaudit: see hostaudit --help")
		}
		code = problemExit(args, stdout, err)
	}
	return code
}

func (p *program) dispatch(ctx context.Context, args []string, code *int) error {
	command := "run"
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		command, args = args[0], args[1:]
	}
	switch command {
	case "run":
		c, err := p.audit(ctx, args, catalogue.All())
		*code = c
		return err
	case "list":
		return p.list(args)
	case "explain":
		return p.explain(args)
	case "report":
		c, err := p.report(args)
		*code = c
		return err
	case "diff":
		c, err := p.diff(args)
		*code = c
		return err
	case "baseline":
		c, err := p.baseline(ctx, args, catalogue.All())
		*code = c
		return err
	case "config":
		return p.config(args)
	case "version":
		return p.version(args)
	case "help":
		return flag.ErrHelp
	}
	return usageError{fmt.Sprintf("unknown command %q", command)}
}

// environment keeps the variables the program listens to; there are no others.
func environment(env []string) map[string]string {
	out := map[string]string{}
	for _, kv := range env {
		k, v, _ := strings.Cut(kv, "=")
		switch k {
		case "NO_COLOR", "TERM", "COLUMNS", "SOURCE_DATE_EPOCH", "PANDORA_AGENT", "PANDORA_HOME", "HOSTAUDIT_CPU":
			out[k] = v
		}
	}
	return out
}

// oneLine makes an error fit for a terminal or a log: it can quote a file's content.
func oneLine(err error) string {
	var b bytes.Buffer
	for _, r := range err.Error() {
		if r < 0x20 || r == 0x7f {
			r = ' '
		}
		b.WriteRune(r)
	}
	return b.String()
}

// panicPlace is "dir/file.go:line" of the function that panicked.
func panicPlace() string {
	pcs := make([]uintptr, 64)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(1, pcs)])
	inRuntime := false
	for {
		frame, more := frames.Next()
		if strings.HasPrefix(frame.Function, "runtime.") {
			inRuntime = true
		} else if inRuntime {
			return fmt.Sprintf("%s/%s:%d", path.Base(path.Dir(frame.File)), path.Base(frame.File), frame.Line)
		}
		if !more {
			return "unknown place"
		}
	}
}

// isRoot reports whether the program runs as the superuser.
func isRoot() bool { return os.Geteuid() == 0 }
