package units

import (
	"errors"
	"io/fs"
	"path"
	"strings"
)

// rcDirs are the directories of start links, Debian's and SUSE's first, then Red
// Hat's. Before the runlevels System V's init runs rcS.d, SUSE's boot.d; systemd
// does not look there.
func (g *gatherer) rcDirs() []string {
	var dirs []string
	for _, base := range []string{"/etc", "/etc/rc.d", "/etc/init.d"} {
		for _, level := range []string{"2", "3", "4", "5"} {
			dirs = append(dirs, base+"/rc"+level+".d")
		}
		if g.init != "systemd" {
			dirs = append(dirs, base+"/rcS.d")
		}
	}
	if g.init != "systemd" {
		dirs = append(dirs, "/etc/init.d/boot.d")
	}
	return dirs
}

// sysv finds scripts with a start link, and rc.local.
//
// systemd's generator (systemd-sysv-generator(8)) passes over a script that is
// not executable, and one whose name a native unit has, a masked one too. Other
// inits run every link that leads to something.
func (g *gatherer) sysv() {
	seen := map[string]bool{}
	for _, dir := range g.rcDirs() {
		for _, link := range g.names(dir) {
			name, ok := startLink(link)
			if !ok || seen[name] {
				continue
			}
			file := dir + "/" + link
			info, ok := g.stat(file)
			if !ok || !info.Mode.IsRegular() {
				continue
			}
			if g.init == "systemd" && (info.Mode&0o111 == 0 || g.native(name)) {
				continue
			}
			seen[name] = true
			g.add(Entry{Kind: KindSysV, Name: name, Program: g.script(name, file), Place: Place{file, 0}})
		}
	}
	g.rcLocal(seen)
}

// startLink returns the script's name of "S20name".
func startLink(link string) (name string, ok bool) {
	if len(link) < 4 || link[0] != 'S' || strings.Trim(link[1:3], "0123456789") != "" {
		return "", false
	}
	return link[3:], true
}

// script is the file of a script.
func (g *gatherer) script(name, link string) string {
	if file := "/etc/init.d/" + name; g.isThere(file) {
		return file
	}
	if file, err := g.t.Resolve(link); err == nil {
		return file
	}
	return link
}

// native reports a systemd unit of the name in a directory that is not made by
// generators. The unit's name of a script "x.sh" is x.service.
func (g *gatherer) native(script string) bool {
	unit := strings.TrimSuffix(script, ".sh") + ".service"
	for _, dir := range []string{"/etc/systemd/system", "/run/systemd/system", "/usr/local/lib/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system"} {
		_, err := g.t.Lstat(path.Join(dir, unit))
		if err == nil {
			return true
		}
		if !errors.Is(err, fs.ErrNotExist) {
			g.problem(path.Join(dir, unit), 0, err)
		}
	}
	return false
}

// rcLocal: every init runs it when it is executable (systemd-rc-local-generator(8));
// on Red Hat /etc/rc.local is a link to the other name.
func (g *gatherer) rcLocal(seen map[string]bool) {
	for _, file := range []string{"/etc/rc.local", "/etc/rc.d/rc.local", "/etc/init.d/boot.local"} {
		name := path.Base(file)
		if !seen[name] && g.runs(file) {
			seen[name] = true
			g.add(Entry{Kind: KindSysV, Name: name, Program: file, Place: Place{file, 0}})
		}
	}
}
