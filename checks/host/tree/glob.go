package tree

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
)

// maxMatches bounds the result of one Glob, maxGlobErrors the errors it tells,
// and maxGlobWork what it looks at, names read and paths walked alike: links to
// "." in a hostile tree make a pattern of many wildcards an endless task.
const (
	maxMatches    = 100_000
	maxGlobErrors = 16
	maxGlobWork   = 300_000
)

// Glob expands a pattern as glob(3) does in the C locale: * ? [..] [!..] and
// [:class:] inside brackets, a backslash takes the next character literally, a
// name that begins with a dot is matched only by a pattern that begins with one,
// and a pattern ending in a slash matches directories. Links are followed inside
// the tree on the way; the last component is not followed, so a dangling link
// there is a match. Results are absolute names as they were reached (links in
// them unresolved), bytewise sorted.
//
// Unlike glob(3) it tells of every error but "does not exist": what could not be
// looked into may have held a match. Matches found elsewhere are returned along
// with the error.
func (t *Tree) Glob(pattern string) ([]string, error) {
	if len(pattern) > maxName {
		return nil, pathError("glob", pattern, errors.New("pattern too long"))
	}
	var parts []string
	for part := range strings.SplitSeq(pattern, "/") {
		if part != "" {
			parts = append(parts, part)
		}
	}
	g := globber{tree: t}
	switch {
	case pattern == "":
	case len(parts) == 0:
		g.matches = []string{"/"}
	default:
		g.expand("", parts, strings.HasSuffix(pattern, "/"))
	}
	slices.Sort(g.matches)
	if g.unsaid > 0 {
		g.errs = append(g.errs, fmt.Errorf("and %d more errors", g.unsaid))
	}
	return g.matches, errors.Join(g.errs...)
}

type globber struct {
	tree    *Tree
	matches []string
	errs    []error
	unsaid  int
	work    int
	full    bool
}

// spend counts n looked at, and reports whether the work may go on.
func (g *globber) spend(name string, n int) bool {
	g.work += n
	if g.work > maxGlobWork && !g.full {
		g.full = true
		g.errs = append(g.errs, pathError("glob", name, ErrTooLarge))
	}
	return !g.full
}

// fail keeps an error unless it only says that something is not there.
func (g *globber) fail(err error) {
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case len(g.errs) < maxGlobErrors:
		g.errs = append(g.errs, err)
	default:
		g.unsaid++
	}
}

// add keeps a match.
func (g *globber) add(name string) {
	if len(g.matches) < maxMatches {
		g.matches = append(g.matches, name)
		return
	}
	if !g.full {
		g.full = true
		g.errs = append(g.errs, pathError("glob", name, ErrTooLarge))
	}
}

// expand matches the first of parts among the entries of dir ("" is the root,
// else it begins with a slash) and goes on below with the others.
func (g *globber) expand(dir string, parts []string, dirOnly bool) {
	if g.full {
		return
	}
	pat, rest := parts[0], parts[1:]
	if literal, ok := literalName(pat); ok {
		g.enter(dir+"/"+literal, rest, dirOnly)
		return
	}
	// A directory that is there but not a directory after all holds no match.
	info, err := g.tree.Stat(dir + "/")
	if err != nil || !info.Mode.IsDir() {
		g.fail(err)
		return
	}
	names, err := g.tree.ReadDir(dir + "/")
	if err != nil {
		g.fail(err)
		return
	}
	if !g.spend(dir, len(names)) {
		return
	}
	wild := compileWildcard(pat)
	for _, name := range names {
		if wild.match(name) {
			g.enter(dir+"/"+name, rest, dirOnly)
		}
	}
}

// enter takes one name that matched: a result if nothing follows, else a
// directory to go on in.
func (g *globber) enter(name string, rest []string, dirOnly bool) {
	// A walk costs about as much as reading ten names.
	if !g.spend(name, 10) {
		return
	}
	switch {
	case len(rest) > 0:
		g.expand(name, rest, dirOnly)
	case dirOnly:
		if _, err := g.tree.Stat(name + "/"); err != nil {
			g.fail(err)
			return
		}
		g.add(name + "/")
	default:
		if _, err := g.tree.Lstat(name); err != nil {
			g.fail(err)
			return
		}
		g.add(name)
	}
}
