package proftpdconf

import (
	"strconv"
	"strings"
)

// Version is one of ProFTPD's: 1.3.8c. The zero value is one that is not known.
type Version struct {
	Major, Minor, Patch int
	// Level is the letter of a maintenance release counted from 1, "1.3.8" being 0, and
	// below 0 for a release candidate.
	Level int
}

// ParseVersion reads the version at the start of a package's: "1.3.8+dfsg-4+deb12u4",
// "1.3.8.c+dfsg-4", "1.3.9e~dfsg-1", "1.3.5e-11.el7". It reports false where none stands.
func ParseVersion(s string) (Version, bool) {
	if _, rest, found := strings.Cut(s, ":"); found {
		s = rest // an epoch
	}
	var numbers [3]int
	for i := range numbers {
		end := 0
		for end < len(s) && s[end] >= '0' && s[end] <= '9' {
			end++
		}
		n, err := strconv.ParseUint(s[:end], 10, 15)
		if err != nil {
			return Version{}, false
		}
		numbers[i], s = int(n), s[end:]
		if i < 2 {
			var dot bool
			if s, dot = strings.CutPrefix(s, "."); !dot {
				return Version{}, false
			}
		}
	}
	v := Version{numbers[0], numbers[1], numbers[2], 0}
	if v == (Version{}) {
		return Version{}, false
	}
	s = strings.TrimPrefix(strings.TrimPrefix(s, "~"), ".")
	switch {
	case strings.HasPrefix(s, "rc"):
		v.Level = -1
	case s != "" && s[0] >= 'a' && s[0] <= 'z' && (len(s) == 1 || s[1] < 'a' || s[1] > 'z'):
		v.Level = int(s[0]-'a') + 1
	}
	return v, true
}

// Known reports whether the version is known.
func (v Version) Known() bool { return v != Version{} }

// before reports whether v is older than 1.3.patch.
func (v Version) before(patch int) bool {
	switch {
	case v.Major != 1:
		return v.Major < 1
	case v.Minor != 3:
		return v.Minor < 3
	}
	return v.Patch < patch
}

// rank is the patch of 1.3 that the table of directives knows best for v.
func (v Version) rank() int {
	for patch := 6; patch <= 9; patch++ {
		if v.before(patch) {
			return patch - 1
		}
	}
	return 9
}

// Build is which ProFTPD reads.
type Build struct {
	Version Version
	// Debian tells that it is one of Debian's or a descendant's: its modules, the
	// directory of the shared ones and the C library are those.
	Debian bool
	// Static names the modules that are built in, as proftpd -l shows them
	// ("mod_core.c"). nil = Debian's, or not known.
	Static []string
	// ModulePath is where shared modules are looked for; "" = Debian's /usr/lib/proftpd,
	// or not known.
	ModulePath string
}

// candidates are the versions to read as where none is known.
func (b Build) candidates() []Build {
	if b.Version.Known() {
		return []Build{b}
	}
	var list []Build
	for _, v := range []Version{{1, 3, 5, 5}, {1, 3, 7, 1}, {1, 3, 9, 1}, {1, 3, 8, 3}} {
		next := b
		next.Version = v
		list = append(list, next)
	}
	return list
}
