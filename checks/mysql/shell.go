package mysql

import (
	"errors"
	"io/fs"
	"path"
	"regexp"
	"strings"

	"hostaudit/checks/host"
	"hostaudit/checks/host/units"
	"hostaudit/checks/internal/unitfile"
)

// galeraShell is the one script by which a unit of MariaDB starts the server
// (support-files/mariadb.service.in of 11.8): it asks for the position of a cluster and
// becomes the server.
var galeraShell = regexp.MustCompile("^set -f; \\[ ! -e (/[a-z/]+/galera_recovery) \\] && VAR= \\|\\| VAR=`(/[a-z/]+/galera_recovery)`; " +
	`\[ \$\? -eq 0 \] \|\| exit 1; exec (/[A-Za-z0-9/._-]+) ?(.*)$`)

// plainOption is an option that a shell leaves as it is.
var plainOption = regexp.MustCompile(`^--[A-Za-z0-9_=./:,-]+$`)

// fromShell is the command line of the server behind that script. ok is false where the
// command is another one, and known where the server's options can be told.
func fromShell(h *host.Host, u *units.Unit, c units.Command) (server units.Command, ok, known bool) {
	if base := path.Base(c.Path); base != "sh" && base != "bash" && base != "dash" || len(c.Args) != 2 || c.Args[0] != "-c" {
		return c, false, false
	}
	m := galeraShell.FindStringSubmatch(strings.Join(strings.Fields(c.Args[1]), " "))
	if m == nil || m[1] != m[2] || serverOf(m[3]) == "" {
		return c, false, false
	}
	server = units.Command{Place: c.Place, Path: m[3], Incomplete: c.Incomplete}
	for word := range strings.FieldsSeq(m[4]) {
		switch {
		case word == "$_WSREP_NEW_CLUSTER", word == "$VAR": // options of Galera alone
		case word == "$MYSQLD_OPTS":
			value, certain := shellOptions(h, u)
			if !certain {
				return server, true, false
			}
			server.Args = append(server.Args, strings.Fields(value)...)
		case plainOption.MatchString(word):
			server.Args = append(server.Args, word)
		default:
			return c, false, false
		}
	}
	return server, true, true
}

// shellOptions is the variable MYSQLD_OPTS as a unit sets it, systemd.exec(5). It is not
// certain where a file may set it that is made before the start or is not evaluated.
func shellOptions(h *host.Host, u *units.Unit) (value string, certain bool) {
	const variable = "MYSQLD_OPTS"
	for _, l := range unitLines(h, u) {
		key, text, _ := strings.Cut(l.text, "=")
		text = strings.TrimSpace(text)
		switch strings.TrimSpace(key) {
		case "Environment":
			words, err := unitfile.Words(text)
			if err != nil || strings.Contains(text, variable) && strings.Contains(text, "%") {
				return "", false
			}
			if len(words) == 0 {
				value = "" // an empty line forgets those above it
			}
			for _, word := range words {
				if set, isIt := strings.CutPrefix(word, variable+"="); isIt {
					value = set
				}
			}
		case "PassEnvironment", "UnsetEnvironment":
			if strings.Contains(text, variable) {
				return "", false
			}
		case "EnvironmentFile":
			if file := strings.TrimPrefix(text, "-"); !withoutOptions(h, file, variable) {
				return "", false
			}
		}
	}
	return value, true
}

// withoutOptions reports a file of the environment that does not set the variable: of
// Galera, missing, or without it.
func withoutOptions(h *host.Host, file, variable string) bool {
	runtime := strings.TrimPrefix(file, "/var")
	switch {
	case file == "", runtime == "/run/mariadb-wsrep-new-cluster", strings.HasPrefix(runtime, "/run/mysqld/wsrep-"):
		return true
	case strings.HasPrefix(runtime, "/run/"), strings.ContainsAny(file, "%*?["):
		return false
	}
	text, err := h.Tree.ReadFile(file)
	if err != nil {
		return errors.Is(err, fs.ErrNotExist)
	}
	return !strings.Contains(string(text), variable)
}
