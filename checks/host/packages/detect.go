package packages

import (
	"errors"
	"io/fs"
	"slices"
	"strings"

	"hostaudit/checks/host/tree"
)

// Where the managers keep their databases.
const (
	dpkgDir   = "/var/lib/dpkg"
	pacmanDir = "/var/lib/pacman/local"
)

var (
	apkFiles = [...]string{"/lib/apk/db/installed", "/usr/lib/apk/db/installed"}
	// /usr/share/rpm is rpm-ostree's.
	rpmDirs  = [...]string{"/usr/lib/sysimage/rpm", "/var/lib/rpm", "/usr/share/rpm"}
	opkgDirs = [...]string{"/usr/lib/opkg", "/var/lib/opkg"} // OpenWrt, Yocto
)

// detect returns the first database that is not empty, or else the first that is
// there. What cannot be looked at counts as there.
func detect(t *tree.Tree) (Manager, backend, error) {
	first := None
	for _, m := range []struct {
		manager Manager
		open    func(*tree.Tree) (db backend, there bool)
	}{
		{Dpkg, openDpkg}, {APK, openAPK}, {Pacman, openPacman}, {RPM, openRPM}, {Opkg, openOpkg},
	} {
		db, there := m.open(t)
		if db != nil {
			return m.manager, db, nil
		}
		if there && first == None {
			first = m.manager
		}
	}
	if first != None {
		return first, nil, notWhole(string(first), "the database is empty")
	}
	return None, nil, ErrNoDatabase
}

// filled reports whether a file has content and whether it is there at all.
func filled(t *tree.Tree, name string) (content, there bool) {
	info, err := t.Stat(name)
	if err != nil {
		unreadable := !errors.Is(err, fs.ErrNotExist)
		return unreadable, unreadable
	}
	return info.Size > 0 || !info.Mode.IsRegular(), true
}

// holds reports whether a directory has an entry for which is returns true.
func holds(t *tree.Tree, dir string, is func(name string) bool) (content, there bool) {
	names, err := t.ReadDir(dir)
	if err != nil {
		unreadable := !errors.Is(err, fs.ErrNotExist)
		return unreadable, unreadable
	}
	if slices.ContainsFunc(names, is) {
		return true, true
	}
	return false, true
}

func openDpkg(t *tree.Tree) (backend, bool) {
	status, there := filled(t, dpkgDir+"/status")
	parts, alsoThere := holds(t, dpkgDir+"/status.d", isStanzaFile)
	if !status && !parts {
		return nil, there || alsoThere
	}
	return &dpkg{t: t, status: status, parts: parts}, true
}

func openAPK(t *tree.Tree) (backend, bool) {
	there := false
	for _, name := range apkFiles {
		content, is := filled(t, name)
		if content {
			return apk{t, name}, true
		}
		there = there || is
	}
	return nil, there
}

func openPacman(t *tree.Tree) (backend, bool) {
	content, there := holds(t, pacmanDir, func(name string) bool { return name != "ALPM_DB_VERSION" })
	if !content {
		return nil, there
	}
	return pacman{t}, true
}

func openOpkg(t *tree.Tree) (backend, bool) {
	there := false
	for _, dir := range opkgDirs {
		content, is := holds(t, dir+"/info", func(name string) bool { return strings.HasSuffix(name, ".list") })
		if content {
			return opkg{t, dir}, true
		}
		there = there || is
	}
	return nil, there
}
