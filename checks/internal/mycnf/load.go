package mycnf

import (
	"cmp"
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// Opener gives the loader its files. Names are absolute paths of the target.
type Opener interface {
	// ReadFile returns a file's content and mode. fs.ErrNotExist is no problem:
	// the servers skip what is not there.
	ReadFile(name string) ([]byte, fs.FileMode, error)
	// ReadDir returns the names in a directory in any order.
	ReadDir(name string) ([]string, error)
}

// Bounds of one load. maxDepth is the servers' own; the number of files is ours,
// because directories that include each other double with every level.
const (
	maxDepth = 10
	maxFiles = 512     // directories count too
	maxBytes = 4 << 20 // of all files together
)

// Causes of a Problem that are no I/O error; test with errors.Is.
var (
	ErrWorldWritable = errors.New("world-writable, so the server ignores it")
	ErrTooDeep       = errors.New("included more than 10 levels deep, so the server skips it")
	ErrTooMany       = errors.New("more option files than are read here")
	ErrRelative      = errors.New("a path that depends on the server's working directory or home")
)

// Problem is a place where reading the files went wrong.
type Problem struct {
	File string
	Line int // of the directive concerned, 0 = the whole file
	Err  error

	// Fatal: a server that meets this does not start.
	Fatal bool
	// Known: the server meets the same problem and goes on as this package did,
	// so the options are complete all the same.
	Known bool
}

// Set is what the option files say, for every group, in the order in which the
// servers read it: of several values the last counts.
type Set struct {
	Options  []Option
	Files    []string // files read, in order
	Problems []Problem
}

// Load reads the files in order, with what they include.
func Load(open Opener, files []string) *Set {
	l := loader{open: open, set: &Set{}}
	for _, f := range files {
		l.file(f, 0)
	}
	return l.set
}

// LoadRequired is Load for a file that must be there (--defaults-file): the
// server does not start without it.
func LoadRequired(open Opener, file string) *Set {
	l := loader{open: open, set: &Set{}}
	before := len(l.set.Problems)
	if !l.file(file, 0) && len(l.set.Problems) == before {
		l.problem(Problem{File: file, Err: fs.ErrNotExist, Fatal: true})
	}
	return l.set
}

// In returns the options of the groups, in order. Group names are compared
// without regard to case, as the servers do.
func (s *Set) In(groups ...string) []Option {
	var out []Option
	for _, o := range s.Options {
		if slices.ContainsFunc(groups, func(g string) bool { return strings.EqualFold(g, o.Group) }) {
			out = append(out, o)
		}
	}
	return out
}

type loader struct {
	open  Opener
	set   *Set
	count int
	bytes int
}

func (l *loader) problem(p Problem) { l.set.Problems = append(l.set.Problems, p) }

// tooMany counts a file or directory and reports, once as a problem, that it is
// one too many.
func (l *loader) tooMany(name string) bool {
	l.count++
	if l.count == maxFiles+1 {
		l.problem(Problem{File: name, Err: ErrTooMany})
	}
	return l.count > maxFiles
}

// file reads one file and reports whether it was there.
func (l *loader) file(name string, depth int) bool {
	if l.tooMany(name) {
		return true
	}
	data, mode, err := l.open.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return false
	}
	if err != nil {
		l.problem(Problem{File: name, Err: err})
		return true
	}
	if mode.IsRegular() && mode.Perm()&0o002 != 0 {
		l.problem(Problem{File: name, Err: ErrWorldWritable, Known: true})
		return true
	}
	if l.bytes += len(data); l.bytes > maxBytes {
		l.count = max(l.count, maxFiles) // nothing more is read
		l.tooMany(name)
		return true
	}
	l.set.Files = append(l.set.Files, name)
	nodes, err := Parse(name, data)
	for _, n := range nodes {
		switch n.Kind {
		case Entry:
			l.set.Options = append(l.set.Options, n.Option)
		case Include, IncludeDir:
			if l.count > maxFiles {
				continue
			}
			if !l.include(name, n, depth) {
				return true
			}
		}
	}
	if err != nil {
		line := 0
		var syntax *SyntaxError
		if errors.As(err, &syntax) {
			line = syntax.Line
		}
		l.problem(Problem{File: name, Line: line, Err: err, Fatal: depth == 0, Known: depth > 0})
	}
	return true
}

// include follows a directive and reports whether the reading of the file that
// holds it goes on.
func (l *loader) include(file string, n Node, depth int) bool {
	if depth >= maxDepth {
		l.problem(Problem{File: file, Line: n.Line, Err: ErrTooDeep, Known: true})
		return true
	}
	if !path.IsAbs(n.Text) {
		l.problem(Problem{File: file, Line: n.Line, Err: ErrRelative})
		return true
	}
	if n.Kind == Include {
		l.file(path.Clean(n.Text), depth+1)
		return true
	}
	if l.tooMany(file) {
		return true
	}
	names, err := l.open.ReadDir(path.Clean(n.Text))
	if errors.Is(err, fs.ErrNotExist) {
		// my_dir fails and the reading of this file ends here.
		l.problem(Problem{File: file, Line: n.Line, Err: err, Fatal: depth == 0, Known: depth > 0})
		return false
	}
	if err != nil {
		l.problem(Problem{File: file, Line: n.Line, Err: err})
		return true
	}
	// The servers sort the directory (my_dir with MY_WANT_SORT, bytewise); the
	// MySQL manual only says that no order is promised.
	names = slices.SortedFunc(slices.Values(names), cmp.Compare[string])
	for _, name := range names {
		if path.Ext(name) == ".cnf" {
			l.file(path.Join(n.Text, name), depth+1)
		}
	}
	return true
}
