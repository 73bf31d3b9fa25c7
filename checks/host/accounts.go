package host

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"

	"hostaudit/checks/host/tree"
	"hostaudit/checks/internal/passwd"
)

// Accounts are the local accounts in the order of /etc/passwd, joined with
// /etc/shadow the way glibc and pam_unix do: the first valid line of a name
// counts, and the password field of passwd rules unless it points to shadow.
// Further files of the same forms that nsswitch.conf(5) names (altfiles,
// usrfiles, extrausers) follow, and the JSON user records of systemd where it
// names systemd. Directory accounts are out of scope.
type Accounts struct {
	List []Account // passwd order; later lines of a name already seen are in Duplicates

	Duplicates []Account     // valid lines that glibc never reaches by name
	Orphans    []ShadowEntry // shadow lines without a passwd line: nobody can log in by them
	Invalid    []BadLine     // lines of passwd and group that glibc passes over
	Compat     []BadLine     // NIS "+" and "-" lines: accounts from elsewhere, not examined

	PasswdErr error // reading /etc/passwd failed: nothing of it is known
	ShadowErr error // reading /etc/shadow failed (fs.ErrNotExist = there is none)
	GroupErr  error
	Groups    []Group
	// GroupShadowErr: reading /etc/gshadow failed (fs.ErrNotExist = there is none).
	GroupShadowErr error

	// NotExamined names the directories and other services of nsswitch.conf's
	// passwd line that hold accounts out of scope, sorted. For facts.
	NotExamined []string
	// Unevaluated are local stores of accounts that are in use and that this
	// version does not read: a question about every account has a gap for each.
	Unevaluated []AccountStore
	// Musl: the C library is musl, which reads broken lines in other ways than
	// glibc (an empty or overflowing user ID can be 0).
	Musl bool
}

// Account is one line of passwd, or one user record, with what belongs to it.
type Account struct {
	Name               string
	UID, GID           uint32
	GECOS, Home, Shell string // Shell "" means /bin/sh
	File               string // "/etc/passwd" but for an account of another source
	Line               int
	PasswdField        string       // field 2 of passwd
	Shadow             *ShadowEntry // first valid line of that name, else its first invalid one; nil = none
	// ShadowErr: the account has a file of its own for its password, which could not
	// be read (tcb, a user record's privileged part).
	ShadowErr error
	// Record is the user record of that name; of an account of passwd too, as what
	// asks systemd first takes the record's passwords.
	Record *UserRecord
}

// ShadowEntry is one line of shadow(5). Ages are days; Set tells "empty".
type ShadowEntry struct {
	Name, Field                                  string
	LastChange, Min, Max, Warn, Inactive, Expire Days
	File                                         string
	Line                                         int
	Problem                                      string // "" or why glibc passes the line over (field count, non-numeric age, CR)
	Unsure                                       bool   // older versions of glibc accept the line all the same
}

// Days is a number of days in shadow(5), or nothing.
type Days struct {
	N   int64
	Set bool
}

// Group is one line of group(5).
type Group struct {
	Name    string
	GID     uint32
	Members []string
	Line    int
	Field   string       // field 2 of group
	Shadow  *GroupShadow // first line of gshadow of that name; nil = none
}

// GroupShadow is one line of gshadow(5).
type GroupShadow struct {
	Field string
	Line  int
}

// BadLine is a line that is no valid entry.
type BadLine struct {
	File, Name, Problem string // Name is "" where none could be read
	ID                  string // user or group ID as written
	Line                int
}

// Errors of Accounts.Password.
var (
	// ErrInvalidEntry: the account's shadow line is invalid; login is refused.
	ErrInvalidEntry = errors.New("invalid shadow entry")
	// ErrUnsureEntry: whether the shadow line is valid depends on the version of
	// the C library.
	ErrUnsureEntry = errors.New("shadow entry that only some C libraries accept")
)

// The account files.
const (
	passwdFile = "/etc/passwd"
	shadowFile = "/etc/shadow"
	groupFile  = "/etc/group"
	gshadow    = "/etc/gshadow"
)

