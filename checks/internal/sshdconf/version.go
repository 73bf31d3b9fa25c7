// Package sshdconf reads sshd_config(5) the way sshd itself does: bytes in,
// directives with positions out, then what they amount to. Where versions of
// OpenSSH differ and the version is not known, it says so instead of choosing.
//
// Sources: sshd_config(5), and servconf.c, misc.c, match.c, addrmatch.c of
// OpenSSH portable 7.4 to 10.x.
package sshdconf

import (
	"regexp"
	"strconv"
	"strings"
)

// Version is a release of OpenSSH, e.g. 9.2. The zero Version is not known.
type Version struct{ Major, Minor int }

// Known reports whether the version was established.
func (v Version) Known() bool { return v.Major > 0 }

// AtLeast reports whether v is known and not older than major.minor.
func (v Version) AtLeast(major, minor int) bool {
	return v.Known() && !v.Before(major, minor)
}

// Before reports whether v is known and older than major.minor.
func (v Version) Before(major, minor int) bool {
	return v.Known() && (v.Major < major || v.Major == major && v.Minor < minor)
}

// String returns "9.2", or "" for the version that is not known.
func (v Version) String() string {
	if !v.Known() {
		return ""
	}
	return strconv.Itoa(v.Major) + "." + strconv.Itoa(v.Minor)
}

var versionPattern = regexp.MustCompile(`^(?:[0-9]+:)?([0-9]{1,2})\.([0-9]{1,2})(?:\.[0-9]+)?(?:p|_p)[0-9]`)

// ParseVersion reads the version of a package ("1:9.2p1-2+deb12u10", Alpine's
// "9.7_p1-r4") or of the daemon ("OpenSSH_9.2p1").
func ParseVersion(s string) (Version, bool) {
	m := versionPattern.FindStringSubmatch(strings.TrimPrefix(s, "OpenSSH_"))
	if m == nil {
		return Version{}, false
	}
	major, _ := strconv.Atoi(m[1]) // two digits each: cannot fail
	minor, _ := strconv.Atoi(m[2])
	if major == 0 {
		return Version{}, false
	}
	return Version{major, minor}, true
}

// Vendor is who built sshd: distributions patch keywords in and move fixes to
// older versions.
type Vendor string

// Vendors. The zero value is not known.
const (
	VendorUnknown Vendor = ""
	Upstream      Vendor = "upstream" // no keyword of its own: Alpine, Arch, OpenWrt
	Debian        Vendor = "debian"   // and Ubuntu
	RedHat        Vendor = "redhat"   // Fedora, RHEL and rebuilds, Amazon
	SUSE          Vendor = "suse"
)

// Build says which sshd reads the file.
type Build struct {
	Version Version
	Vendor  Vendor
}

// A dialect is a way of cutting a line into words.
type dialect int

const (
	// classic: before 8.7 comments were cut when the file was loaded, and
	// strdelim() cut the rest.
	classic dialect = iota
	// argv: from 8.7 argv_split() does, with both kinds of quotes and escapes.
	argv
)

// dialects returns the ways the build may cut a line; two if not known.
func (b Build) dialects() []dialect {
	switch {
	case b.Version.AtLeast(8, 7):
		return []dialect{argv}
	case b.Version.Known():
		return []dialect{classic}
	}
	return []dialect{classic, argv}
}
