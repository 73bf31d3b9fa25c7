package packages

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"

	"hostaudit/checks/host/tree"
)

// Bounds of one search.
const (
	maxFile   = 64 << 20  // bytes of a database file that is read whole
	maxRead   = 512 << 20 // bytes read in all
	maxNumber = 100_000   // packages
	maxLinks  = 256       // links of one directory that are looked at
)

// alias is a directory's other name.
type alias struct{ from, to string }

// findAliases returns the links to directories in the root, /usr and /var of the
// tree: those of merged systems (/bin, /usr/sbin, /var/run) and what an
// administrator moved to another disk (/opt).
func findAliases(t *tree.Tree) (list []alias, err error) {
	for _, dir := range []string{"/", "/usr", "/var"} {
		links, e := t.ReadLinks(dir)
		if e == nil && len(links) > maxLinks {
			e = fmt.Errorf("%s: %w: %d links", dir, tree.ErrTooLarge, len(links))
			links = links[:maxLinks]
		}
		if e != nil && !errors.Is(e, fs.ErrNotExist) {
			err = e
		}
		for _, l := range links {
			from := path.Join(dir, l)
			// What leads nowhere or to a file is no other name of anything.
			if to, e := t.Resolve(from); e == nil && to != from {
				list = append(list, alias{from, to})
			}
		}
	}
	return list, err
}

// below returns p with the directory from replaced by to, if it lies below from.
func below(p, from, to string) (string, bool) {
	if from == "/" {
		from = ""
	}
	rest, is := strings.CutPrefix(p, from)
	if !is || rest == "" || rest[0] != '/' {
		return "", false
	}
	if to == "/" {
		to = ""
	}
	return to + rest, true
}

// target is one file that is looked for.
type target struct {
	path  string // with every alias replaced
	owner Owner
	found bool
	doubt error // why not being found means nothing for this one
}

// needle is a name under which a target is recorded.
type needle struct {
	t *target
	// A package's file may have another name on disk than in its record
	// (dpkg-divert(1)): the record counts of this package only, or not of that one.
	only, except string
}

// search is one question to a database.
type search struct {
	aliases []alias
	targets map[string]*target  // by path
	needles map[string][]needle // by name without the first slash
	left    int                 // targets without an owner
	read    int64               // bytes so far
	doubt   error               // why even what was found may be wrong

	// What a name must be to be worth a look into needles.
	lengths, lasts [256]bool
}

func newSearch(aliases []alias) *search {
	return &search{aliases: aliases, targets: map[string]*target{}, needles: map[string][]needle{}}
}

// real replaces the aliases in p.
func (s *search) real(p string) string {
	p = path.Clean(p)
	for range 8 { // an alias may lie below what another leads to
		again := false
		for _, a := range s.aliases {
			if q, is := below(p, a.from, a.to); is && q != p {
				p, again = q, true
				break
			}
		}
		if !again {
			break
		}
	}
	return p
}

// add looks for p under all its names.
func (s *search) add(p string) *target {
	p = s.real(p)
	if t, is := s.targets[p]; is {
		return t
	}
	t := &target{path: p}
	s.targets[p] = t
	s.left++
	s.addName(p, needle{t: t})
	for _, a := range s.aliases {
		if name, is := below(p, a.to, a.from); is {
			s.addName(name, needle{t: t})
		}
	}
	return t
}

func (s *search) addName(name string, n needle) {
	key := strings.TrimPrefix(name, "/")
	if key == "" {
		return
	}
	s.needles[key] = append(s.needles[key], n)
	s.lengths[len(key)%256] = true
	s.lasts[key[len(key)-1]] = true
}

// look tells the targets recorded under name, without its first slash, of their
// owner.
func (s *search) look(name []byte, pkg, version string) {
	if len(name) == 0 || !s.lengths[len(name)%256] || !s.lasts[name[len(name)-1]] {
		return
	}
	for _, n := range s.needles[string(name)] {
		if n.only != "" && n.only != pkg || n.except != "" && n.except == pkg {
			continue
		}
		if !n.t.found {
			n.t.found = true
			s.left--
		} else if n.t.owner.Package <= pkg {
			continue
		}
		n.t.owner = Owner{Package: pkg, Version: version}
	}
}

// absoluteLines looks at a text of one absolute path on each line; a tab ends the
// path (opkg writes the mode after it), unless tab is 0.
func (s *search) absoluteLines(data []byte, tab byte, pkg, version string) {
	for len(data) > 0 {
		line := data
		if n := bytes.IndexByte(data, '\n'); n >= 0 {
			line, data = data[:n], data[n+1:]
		} else {
			data = nil
		}
		if tab != 0 {
			if n := bytes.IndexByte(line, tab); n >= 0 {
				line = line[:n]
			}
		}
		if len(line) > 1 && line[0] == '/' {
			s.look(line[1:], pkg, version)
		}
	}
}

// took counts what was read.
func (s *search) took(data []byte) error {
	if s.read += int64(len(data)); s.read > maxRead {
		return fmt.Errorf("%w: more than %d bytes of package lists", tree.ErrTooLarge, int64(maxRead))
	}
	return nil
}

// readWhole is Tree.ReadFile with the cap of a database.
func readWhole(t *tree.Tree, name string) ([]byte, error) {
	f, info, err := t.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var b bytes.Buffer
	b.Grow(int(min(max(info.Size, 0), maxFile)) + bytes.MinRead)
	n, err := b.ReadFrom(io.LimitReader(f, maxFile+1))
	switch {
	case err != nil:
		return nil, &fs.PathError{Op: "read", Path: name, Err: err}
	case n > maxFile:
		return nil, &fs.PathError{Op: "read", Path: name, Err: tree.ErrTooLarge}
	}
	return b.Bytes(), nil
}

// notWhole is ErrNotWhole at a place.
func notWhole(name, format string, a ...any) error {
	return fmt.Errorf("%w: %s: %s", ErrNotWhole, name, fmt.Sprintf(format, a...))
}

// missing turns the absence of a file that must be there into ErrNotWhole.
func missing(name string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return notWhole(name, "not there")
	}
	return err
}
