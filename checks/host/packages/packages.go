// Package packages says which package of the distribution a file belongs to, from
// the package manager's own database in a file tree. It runs no package manager,
// so it answers for an image as well as for the host it is on.
package packages

import (
	"errors"
	"io/fs"
	"path"
	"sync"

	"hostaudit/checks/host/tree"
)

// Manager is a package manager whose database this package knows.
type Manager string

// Managers.
const (
	None   Manager = ""       // the tree has no database of a manager we know
	Dpkg   Manager = "dpkg"   // /var/lib/dpkg
	APK    Manager = "apk"    // /lib/apk/db, /usr/lib/apk/db
	RPM    Manager = "rpm"    // /var/lib/rpm, /usr/lib/sysimage/rpm
	Pacman Manager = "pacman" // /var/lib/pacman/local
	Opkg   Manager = "opkg"   // /usr/lib/opkg
)

// ErrUnsupported: the database has a form this package does not read.
var ErrUnsupported = errors.New("a package database of an unsupported form")

// ErrNotWhole: the database is there, but something of it is missing or damaged.
var ErrNotWhole = errors.New("a package database that is not whole")

// ErrNoDatabase: there is no package database in the tree.
var ErrNoDatabase = errors.New("no package database")

// Database is the package database of one tree. It is safe for concurrent use.
//
// A tree has one: where there are databases of several managers (Debian with rpm
// installed, say), that of the first in the order dpkg, apk, pacman, rpm, opkg
// that is not empty.
type Database struct {
	t *tree.Tree

	once    sync.Once
	manager Manager
	db      backend // nil = none
	openErr error   // why there is none

	mu       sync.Mutex // held while the files are searched
	aliases  []alias
	aliased  bool
	unlisted error // some aliases are not known
	known    map[string]Owner
}

// backend is a manager's database.
type backend interface {
	// find tells s who owns what it looks for. An error says why what was not found
	// may have an owner all the same.
	find(s *search) error
}

// Open returns the database of a tree; nothing is read until it is asked.
func Open(t *tree.Tree) *Database { return &Database{t: t, known: map[string]Owner{}} }

func (d *Database) open() {
	d.once.Do(func() { d.manager, d.db, d.openErr = detect(d.t) })
}

// Manager returns which manager's database the tree has.
func (d *Database) Manager() Manager {
	d.open()
	return d.manager
}

// Owner is the answer for one file.
type Owner struct {
	Package string // name without architecture ("openssh-server"); "" = no package owns the file
	Version string // of the package where it is cheap to tell, else ""
	// Err: the database could not be read or not whole, so Package is not
	// conclusive. ErrNoDatabase and ErrUnsupported are among the causes.
	Err error
}

// Owners looks up files by their absolute paths, all in one pass over the
// database. The answer has one entry for each path asked. A path is found under
// its other names too: /bin/x and /usr/bin/x are the same on merged systems, and
// what was diverted (dpkg-divert(1)) belongs to who diverted it. Links are
// followed in the first components only (/bin, /usr/sbin, /var/run): ask with the
// path a link leads to. What has the same name in several packages (directories)
// belongs to the first by name. Answers are remembered.
func (d *Database) Owners(paths ...string) map[string]Owner {
	d.open()
	d.mu.Lock()
	defer d.mu.Unlock()
	var open []string
	for _, p := range paths {
		if _, is := d.known[p]; !is {
			open = append(open, p)
		}
	}
	if len(open) > 0 {
		d.search(open)
	}
	owners := make(map[string]Owner, len(paths))
	for _, p := range paths {
		owners[p] = d.known[p]
	}
	return owners
}

func (d *Database) search(paths []string) {
	if d.db == nil {
		for _, p := range paths {
			d.known[p] = Owner{Err: d.openErr}
		}
		return
	}
	if !d.aliased {
		d.aliases, d.unlisted = findAliases(d.t)
		d.aliased = true
	}
	s := newSearch(d.aliases)
	targets := map[string]*target{}
	for _, p := range paths {
		if !path.IsAbs(p) {
			d.known[p] = Owner{Err: &fs.PathError{Op: "owner", Path: p, Err: fs.ErrInvalid}}
			continue
		}
		targets[p] = s.add(p)
	}
	err := d.db.find(s)
	if err == nil {
		err = d.unlisted
	}
	for p, t := range targets {
		o := t.owner
		switch {
		case s.doubt != nil:
			o.Err = s.doubt
		case !t.found && err != nil:
			o.Err = err
		case !t.found && t.doubt != nil:
			o.Err = t.doubt
		}
		d.known[p] = o
	}
}
