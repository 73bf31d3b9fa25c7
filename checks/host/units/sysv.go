package units

import (
	"path"
	"slices"
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
		// The last two are OpenWrt's (procd) and, of BusyBox's rcS, Buildroot's.
		dirs = append(dirs, "/etc/init.d/boot.d", "/etc/rc.d", "/etc/init.d")
	}
	return dirs
}

// sysv finds scripts with a start link, and rc.local.
//
// systemd's generator (systemd-sysv-generator(8)) passes over a script that is
// not executable, and one whose name a native unit has, a masked one too; without
// it, as from version 260 on, systemd starts none. Other inits run every link that
// leads to something.
func (g *gatherer) sysv() {
	seen := map[string]bool{}
	defer g.rcLocal(seen)
	if g.noGenerator("systemd-sysv-generator") {
		return
	}
	for _, dir := range g.rcDirs() {
		for _, link := range g.names(dir) {
			name, ok := startLink(link)
			if !ok || seen[name] {
				continue
			}
			var unit nativeUnit
			if g.init == "systemd" {
				if unit = g.native(name); unit.is {
					continue
				}
			}
			file := dir + "/" + link
			info, ok := g.stat(file)
			if !ok || !info.Mode.IsRegular() {
				continue
			}
			if g.init == "systemd" && info.Mode&0o111 == 0 {
				continue
			}
			for _, p := range unit.problems {
				g.problem(p.File, p.Line, p.Err)
			}
			seen[name] = true
			g.add(Entry{Kind: KindSysV, Name: name, Program: g.script(name, file), Place: Place{file, 0}})
		}
	}
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

// nativeUnit says whether systemd has a unit of a script's name in a directory that
// is not made by generators, and what kept it from being told.
type nativeUnit struct {
	is       bool
	problems []Problem
}

// native is asked for every link. The unit's name of a script "x.sh" is x.service.
func (g *gatherer) native(script string) nativeUnit {
	unit := strings.TrimSuffix(script, ".sh") + ".service"
	n, known := g.natives[unit]
	if known {
		return n
	}
	for _, dir := range []string{"/etc/systemd/system", "/run/systemd/system", "/usr/local/lib/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system"} {
		names, err := g.listed(dir)
		if err != nil {
			n.problems = append(n.problems, Problem{Place: Place{path.Join(dir, unit), 0}, Err: err})
		}
		if _, n.is = names[unit]; n.is {
			break
		}
	}
	g.natives[unit] = n
	return n
}

// listed returns the names of a directory of systemd's, read once for all.
func (g *gatherer) listed(dir string) (map[string]bool, error) {
	g.s.mu.Lock()
	defer g.s.mu.Unlock()
	s := g.s.systemd()
	if dir == "/lib/systemd/system" && !slices.Contains(s.path, dir) {
		return nil, nil // another name of /usr/lib/systemd/system
	}
	l := s.list(dir)
	return l.names, l.err
}

// noGenerator reports a systemd that has generators, and not this one.
func (g *gatherer) noGenerator(name string) bool {
	if g.init != "systemd" {
		return false
	}
	others := false
	for _, dir := range []string{"/usr/lib/systemd", "/lib/systemd", "/usr/local/lib/systemd", "/etc/systemd", "/run/systemd"} {
		names, err := g.listed(dir + "/system-generators")
		if _, is := names[name]; is || err != nil {
			return false
		}
		others = others || len(names) > 0
	}
	return others
}

// rcLocal: every init runs it when it is executable, systemd as long as it has
// systemd-rc-local-generator(8); on Red Hat /etc/rc.local is a link to the other name.
func (g *gatherer) rcLocal(seen map[string]bool) {
	if g.noGenerator("systemd-rc-local-generator") {
		return
	}
	for _, file := range []string{"/etc/rc.local", "/etc/rc.d/rc.local", "/etc/init.d/boot.local"} {
		name := path.Base(file)
		if !seen[name] && g.runs(file) {
			seen[name] = true
			g.add(Entry{Kind: KindSysV, Name: name, Program: file, Place: Place{file, 0}})
		}
	}
}
