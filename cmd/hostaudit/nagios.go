package main

import (
	"io"
	"strings"

	"hostaudit/output"
)

// problemExit is the exit code of a run that ends with err before its document is
// printed. Whoever asked for the format nagios is a monitoring server: it reads standard
// output and knows exit codes of its own (2 would be CRITICAL), so it is told UNKNOWN
// there.
func problemExit(args []string, stdout io.Writer, err error) int {
	if askedFormat(args) != "nagios" {
		return exitUsage
	}
	// That standard output is broken is told by the exit code as well as can be.
	code, _ := output.NagiosProblem(stdout, oneLine(err))
	return code
}

// askedFormat is the value of --format on a command line that need not be sound.
func askedFormat(args []string) string {
	format := ""
	for i, arg := range args {
		if arg == "--" {
			break
		}
		name, value, given := strings.Cut(arg, "=")
		if name != "--format" && name != "-format" {
			continue
		}
		if given {
			format = value
		} else if i+1 < len(args) {
			format = args[i+1]
		}
	}
	return format
}
