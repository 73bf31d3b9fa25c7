package sshdconf

import (
	"slices"
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
	maxWild  = 8       // patterns with wildcards in several directories
	// maxOpen is maxBytes where the version is not known, and every build's reading is
	// compared.
	maxOpen = 1 << 18
)

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
	source   Source
	main     string
	command  CommandLine
	items    []item
	problems []Problem
	cache    []included
	bytes    int // read
	compiled compiled
}

// item is a directive with the blocks around it.
type item struct {
	Line
	blocks   [][]Criterion // conditions of the Match blocks it stands in, outermost first
	started  bool          // applied when sshd starts: in no block, or in "Match all"
	option   bool          // of the command line
	included bool
	listen   address       // of ListenAddress and Port
	opens    [][]Criterion // of a Match line: like blocks, for the lines that follow it
}

// Load reads the file main (absolute) and what it includes, as sshd does when it
// starts with that command line. It never fails: see Problems. main "none" means
// built-in defaults. Where the version or the vendor is not known, it reads as every
// build would, and is Unsure where they differ.
func Load(src Source, main string, command CommandLine, build Build) *Config {
	builds := build.candidates()
	if len(builds) > 1 {
		src.Files = newMemo(src.Files)
	}
	last := len(builds) - 1
	c := load(src, main, command, builds[last])
	if last > 0 && c.bytes > maxOpen {
		c.problem(Problem{File: main, Outcome: unsure("more text than is evaluated where the version is not known")})
	}
	for _, other := range builds[:last] {
		if c.full() {
			break
		}
		c.compare(load(src, main, command, other))
	}
	c.build = build
	return c
}

func load(src Source, main string, command CommandLine, build Build) *Config {
	c := &Config{build: build, source: src, main: main, command: command}
	w := newWalker(c)
	w.record = true
	w.options()
	if main != "none" {
		w.file(main, nil, 0, true, 0, Line{File: main})
	}
	c.cache, c.bytes = w.cache, w.bytes
	c.finish(w.set)
	return c
}

// Files returns the files that were read, in that order, without duplicates.
func (c *Config) Files() []string {
	var names []string
	if c.main != "none" {
		names = append(names, c.main)
	}
	for _, f := range c.cache {
		if f.name != "" && !slices.Contains(names, f.name) {
			names = append(names, f.name)
		}
	}
	return names
}

// Problems returns what stands in the way of evaluating the configuration, in
// the order of reading: refused ones first, because a refusal is certain.
func (c *Config) Problems() []Problem {
	list := slices.Clone(c.problems)
	slices.SortStableFunc(list, func(a, b Problem) int { return int(a.Kind) - int(b.Kind) })
	return list
}

// outcome is the first of Problems.
func (c *Config) outcome() Outcome {
	if list := c.Problems(); len(list) > 0 {
		return list[0].Outcome
	}
	return Outcome{}
}

// full reports whether there is nothing to be gained from reading as other builds.
func (c *Config) full() bool { return c.outcome().Kind == Unsure }

func (c *Config) problem(p Problem) {
	if len(c.problems) < maxNotes || p.Kind == Refused && c.outcome().Kind != Refused {
		c.problems = append(c.problems, p)
	}
}

func (c *Config) reject(at *Line, o Outcome) {
	if o.Kind == Accepted {
		return
	}
	p := Problem{Outcome: o}
	if at != nil {
		p.File, p.Line = at.File, at.Line
	}
	c.problem(p)
}
