package units

import (
	"errors"
	"io/fs"
	"path"
	"strings"

	"hostaudit/checks/internal/unitfile"
)

// programPath is where systemd looks for programs named without a slash.
var programPath = []string{"/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"}

// statWork is what looking at one file is charged.
const statWork = 1 << 10

// maxCommands bounds the command lines of one unit.
const maxCommands = 1000

// commands evaluates one ExecStart= line (systemd.service(5), "Command lines"):
// one command, or several apart by a lone semicolon.
func (e *evaluator) commands(a setting, env *environment) (list []Command) {
	rest := a.value
	for rest != "" && len(e.u.Exec)+len(list) < maxCommands {
		word, r, found, err := unitfile.FirstWord(rest)
		rest = r
		switch {
		case err != nil:
			e.ignored(a.Place, "%w", err)
			return list
		case !found:
			return list
		case word == ";":
			continue
		}
		c := Command{Place: a.Place}
		prefixes, name := cutPrefixes(word)
		name, complete := e.expand(name)
		c.Incomplete = !complete || strings.Contains(prefixes, "|")
		c.Path = e.program(name, &c)
		optional := strings.Contains(prefixes, "-")
		if name == "" || complete && strings.Contains(name, "/") && name[0] != '/' {
			e.noCommand(a.Place, optional)
			return list
		}
		first := strings.Contains(prefixes, "@")
		for rest != "" {
			if r, ok := cutSemicolon(rest); ok {
				rest = r
				break
			}
			var arg string
			quotedSemicolon := false
			if strings.HasPrefix(rest, `\;`) && (len(rest) == 2 || strings.IndexByte(" \t\n\r", rest[2]) >= 0) {
				arg, rest, quotedSemicolon = ";", strings.TrimLeft(rest[2:], " \t\n\r"), true
			} else if arg, rest, _, err = unitfile.FirstWord(rest); err != nil {
				e.noCommand(a.Place, optional)
				return list
			}
			if first {
				first = false // the name the program is told, no argument
				continue
			}
			if quotedSemicolon {
				c.Args = append(c.Args, arg)
				continue
			}
			arg, complete = e.expand(arg)
			c.Incomplete = c.Incomplete || !complete
			if strings.Contains(prefixes, ":") {
				c.Args = append(c.Args, arg)
				continue
			}
			words, complete := env.substitute(arg)
			if !e.s.charge(size(words)) {
				words, complete = nil, false
			}
			c.Incomplete = c.Incomplete || !complete
			c.Args = append(c.Args, words...)
		}
		list = append(list, c)
	}
	return list
}

// noCommand is a command line that is none: systemd refuses the unit, unless the
// command may fail.
func (e *evaluator) noCommand(at Place, optional bool) {
	if optional {
		e.ignored(at, "no command line")
		return
	}
	e.refuse(at)
}

// cutPrefixes takes the special characters before a program off; "|" is known
// since version 256.
func cutPrefixes(word string) (prefixes, name string) {
	i := 0
	for i < len(word) && strings.IndexByte("-@:+!|", word[i]) >= 0 {
		i++
	}
	return word[:i], word[i:]
}

// cutSemicolon takes a lone semicolon off.
func cutSemicolon(s string) (rest string, ok bool) {
	if s[0] != ';' || len(s) > 1 && strings.IndexByte(" \t\n\r", s[1]) < 0 {
		return "", false
	}
	return strings.TrimLeft(s[1:], " \t\n\r"), true
}

// program returns the file of a program: one named without a slash is looked for
// in ExecSearchPath=, else in systemd's own path.
func (e *evaluator) program(name string, c *Command) string {
	if strings.HasPrefix(name, "/") {
		return path.Clean(name)
	}
	dirs := programPath
	var own []string
	for _, a := range reset(e.l.settings("Service", "ExecSearchPath")) {
		if !e.s.charge(len(a.value)) {
			break
		}
		own = append(own, strings.Split(a.value, ":")...)
	}
	if len(own) > 0 && e.s.since(250) {
		dirs = own
	}
	for _, dir := range dirs {
		if name == "" || strings.Contains(name, "/") || !e.s.charge(statWork) {
			break
		}
		info, err := e.s.t.Stat(dir + "/" + name)
		if err == nil && info.Mode.IsRegular() && info.Mode&0o111 != 0 {
			return dir + "/" + name
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	c.Incomplete = true
	return name
}

// size is the memory of words.
func size(words []string) (n int) {
	for _, w := range words {
		n += len(w) + 16
	}
	return n
}
