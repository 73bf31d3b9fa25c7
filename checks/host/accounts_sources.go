package host

import (
	"errors"
	"io/fs"
	"path"
	"slices"

	"hostaudit/checks/host/tree"
	"hostaudit/checks/internal/passwd"
)

// AccountStore is a local place other than /etc/passwd and /etc/shadow that
// holds accounts or their passwords.
type AccountStore struct {
	Name string // of the service: "extrausers", "tcb", ...
	File string // what shows that it is in use
	// Identities: it can define an account with any user ID, not only hold a
	// password of an account known from elsewhere or of a fixed range.
	Identities bool
	Err        error  // looking for it failed; nil = it is there
	Problem    string // what of it is not understood; "" = the service as a whole
}

// virtual are the services that hold no password of their own: "files" is what
// was read, "compat" adds NIS by its "+" lines, the rest make accounts up, are
// read as further files or records, or looked for by their files.
var virtual = []string{"files", "compat", "systemd", "mymachines", "altfiles", "usrfiles", "extrausers", "tcb", "db"}

// sources are the services that nsswitch.conf(5) names.
type sources struct {
	passwd, shadow []string
	unread         bool // the file is there and could not be read: any may be named
	missing        bool // there is no such file
}

// maxNsswitch bounds nsswitch.conf; the longest of a real host has a few KiB.
const maxNsswitch = 64 << 10

func loadSources(t *tree.Tree) sources {
	data, err := t.ReadFile("/etc/nsswitch.conf")
	if len(data) > maxNsswitch {
		data, err = nil, tree.ErrTooLarge
	}
	return sources{
		passwd: passwd.Sources(data, "passwd"), shadow: passwd.Sources(data, "shadow"),
		unread:  err != nil && !errors.Is(err, fs.ErrNotExist),
		missing: errors.Is(err, fs.ErrNotExist),
	}
}

// further are services whose files have the forms of /etc/passwd and
// /etc/shadow, with the directories of these files: nss-altfiles as Fedora
// builds it, and under the other name Flatcar's build and SUSE's module;
// libnss-extrausers.
var further = []struct{ name, dir string }{
	{"altfiles", "/usr/lib"},
	{"usrfiles", "/usr/share/baselayout"},
	{"usrfiles", "/usr/etc"},
	{"extrausers", "/var/lib/extrausers"},
}

// passwdFiles and shadowFiles are the files to read, in the order of the
// services; files in /etc are read whatever is named.
func (s sources) passwdFiles() []string { return inOrder(s.passwd, passwdFile) }

func (s sources) shadowFiles() []string {
	services := s.shadow
	if slices.Contains(s.passwd, "extrausers") {
		services = append(slices.Clone(services), "extrausers") // pam_extrausers reads its shadow whatever is named
	}
	return inOrder(services, shadowFile)
}

func inOrder(services []string, etc string) []string {
	var files []string
	for _, name := range services {
		if name == "files" || name == "compat" {
			files = append(files, etc)
		}
		for _, f := range further {
			if f.name == name {
				files = append(files, path.Join(f.dir, path.Base(etc)))
			}
		}
	}
	if !slices.Contains(files, etc) {
		files = slices.Insert(files, 0, etc)
	}
	seen := map[string]bool{}
	return slices.DeleteFunc(files, func(file string) bool {
		again := seen[file]
		seen[file] = true
		return again
	})
}

// addUnread records a further file that could not be read; one that is not there
// holds no accounts.
func (a *Accounts) addUnread(file string, err error) {
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	for _, f := range further {
		if f.dir == path.Dir(file) {
			a.Unevaluated = append(a.Unevaluated, AccountStore{Name: f.name, File: file, Identities: path.Base(file) == "passwd", Err: err})
		}
	}
}

// addSources looks at where else accounts come from.
func (a *Accounts) addSources(t *tree.Tree, names sources) {
	if found, _ := t.Glob("/lib/ld-musl-*"); len(found) > 0 {
		a.Musl = true
	}
	for _, name := range slices.Concat(names.passwd, names.shadow) {
		if !slices.Contains(virtual, name) {
			a.NotExamined = append(a.NotExamined, name)
		}
	}
	if len(a.Compat) > 0 && slices.Contains(names.passwd, "compat") {
		a.NotExamined = append(a.NotExamined, "nis")
	}
	slices.Sort(a.NotExamined)
	a.NotExamined = slices.Compact(a.NotExamined)

	if names.unread || slices.Contains(names.passwd, "db") {
		a.addStore(t, AccountStore{Name: "db", File: "/var/db/passwd.db", Identities: true})
		a.addStore(t, AccountStore{Name: "db", File: "/var/lib/misc/passwd.db", Identities: true})
	}
	// Without /etc/passwd the vendor's may be what an installed system starts
	// from (ostree: /usr/etc becomes /etc).
	if names.unread || errors.Is(a.PasswdErr, fs.ErrNotExist) {
		for _, f := range further {
			a.addStore(t, AccountStore{Name: f.name, File: f.dir + "/passwd", Identities: true})
			a.addStore(t, AccountStore{Name: f.name, File: f.dir + "/shadow"})
		}
	}
	// Where it is not known what is named, both shadow and tcb may hold passwords.
	if names.unread && !errors.Is(a.ShadowErr, fs.ErrNotExist) {
		a.addStore(t, AccountStore{Name: "tcb", File: tcbDir})
	}
}

// addStore records a store whose file exists and is not empty.
func (a *Accounts) addStore(t *tree.Tree, s AccountStore) {
	info, err := t.Stat(s.File)
	switch {
	case errors.Is(err, fs.ErrNotExist), err == nil && info.Mode.IsRegular() && info.Size == 0:
		return
	case err != nil:
		s.Err = err
	}
	a.Unevaluated = append(a.Unevaluated, s)
}