// Password returns the field that decides about a password login, where it
// stands, and whether it could be determined: pam_unix takes field 2 of passwd
// and asks shadow only when that is "x", "*NP*" or "##" and the account's name.
//
// Of a user record it is the first of its passwords; Passwords has all of them.
//
// err is fs.ErrNotExist when passwd points to a shadow entry that is not there
// (login is refused), ErrInvalidEntry or ErrUnsureEntry (field is set all the
// same), or the read error when shadow could not be read.
func (a *Accounts) Password(acc Account) (field, file string, line int, err error) {
	if !acc.Shadowed() {
		return acc.PasswdField, acc.File, acc.Line, nil
	}
	s := acc.Shadow
	switch {
	case s == nil && acc.ShadowErr != nil:
		return "", ownShadow(acc), 0, acc.ShadowErr
	case s == nil && a.ShadowErr != nil:
		return "", shadowFile, 0, a.ShadowErr
	case s == nil:
		return "", shadowFile, 0, fmt.Errorf("shadow entry: %w", fs.ErrNotExist)
	case s.Unsure:
		err = ErrUnsureEntry
	case s.Problem != "":
		err = ErrInvalidEntry
	}
	return s.Field, s.File, s.Line, err
}

// Shadowed reports whether field 2 of passwd points to shadow (Linux-PAM,
// modules/pam_unix/passverify.c: is_pwd_shadowed, get_account_info).
func (acc Account) Shadowed() bool {
	switch acc.PasswdField {
	case "x", "*NP*", "##" + acc.Name:
		return true
	}
	return false
}

// loadAccounts reads the account files of a tree. What cannot be read is told by
// the Err fields.
func loadAccounts(t *tree.Tree) *Accounts {
	a := &Accounts{}
	names := loadSources(t)
	records := a.loadRecords(t, names)
	a.loadPasswd(t, names, records)
	a.loadShadow(t, names)
	a.attachRecords(records)
	a.loadGroup(t)
	a.addSources(t, names)
	return a
}

// maxSeparators bounds the lines of a file, and the members of all groups: what
// a file of 8 MiB could hold would take hundreds of megabytes.
const maxSeparators = 100_000

// readLines is ReadFile for the account files.
func readLines(t *tree.Tree, file, separators string) ([]byte, error) {
	data, err := t.ReadFile(file)
	if err != nil {
		return nil, err
	}
	n := 0
	for _, c := range []byte(separators) {
		n += bytes.Count(data, []byte{c})
	}
	if n > maxSeparators {
		return nil, &fs.PathError{Op: "read", Path: file, Err: tree.ErrTooLarge}
	}
	return data, nil
}

func (a *Accounts) loadPasswd(t *tree.Tree, names sources, records []Account) {
	seen := map[string]*Account{}
	if names.recordsFirst() {
		a.addRecords(records, seen)
		records = nil
	}
	for _, file := range names.passwdFiles() {
		data, err := readLines(t, file, "\n")
		switch {
		case err != nil && file == passwdFile:
			a.PasswdErr = err
		case err != nil:
			a.addUnread(file, err)
		default:
			a.addUsers(file, data, seen)
		}
	}
	a.addRecords(records, seen)
}

func (a *Accounts) addUsers(file string, data []byte, seen map[string]*Account) {
	users, bad := passwd.Users(data)
	for _, u := range users {
		if u.Compat {
			a.Compat = append(a.Compat, BadLine{File: file, Name: u.Name, Line: u.Line, Problem: "for NIS"})
			continue
		}
		acc := Account{
			Name: u.Name, UID: u.UID, GID: u.GID, GECOS: u.GECOS, Home: u.Home, Shell: u.Shell,
			File: file, Line: u.Line, PasswdField: u.Password,
		}
		a.addAccount(acc, seen)
	}
	a.addInvalid(file, bad)
}

func (a *Accounts) addAccount(acc Account, seen map[string]*Account) {
	switch before := seen[acc.Name]; {
	case before == nil:
		seen[acc.Name] = &acc
		a.List = append(a.List, acc)
	case before.File != acc.File && before.UID == acc.UID:
		// The vendor's line under an administrator's: how these files are used.
	default:
		a.Duplicates = append(a.Duplicates, acc)
	}
}

func (a *Accounts) addInvalid(file string, bad []passwd.Bad) {
	for _, b := range bad {
		a.Invalid = append(a.Invalid, BadLine{File: file, Name: b.Name, ID: b.ID, Problem: b.Problem, Line: b.Line})
	}
}
