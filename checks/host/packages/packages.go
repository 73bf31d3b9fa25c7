// Package packages says which package of the distribution a file belongs to, from
// the package manager's own database in a file tree. It runs no package manager,
// so it answers for an image as well as for the host it is on.
package packages

import (
	"errors"

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

// ErrNoDatabase: there is no package database in the tree.
var ErrNoDatabase = errors.New("no package database")

// Database is the package database of one tree. It is safe for concurrent use.
type Database struct{ t *tree.Tree }

// Open returns the database of a tree; nothing is read until it is asked.
func Open(t *tree.Tree) *Database { return &Database{t} }

// Manager returns which manager's database the tree has.
func (d *Database) Manager() Manager { return None }

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
// what was diverted (dpkg-divert(1)) belongs to who diverted it.
func (d *Database) Owners(paths ...string) map[string]Owner { return nil }
