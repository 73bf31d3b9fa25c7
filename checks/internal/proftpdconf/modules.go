package proftpdconf

import (
	"path"
	"slices"
	"strings"
)

// answer to whether a module is there.
type answer int

const (
	no answer = iota
	maybe
	yes
)

// modules are those of a running ProFTPD.
type modules struct {
	static  []string // nil = not known
	shared  map[string]bool
	unknown []string // loaded ones that the table of directives does not have
	path    string   // "" = not known
}

func newModules(b Build) modules {
	m := modules{static: b.Static, shared: map[string]bool{}, path: b.ModulePath}
	if b.Debian {
		if m.path == "" {
			m.path = "/usr/lib/proftpd"
		}
		if m.static == nil {
			m.static = debianStatic(b.Version)
		}
	}
	return m
}

// debianStatic returns what is built into the packages of Debian: proftpd -l of bullseye
// and bookworm, and of trixie and later.
func debianStatic(v Version) []string {
	list := []string{
		"mod_core.c", "mod_rlimit.c", "mod_auth_unix.c", "mod_auth_file.c", "mod_auth.c", "mod_log.c", "mod_site.c",
		"mod_facts.c", "mod_dso.c", "mod_auth_pam.c", "mod_cap.c", "mod_ctrls.c", "mod_lang.c",
	}
	switch {
	case v.before(7):
		return nil // no release of theirs that was looked at
	case v.before(8) || v.rank() == 8 && v.Level < 3:
		list = append(list, "mod_xfer.c", "mod_ls.c", "mod_delay.c")
	}
	return list
}

// loaded answers for a module by its name as <IfModule> writes it.
func (m *modules) loaded(name string) answer {
	switch {
	case m.shared[name], slices.Contains(m.static, name):
		return yes
	case m.static != nil:
		return no
	}
	switch name {
	case "mod_core.c", "mod_auth.c", "mod_auth_unix.c", "mod_auth_file.c", "mod_log.c", "mod_site.c":
		return yes // no ./configure leaves them out
	}
	return maybe
}

// foreign reports that a directive may be one of a module that is built in and not known.
func (m *modules) foreign(string) bool { return m.static == nil }

// add notes that a module is loaded.
func (m *modules) add(name string) {
	m.shared[name] = true
	if !knownModule(name) && !slices.Contains(m.unknown, name) {
		m.unknown = append(m.unknown, name)
	}
}

// explains reports whether a loaded module that the table does not have goes by the
// directive's name: VRootEngine is one of mod_vroot.
func (m *modules) explains(directive string) bool {
	for _, name := range m.unknown {
		stem := strings.TrimSuffix(strings.TrimPrefix(name, "mod_"), ".c")
		stem = strings.TrimRight(stem, "0123456789")
		if stem == "clamav" {
			stem = "clam"
		}
		if stem != "" && strings.HasPrefix(strings.ToLower(directive), stem) {
			return true
		}
	}
	return false
}

// modulePaths are where builds look for shared modules, for a build that is not known.
func modulePaths() []string {
	return []string{
		"/usr/libexec/proftpd", "/usr/lib/proftpd", "/usr/lib64/proftpd", "/usr/local/libexec/proftpd",
		"/usr/libexec", "/usr/local/libexec",
	}
}

// loadModule is LoadModule of mod_dso.c. A module that is built in needs no file.
func (w *walker) loadModule(a at, name string) string {
	stem, ok := strings.CutSuffix(name, ".c")
	if !ok {
		stem, ok = strings.CutSuffix(name, ".cpp")
	}
	if !ok || !strings.HasPrefix(name, "mod_") || len(name) < 5 {
		return "a module whose name is none"
	}
	if w.modules.loaded(name) == yes {
		return ""
	}
	if strings.Contains(name, "/") || len(w.modules.shared) > 500 {
		w.unsure(a, "a module by path")
		return ""
	}
	dirs := []string{w.modules.path}
	if w.modules.path == "" {
		dirs = modulePaths()
	}
	for _, dir := range dirs {
		for _, ext := range []string{".so", ".la"} {
			kind, err := w.files.Stat(path.Join(dir, stem+ext))
			switch {
			case err == nil && kind == Regular:
				w.modules.add(name)
				return ""
			case err != nil && !absent(err):
				w.problem(Problem{File: a.file, Line: a.line, Outcome: Outcome{Unsure, "a module that cannot be looked up"}, Err: err})
				w.modules.add(name)
				return ""
			}
		}
	}
	if w.modules.path != "" && w.modules.loaded(name) == no {
		return "a module that is not there"
	}
	w.unsure(a, "a module that is not found, and may be built in or elsewhere")
	w.modules.add(name)
	return ""
}
