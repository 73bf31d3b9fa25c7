package host

import (
	"fmt"
	"slices"
	"strings"

	"hostaudit/checks/internal/userrecord"
)

// add makes an account of a record.
func (r *recordReader) add(store, base, file, second string, record *userrecord.Record, hidden error) {
	byName := base == record.Name || store == "userdb" && (slices.Contains(record.Aliases, base) || numeric(base, "") != "")
	switch {
	case record.Group, !byName:
		r.bad(file, record, "the record is of another name than its file")
		return
	case record.Name == "root", record.Name == "nobody":
		return // nss-systemd makes these up itself, whatever a record says
	case !record.UID.Set:
		r.bad(file, record, "the record gives no user ID")
		return
	case strings.ContainsAny(record.Name+record.RealName+record.Home+record.Shell, ":\n"):
		r.notRead(store, file, "a user record is not understood: separators in a name", nil)
		return
	case store == "userdb" && slices.ContainsFunc(r.out, func(o Account) bool { return o.Name == record.Name && o.Record.Store == store }):
		return // a second way to it
	}
	acc := Account{
		Name: record.Name, UID: record.UID.N, GID: record.UID.N, GECOS: record.RealName, Home: record.Home, Shell: record.Shell,
		File: file, Line: record.Line, PasswdField: "x", ShadowErr: hidden,
	}
	if record.GID.Set {
		acc.GID = record.GID.N
	}
	recordDefaults(&acc)
	acc.Record = r.loginBy(store, file, second, record)
	if hidden == nil {
		acc.Shadow = acc.Record.Dates
	}
	r.out = append(r.out, acc)
}

func (r *recordReader) bad(file string, record *userrecord.Record, problem string) {
	line := BadLine{File: file, Name: record.Name, Problem: problem, Line: record.Line, ID: "none"}
	if record.UID.Set {
		line.ID = fmt.Sprint(record.UID.N)
	}
	r.a.Invalid = append(r.a.Invalid, line)
}

// recordDefaults are user_record_home_directory and user_record_shell
// (shared/user-record.c): a person has a home and a shell.
func recordDefaults(acc *Account) {
	person := acc.UID >= 1000
	if acc.Home == "" {
		acc.Home = "/"
		if person {
			acc.Home = "/home/" + acc.Name
		}
	}
	if acc.Shell == "" {
		acc.Shell = "/usr/sbin/nologin"
		if person {
			acc.Shell = "/bin/bash"
		}
	}
}

const (
	day     = 24 * 60 * 60 * 1_000_000 // in microseconds
	noField = "!*"                     // what nss-systemd gives where there is no hash
)

// loginBy turns the record into what nss-systemd shows of it
// (nss_pack_user_record_shadow).
func (r *recordReader) loginBy(store, file, second string, record *userrecord.Record) *UserRecord {
	days := func(t userrecord.Time, round uint64) Days {
		if !t.Set {
			return Days{}
		}
		return Days{N: int64(t.USec/day + min(t.USec%day, round)), Set: true}
	}
	u := &UserRecord{Store: store, Token: record.Token, Dates: &ShadowEntry{
		Name: record.Name, Field: noField, File: file, Line: record.Line,
		LastChange: days(record.LastChange, 0), Min: days(record.Min, 0), Max: days(record.Max, 0),
		Warn: days(record.Warn, 0), Inactive: days(record.Inactive, 0), Expire: days(record.NotAfter, 1),
	}}
	for _, h := range record.Hashes {
		p := RecordPassword{Field: h.Text, File: file, Line: h.Line}
		if h.Second {
			p.File = second
		}
		u.Passwords = append(u.Passwords, p)
	}
	if len(u.Passwords) > 0 {
		u.Dates.Field, u.Dates.File, u.Dates.Line = u.Passwords[0].Field, u.Passwords[0].File, u.Passwords[0].Line
	}
	if store == "homed" && record.NotBefore.Set {
		u.NotBefore = record.NotBefore.USec
	}
	switch {
	case record.Locked:
		u.Refused = "the user record locks the account"
	case store == "homed" && !record.Signed:
		u.Refused = "systemd-homed takes no user record without a signature"
	case store == "userdb" && !r.shadow:
		u.Refused = "nsswitch.conf does not name systemd for shadow"
	}
	return u
}

// addRecords adds the accounts whose names are not there yet.
func (a *Accounts) addRecords(records []Account, seen map[string]*Account) {
	for _, acc := range records {
		a.addAccount(acc, seen)
	}
}

// attachRecords gives accounts of passwd the records of their names: pam_systemd_home
// asks homed by the name, and getspnam(3) comes to nss-systemd where shadow has
// no line.
func (a *Accounts) attachRecords(records []Account) {
	byName := map[string]*Account{}
	for i := range records {
		if r := &records[i]; byName[r.Name] == nil || r.Record.Store == "homed" {
			byName[r.Name] = r
		}
	}
	for i := range a.List {
		acc := &a.List[i]
		r := byName[acc.Name]
		switch {
		case r == nil, acc.Record != nil:
		case r.Record.Store == "homed":
			acc.Record = r.Record
		case acc.Shadowed() && acc.Shadow == nil && acc.ShadowErr == nil && r.Record.Refused == "":
			acc.Record, acc.Shadow, acc.ShadowErr = r.Record, r.Shadow, r.ShadowErr
		}
	}
}

// ownShadow is where the password of an account with a file of its own stands.
func ownShadow(acc Account) string {
	if acc.Record != nil {
		return strings.TrimSuffix(acc.Record.Dates.File, ".user") + ".user-privileged"
	}
	return tcbDir + "/" + acc.Name + "/shadow"
}
