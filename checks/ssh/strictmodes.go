package ssh

import (
	"io/fs"
	"path"
	"slices"

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
	case mode&0o020 != 0 && !(debian && privateGroup(h, info, a)):
		return "can be written by its group"
	}
	return ""
}

// groupIndex is what privateGroup asks of passwd and group.
type groupIndex struct {
	primary map[uint32][]uint32 // user IDs by primary group, two at most that differ
	members map[uint32][]string // of the first line with that number
	names   map[uint32]string   // by user ID, of the first line
}

type groupIndexKey struct{}

func indexGroups(h *host.Host) *groupIndex {
	return host.Once(h, groupIndexKey{}, func() *groupIndex {
		all := h.Accounts()
		x := &groupIndex{map[uint32][]uint32{}, map[uint32][]string{}, map[uint32]string{}}
		for _, a := range all.List {
			if ids := x.primary[a.GID]; len(ids) < 2 && !slices.Contains(ids, a.UID) {
				x.primary[a.GID] = append(ids, a.UID)
			}
			if _, there := x.names[a.UID]; !there {
				x.names[a.UID] = a.Name
			}
		}
		for _, g := range all.Groups {
			if _, there := x.members[g.GID]; !there {
				x.members[g.GID] = g.Members
			}
		}
		return x
	})
}

// privateGroup reports a group whose only member is the account, by the primary
// group, or by the list, where it is the owner of the file that counts
// (secure_permissions() of Debian's user-group-modes patch).
func privateGroup(h *host.Host, info tree.Info, a host.Account) bool {
	x := indexGroups(h)
	list, there := x.members[info.GID]
	primary := x.primary[info.GID]
	if !there || len(primary) > 1 || len(primary) == 1 && primary[0] != a.UID {
		return false
	}
	owner, named := x.names[info.UID]
	if !named || len(list) > 1 || len(list) == 1 && list[0] != owner {
		return false
	}
	return len(primary)+len(list) > 0
}

// reaches reports whether the account itself can read a file: sshd opens it as the
// account. The group bits are enough: they also bound what an access control list
// gives to others (acl(5)).
func reaches(h *host.Host, name string, info tree.Info, a host.Account) bool {
	may := func(info tree.Info, bits fs.FileMode) bool {
		if info.UID == a.UID {
			return info.Mode.Perm()&(bits<<6) != 0
		}
		return info.Mode.Perm()&(bits<<3|bits) != 0
	}
	if a.UID == 0 {
		return true
	}
	const read, search = 4, 1
	resolved, err := h.Tree.Resolve(name)
	if err != nil || !may(info, read) {
		return err != nil // what cannot be seen is no evidence
	}
	for resolved != "/" {
		resolved = path.Dir(resolved)
		if dir, err := h.Tree.Stat(resolved); err == nil && !may(dir, search) {
			return false
		}
	}
	return true
}

// dropbearRights looks at a file as Dropbear does (checkpubkeyperms() of
// svr-authpubkey.c): at the directories of the name as it is written, up to the home
// directory. That of the file itself decided up to 2022 and decides no longer.
func dropbearRights(h *host.Host, name string, file tree.Info, a host.Account) (refused, writable rights) {
	for dir := path.Dir(name); ; dir = path.Dir(dir) {
		info, err := h.Tree.Stat(dir)
		if err != nil {
			return rights{err: err}, rights{}
		}
		if why := loose(h, info, a, false); why != "" {
			return rights{culprit: dir, why: why}, rights{}
		}
		if dir == path.Clean(a.Home) || dir == "/" {
			break
		}
	}
	if why := loose(h, file, a, false); why != "" {
		writable = rights{culprit: name, why: why}
	}
	return rights{}, writable
}
