package mysql

import (
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"

	"hostaudit/checks/host"
	"hostaudit/checks/host/units"
)

// accountHome is the home directory of an account, which systemd gives a service
// that runs as it; "" where there is none.
func accountHome(h *host.Host, name string) string {
	for _, a := range h.Accounts().List {
		if a.Name == name && path.IsAbs(a.Home) && a.Home != "/nonexistent" && a.Home != "/" {
			return a.Home
		}
	}
	return ""
}

// runsAs is the account a unit names, "mysql" where it names none.
func runsAs(h *host.Host, u *units.Unit) string {
	name := "mysql"
	for _, l := range unitLines(h, u) {
		if key, value, _ := strings.Cut(l.text, "="); strings.TrimSpace(key) == "User" && strings.TrimSpace(value) != "" {
			name = strings.TrimSpace(value)
		}
	}
	return name
}

// otherFiles looks for what gives a unit files of its own, systemd.exec(5).
func otherFiles(h *host.Host, u *units.Unit) (units.Place, bool) {
	for _, l := range unitLines(h, u) {
		key, value, _ := strings.Cut(l.text, "=")
		switch key = strings.TrimSpace(key); key {
		case "RootDirectory", "RootImage", "MountImages", "ExtensionImages", "ExtensionDirectories", "BindPaths", "BindReadOnlyPaths", "TemporaryFileSystem":
			if v := strings.TrimSpace(value); v != "" && (key != "RootDirectory" || v != "/") {
				return l.Place, true
			}
		}
	}
	return units.Place{}, false
}

// steering are the variables that say which files, groups and ports a server takes.
func steering() []string {
	return []string{"MYSQL_HOME", "MARIADB_HOME", "MYSQL_GROUP_SUFFIX", "MYSQL_TCP_PORT", "MYSQL_UNIX_PORT"}
}

// steered looks for these variables where a unit sets its environment.
func steered(h *host.Host, u *units.Unit) (units.Place, bool) {
	for _, l := range unitLines(h, u) {
		key, value, _ := strings.Cut(l.text, "=")
		texts := []string{value}
		if strings.TrimSpace(key) == "EnvironmentFile" {
			file := strings.TrimPrefix(strings.TrimSpace(value), "-")
			if data, err := h.Tree.ReadFile(file); err == nil {
				texts = append(texts, string(data))
			}
		} else if k := strings.TrimSpace(key); k != "Environment" && k != "PassEnvironment" {
			continue
		}
		for _, name := range steering() {
			if slices.ContainsFunc(texts, func(t string) bool { return strings.Contains(t, name) }) {
				return l.Place, true
			}
		}
		if slices.ContainsFunc(texts, setsHome) {
			return l.Place, true
		}
	}
	return units.Place{}, false
}

// setsHome looks for the variable HOME, whose directory's .my.cnf the server reads.
func setsHome(text string) bool {
	words := strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(" \t\r\n\"'", r) })
	return slices.ContainsFunc(words, func(w string) bool { return strings.HasPrefix(w, "HOME=") })
}

// clusterOnly says that what keeps a unit's command line from being known are the
// files in which Galera keeps its own options: MariaDB's units name them, and they
// are made before the start.
func clusterOnly(h *host.Host, u *units.Unit) bool {
	for _, l := range unitLines(h, u) {
		key, value, found := strings.Cut(l.text, "=")
		if !found {
			continue
		}
		value = strings.TrimPrefix(strings.TrimSpace(value), "-")
		switch strings.TrimSpace(key) {
		case "EnvironmentFile":
			if strings.HasPrefix(value, "/run/mysqld/wsrep-") || strings.HasPrefix(value, "/var/run/mysqld/wsrep-") || value == "" {
				continue
			}
			runtime := strings.HasPrefix(value, "/run/") || strings.HasPrefix(value, "/var/run/")
			if _, err := h.Tree.Stat(value); runtime || strings.ContainsAny(value, "%*?[") || err != nil && !errors.Is(err, fs.ErrNotExist) {
				return false
			}
		case "PassEnvironment":
			for name := range strings.FieldsSeq(value) {
				if !strings.HasPrefix(name, "_WSREP_") {
					return false
				}
			}
		case "ExecStart":
			for word := range strings.FieldsSeq(value) {
				if strings.Contains(word, "%") && !strings.Contains(word, "%%") {
					return false
				}
				if name, isVariable := strings.CutPrefix(strings.Trim(word, `"'`), "$"); isVariable &&
					!strings.HasPrefix(name, "_WSREP_") && !strings.HasPrefix(name, "{_WSREP_") && !strings.HasPrefix(name, "MYSQLD_") {
					return false
				}
			}
		}
	}
	return true
}

// unitLine is a line of a unit's files, continued lines in one.
type unitLine struct {
	units.Place
	text string
}

// unitLines returns the lines of a unit and its drop-ins that are no comments.
func unitLines(h *host.Host, u *units.Unit) (list []unitLine) {
	for _, file := range append([]string{u.Fragment}, u.DropIns...) {
		data, err := h.Tree.ReadFile(file)
		if err != nil {
			continue // the unit's problems tell
		}
		n, text := 0, ""
		for line := range strings.Lines(string(data)) {
			n++
			line = strings.TrimSpace(line)
			if text == "" && (strings.HasPrefix(line, "#") || strings.HasPrefix(line, ";")) {
				continue
			}
			if before, continued := strings.CutSuffix(line, `\`); continued {
				text += before + " "
				continue
			}
			list = append(list, unitLine{units.Place{File: file, Line: n}, text + line})
			text = ""
		}
	}
	return list
}
