package ssh

import (
	"slices"

	"hostaudit/checks/host"
	"hostaudit/checks/internal/sshdconf"
)

// person is an account as passwd has it and as sshd looks at it.
type person struct {
	host.Account
	conn sshdconf.Account
}

// people returns the local accounts. ok is false where they could not be read.
func people(h *host.Host) (list []person, ok bool) {
	all := h.Accounts()
	if all == nil || all.PasswdErr != nil {
		return nil, false
	}
	// As getgrouplist(3) finds them: the primary group, and where the name stands.
	byID, byMember := map[uint32][]string{}, map[string][]string{}
	for _, g := range all.Groups {
		byID[g.GID] = append(byID[g.GID], g.Name)
		for _, member := range g.Members {
			byMember[member] = append(byMember[member], g.Name)
		}
	}
	for _, a := range all.List {
		list = append(list, person{a, sshdconf.Account{
			User: a.Name, Groups: slices.Concat(byID[a.GID], byMember[a.Name]), GroupsUnknown: all.GroupErr != nil,
		}})
	}
	return list, true
}

// roots returns the accounts PermitRootLogin is about: every one with user ID 0,
// whatever its name (auth_root_allowed() of auth.c). Where the accounts could not be
// read it is root alone, of whom nothing but the name is known, and known is false.
func roots(h *host.Host) (list []person, known bool) {
	all, known := people(h)
	for _, p := range all {
		if p.UID == 0 {
			list = append(list, p)
		}
	}
	if !known {
		list = []person{{host.Account{Name: "root", Home: "/root"}, sshdconf.Account{User: "root", GroupsUnknown: true}}}
	}
	return list, known
}

// unreadStore returns a local store of accounts that is in use and is not read, "" if
// there is none.
func unreadStore(h *host.Host) string {
	for _, store := range h.Accounts().Unevaluated {
		if store.Identities {
			return store.File
		}
	}
	return ""
}
