package units

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"syscall"

	"hostaudit/checks/host/tree"
)

// ErrRefused says that a program refuses its configuration, or a part of it, so
// that what it starts is not known from the file.
var ErrRefused = errors.New("not understood by the program that reads it")

// ErrUnsupported says that something starts programs in a way that is not
// evaluated.
var ErrUnsupported = errors.New("not evaluated")

// otherStarters returns everything the host starts by itself without systemd:
// System V scripts, OpenRC, runit, inetd and xinetd, cron, inittab; by kind and
// name. What does not exist is nothing, what can not be read is a Problem.
func otherStarters(s *System) ([]Entry, []Problem) {
	g := &gatherer{s: s, t: s.t, natives: map[string]nativeUnit{}}
	g.initSystem()
	g.sysv()
	g.openRC()
	g.inittab()
	g.runit()
	g.inetds()
	g.cron()
	slices.SortStableFunc(g.entries, func(a, b Entry) int {
		return cmp.Or(
			cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Program, b.Program),
			cmp.Compare(a.Place.File, b.Place.File), cmp.Compare(a.Place.Line, b.Place.Line),
		)
	})
	slices.SortStableFunc(g.problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Err.Error(), b.Err.Error()))
	})
	return g.entries, g.problems
}

// maxGathered bounds the files one evaluation reads, maxGatheredBytes their size,
// maxEntries and maxProblems what is told of them, maxLooks the names looked at: a spool with a table for each of many accounts is no reason to use the
// host's memory up.
const (
	maxGathered      = 20_000
	maxGatheredBytes = 64 << 20
	maxEntries       = 10_000
	maxProblems      = 100
	maxLooks         = 500_000
)

// gatherer collects entries and problems of all starters.
type gatherer struct {
	s        *System
	t        *tree.Tree
	init     string                // base name of what /sbin/init leads to: "systemd", "busybox", "init", …; "" = none or unclear
	natives  map[string]nativeUnit // by the unit's name
	entries  []Entry
	problems []Problem
	files    int
	bytes    int
	looks    int
	full     bool
	reader   Kind // of problems
}

func (g *gatherer) add(e Entry) {
	if len(g.entries) == maxEntries {
		g.tooMuch(e.Place.File)
		return
	}
	g.entries = append(g.entries, e)
}

// problem keeps the first problems; the others say no more than that there are
// some.
func (g *gatherer) problem(file string, line int, err error) {
	if len(g.problems) < maxProblems {
		g.problems = append(g.problems, Problem{Place: Place{file, line}, Err: err, Reader: g.reader})
	}
}

// tooMuch tells once that not everything was looked at.
func (g *gatherer) tooMuch(file string) {
	if !g.full {
		g.full = true
		g.problem(file, 0, fmt.Errorf("%w: too many tables or entries", tree.ErrTooLarge))
	}
}

// spend reports whether n more names may be looked at: tables may name the same
// large directory again and again.
func (g *gatherer) spend(file string, n int) bool {
	if g.looks += n; g.looks > maxLooks {
		g.tooMuch(file)
		return false
	}
	return true
}

// refused is a line that a program does not take.
func (g *gatherer) refused(file string, line int, what string) {
	g.problem(file, line, fmt.Errorf("%w: %s", ErrRefused, what))
}

// read returns a file; ok is false when there is none, or with a problem.
func (g *gatherer) read(file string) (data []byte, ok bool) {
	if g.files++; g.files > maxGathered || g.bytes > maxGatheredBytes {
		g.tooMuch(file)
		return nil, false
	}
	data, err := g.t.ReadFile(file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		g.problem(file, 0, err)
	}
	g.bytes += len(data)
	return data, err == nil
}

// names returns what is in a directory, nothing if there is none.
func (g *gatherer) names(dir string) []string {
	if !g.spend(dir, 1) {
		return nil
	}
	names, err := g.t.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, syscall.ENOTDIR) {
		g.problem(dir, 0, err)
	}
	if !g.spend(dir, len(names)) {
		return nil
	}
	return names
}

// stat describes what a name leads to; ok is false when that is nothing, or with
// a problem.
func (g *gatherer) stat(file string) (info tree.Info, ok bool) {
	info, err := g.t.Stat(file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		g.problem(file, 0, err)
	}
	return info, err == nil
}

// isThere reports whether any of the names exists, links not followed. What can
// not be looked at may be there.
func (g *gatherer) isThere(files ...string) bool {
	return slices.ContainsFunc(files, func(file string) bool {
		_, err := g.t.Lstat(file)
		return !errors.Is(err, fs.ErrNotExist)
	})
}

// runs reports a regular file that somebody may execute.
func (g *gatherer) runs(file string) bool {
	info, ok := g.stat(file)
	return ok && info.Mode.IsRegular() && info.Mode&0o111 != 0
}

// initSystem finds out which init boots the host. Where there is no /sbin/init, as
// in a container's tree, systemd decides by its presence.
func (g *gatherer) initSystem() {
	target, err := g.t.Resolve("/sbin/init")
	switch {
	case err == nil:
		g.init = path.Base(target)
	case !errors.Is(err, fs.ErrNotExist):
		g.problem("/sbin/init", 0, err)
		fallthrough
	default:
		if g.isThere("/usr/lib/systemd/systemd", "/lib/systemd/systemd") {
			g.init = "systemd"
		}
	}
	// Upstart's program is called init, too.
	if g.init == "dinit" || g.init == "upstart" || g.init == "init" && g.isThere("/sbin/initctl") && g.isThere("/etc/init") {
		g.problem("/sbin/init", 0, fmt.Errorf("%w: the jobs of this init", ErrUnsupported))
	}
}

// plainWord returns s if it can not be anything but a program's name, else "":
// what stands where a program is expected may be an argument.
func plainWord(s string) string {
	if s == "" || s[0] == '-' || s[0] == '+' {
		return ""
	}
	for i := range len(s) {
		c := s[i]
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("_./+-", c) >= 0) {
			return ""
		}
	}
	return s
}
