package host

import (
	"errors"
	"io/fs"
	"strings"

	"hostaudit/checks/host/tree"
	"hostaudit/checks/internal/osrelease"
)

// readOSRelease reads what os-release(5) names: /etc/os-release, and
// /usr/lib/os-release only where the first does not exist. A file that cannot be
// read leaves everything empty: not known.
func readOSRelease(t *tree.Tree) OSRelease {
	data, err := t.ReadFile("/etc/os-release")
	if errors.Is(err, fs.ErrNotExist) {
		data, err = t.ReadFile("/usr/lib/os-release")
	}
	if err != nil {
		return OSRelease{}
	}
	file := osrelease.Parse(data)
	get := func(key string) string {
		value, _ := file.Get(key)
		return value
	}
	r := OSRelease{ID: get("ID"), IDLike: get("ID_LIKE"), VersionID: get("VERSION_ID"), PrettyName: get("PRETTY_NAME")}
	if _, set := file.Get("ID"); !set {
		r.ID = "linux" // the default of os-release(5)
	}
	return r
}

// readHostname reads hostname(5): the first line that is neither blank nor a
// comment. "" means that the tree does not tell.
func readHostname(t *tree.Tree) string {
	data, err := t.ReadFile("/etc/hostname")
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(data)) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			return line
		}
	}
	return ""
}
