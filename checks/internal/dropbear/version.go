package dropbear

import (
	"strconv"
	"strings"
)

// Version is one of Dropbear's: 2022.83. The zero value is one that is not known.
type Version struct {
	Year    int // 0 before 2011: the versions up to 0.53
	Release int
}

// ParseVersion reads the version at the start of a package's: "2022.83-1+deb12u3",
// "2024.86-r0". It reports false where none stands.
func ParseVersion(s string) (Version, bool) {
	year, rest, found := strings.Cut(s, ".")
	if !found {
		return Version{}, false
	}
	end := 0
	for end < len(rest) && rest[end] >= '0' && rest[end] <= '9' {
		end++
	}
	y, err := strconv.ParseUint(year, 10, 15)
	if err != nil {
		return Version{}, false
	}
	r, err := strconv.ParseUint(rest[:end], 10, 15)
	if err != nil || y == 0 && r == 0 {
		return Version{}, false
	}
	return Version{int(y), int(r)}, true
}

// Known reports whether the version is known.
func (v Version) Known() bool { return v != Version{} }

// Before reports whether v is known and older than the other.
func (v Version) Before(other Version) bool {
	return v.Known() && (v.Year < other.Year || v.Year == other.Year && v.Release < other.Release)
}

// settled reports whether v is known and not older than the other.
func (v Version) settled(other Version) bool { return v.Known() && !v.Before(other) }
