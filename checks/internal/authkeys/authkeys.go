// Package authkeys reads the files of keys that sshd(8) lets accounts in by
// (AUTHORIZED_KEYS FILE FORMAT), its files of principals and of certificate
// authorities, public keys, and the outside of private ones. Bytes in, entries with
// positions out. Nothing of a private key but its kind, its public half, and whether a
// passphrase guards it, leaves this package.
//
// What sshd takes changed from version to version; the package knows the OpenSSH
// releases from 7.4 on. A line whose fate depends on a version that the caller does not
// know becomes a Problem that is Unsure, never an Entry.
package authkeys

import (
	"time"
)

// Entry is one key line that sshd takes.
type Entry struct {
	Line    int      // counts from 1
	Type    string   // of the key: "ssh-ed25519", "ssh-rsa", "sk-ecdsa-sha2-nistp256@openssh.com", …
	Bits    int      // of RSA and DSA the modulus, of ECDSA the curve; 0 = says nothing of strength
	Digest  [32]byte // SHA-256 of the key blob in its shortest encoding: equal keys have equal ones
	Comment string
	Options Options
}

// Options are what stands before the key, or before the name in a file of principals.
type Options struct {
	Authority bool // cert-authority: not the key lets in but certificates it signed
	// Principals are those of principals=. A certificate needs one of them where
	// HasPrincipals is set, even if there is none; else it needs the account's name.
	Principals    []string
	HasPrincipals bool
	Command       string // command=; never for output
	HasCommand    bool
	From          []string // patterns and networks of from=
	HasFrom       bool
	// Expires is the last moment at which the line lets in (expiry-time=), zero = never.
	// Local times are taken in ParseOptions.Location.
	Expires time.Time
	// Restrict: the option is set. What it forbids may be allowed again one by one;
	// NoPortForwarding and NoPTY are what comes out of all options together.
	Restrict         bool
	NoPortForwarding bool
	NoPTY            bool
	Tunnel           bool // tunnel= is set
	Environment      bool // environment= is set
	// Refusing: the command is the template of cloud images that only tells which other
	// account to use, and ends; and the key forwards no ports either.
	Refusing bool
}

// Problem is a line that sshd does not take for a key, or that this package cannot
// judge.
type Problem struct {
	Line   int
	Unsure bool // sshd may take it for a key: a type or an option that not every version knows
	Why    string
	// Short: it is a key, of fewer bits than this sshd takes.
	Short bool
	// DSA: it is a DSA key, which this sshd does not take, or where it is Unsure not
	// every build of that version.
	DSA bool
}

// ParseOptions say which sshd reads the file.
type ParseOptions struct {
	// Major and Minor are the version of OpenSSH; Major 0 = not known.
	Major, Minor int
	// Location is the time zone of the host, nil = UTC.
	Location *time.Location
}

// newestMajor and newestMinor are the last release that this package was written from.
// What it has never heard of may mean something to a later one.
const newestMajor, newestMinor = 10, 6

// tri answers a question of versions.
type tri int

const (
	maybe tri = iota
	no
	yes
)

// since reports whether the release, or a later one, reads the file.
func (o ParseOptions) since(major, minor int) tri {
	switch {
	case o.Major == 0:
		return maybe
	case o.Major > major || o.Major == major && o.Minor >= minor:
		return yes
	}
	return no
}

// newer reports whether sshd may know types and options that this package does not.
func (o ParseOptions) newer() bool {
	return o.Major == 0 || o.since(newestMajor, newestMinor+1) == yes
}

func (o ParseOptions) location() *time.Location {
	if o.Location == nil {
		return time.UTC
	}
	return o.Location
}

// verdict collects what is said against a line. A refusal of every version in question
// outweighs doubt.
type verdict struct {
	refused string
	unsure  string
	dsa     bool // a DSA key, refused or unsure for that
	short   bool // refused for the length of an RSA key, which is no error in every file
}

func (v *verdict) refuse(why string) {
	if v.refused == "" {
		v.refused = why
	}
}

func (v *verdict) doubt(why string) {
	if v.unsure == "" {
		v.unsure = why
	}
}

// require says that the line needs a property: no refuses it, maybe makes it unsure.
func (v *verdict) require(t tri, why string) {
	switch t {
	case no:
		v.refuse(why)
	case maybe:
		v.doubt(why)
	}
}

func (v *verdict) add(w verdict) {
	if w.refused != "" {
		v.refuse(w.refused)
	}
	if w.unsure != "" {
		v.doubt(w.unsure)
	}
	v.short = v.short || w.short
	v.dsa = v.dsa || w.dsa
}

// problem returns the Problem of the line, and false where there is none.
func (v verdict) problem(line int) (Problem, bool) {
	switch {
	case v.refused != "":
		return Problem{Line: line, Why: v.refused, Short: v.short, DSA: v.dsa}, true
	case v.unsure != "":
		return Problem{Line: line, Unsure: true, Why: v.unsure, DSA: v.dsa}, true
	}
	return Problem{}, false
}
