package ssh

import (
	"errors"
	"io/fs"
	"path"
	"strings"

	"hostaudit/checks/host"
)

// sudoRules are the names that sudoers gives everything to, as root on every host. They
// say no more than is certain: what is not understood empties them.
type sudoRules struct {
	names     map[string]bool // users, and groups with % before; true = no password is asked for
	uncertain bool
}

// admits reports whether the account can become root by sudo, and whether it needs its
// password for that. Where several rules are for it, the last one decides; the strictest
// is taken here.
func (r sudoRules) admits(p person) (may, password bool) {
	if r.uncertain {
		return false, false
	}
	take := func(name string) {
		free, named := r.names[name]
		may, password = may || named, password || named && !free
	}
	take(p.Name)
	for _, group := range p.conn.Groups {
		take("%" + group)
	}
	return may, password
}

// maxSudoFiles and maxSudoLine bound the files that rules are read from, and the length
// of a rule that goes on over several lines.
const (
	maxSudoFiles = 200
	maxSudoLine  = 4096
)

// sudoers reads the plain rules of sudoers(5), NAME ALL=(ALL) ALL. Rules with a command
// are passed over; negations and what cannot be read make it uncertain.
func sudoers(h *host.Host) sudoRules {
	r := sudoReader{host: h, rules: sudoRules{names: map[string]bool{}}}
	info, err := h.Tree.Stat("/usr/bin/sudo")
	if err != nil || !info.Mode.IsRegular() || info.UID != 0 || info.Mode&fs.ModeSetuid == 0 {
		return sudoRules{uncertain: true}
	}
	r.file("/etc/sudoers")
	return r.rules
}

type sudoReader struct {
	host  *host.Host
	rules sudoRules
	files int
}

func (r *sudoReader) file(name string) {
	if r.files++; r.files > maxSudoFiles {
		r.rules.uncertain = true
		return
	}
	info, err := r.host.Tree.Stat(name)
	data, failed := r.host.Tree.ReadFile(name)
	// sudo takes no file that others than root can write.
	if err != nil || failed != nil || info.UID != 0 || info.Mode.Perm()&0o022 != 0 {
		r.rules.uncertain = true
		return
	}
	whole := ""
	for line := range strings.Lines(string(data)) {
		if r.rules.uncertain {
			return
		}
		whole += strings.TrimRight(line, "\r\n")
		if part, more := strings.CutSuffix(whole, "\\"); more {
			// A comment does not go on, a rule does.
			r.rules.uncertain = r.rules.uncertain || strings.Contains(whole, "#") || len(whole) > maxSudoLine
			whole = part + " "
			continue
		}
		r.line(strings.TrimSpace(whole))
		whole = ""
	}
	r.line(strings.TrimSpace(whole))
}

func (r *sudoReader) line(line string) {
	word, rest, _ := strings.Cut(strings.ReplaceAll(line, "\t", " "), " ")
	rest = strings.TrimSpace(rest)
	switch {
	case word == "@includedir", word == "#includedir":
		r.dir(rest)
	case word == "@include", word == "#include":
		if !path.IsAbs(rest) || strings.ContainsAny(rest, "%\"\\ ") {
			r.rules.uncertain = true
			return
		}
		r.file(rest)
	case line == "", line[0] == '#':
	case strings.HasPrefix(word, "Defaults"):
		for _, asks := range []string{"targetpw", "rootpw", "runaspw"} { // not for the password of who calls
			r.rules.uncertain = r.rules.uncertain || strings.Contains(rest, asks)
		}
	case strings.Contains(line, "!"), !strings.Contains(line, "="):
		r.rules.uncertain = true
	default:
		r.rule(word, rest)
	}
}

// dir reads the files of an @includedir, but those whose name has a dot or ends with ~.
func (r *sudoReader) dir(name string) {
	if !path.IsAbs(name) || strings.ContainsAny(name, "%\"\\ ") {
		r.rules.uncertain = true
		return
	}
	names, err := r.host.Tree.ReadDir(name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		r.rules.uncertain = true
	}
	for _, base := range names {
		if !strings.Contains(base, ".") && !strings.HasSuffix(base, "~") {
			r.file(path.Join(name, base))
		}
	}
}

// rule takes ALL=(ALL) NOPASSWD: ALL and what means the same.
func (r *sudoReader) rule(name, rest string) {
	if strings.ContainsAny(name, ",\"\\#+:=") {
		return
	}
	rest = strings.ReplaceAll(rest, " ", "")
	rest, ok := strings.CutPrefix(rest, "ALL=")
	if !ok {
		return
	}
	if as, after, found := strings.Cut(rest, ")"); found {
		users, _, _ := strings.Cut(as, ":")
		if users != "(ALL" && users != "(root" {
			return
		}
		rest = after
	}
	free := false
	for _, tag := range []string{"SETENV:", "NOPASSWD:", "PASSWD:", "SETENV:"} {
		after, found := strings.CutPrefix(rest, tag)
		if rest = after; found && strings.HasSuffix(tag, "PASSWD:") {
			free = tag == "NOPASSWD:"
		}
	}
	if rest != "ALL" {
		return
	}
	if old, named := r.rules.names[name]; named {
		free = free && old
	}
	r.rules.names[name] = free
}
