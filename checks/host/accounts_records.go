package host

import (
	"errors"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"hostaudit/checks/host/tree"
	"hostaudit/checks/internal/userrecord"
)

// UserRecord is what a JSON user record says about logging in (systemd.io,
// USER_RECORD).
type UserRecord struct {
	Store string // "homed": of systemd-homed; "userdb": of a drop-in directory
	// Passwords are the entries of hashedPassword, in order: each opens the account.
	// nss-systemd hands pam_unix the first alone; systemd-homed takes any.
	Passwords []RecordPassword
	// Dates are those nss-systemd makes of the record, with the first password.
	Dates *ShadowEntry
	// NotBefore is when the record begins to count, in microseconds since 1970; only
	// systemd-homed looks at it.
	NotBefore uint64
	// Refused says why nobody logs in by the record, "" = somebody can.
	Refused string
	// Token: a PKCS#11 or FIDO2 token opens the account.
	Token bool
}

// RecordPassword is one password field of a user record and its place.
type RecordPassword struct {
	Field, File string
	Line        int
}

// Password is one password field of an account.
type Password struct {
	Field, File string
	Line        int
	Err         error        // as Accounts.Password tells it
	Shadow      *ShadowEntry // whose dates count for it; nil = none
	Record      *UserRecord  // the field is the record's
}

// Passwords returns every field that opens the account: the one of Password, and
// those of its user record.
func (a *Accounts) Passwords(acc Account) []Password {
	first := Password{Shadow: acc.Shadow}
	first.Field, first.File, first.Line, first.Err = a.Password(acc)
	if !acc.Shadowed() {
		first.Shadow = nil
	}
	if acc.Record != nil && acc.Shadow == acc.Record.Dates {
		first.Record = acc.Record
	}
	all := []Password{first}
	if acc.Record == nil {
		return all
	}
	for i, p := range acc.Record.Passwords {
		if i > 0 || first.Record == nil {
			all = append(all, Password{Field: p.Field, File: p.File, Line: p.Line, Shadow: acc.Record.Dates, Record: acc.Record})
		}
	}
	return all
}

// Places of user records. Of drop-ins of one name the first directory's counts
// (userdb-dropin.h: USERDB_DROPIN_DIR_NULSTR, constants-util.h: CONF_PATHS).
const homedDir = "/var/lib/systemd/home"

func userdbDirs() []string {
	return []string{"/etc/userdb", "/run/userdb", "/run/host/userdb", "/usr/local/lib/userdb", "/usr/lib/userdb"}
}

// Bounds of what is read of records: a host has a few.
const (
	maxRecords = 2000
	maxRecord  = 1 << 20
	allRecords = 16 << 20
)

// recordReader reads the records of a tree.
type recordReader struct {
	t       *tree.Tree
	a       *Accounts
	machine userrecord.Machine
	shadow  bool // nss-systemd is asked for shadow
	left    int
	bytes   int
	seen    map[string]bool // file names of drop-ins
	out     []Account
}

// systemd reports whether a service list that may be absent names systemd. Without
// nsswitch.conf it is taken to: the records are there for somebody.
func (s sources) systemd(services []string) bool {
	return s.unread || s.missing || slices.Contains(services, "systemd")
}

// recordsFirst reports that records come before /etc/passwd.
func (s sources) recordsFirst() bool {
	at := slices.Index(s.passwd, "systemd")
	files := slices.IndexFunc(s.passwd, func(name string) bool { return name == "files" || name == "compat" })
	return at >= 0 && at < files
}

// loadRecords returns the accounts of user records, those of systemd-homed first,
// which hold by names. Without nss-systemd no program finds them.
func (a *Accounts) loadRecords(t *tree.Tree, names sources) []Account {
	if !names.systemd(names.passwd) {
		return nil
	}
	shadow := names.shadow
	if shadow == nil {
		shadow = names.passwd // the alternative of old glibc (nss/spwd-lookup.c)
	}
	r := &recordReader{t: t, a: a, shadow: names.systemd(shadow), left: maxRecords, bytes: allRecords, seen: map[string]bool{}}
	r.machine = machineOf(t)
	r.directory("homed", homedDir, ".identity")
	for _, dir := range userdbDirs() {
		r.directory("userdb", dir, ".user")
	}
	for _, dir := range userdbDirs() {
		r.directory("groupdb", dir, ".group")
	}
	return r.out
}

func machineOf(t *tree.Tree) (m userrecord.Machine) {
	line := func(file string) string {
		data, err := readSmall(t, file, 4096)
		if err != nil {
			return ""
		}
		text, _, _ := strings.Cut(string(data), "\n")
		return strings.TrimSpace(text)
	}
	if id := line("/etc/machine-id"); len(id) == 32 {
		m.ID = id
	}
	m.Hostname = line("/etc/hostname")
	return m
}

// notRead records what could not be read or is not understood.
func (r *recordReader) notRead(store, file, problem string, err error) {
	r.a.Unevaluated = append(r.a.Unevaluated, AccountStore{
		Name: store, File: file, Identities: store == "userdb", Err: err, Problem: problem,
	})
}

// directory reads the records of one directory.
func (r *recordReader) directory(store, dir, suffix string) {
	names, err := r.t.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	if err != nil {
		r.notRead(store, dir, "", err)
		return
	}
	slices.Sort(names)
	// A user ID as the name is a second way to the record of a name.
	slices.SortStableFunc(names, func(a, b string) int { return strings.Compare(numeric(a, suffix), numeric(b, suffix)) })
	for _, name := range names {
		base, is := strings.CutSuffix(name, suffix)
		if !is || base == "" || store != "homed" && r.seen[name] {
			continue
		}
		r.seen[name] = r.seen[name] || store != "homed"
		if r.left--; r.left < 0 || r.bytes < 0 {
			r.notRead(store, dir, "there are more user records than are read", nil)
			return
		}
		r.file(store, dir, base, suffix)
	}
}

// numeric is "1" for a file named by a user ID and "" for one named by a name.
func numeric(name, suffix string) string {
	if _, err := strconv.ParseUint(strings.TrimSuffix(name, suffix), 10, 32); err == nil {
		return "1"
	}
	return ""
}

func (r *recordReader) file(store, dir, base, suffix string) {
	file := path.Join(dir, base+suffix)
	if target, err := r.t.ReadLink(file); err == nil && target == "/dev/null" {
		return // masked (CONF_FILES_FILTER_MASKED)
	}
	data, err := readSmall(r.t, file, maxRecord)
	switch {
	case errors.Is(err, fs.ErrNotExist): // a link to nowhere
		return
	case err != nil:
		r.notRead(store, file, "", err)
		return
	case len(data) == 0:
		return // homed removes it, for userdb it is a mask
	}
	r.bytes -= len(data)
	var privileged []byte
	var hidden error
	second := path.Join(dir, base+suffix+"-privileged")
	if store != "homed" {
		privileged, hidden = readSmall(r.t, second, maxRecord)
		if errors.Is(hidden, fs.ErrNotExist) {
			privileged, hidden = nil, nil
		}
		r.bytes -= len(privileged)
	}
	record, err := userrecord.Parse(data, privileged, r.machine)
	if err != nil {
		r.notRead(store, file, "a record is not understood: "+err.Error(), nil)
		return
	}
	if store == "groupdb" {
		switch {
		case hidden != nil:
			r.notRead(store, second, "", hidden)
		case len(record.Hashes) > 0:
			r.notRead(store, file, "the password of a group record is not evaluated", nil)
		}
		return
	}
	r.add(store, base, file, second, record, hidden)
}
