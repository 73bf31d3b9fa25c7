package sshdconf

import (
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// includeBase is where relative names of Include begin, whatever file holds
// them (SSHDIR at build time).
const includeBase = "/etc/ssh"

// included is one entry of the list that sshd keeps of what Include found. When it
// reads the configuration again, for a connection, it does not look at the file system
// any more.
type included struct {
	pattern string
	name    string // "" = no match
	lines   []Line
}

// walker reads the configuration once, from the first line to the last, as sshd does
// when it starts, and again for a connection.
type walker struct {
	c      *Config
	set    *settled
	cache  []included
	record bool // the first reading: lines and problems are kept
	// applies tells whether a Match block applies to the connection; nil when sshd
	// starts, and there is none.
	applies func([]Criterion) bool
	visit   func(*Line) // of the second reading: every line that counts
	outcome Outcome     // of the second reading
	files   int
	globs   int
	wild    int
	bytes   int
	items   int
	ended   bool // nothing more is read: refused for good, or a limit was reached
}

func newWalker(c *Config) *walker {
	return &walker{c: c, set: newSettled()}
}

// flags of a file (inc_flags in servconf.c).
const (
	matchOnly  = 1 << iota // included outside Match blocks, for a connection
	neverMatch             // included within a block that does not apply
)

func (w *walker) options() {
	w.set.fixedPorts = len(w.c.command.Ports) > 0
	w.set.ports = len(w.c.command.Ports)
	fixed := w.set.fixedPorts
	for _, line := range w.c.command.Options {
		// The words may have been cut as another version does.
		if again, ok := ParseOption(line.Raw, w.c.build); ok && line.Raw != "" {
			again.File = line.File
			line = again
		}
		var o Outcome
		d := w.directive(line, true)
		w.set.fixedPorts = false // ParseArgs leaves out those after -p
		if line.Keyword == "match" || line.Keyword == "include" {
			o = refused("not allowed on the command line")
		} else {
			o = d.judge(true)
		}
		it := item{Line: line, started: true, option: true}
		it.Outcome = o
		w.add(it, d)
	}
	w.set.fixedPorts = fixed
}

func (w *walker) directive(line Line, active bool) *directive {
	return &directive{Line: line, build: w.c.build, source: &w.c.source, active: active, set: w.set}
}

// add keeps a directive.
func (w *walker) add(it item, d *directive) {
	if it.Outcome.Kind != Accepted {
		w.problem(Problem{File: it.File, Line: it.Line.Line, Outcome: it.Outcome})
	}
	if !w.record {
		return
	}
	if it.started && it.Outcome.Kind == Accepted {
		switch arg := it.Args; {
		case it.Keyword == "port" && len(arg) > 0:
			it.listen.port, _ = d.portAbove0(arg[0])
		case it.Keyword == "listenaddress":
			it.listen, _ = d.listenAt(arg[0])
		}
	}
	w.c.items = append(w.c.items, it)
}

func (w *walker) problem(p Problem) {
	if w.record {
		w.c.problem(p)
	}
	if w.outcome.Kind == Accepted || p.Kind == Refused {
		w.outcome = p.Outcome
	}
}

// stop ends reading at a limit.
func (w *walker) stop(at Line, why string) {
	if !w.ended {
		w.ended = true
		w.problem(Problem{File: at.File, Line: at.Line, Outcome: unsure(why)})
	}
}

// file reads one file; from is the line that names it.
func (w *walker) file(name string, outer [][]Criterion, flags int, active bool, depth int, from Line) []Line {
	if w.files++; w.files > maxFiles {
		w.stop(from, "more included files than are evaluated")
		return nil
	}
	data, err := w.c.source.ReadFile(name)
	if err != nil {
		w.unreadable(name, depth, from, err)
		return nil
	}
	if w.bytes += len(data); w.bytes > maxBytes {
		w.stop(from, "more text than is evaluated")
		return nil
	}
	lines := slices.Collect(w.atMost(name, data))
	if len(lines) > maxItems {
		w.stop(lines[maxItems], "more directives than are evaluated")
		return nil
	}
	w.lines(lines, outer, flags, active, depth, from)
	return lines
}

// atMost are the directives of a file, not many more than are evaluated.
func (w *walker) atMost(name string, data []byte) func(func(Line) bool) {
	return func(yield func(Line) bool) {
		n := 0
		for line := range Lines(name, data, w.c.build) {
			if n++; !yield(line) || n > maxItems {
				return
			}
		}
	}
}

// unreadable says what sshd does with a file that could not be read.
func (w *walker) unreadable(name string, depth int, from Line, err error) {
	if errors.Is(err, fs.ErrNotExist) {
		why := "the file does not exist"
		if depth > 0 {
			why = "Include of a link that leads nowhere: " + name
		}
		w.problem(Problem{File: from.File, Line: from.Line, Outcome: refused(why), Err: err})
		return
	}
	if isDir, dirErr := w.c.source.IsDir(name); dirErr == nil && isDir {
		return // sshd reads a directory as an empty file
	}
	w.problem(Problem{File: name, Outcome: unsure("the file cannot be read"), Err: err})
}

// lines reads what is in one file (parse_server_config_depth() in servconf.c).
func (w *walker) lines(lines []Line, outer [][]Criterion, flags int, active bool, depth int, from Line) {
	if depth > maxDepth {
		w.problem(Problem{File: from.File, Line: from.Line, Outcome: refused("too many levels of Include")})
		w.ended = true
		return
	}
	blocks := outer
	for _, line := range lines {
		if w.ended {
			return
		}
		if w.items++; w.items > maxItems {
			w.stop(line, "more directives than are evaluated")
			return
		}
		d := w.directive(line, active)
		line.Outcome = d.judge(w.applies == nil)
		w.add(item{Line: line, blocks: blocks, started: active, included: depth > 0}, d)
		if line.Outcome.Kind == Accepted && active && w.visit != nil {
			w.visit(&line)
		}
		switch {
		case line.Keyword == "match":
			// Of conditions that are not established the lines below may apply.
			block := []Criterion{{Name: notUnderstood}}
			if line.Outcome.Kind == Accepted {
				block = d.block
			}
			blocks = append(slices.Clone(outer), block)
			if w.record {
				w.c.items[len(w.c.items)-1].opens = blocks
			}
			active = flags&neverMatch == 0 && w.matches(block)
			flags &^= matchOnly
		case line.Keyword == "include" && line.Outcome.Kind == Accepted:
			w.include(line, blocks, flags, active, depth)
		}
	}
}

// matches reports whether a Match block applies: when sshd starts only "Match all" does.
func (w *walker) matches(block []Criterion) bool {
	if w.applies == nil {
		return len(block) == 1 && block[0].Name == "all"
	}
	return w.applies(block)
}

// include reads what the words of an Include name. What a pattern matched is looked up
// only the first time it is met.
func (w *walker) include(line Line, blocks [][]Criterion, flags int, active bool, depth int) {
	switch {
	case flags&matchOnly != 0 && w.c.build.Version.AtLeast(8, 4):
		flags = matchOnly
	case active:
		flags = 0
	default:
		flags = neverMatch
	}
	for _, pattern := range line.Args {
		if pattern[0] != '/' && pattern[0] != '~' {
			pattern = includeBase + "/" + pattern
		}
		found := false
		for i := 0; i < len(w.cache) && !w.ended; i++ {
			if w.cache[i].pattern != pattern {
				continue
			}
			if found = true; w.cache[i].name != "" {
				if w.files++; w.files > maxFiles {
					w.stop(line, "more included files than are evaluated")
					return
				}
				w.lines(w.cache[i].lines, blocks, flags, active, depth+1, line)
			}
		}
		if found || w.ended {
			continue
		}
		names, ok := w.glob(pattern, line)
		if ok && len(names) == 0 {
			w.cache = append(w.cache, included{pattern: pattern})
		}
		for _, name := range names {
			if w.ended {
				return
			}
			lines := w.file(name, blocks, flags, active, depth+1, line)
			w.cache = append(w.cache, included{pattern, name, lines})
		}
	}
}

// IncludeDirs returns the directories of the patterns of Include that have wildcards in
// the name of the file only, sorted: what is added there or removed changes what is read.
func (c *Config) IncludeDirs() []string {
	var dirs []string
	for _, f := range c.cache {
		dir, base := path.Split(f.pattern)
		if dir = path.Clean(dir); strings.HasPrefix(dir, "/") && strings.ContainsAny(base, "*?[") && !strings.ContainsAny(dir, "*?[") {
			dirs = append(dirs, dir)
		}
	}
	slices.Sort(dirs)
	return slices.Compact(dirs)
}

// glob expands a pattern. A tilde is nothing special to sshd here, so such a name is
// relative to where sshd was started, the root.
func (w *walker) glob(pattern string, line Line) ([]string, bool) {
	if pattern[0] == '~' {
		pattern = "/" + pattern
	}
	wild := 0
	for dir := range strings.SplitSeq(pattern[:strings.LastIndexByte(pattern, '/')], "/") {
		if strings.ContainsAny(dir, "*?[") {
			wild++
		}
	}
	if wild > 1 {
		w.wild++ // links that lead round in a circle make the number of ways explode
	}
	if w.globs++; w.globs > maxGlobs || w.wild > maxWild {
		w.stop(line, "more names in Include than are evaluated")
		return nil, false
	}
	names, err := w.c.source.Glob(pattern)
	if err != nil {
		w.problem(Problem{File: line.File, Line: line.Line, Outcome: unsure("what Include names cannot be listed"), Err: err})
		return nil, false
	}
	return names, true
}
