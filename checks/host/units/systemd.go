package units

import (
	"errors"
	"io/fs"
	"path"
	"strings"

	"hostaudit/checks/host/tree"
)

// unitDirs are systemd's directories, the first that has a name rules
// (systemd.unit(5), "Unit File Load Path"). /lib is the same directory as
// /usr/lib on merged systems; that counts nothing twice.
func unitDirs() []string {
	return []string{
		"/etc/systemd/system", "/run/systemd/system", "/usr/local/lib/systemd/system",
		"/usr/lib/systemd/system", "/lib/systemd/system",
	}
}

// maxAliases bounds a chain of aliases.
const maxAliases = 8

// systemd returns the state of a unit by systemd's links.
func systemd(t *tree.Tree, name string) Enablement {
	for range maxAliases {
		u := find(t, name)
		switch {
		case u.failed:
			return Unknown
		case u.file == "" && !strings.Contains(name, "@"):
			return Absent
		case u.masked:
			return Masked
		case u.alias != "":
			name = u.alias
			continue
		case u.file == "":
			if u = find(t, template(name)); u.failed {
				return Unknown
			} else if u.file == "" {
				return Absent
			} else if u.masked {
				return Masked
			}
		}
		return wanted(t, name, u.file)
	}
	return Unknown
}

// template is the file of an instance: getty@tty1.service has getty@.service.
func template(name string) string {
	prefix, rest, _ := strings.Cut(name, "@")
	return prefix + "@" + path.Ext(rest)
}

// unit is what a name leads to.
type unit struct {
	file   string // "" = no such unit
	masked bool
	alias  string // the name of the unit it is another name of
	failed bool   // could not be read
}

// find looks a name up in the load path. A link to /dev/null or an empty file
// masks; it is judged by where it points, never opened.
func find(t *tree.Tree, name string) unit {
	for _, dir := range unitDirs() {
		file := dir + "/" + name
		info, err := t.Lstat(file)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			continue
		case err != nil:
			return unit{failed: true}
		case info.Mode.IsRegular():
			return unit{file: file, masked: info.Size == 0}
		case info.Mode&fs.ModeSymlink == 0:
			return unit{failed: true}
		}
		target, err := linkTarget(t, file)
		switch {
		case err != nil:
			return unit{failed: true}
		case target == "/dev/null":
			return unit{file: file, masked: true}
		case path.Base(target) != name:
			return unit{file: file, alias: path.Base(target)}
		}
		info, err = t.Stat(file)
		if err != nil || !info.Mode.IsRegular() {
			return unit{failed: true}
		}
		return unit{file: file, masked: info.Size == 0}
	}
	return unit{}
}

// linkTarget is where a link points, as an absolute name, by its text alone.
func linkTarget(t *tree.Tree, file string) (string, error) {
	target, err := t.ReadLink(file)
	if err != nil {
		return "", err
	}
	if !path.IsAbs(target) {
		target = path.Join(path.Dir(file), target)
	}
	return path.Clean(target), nil
}

// wanted returns the state of an existing unit: enabled when a link in some
// .wants, .requires or .upholds directory bears its name or an alias. The link's
// target does not matter, it may dangle, but one to /dev/null takes the same
// link of later directories away.
func wanted(t *tree.Tree, name, file string) Enablement {
	names, err := aliases(t, name)
	if err != nil {
		return Unknown
	}
	names = append(names, name)
	removed := map[string]bool{}
	for _, dir := range unitDirs() {
		for _, kind := range []string{"wants", "requires", "upholds"} {
			for _, n := range names {
				links, err := t.Glob(dir + "/*." + kind + "/" + n)
				if err != nil {
					return Unknown
				}
				for _, link := range links {
					key := path.Base(path.Dir(link)) + "/" + n
					if target, err := linkTarget(t, link); err == nil && target == "/dev/null" {
						removed[key] = true
					} else if !removed[key] {
						return Enabled
					}
				}
			}
		}
	}
	return notWanted(t, file)
}

// notWanted tells disabled from unknown. A unit without [Install] may be started
// by any other unit; one with it may be enabled by presets when the system
// boots for the first time, which is when it has no machine-id yet. A socket unit
// means nothing where systemd is not installed; a service may have another
// supervisor.
func notWanted(t *tree.Tree, file string) Enablement {
	if path.Ext(file) == ".socket" && !installed(t) {
		return Disabled
	}
	data, err := t.ReadFile(file)
	if err != nil || !hasInstall(string(data)) {
		return Unknown
	}
	id, err := t.ReadFile("/etc/machine-id")
	if word := strings.TrimSpace(string(id)); err != nil || word == "" || word == "uninitialized" {
		return Unknown
	}
	return Disabled
}

// installed reports whether the tree has systemd, or whether it has is unclear.
func installed(t *tree.Tree) bool {
	for _, file := range []string{"/usr/lib/systemd/systemd", "/lib/systemd/systemd"} {
		if exists(t, file) != no {
			return true
		}
	}
	return false
}

func hasInstall(text string) bool {
	for line := range strings.Lines(text) {
		if strings.TrimSpace(line) == "[Install]" {
			return true
		}
	}
	return false
}

// aliases returns the other names of a unit: links to it in the load path.
func aliases(t *tree.Tree, name string) ([]string, error) {
	var names []string
	for _, dir := range unitDirs() {
		entries, err := t.ReadLinks(dir)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		for _, entry := range entries {
			if entry == name || path.Ext(entry) != path.Ext(name) || strings.ContainsAny(entry, "*?[\\") {
				continue
			}
			if target, err := linkTarget(t, dir+"/"+entry); err == nil && path.Base(target) == name {
				names = append(names, entry)
			}
		}
	}
	return names, nil
}
