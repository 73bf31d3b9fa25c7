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
	Upstream      Vendor = "upstream"      // no keyword of its own: Alpine, Arch, OpenWrt
	Debian        Vendor = "debian"        // and Ubuntu
	DebianGSSAPI  Vendor = "debian-gssapi" // openssh-server-gssapi, since Debian's others are without
	RedHat        Vendor = "redhat"        // Fedora, RHEL and rebuilds, Amazon
	SUSE          Vendor = "suse"
)

// Build says which sshd reads the file.
type Build struct {
	Version Version
	Vendor  Vendor
	// Release is the major number of the distribution's release (VERSION_ID of
	// os-release(5)), 0 = not known: some kept old defaults in theirs.
	Release int
}

// newest is the version that this package was compared with last.
var newest = Version{10, 6}

func (v Version) orNewest() Version {
	if v.Known() {
		return v
	}
	return newest
}

// IsDebian reports whether Debian's patches are in.
func (b Build) IsDebian() bool { return b.Vendor == Debian || b.Vendor == DebianGSSAPI }

// backports reports whether the vendor is one that moves features of newer versions
// to older ones, or is not known.
func (b Build) backports() bool {
	return b.Vendor == RedHat || b.Vendor == SUSE || b.Vendor == VendorUnknown
}

// feature is what a build can or cannot do.
type feature int

const (
	maybe feature = iota
	with
	without
)

// gssapi says whether the build has GSSAPI and Kerberos. Debian's is without them from
// 10.6 on, where a package of its own has them.
func (b Build) gssapi() feature {
	switch {
	case b.Vendor == DebianGSSAPI, b.Vendor == Debian && !b.Version.AtLeast(10, 1):
		return with
	case b.Vendor == RedHat:
		return with
	case b.Vendor == Debian && b.Version.AtLeast(10, 6):
		return without
	}
	return maybe
}

// gssapiKex says whether the patch for GSSAPI in the key exchange is in.
func (b Build) gssapiKex() feature {
	switch {
	case b.Vendor == Upstream:
		return without
	case b.IsDebian():
		return b.gssapi()
	case b.Vendor == RedHat, b.Vendor == SUSE:
		return with
	}
	return maybe
}

// candidates are the builds that a build may be of which version or vendor is not
// known: one of every stretch of versions that reads alike, the newest last.
func (b Build) candidates() []Build {
	versions, vendors := []Version{b.Version}, []Vendor{b.Vendor}
	if !b.Version.Known() {
		versions = []Version{
			{7, 4}, {7, 8}, {8, 0}, {8, 4}, {8, 5}, {8, 7}, {9, 2}, {9, 5}, {9, 7}, {9, 8}, {9, 9}, {10, 0}, {10, 3}, newest,
		}
	}
	var list []Build
	for _, v := range versions {
		for _, vendor := range vendors {
			list = append(list, Build{v, vendor, b.Release})
		}
	}
	return list
}
