package ftp

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"hostaudit/checks"
	"hostaudit/checks/host/units"
	"hostaudit/checks/internal/xinetdconf"
)

// inetdFTP is a line of inetd.conf(5) for the FTP port: the service comes first, perhaps
// after an address.
var inetdFTP = regexp.MustCompile(`^(?:[^\s#:]*:)?(?:ftp|21)[ \t]`)

// offEntries notes the entries for FTP that start nothing. What keeps their files from
// being read is no gap here: of a super-server that is started it is one of
// startProblems.
func (a *audit) offEntries() {
	counts := func(file string, line int) bool {
		return slices.ContainsFunc(a.entries, func(e units.Entry) bool { return e.Place == units.Place{File: file, Line: line} })
	}
	for _, file := range a.files("/etc/inetd.conf", "/etc/inetd.d/*") {
		data, err := a.host.Tree.ReadFile(file)
		if err != nil {
			continue
		}
		for i, line := range strings.Split(string(data), "\n") {
			told := slices.ContainsFunc(a.problems, func(p units.Problem) bool { return p.Place == units.Place{File: file, Line: i + 1} })
			if !inetdFTP.MatchString(line) || told || counts(file, i+1) {
				continue
			}
			a.rec.Note(file, "inetd has an entry for FTP and is not started at boot")
			for word := range strings.FieldsSeq(line) {
				d, _ := byProgram(path.Base(word))
				a.off(d)
			}
		}
	}
	for _, file := range a.files("/etc/xinetd.conf", "/etc/xinetd.d/*") {
		data, err := a.host.Tree.ReadFile(file)
		if err != nil {
			continue
		}
		items, _ := xinetdconf.Parse(data)
		for _, item := range items {
			value := func(name string) string {
				if v, _ := item.Get(name); len(v.Values) > 0 {
					return v.Values[0]
				}
				return ""
			}
			d, known := byProgram(path.Base(value("server")))
			a.off(d)
			if item.Kind == xinetdconf.Service && (item.Name == "ftp" || value("port") == "21" || known) && (value("disable") == "yes" || !counts(file, item.Line)) {
				a.rec.Note(file, "xinetd has an entry for FTP that is off, or xinetd is not started at boot")
			}
		}
	}
}

// off keeps that there is an entry for a server.
func (a *audit) off(d daemon) {
	if _, told := a.entered[d.name]; !told {
		a.entered[d.name] = false
	}
}

// files lists what patterns match, copies of editors left out.
func (a *audit) files(patterns ...string) (list []string) {
	for _, pattern := range patterns {
		found, _ := a.host.Tree.Glob(pattern)
		for _, file := range found {
			if !strings.HasSuffix(file, "~") {
				list = append(list, file)
			}
		}
	}
	return list
}

// startProblems records what kept entries for FTP from being seen: what the
// super-servers and systemd could not be told to start.
func (a *audit) startProblems() {
	done := map[string]bool{}
	for _, p := range a.problems {
		key := fmt.Sprint(p.Place, p.Unit, p.Err)
		if done[key] {
			continue
		}
		done[key] = true
		switch {
		case p.Ignored, errors.Is(p.Err, units.ErrGenerator):
		case superFile(p.File) != "" || path.Base(p.File) == "services":
			switch {
			case errors.Is(p.Err, units.ErrUnsupported): // of entries that are seen
			case errors.Is(p.Err, units.ErrRefused):
				if a.aboutFTP(p.Place) {
					a.problem(p, "the super-server does not take what may be an entry for FTP")
				}
			default:
				a.problem(p, "entries for FTP could not be looked for")
			}
		case p.Unit == "" && (p.File == "" || strings.Contains(p.File, "/systemd/")):
			a.problem(p, "socket units could not be looked for")
		case path.Ext(p.Unit) == ".socket" && (p.File == "" || !problemKnown(p.Err)) && !a.loaded(p.Unit):
			a.problem(p, "the socket unit could not be read")
		}
	}
}

// problemKnown reports a problem of what was read: systemd refuses such a unit.
func problemKnown(err error) bool {
	reason := problemReason(err)
	return reason == checks.ReasonRefused || reason == checks.ReasonUnsupported
}

// loaded reports a socket unit that was looked at.
func (a *audit) loaded(unit string) bool {
	list, _ := a.host.Units().Sockets()
	return slices.ContainsFunc(list, func(u *units.Unit) bool { return u.Name == unit || slices.Contains(u.Aliases, unit) })
}

func (a *audit) problem(p units.Problem, detail string) {
	subject := p.Unit
	if subject == "" {
		subject = p.File
	}
	a.rec.Gap(checks.Gap{Reason: problemReason(p.Err), Subject: checks.Text(subject), Location: checks.At(p.File, p.Line), Detail: checks.Text(detail)})
}

// problemReason tells what cannot be read from what is not evaluated.
func problemReason(err error) checks.Reason {
	var onFile *fs.PathError
	switch reason := checks.ReasonOf(err); {
	case errors.Is(err, units.ErrRefused):
		return checks.ReasonRefused
	case reason != checks.ReasonUnreadable, errors.As(err, &onFile):
		return reason
	}
	return checks.ReasonUnsupported
}

var ftpEntry = regexp.MustCompile(`(?i)ftp|\b21\b`)

// aboutFTP reports that what a super-server does not take may be for FTP: the line of
// inetd, the entry of xinetd around the line. The rest of the file is not touched by it.
func (a *audit) aboutFTP(at units.Place) bool {
	data, err := a.host.Tree.ReadFile(at.File)
	lines := strings.Split(string(data), "\n")
	if err != nil || at.Line < 1 || at.Line > len(lines) {
		return true
	}
	from, to := at.Line-1, at.Line
	if superFile(at.File) == units.KindXinetd {
		for from > 0 && !strings.HasPrefix(strings.TrimSpace(lines[from]), "service") && strings.TrimSpace(lines[from-1]) != "}" {
			from--
		}
		for to < len(lines) && strings.TrimSpace(lines[to-1]) != "}" {
			to++
		}
	}
	return slices.ContainsFunc(lines[from:to], func(line string) bool {
		line = strings.TrimSpace(line)
		return !strings.HasPrefix(line, "#") && ftpEntry.MatchString(line) && !strings.HasPrefix(line, "tftp")
	})
}
