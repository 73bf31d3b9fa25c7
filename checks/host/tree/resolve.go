package tree

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"syscall"
)

// Bounds of one walk. Links and the length of a name are the kernel's
// (path_resolution(7), limits.h). The other two are ours: the kernel lets 40
// links of 4095 bytes unfold into a name of 80,000 components, and a hostile
// image must not cost that much.
const (
	maxLinks   = 40
	maxName    = 4096
	maxVisited = 1024 // components looked at, those of link targets included
	maxDepth   = 256  // components of a resolved name
)

// place is where a walk ended: a name for the Source, and what is there.
type place struct {
	name string
	info Info
}

// walk resolves name component by component as a process chrooted into the tree
// would: an absolute target starts again at the root of the tree, ".." of the
// root is the root, and ".." of a directory reached through a link is the parent
// of the directory. With follow unset a link in the last component is the result,
// unless a slash follows it.
func walk(src looker, name string, follow bool) (place, error) {
	pending, err := components(name)
	if err != nil {
		return place{}, err
	}
	var (
		at             []string // names of the directories gone into, each in the one before
		links, visited int
	)
	for len(pending) > 0 {
		if visited++; visited > maxVisited {
			return place{}, ErrTooDeep
		}
		part := pending[0]
		pending = pending[1:]
		switch part {
		case ".":
			continue
		case "..":
			at = at[:max(len(at)-1, 0)]
			continue
		}
		here := part
		if len(at) > 0 {
			here = at[len(at)-1] + "/" + part
		}
		at = append(at, here)
		if len(at) > maxDepth {
			return place{}, fmt.Errorf("%w: more than %d directories deep", ErrTooDeep, maxDepth)
		}
		info, err := src.Lstat(here)
		if err != nil {
			return place{}, err
		}
		last := len(pending) == 0
		switch {
		case info.Mode.Type() == fs.ModeSymlink && (follow || !last):
			if links++; links > maxLinks {
				return place{}, ErrTooDeep
			}
			target, err := src.ReadLink(here)
			if err != nil {
				return place{}, err
			}
			parts, err := components(target)
			if err != nil {
				return place{}, err
			}
			at = at[:len(at)-1]
			if strings.HasPrefix(target, "/") {
				at = at[:0]
			}
			pending = slices.Concat(parts, pending)
		case last:
			return place{name: here, info: info}, nil
		case !info.Mode.IsDir():
			return place{}, fmt.Errorf("%w: what it lies below is no directory", fs.ErrNotExist)
		}
	}
	// The walk ended on the root, on "." or on "..", all of them directories.
	here := "."
	if len(at) > 0 {
		here = at[len(at)-1]
	}
	info, err := src.Lstat(here)
	if err != nil {
		return place{}, err
	}
	return place{name: here, info: info}, nil
}

// components splits a name or a link target. A slash at the end counts as "/.":
// what comes before it must be a directory, and a link there is followed.
func components(name string) ([]string, error) {
	switch {
	case name == "":
		return nil, fs.ErrNotExist // open(2) and the target of a link alike
	case len(name) > maxName:
		return nil, syscall.ENAMETOOLONG
	case strings.ContainsRune(name, 0):
		return nil, fs.ErrInvalid
	}
	var parts []string
	for part := range strings.SplitSeq(name, "/") {
		if part != "" {
			parts = append(parts, part)
		}
	}
	if strings.HasSuffix(name, "/") {
		parts = append(parts, ".")
	}
	return parts, nil
}

// absolute is a Source's name as the target sees it.
func absolute(name string) string {
	if name == "." {
		return "/"
	}
	return "/" + name
}
