package ssh

import (
	"path"

	"hostaudit/checks/host"
	"hostaudit/checks/host/tree"
)

// rights is who else than an account can change one of its key files, as sshd's
// StrictModes asks (safe_path() of misc.c): the file and every directory above it,
// up to the home directory or the root.
type rights struct {
	culprit string // the file or directory; "" = nobody else can
	why     string // a clause
	err     error  // the rights could not be read
}

// strictModes looks at a file that has been opened under that name. debian says that
// Debian's patch is in: a group that holds nobody but the account may write.
func strictModes(h *host.Host, name string, a host.Account, debian bool) rights {
	resolved, err := h.Tree.Resolve(name)
	if err != nil {
		return rights{err: err}
	}
	home, err := h.Tree.Resolve(a.Home)
	below := err == nil
	for first := true; ; first = false {
		info, err := h.Tree.Stat(resolved)
		if err != nil {
			return rights{err: err}
		}
		if first && !info.Mode.IsRegular() {
			return rights{culprit: resolved, why: "is no regular file"}
		}
		if why := loose(h, info, a, debian); why != "" {
			return rights{culprit: resolved, why: why}
		}
		if !first && below && resolved == home || resolved == "/" {
			return rights{}
		}
		resolved = path.Dir(resolved)
	}
}

// loose says why a file or directory is not the account's alone.
func loose(h *host.Host, info tree.Info, a host.Account, debian bool) string {
	switch mode := info.Mode.Perm(); {
	case info.UID != 0 && info.UID != a.UID:
		return "belongs to another account"
	case mode&0o002 != 0:
		return "can be written by everyone"
	case mode&0o020 != 0 && !(debian && privateGroup(h.Accounts(), info.GID, a)):
		return "can be written by its group"
	}
	return ""
}

// privateGroup reports a group whose only member is the account, by the primary
// group or by the list (secure_permissions() of Debian's user-group-modes patch).
func privateGroup(all *host.Accounts, gid uint32, a host.Account) bool {
	members := 0
	for _, other := range all.List {
		if other.GID == gid {
			if other.UID != a.UID {
				return false
			}
			members++
		}
	}
	for _, g := range all.Groups {
		if g.GID != gid {
			continue
		}
		switch {
		case len(g.Members) == 0:
		case len(g.Members) == 1 && g.Members[0] == a.Name:
			members++
		default:
			return false
		}
		return members > 0
	}
	return false
}

// readable reports whether the account itself can read a file: sshd opens it as the
// account. The group bits are enough: they also bound what an access control list
// gives to others (acl(5)).
func readable(info tree.Info, a host.Account) bool {
	mode := info.Mode.Perm()
	if info.UID == a.UID {
		return a.UID == 0 || mode&0o400 != 0
	}
	return a.UID == 0 || mode&0o044 != 0
}
