package vsftpdconf

// Answer is what is known of a build.
type Answer int

// Answers. The zero value is: not known.
const (
	Maybe Answer = iota
	No
	Yes
)

// Build is what versions and distributors made of vsftpd. The zero value is a build of
// which nothing is known: what builds take differently is then not settled.
type Build struct {
	// ListenDefault is "listen" where nothing sets it. Upstream it is YES since 3.0.0
	// against its own manual page; Debian's patch 0055 makes it NO again.
	ListenDefault Answer
	TrimText      Answer // blanks around the value of a text setting are dropped
	TrimAll       Answer // blanks around keys and all values are dropped
	TLSKeys       Answer // ssl_tlsv11, ssl_sni_hostname and others of 3.0.4
	DebianKeys    Answer // keys of Debian's patches
	RedHatKeys    Answer // keys of Red Hat's patches
	NoOtherKeys   Answer // any further key ends it; a patched build may know more
	Scope         Answer // listen_address6 takes "%eth0"
	// IPv4Fallback: where the kernel has no IPv6, listen_ipv6 means listen.
	IPv4Fallback Answer
	// DefaultFile is read, if it is there, when the command line names none; "" = not
	// known.
	DefaultFile string
}

// Debian returns the build of a version of the package of Debian and its derivatives,
// such as "3.0.3-13+b2". What versions before 3.0.3 do is not known.
func Debian(version string) Build {
	b := Build{DebianKeys: Yes, NoOtherKeys: Yes, DefaultFile: "/etc/vsftpd.conf"}
	v := parseVersion(version)
	if v.before(packageVersion{3, 0, 3}) {
		return b
	}
	b.ListenDefault, b.TrimText, b.Scope, b.RedHatKeys = No, Yes, Yes, No
	b.TLSKeys = since(v, packageVersion{3, 0, 4})
	b.TrimAll = since(v, packageVersion{3, 0, 5, 1})
	b.IPv4Fallback = b.TrimAll
	return b
}

// Upstream returns the build of a released version, such as "3.0.5", without patches.
// What versions before 3.0.0 do is not known.
func Upstream(version string) Build {
	b := Build{
		TrimText: No, TrimAll: No, Scope: No, IPv4Fallback: No,
		DebianKeys: No, RedHatKeys: No, NoOtherKeys: Yes, DefaultFile: "/etc/vsftpd.conf",
	}
	v := parseVersion(version)
	if !v.before(packageVersion{3, 0, 0}) {
		b.ListenDefault = Yes
	}
	b.TLSKeys = since(v, packageVersion{3, 0, 4})
	return b
}

// RedHat returns the build of Red Hat, Fedora and their kin. Its default of "listen" and
// some of its keys are not known here.
func RedHat() Build {
	return Build{
		TrimText: Yes, TrimAll: No, RedHatKeys: Yes, Scope: No, IPv4Fallback: No,
		DefaultFile: "/etc/vsftpd/vsftpd.conf",
	}
}

// packageVersion is the three numbers of a version and the first of the package's
// revision.
type packageVersion [4]int

// parseVersion reads "3.0.5-0.2"; what is no number counts as 0.
func parseVersion(s string) (v packageVersion) {
	field := 0
	for i := range len(s) {
		switch c := s[i]; {
		case c >= '0' && c <= '9':
			v[field] = min(v[field]*10+int(c-'0'), 1_000_000)
		case c == '.' && field < 2:
			field++
		case c == '-' && field < 3:
			field = 3
		case c == ':' && field == 0:
			v[0] = 0 // that was the epoch
		default:
			return v
		}
	}
	return v
}

func (v packageVersion) before(w packageVersion) bool {
	for i := range v {
		if v[i] != w[i] {
			return v[i] < w[i]
		}
	}
	return false
}

func since(v, first packageVersion) Answer {
	if v.before(first) {
		return No
	}
	return Yes
}
