package host

import (
	"errors"
	"io/fs"
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
	Err        error // looking for it failed; nil = it is there
}

// virtual are the services that hold no password of their own: "files" is what
// was read, "compat" adds NIS by its "+" lines, the rest make accounts up or are
// looked for by their files.
var virtual = []string{"files", "compat", "systemd", "mymachines", "altfiles", "extrausers", "tcb", "db"}

// loadSources looks at where else accounts come from.
func (a *Accounts) loadSources(t *tree.Tree) {
	if found, _ := t.Glob("/lib/ld-musl-*"); len(found) > 0 {
		a.Musl = true
	}
	data, err := t.ReadFile("/etc/nsswitch.conf")
	unknown := err != nil && !errors.Is(err, fs.ErrNotExist)
	accounts, shadow := passwd.Sources(data, "passwd"), passwd.Sources(data, "shadow")
	for _, name := range slices.Concat(accounts, shadow) {
		if !slices.Contains(virtual, name) {
			a.NotExamined = append(a.NotExamined, name)
		}
	}
	if len(a.Compat) > 0 && slices.Contains(accounts, "compat") {
		a.NotExamined = append(a.NotExamined, "nis")
	}
	slices.Sort(a.NotExamined)
	a.NotExamined = slices.Compact(a.NotExamined)

	named := func(sources []string, name string) bool { return unknown || slices.Contains(sources, name) }
	if named(accounts, "altfiles") {
		a.addStore(t, AccountStore{Name: "altfiles", File: "/usr/lib/passwd", Identities: true})
	}
	if named(accounts, "db") {
		a.addStore(t, AccountStore{Name: "db", File: "/var/db/passwd.db", Identities: true})
		a.addStore(t, AccountStore{Name: "db", File: "/var/lib/misc/passwd.db", Identities: true})
	}
	if named(accounts, "extrausers") || named(shadow, "extrausers") {
		a.addStore(t, AccountStore{Name: "extrausers", File: "/var/lib/extrausers/passwd", Identities: true})
		a.addStore(t, AccountStore{Name: "extrausers", File: "/var/lib/extrausers/shadow"})
	}
	if errors.Is(a.ShadowErr, fs.ErrNotExist) || slices.Contains(shadow, "tcb") {
		a.addStore(t, AccountStore{Name: "tcb", File: "/etc/tcb"})
	}
	// systemd-homed's identities are always of its own range of user IDs.
	a.addStores(t, AccountStore{Name: "homed", File: "/var/lib/systemd/home/*.identity"})
	for _, dir := range []string{"/etc/userdb", "/run/userdb", "/run/host/userdb", "/usr/local/lib/userdb", "/usr/lib/userdb"} {
		a.addStores(t, AccountStore{Name: "userdb", File: dir + "/*.user", Identities: true})
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

// addStores records a store once if its pattern matches.
func (a *Accounts) addStores(t *tree.Tree, s AccountStore) {
	found, err := t.Glob(s.File)
	if len(found) == 0 && err == nil {
		return
	}
	if len(found) > 0 {
		s.File = found[0]
	} else {
		s.Err = err
	}
	a.Unevaluated = append(a.Unevaluated, s)
}
