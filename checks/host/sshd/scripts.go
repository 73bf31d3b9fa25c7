package sshd

import (
	"bytes"
	"path"
	"slices"
	"strings"

	"hostaudit/checks/host/units"
)

// script adds the server that a script of System V's init, OpenRC or runit starts, or a
// line of inittab or cron.
func (l *looker) script(e units.Entry) {
	kind := programOf(path.Base(e.Program))
	byName := strings.Contains(e.Name, "ssh") || strings.Contains(e.Name, "dropbear")
	isScript := e.Kind == units.KindSysV || e.Kind == units.KindOpenRC || e.Kind == units.KindRunit
	if !isScript && kind == "" || isScript && !byName && e.Name != "rc.local" && e.Name != "boot.local" {
		return
	}
	f := found{Server: Server{Program: kind, Boot: BootYes, Unit: e.Name, AsRoot: true}}
	if !isScript {
		f.exe = e.Program
		f.args = &Problem{Err: ErrUnsupported, Detail: "the options it is started with are not evaluated", File: e.Place.File, Line: e.Place.Line}
		l.start(&f, nil, "", 0)
		l.addStarts(f)
		return
	}
	text, err := l.h.Tree.ReadFile(e.Program)
	if err != nil {
		l.problems = append(l.problems, Problem{Err: err, Subject: e.Name, Detail: "the script that starts it could not be read", File: e.Program})
		return
	}
	f.Program = l.scriptProgram(string(text), e.Name, &f)
	if f.Program == "" {
		return // a key generator, a client's tunnel
	}
	if f.Program == Dropbear {
		l.dropbearScript(e, text, f)
		return
	}
	if bytes.Contains(text, []byte("sshd_not_to_be_run")) {
		if _, err := l.h.Tree.Stat("/etc/ssh/sshd_not_to_be_run"); err == nil {
			l.note(e.Name, "it is enabled, but /etc/ssh/sshd_not_to_be_run keeps it from starting")
			l.offByCondition = true
			return
		}
	}
	var args []string
	file := e.Program
	switch {
	case e.Name == "rc.local", e.Name == "boot.local":
		f.args = &Problem{Err: ErrUnsupported, Detail: "a server that this script starts is not evaluated", File: e.Program}
	case e.Kind == units.KindOpenRC:
		args, file, f.args = l.openRC(e, text, &f)
	case ownOptions(string(text)):
		f.args = &Problem{Err: ErrUnsupported, Detail: "options that the script gives are not evaluated", File: e.Program}
	default:
		args, file, f.args = l.optionFile(e.Program, text)
	}
	l.start(&f, args, file, 0)
	l.addStarts(f)
}

// scriptProgram returns which server a script starts, by the programs it names, and
// sets exe to the first that is there.
func (l *looker) scriptProgram(text, name string, f *found) (kind Program) {
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "#")
		for _, word := range strings.FieldsFunc(line, func(r rune) bool { return strings.ContainsRune(" \t\r\n;&|(){}'\"=:-", r) }) {
			k := programOf(path.Base(word))
			if k == "" || !path.IsAbs(word) && !(word == "dropbear" && strings.Contains(line, "exec")) {
				continue
			}
			if kind == "" {
				kind = k
			}
			if _, err := l.h.Tree.Stat(word); err == nil && k == kind && path.IsAbs(word) {
				f.exe = word
				return kind
			}
		}
	}
	if kind == "" {
		switch name { // it finds its program by other means
		case "ssh", "sshd", "openssh", "openssh-server":
			return OpenSSH
		case "dropbear":
			return Dropbear
		}
	}
	return kind
}

// ownOptions reports a script that gives sshd options of its own that matter (-f, -p, -o).
func ownOptions(text string) bool {
	text = strings.ReplaceAll(text, "\\\n", " ")
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "#")
		words := strings.Fields(line)
		begin := -1
		for i, word := range words {
			word = strings.Trim(word, `"'{}`)
			name := strings.ToLower(strings.TrimLeft(word, "${"))
			if programOf(path.Base(word)) == OpenSSH || word != name && (name == "sshd" || name == "daemon" || name == "sshd_bin" || name == "prog") {
				begin = i + 1
			}
		}
		if begin < 0 || slices.ContainsFunc(words[:begin], func(w string) bool {
			return strings.Contains(w, "status") || strings.Contains(w, "killproc") || strings.Contains(w, "pidof") ||
				strings.Contains(w, "checkproc") || strings.Contains(w, "pidfile")
		}) && !slices.Contains(words[:begin], "--exec") {
			continue
		}
		for i, word := range words[begin:] {
			next := ""
			if begin+i+1 < len(words) {
				next = strings.Trim(words[begin+i+1], `"'`)
			}
			if len(word) > 1 && word[0] == '-' && word[1] != '-' && strings.ContainsAny(word, "fpoC") &&
				!(word == "-o" && strings.HasPrefix(next, "PidFile=")) {
				return true
			}
		}
	}
	return false
}

// openRC evaluates the options of OpenRC's script of Alpine (openssh, sshd.initd) or
// Gentoo (sshd-r1.initd): variables of conf.d, of the part of the name before a dot
// first.
func (l *looker) openRC(e units.Entry, text []byte, f *found) (args []string, file string, problem *Problem) {
	base, _, multiplied := strings.Cut(e.Name, ".")
	files := []string{"/etc/conf.d/" + base}
	if multiplied {
		files = append(files, "/etc/conf.d/"+e.Name)
	}
	file = files[len(files)-1]
	v, problem := l.variables(files...)
	if problem != nil {
		return nil, file, problem
	}
	value := func(name string) string {
		s, p := v.get(name)
		if p != nil && problem == nil {
			problem = p
		}
		return s
	}
	has := func(s string) bool { return bytes.Contains(text, []byte(s)) }
	exe := value("SSHD_BINARY")
	options, conf := "SSHD_OPTS", ""
	dir := value("SSHD_CONFDIR")
	if dir != "" {
		conf = dir + "/sshd_config"
	}
	alpine := has("cfgfile")
	switch {
	case alpine:
		if value("command_args") != "" {
			options = "command_args"
		}
		for _, name := range []string{"SSHD_CONFIG", "cfgfile"} {
			if s := value(name); s != "" {
				conf = s
			}
		}
	case has("-f ${SSHD_CONFIG}"), has(`-f "${SSHD_CONFIG}"`), has("-f $SSHD_CONFIG"):
		if s := value("SSHD_CONFIG"); s != "" {
			conf = s
		}
	case has("-f ${SSHD_CONFDIR}/sshd_config"):
	case has("SSHD_CONF"):
		problem = &Problem{Err: ErrUnsupported, Detail: "how the script finds its configuration is not evaluated", File: e.Program}
	case ownOptions(string(text)):
		problem = &Problem{Err: ErrUnsupported, Detail: "options that the script gives are not evaluated", File: e.Program}
	}
	if problem != nil {
		return nil, file, problem
	}
	if exe != "" {
		f.exe = exe
	} else if f.exe == "" {
		f.exe = defaultExe
	}
	if args, problem = v.words(options); problem != nil {
		return nil, file, problem
	}
	if conf != "" && conf != defaultConfig {
		args = append(args, "-f", conf)
	}
	return args, file, nil
}
