package sshdconf

import (
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// Files is the tree a configuration is read from. Errors are those of the tree;
// fs.ErrNotExist tells that there is no such file.
type Files interface {
	Glob(pattern string) ([]string, error) // * ? [..], bytewise sorted, absolute names
	ReadFile(name string) ([]byte, error)
	IsDir(name string) (bool, error)
}

// Limits of what one configuration may hold; beyond them the answer is Unsure.
const (
	maxDepth = 16      // of Include: SERVCONF_MAX_DEPTH of servconf.c
	maxFiles = 1024    // read, counting a file as often as it is read
	maxGlobs = 1024    // names and patterns of Include looked up
	maxBytes = 8 << 20 // of all files together
	maxItems = 50_000  // directives
	maxLine  = 1 << 16 // bytes
	maxNotes = 100     // problems kept
)

// includeBase is where relative names of Include begin, whatever file holds
// them (SSHDIR at build time).
const includeBase = "/etc/ssh"

// Problem is a reason why the configuration is not what it says: sshd refuses
// it, or this package cannot tell. Err is the error of the tree, if one is why.
type Problem struct {
	File string
	Line int
	Outcome
	Err error
}

// Config is a whole configuration: command line, file and what it includes.
type Config struct {
	build    Build
	command  CommandLine
	items    []item
	problems []Problem
	files    int
	globs    int
	bytes    int
	full     bool // a limit was reached: what follows was not read
}

// item is a directive with the blocks around it.
type item struct {
	Line
	blocks   [][]Criterion // conditions of the Match blocks it stands in, outermost first
	started  bool          // applied when sshd starts: in no block, or in "Match all"
	option   bool          // of the command line
	included bool
}

// Load reads the file main (absolute) and what it includes, as sshd does when it
// starts with that command line. It never fails: see Problems. main "none" means
// built-in defaults.
func Load(files Files, main string, command CommandLine, build Build) *Config {
	c := &Config{build: build, command: command}
	for _, line := range command.Options {
		it := item{Line: line, started: true, option: true}
		if line.Keyword == "match" || line.Keyword == "include" {
			it.Outcome = refused("not allowed on the command line")
		} else {
			it.Outcome = judge(line, build, false)
		}
		c.add(it)
	}
	if main != "none" {
		w := walker{c, files}
		w.file(main, nil, 0, Line{File: main})
	}
	c.finish()
	return c
}

// Problems returns what stands in the way of evaluating the configuration, in
// the order of reading: refused ones first, because a refusal is certain.
func (c *Config) Problems() []Problem {
	list := slices.Clone(c.problems)
	slices.SortStableFunc(list, func(a, b Problem) int { return int(a.Kind) - int(b.Kind) })
	return list
}

func (c *Config) add(it item) {
	if it.Outcome.Kind != Accepted {
		c.problem(Problem{File: it.File, Line: it.Line.Line, Outcome: it.Outcome})
	}
	c.items = append(c.items, it)
}

func (c *Config) problem(p Problem) {
	if len(c.problems) < maxNotes {
		c.problems = append(c.problems, p)
	}
}

// stop ends reading at a limit.
func (c *Config) stop(at Line, why string) {
	if !c.full {
		c.full = true
		c.problems = append(c.problems, Problem{File: at.File, Line: at.Line, Outcome: unsure(why)})
	}
}

type walker struct {
	*Config
	files Files
}

// file reads one file; from is the line that names it.
func (w walker) file(name string, outer [][]Criterion, depth int, from Line) {
	if depth > maxDepth {
		w.problem(Problem{File: from.File, Line: from.Line, Outcome: refused("too many levels of Include")})
		w.full = true
		return
	}
	if w.Config.files++; w.Config.files > maxFiles {
		w.stop(from, "more included files than are evaluated")
		return
	}
	data, err := w.files.ReadFile(name)
	if err != nil {
		w.unreadable(name, depth, from, err)
		return
	}
	if w.bytes += len(data); w.bytes > maxBytes {
		w.stop(from, "more text than is evaluated")
		return
	}
	w.lines(name, data, outer, depth)
}

// unreadable says what sshd does with a file that could not be read.
func (w walker) unreadable(name string, depth int, from Line, err error) {
	if errors.Is(err, fs.ErrNotExist) {
		why := "the file does not exist"
		if depth > 0 {
			why = "Include of a link that leads nowhere: " + name
		}
		w.problem(Problem{File: from.File, Line: from.Line, Outcome: refused(why), Err: err})
		return
	}
	if isDir, dirErr := w.files.IsDir(name); dirErr == nil && isDir {
		return // sshd reads a directory as an empty file
	}
	w.problem(Problem{File: name, Outcome: unsure("the file cannot be read"), Err: err})
}

func (w walker) lines(name string, data []byte, outer [][]Criterion, depth int) {
	blocks := outer
	for line := range Lines(name, data, w.build) {
		if w.full {
			return
		}
		if len(w.items) >= maxItems {
			w.stop(line, "more directives than are evaluated")
			return
		}
		if strings.IndexByte(line.Raw, 0) >= 0 {
			w.stop(line, line.Outcome.Why) // sshd loses its end: where the next one begins is open
			return
		}
		started := startsActive(blocks)
		line.Outcome = judge(line, w.build, !started)
		w.add(item{Line: line, blocks: blocks, started: started, included: depth > 0})
		if line.Outcome.Kind != Accepted {
			if line.Keyword == "match" {
				// Unknown conditions: the lines below may apply.
				blocks = append(slices.Clone(outer), []Criterion{{Name: "unknown"}})
			}
			continue
		}
		switch line.Keyword {
		case "match":
			block, _ := criteria(line, w.build) // its Outcome was judged above
			blocks = append(slices.Clone(outer), block)
		case "include":
			w.include(line, blocks, depth)
		}
	}
}

func (w walker) include(line Line, blocks [][]Criterion, depth int) {
	for _, pattern := range line.Args {
		if w.full {
			return
		}
		if strings.HasPrefix(pattern, "~") || strings.Contains(pattern, `\`) {
			w.problem(Problem{File: line.File, Line: line.Line, Outcome: unsure("a name with a tilde or a backslash in Include")})
			continue
		}
		if !path.IsAbs(pattern) {
			pattern = includeBase + "/" + pattern
		}
		if strings.Count(path.Dir(pattern), "*")+strings.Count(path.Dir(pattern), "?")+strings.Count(path.Dir(pattern), "[") > 1 {
			// Links that lead round in a circle make the number of ways explode.
			w.problem(Problem{File: line.File, Line: line.Line, Outcome: unsure("several wildcards in the directory that Include names")})
			continue
		}
		if w.globs++; w.globs > maxGlobs {
			w.stop(line, "more names in Include than are evaluated")
			return
		}
		names, err := w.files.Glob(pattern)
		if err != nil {
			w.problem(Problem{File: line.File, Line: line.Line, Outcome: unsure("what Include names cannot be listed"), Err: err})
			continue
		}
		for _, name := range names {
			if w.full {
				return
			}
			w.file(name, blocks, depth+1, line)
		}
	}
}

// startsActive reports whether sshd applies lines in these blocks when it
// starts: there is no connection yet, so only "Match all" matches.
func startsActive(blocks [][]Criterion) bool {
	for _, block := range blocks {
		if len(block) != 1 || block[0].Name != "all" {
			return false
		}
	}
	return true
}
