package main_test

import (
	"path"
	"regexp"
	"strings"
	"testing"

	"hostaudit/checks/host/hosttest"
)

// A systemCall is one line of strace -f -y: name, arguments, result.
type systemCall struct {
	line, name, args, result string
}

var straceLine = regexp.MustCompile(`^(?:\d+ +)?([a-z0-9_]+)\((.*)\) += (.*)$`)

// tracedCalls are the groups that name files, the network or processes, and the calls
// that change a file by its descriptor or touch another process.
const tracedCalls = "%file,%network,%process,kill,ptrace,pidfd_send_signal," +
	"fchmod,fchown,ftruncate,fallocate,fsetxattr,fremovexattr"

// traced runs the program under strace inside the host and returns every system call that
// names a file, the network or another process.
func traced(t *testing.T, h *hosttest.RealHost, flags ...string) []systemCall {
	t.Helper()
	const file = "/srv/trace"
	res := h.Run(append([]string{
		"strace", "-f", "-y", "-s", "4096", "-o", file,
		"-e", "signal=none", "-e", "trace=" + tracedCalls,
		installed,
	}, flags...)...)
	if res.Exit != 0 && res.Exit != 1 && res.Exit != 3 || res.Stdout == "" {
		t.Fatalf("exit status %d under strace\n%s%s", res.Exit, res.Stdout, res.Stderr)
	}
	calls := parseTrace(h.ReadFile(file))
	if len(calls) < 50 {
		t.Fatalf("only %d calls traced", len(calls))
	}
	return calls
}

// parseTrace joins the halves of interrupted lines ("<unfinished ...>", "resumed").
func parseTrace(trace string) []systemCall {
	var calls []systemCall
	open := map[string]string{}
	for line := range strings.Lines(trace) {
		line = strings.TrimSuffix(line, "\n")
		pid, rest, _ := strings.Cut(line, " ")
		rest = strings.TrimLeft(rest, " ")
		if half, ok := strings.CutSuffix(rest, "<unfinished ...>"); ok {
			open[pid] = half
			continue
		}
		if strings.HasPrefix(rest, "<... ") {
			_, tail, _ := strings.Cut(rest, "resumed>")
			rest = open[pid] + tail
			delete(open, pid)
		}
		if m := straceLine.FindStringSubmatch(rest); m != nil {
			calls = append(calls, systemCall{line: rest, name: m[1], args: m[2], result: m[3]})
		}
	}
	// A call that never returned (exit, execve of another thread) was still made.
	for _, half := range open {
		name, args, _ := strings.Cut(half, "(")
		calls = append(calls, systemCall{line: half, name: name, args: args})
	}
	return calls
}

var (
	descriptor = regexp.MustCompile(`^(?:AT_FDCWD|\d+)<((?:[^\\>]|\\.)*)>`)
	quoted     = regexp.MustCompile(`"((?:[^"\\]|\\.)*)"`)
)

// paths returns the absolute paths a call names. A relative one is joined to the
// directory strace shows for the descriptor before it. What a symbolic link holds is
// text that is read or written, not a path that is walked.
func (c systemCall) paths() []string {
	var found []string
	dir := "/"
	for _, arg := range splitArgs(c.args) {
		switch {
		case descriptor.MatchString(arg):
			dir = descriptor.FindStringSubmatch(arg)[1]
		case quoted.MatchString(arg) && strings.HasPrefix(arg, `"`):
			name := quoted.FindStringSubmatch(arg)[1]
			if !path.IsAbs(name) {
				name = path.Join(dir, name)
			}
			found = append(found, name)
		}
	}
	switch {
	case strings.HasPrefix(c.name, "readlink") && len(found) > 1:
		return found[:1]
	case strings.HasPrefix(c.name, "symlink") && len(found) > 1:
		return found[1:]
	}
	return found
}

// opened returns the path strace shows for the descriptor a call returned: what was
// really opened, links and all.
func (c systemCall) opened() []string {
	if m := descriptor.FindStringSubmatch(c.result); m != nil && path.IsAbs(m[1]) {
		return []string{m[1]}
	}
	return nil
}

// splitArgs splits at the commas between arguments, not at those inside quotes,
// brackets or descriptor notes.
func splitArgs(args string) []string {
	var out []string
	depth, start, inQuote := 0, 0, false
	for i := 0; i < len(args); i++ {
		switch c := args[i]; {
		case inQuote && c == '\\':
			i++
		case c == '"':
			inQuote = !inQuote
		case inQuote:
		case strings.IndexByte("([{<", c) >= 0:
			depth++
		case strings.IndexByte(")]}>", c) >= 0:
			depth--
		case c == ',' && depth == 0:
			out = append(out, strings.TrimSpace(args[start:i]))
			start = i + 1
		}
	}
	return append(out, strings.TrimSpace(args[start:]))
}
