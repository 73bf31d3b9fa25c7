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
)

// inetdFTP is a line of inetd.conf(5) for the FTP port: the service comes first, perhaps
// after an address.
var inetdFTP = regexp.MustCompile(`^(?:[^\s#:]*:)?(?:ftp|21)[ \t]`)

// maxOff is how many lines of a file that start nothing are looked at.
const maxOff = 100

// offEntries notes the entries for FTP that start nothing. What keeps their files from
// being read is no gap here: of a super-server that is started it is one of
// startProblems.
func (a *audit) offEntries() {
	counts := map[units.Place]bool{} // or is a problem
	for _, e := range a.entries {
		counts[e.Place] = true
	}
	for _, p := range a.problems {
		counts[p.Place] = true
	}
	for _, file := range a.files("/etc/inetd.conf", "/etc/inetd.d/*") {
		found := 0
		for i, line := range a.superText(file).lines {
			if found < maxOff && inetdFTP.MatchString(line) && !counts[units.Place{File: file, Line: i + 1}] {
				found++
				a.noteOnce(file, "inetd has an entry for FTP and is not started at boot")
				for word := range strings.FieldsSeq(line) {
					d, _ := byProgram(path.Base(word))
					a.off(d)
				}
			}
		}
	}
	for _, file := range a.files("/etc/xinetd.conf", "/etc/xinetd.d/*") {
		for _, item := range a.superText(file).items {
			d, known := byProgram(path.Base(first(item, "server")))
			a.off(d)
			off := item.Off() || !counts[units.Place{File: file, Line: item.Line}]
			if off && (item.Name == "ftp" || first(item, "port") == "21" || known) {
				a.noteOnce(file, "xinetd has an entry for FTP that is off, or xinetd is not started at boot")
			}
		}
	}
}

// noteOnce is a note that a file may give cause for many times.
func (a *audit) noteOnce(subject, detail string) {
	if key := "note " + subject + detail; !a.told21[key] {
		a.told21[key] = true
		a.rec.Note(subject, detail)
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
		case p.Reader != "":
			switch {
			case errors.Is(p.Err, units.ErrUnsupported): // of entries that are seen
			case errors.Is(p.Err, units.ErrRefused):
				if a.aboutFTP(p) {
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

// maxLooks is how many entries that are refused are looked at: they may be long.
const maxLooks = 10

// aboutFTP reports that what a super-server does not take may be for FTP: the line of
// inetd, the entry of xinetd around the line. The rest of the file is not touched by it.
func (a *audit) aboutFTP(at units.Problem) bool {
	lines := a.superText(at.File).lines
	if a.looks++; a.looks > maxLooks || at.Line < 1 || at.Line > len(lines) {
		return true
	}
	from, to := at.Line-1, at.Line
	if at.Reader == units.KindXinetd {
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
