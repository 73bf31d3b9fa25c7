package sshd

import (
	"bytes"
	"errors"
	"io/fs"
	"slices"
	"strings"

	"hostaudit/checks/internal/dropbear"
)

// optionFiles hold options that scripts put on sshd's command line, with the variable
// that does: Debian's, Red Hat's, SUSE's.
var optionFiles = []struct{ file, variable string }{
	{"/etc/default/ssh", "SSHD_OPTS"},
	{"/etc/sysconfig/sshd", "OPTIONS"},
	{"/etc/sysconfig/ssh", "SSHD_OPTS"},
}

// optionFile returns the options of the file that a script sources.
func (l *looker) optionFile(script string, text []byte) (args []string, file string, problem *Problem) {
	for _, o := range optionFiles {
		sourced := bytes.Contains(text, []byte(o.file)) || bytes.Contains(text, []byte("invoke-run")) && o.file == "/etc/default/ssh"
		if !sourced || !bytes.Contains(text, []byte("$"+o.variable)) && !bytes.Contains(text, []byte("${"+o.variable)) {
			continue
		}
		v, problem := l.variables(o.file)
		if problem != nil {
			return nil, o.file, problem
		}
		args, problem := v.words(o.variable)
		return args, o.file, problem
	}
	if bytes.Contains(text, []byte("OPT")) {
		return nil, script, &Problem{Err: ErrUnsupported, Detail: "where the script takes options from is not evaluated", File: script}
	}
	return nil, script, nil
}

// variables are the assignments of files that a script sources.
type variables struct {
	values map[string]dropbear.Assignment
	file   map[string]string
	texts  []string // of files with statements that are none
	files  []string
}

func noVariables() variables {
	return variables{values: map[string]dropbear.Assignment{}, file: map[string]string{}}
}

// variables reads files in their order; one that is not there sets nothing.
func (l *looker) variables(files ...string) (v variables, problem *Problem) {
	v = noVariables()
	for _, file := range files {
		data, err := l.h.Tree.ReadFile(file)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return v, &Problem{Err: err, Detail: "options for it could not be read", File: file}
		}
		v.add(file, data)
	}
	return v, nil
}

func (v *variables) add(file string, data []byte) {
	// OpenRC's own prefix, as Gentoo's file writes it: empty but for installations below
	// another system.
	data = bytes.ReplaceAll(data, []byte("${RC_PREFIX%/}"), nil)
	assignments, others := dropbear.ParseShell(data)
	for _, a := range assignments {
		v.values[a.Name], v.file[a.Name] = a, file
	}
	if len(others) > 0 {
		v.texts, v.files = append(v.texts, string(data)), append(v.files, file)
	}
}

// get returns the value of a variable, "" if it is not set.
func (v variables) get(name string) (value string, problem *Problem) {
	for i, text := range v.texts {
		// What other statements do to it is not known, unless nothing there names it
		// or reads other files.
		for line := range strings.Lines(text) {
			line = strings.TrimSpace(line)
			if strings.HasPrefix(line, "#") {
				continue
			}
			words := strings.Fields(line)
			if strings.Contains(line, name) || len(words) > 0 && slices.Contains([]string{".", "source", "eval"}, words[0]) {
				return "", &Problem{Err: ErrUnsupported, Detail: "a shell statement about its options is not evaluated", File: v.files[i]}
			}
		}
	}
	a, set := v.values[name]
	if set && !a.Plain {
		return "", &Problem{Err: ErrUnsupported, Detail: "a shell expansion in its options is not evaluated", File: v.file[name], Line: a.Line}
	}
	return a.Value, nil
}

// words are the words of a variable that a script expands without quotes.
func (v variables) words(name string) ([]string, *Problem) {
	value, problem := v.get(name)
	if problem != nil {
		return nil, problem
	}
	if strings.ContainsAny(value, "*?[\\'\"`$") {
		return nil, &Problem{Err: ErrUnsupported, Detail: "quotes or patterns in its options are not evaluated", File: v.file[name], Line: v.values[name].Line}
	}
	return strings.Fields(value), nil
}
