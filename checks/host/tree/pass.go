package tree

import (
	"io/fs"
	"path"
	"strings"

	"golang.org/x/sys/unix"
)

// pass is one walk through a DirSource: it remembers the directories it has
// entered, so that each name it is asked for costs what is new about it. A pass is
// for one question and for one goroutine; end gives its descriptors back.
type pass struct {
	s     *DirSource
	way   []step // entered, each in the one before; the first is the root
	steps [12]step

	// What Lstat told last: a directory that is entered next need not be looked at
	// again.
	seen string
	what unix.Stat_t
}

// step is a directory on the way, in use.
type step struct {
	name string // as a Source's
	dir  *handle
}

func (s *DirSource) pass() *pass { return &pass{s: s} }

func (p *pass) end() {
	p.s.dirs.release(p.way...)
	p.way = nil
}

// in calls f with a descriptor of the directory name lies in and the last
// component of name.
func (p *pass) in(name string, f func(dir int, base string) error) error {
	// Not fs.ValidPath: a name of a host need not be UTF-8.
	if name == "" || path.Clean(name) != name || name[0] == '/' || name == ".." || strings.HasPrefix(name, "../") {
		return fs.ErrInvalid
	}
	if len(p.way) == 0 {
		root, err := p.s.dirs.takeRoot()
		if err != nil {
			return err
		}
		p.way = append(p.steps[:0], step{"", root})
	}
	if !p.s.remote {
		if _, found := p.s.mounts.pointOnWay(name); found {
			return ErrRemote
		}
	}
	err := p.walk(name, f)
	if noDescriptor(err) && p.s.dirs.shed() {
		err = p.walk(name, f)
	}
	return err
}

func (p *pass) walk(name string, f func(dir int, base string) error) error {
	parent, base := "", name
	if i := strings.LastIndexByte(name, '/'); i >= 0 {
		parent, base = name[:i], name[i+1:]
	}
	on := len(p.way)
	for ; on > 1; on-- {
		if top := p.way[on-1].name; parent == top || within(parent, top) {
			break
		}
	}
	if on < len(p.way) {
		p.s.dirs.release(p.way[on:]...)
		p.way = p.way[:on]
	}
	for {
		top := p.way[len(p.way)-1]
		if top.name == parent {
			return f(top.dir.fd, base)
		}
		next := parent
		from := 0
		if top.name != "" {
			from = len(top.name) + 1
		}
		if i := strings.IndexByte(parent[from:], '/'); i >= 0 {
			next = parent[:from+i]
		}
		dir, err := p.enter(top.dir.fd, next, next[from:])
		if err != nil {
			return err
		}
		p.way = append(p.way, step{next, dir})
	}
}

// enter opens the directory base of parent, whose whole name is name, or takes
// the one that is held.
func (p *pass) enter(parent int, name, base string) (*handle, error) {
	if p.seen != name {
		st, err := lstatat(parent, base)
		if err != nil {
			return nil, err
		}
		p.seen, p.what = name, st
	}
	if p.what.Mode&unix.S_IFMT != unix.S_IFDIR {
		return nil, ErrChanged
	}
	dev, ino := uint64(p.what.Dev), p.what.Ino
	// What lies on another file system is not held: it could not be unmounted.
	local := dev == p.s.rootDev
	if local {
		if dir := p.s.dirs.take(name, dev, ino); dir != nil {
			return dir, nil
		}
	}
	fd, err := openDirAt(parent, base)
	if err != nil {
		return nil, err
	}
	dir := &handle{fd: fd, users: 1}
	if !local {
		return dir, nil
	}
	// It may have become another one since it was looked at.
	var st unix.Stat_t
	if err := ignoringEINTR(func() error { return unix.Fstat(fd, &st) }); err != nil {
		unix.Close(fd)
		return nil, err
	}
	dir.dev, dir.ino = uint64(st.Dev), st.Ino
	if dir.dev == dev {
		p.s.dirs.put(name, dir)
	}
	return dir, nil
}
