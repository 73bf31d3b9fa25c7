package proftpdconf

import (
	"path"
	"slices"
	"strings"
)

// include is set_include() of mod_core.c: only EINVAL is passed on, all else is logged.
func (w *walker) include(a at, name string) string {
	allowed := "RVAGDL"
	if w.build.Version.before(6) {
		allowed = "RVAGD"
	}
	switch {
	case strings.IndexByte(allowed, w.context()) < 0:
		return "a directive in a context where it is not allowed"
	case !strings.HasPrefix(name, "/"):
		return "an Include of a name that is not absolute"
	}
	w.fault = nil
	res := w.includePath(a, name, 0)
	switch {
	case w.halted || res == parsed:
		return ""
	case res == invalid && w.fault != nil:
		return w.fault.Why + ", in a file that is included"
	case res == invalid:
		return "an Include that is not valid"
	}
	w.warn(a)
	return ""
}

// warn keeps the fault of an included file, or that there is none.
func (w *walker) warn(a at) {
	p := Problem{File: a.file, Line: a.line, Outcome: Outcome{Warned, "an Include that finds nothing to read"}}
	if w.fault != nil {
		p = *w.fault
		p.Why += "; ProFTPD goes on without the rest of the file that includes it"
	}
	w.problem(p)
	w.fault = nil
}

// includePath is parse_config_path2(): a file, a directory, or a pattern in one.
func (w *walker) includePath(a at, name string, depth int) result {
	if depth > maxDepth || !strings.HasPrefix(name, "/") {
		return invalid
	}
	if !isPattern(name) {
		name = path.Clean(name)
		kind, res := w.lstat(a, name)
		switch {
		case res != parsed:
			return res
		case kind != Directory:
			return w.parse(name, a)
		}
		return w.includeDir(a, name, "")
	}
	slash := strings.LastIndexByte(name, '/')
	dir, pattern := name[:slash], name[slash+1:]
	if isPattern(dir) {
		if w.includeOpts["IgnoreWildcards"] {
			return invalid
		}
		return w.includeDirs(a, name, depth)
	}
	if dir == "" {
		return missing
	}
	if res := w.directory(a, dir); res != parsed {
		return res
	}
	if !isPattern(pattern) {
		return invalid
	}
	return w.includeDir(a, dir, pattern)
}

func (w *walker) lstat(a at, name string) (FileType, result) {
	w.opened++
	if w.opened > maxFiles {
		w.stop(a, "more files than are read", nil)
		return Other, given
	}
	kind, err := w.files.Lstat(name)
	switch {
	case absent(err):
		return Other, missing
	case err != nil:
		w.stop(a, "a file that cannot be read", err)
		return Other, given
	}
	return kind, parsed
}

// directory checks the directory that a pattern stands in: a symbolic link is refused
// unless IncludeOptions AllowSymlinks.
func (w *walker) directory(a at, dir string) result {
	dir = path.Clean(dir)
	kind, res := w.lstat(a, dir)
	if res != parsed {
		return res
	}
	if kind == Symlink {
		if !w.includeOpts["AllowSymlinks"] {
			return missing
		}
		target, err := w.files.Stat(dir)
		if err != nil && !absent(err) {
			w.stop(a, "a file that cannot be read", err)
			return given
		}
		kind = target
	}
	if kind != Directory {
		return invalid
	}
	return parsed
}

// names returns the entries of a directory that a pattern matches, sorted.
func (w *walker) names(a at, dir, pattern string) []string {
	all, err := w.files.ReadDir(path.Clean(dir))
	switch {
	case err != nil:
		w.stop(a, "a directory that cannot be read", err)
		return nil
	case len(all) > maxNames:
		w.stop(a, "more entries in a directory than are looked at", nil)
		return nil
	case !plainPattern(pattern):
		w.stop(a, "a pattern that is not evaluated", nil)
		return nil
	}
	var list []string
	for _, name := range all {
		temporary := matchName("*~", name) || matchName("*.sw?", name)
		if temporary && w.includeOpts["IgnoreTempFiles"] || pattern != "" && !matchName(pattern, name) {
			continue
		}
		list = append(list, name)
	}
	slices.Sort(list)
	return list
}

// includeDir reads the files of a directory. Up to 1.3.8 a fault in one of them is
// logged; from 1.3.9 on it ends ProFTPD.
func (w *walker) includeDir(a at, dir, pattern string) result {
	for _, name := range w.names(a, dir, pattern) {
		res := w.parse(path.Join(dir, name), a)
		switch {
		case w.halted:
			return given
		case res != parsed && !w.build.Version.before(9):
			return invalid
		case res != parsed:
			w.warn(a)
		}
	}
	return parsed
}

// includeDirs is parse_wildcard_config_path(): the first part of the path that is a
// pattern is matched, and what follows is read below each match until one fails.
func (w *walker) includeDirs(a at, name string, depth int) result {
	if w.build.Version.before(6) {
		w.stop(a, "a pattern for directories, which versions take differently", nil)
		return given
	}
	if depth > maxDepth {
		return invalid
	}
	parts := strings.Split(name[1:], "/")
	i := slices.IndexFunc(parts, func(s string) bool { return strings.ContainsAny(s, "*?[") })
	if i < 0 {
		return missing
	}
	above := parts[:i]
	if i > 0 && w.build.Version.before(8) {
		above = above[1:] // forgotten up to 1.3.7
	}
	parent := "/" + strings.Join(above, "/")
	if res := w.directory(a, parent); res != parsed {
		return res
	}
	names := w.names(a, parent, parts[i])
	if w.halted {
		return given
	}
	if len(names) == 0 {
		return missing
	}
	for n, match := range names {
		names[n] = strings.Join(append([]string{strings.TrimSuffix(parent, "/"), match}, parts[i+1:]...), "/")
	}
	slices.Sort(names) // as paths: "a-b/x" comes before "a/x"
	for _, full := range names {
		if res := w.includePath(a, full, depth+1); res != parsed || w.halted {
			return res
		}
	}
	return parsed
}
