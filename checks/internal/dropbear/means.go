package dropbear

import (
	"path"
	"strings"
)

// What the options amount to. Whether the account exists, has a password or a key, and
// a shell of /etc/shells, which Dropbear asks for in every login, is not asked here.

// RootPassword reports whether root gets in by its password alone.
func (o Options) RootPassword() bool {
	return !o.NoRoot && !o.NoRootPassword && !o.NoPasswords && !o.TwoFactor && o.servesRoot()
}

// RootKey reports whether root gets in by a key alone.
func (o Options) RootKey() bool { return !o.NoRoot && !o.TwoFactor && o.servesRoot() }

// RootBoth reports whether root gets in by a key and its password, both required. With
// -g root never gets the second of them right, and stays out.
func (o Options) RootBoth() bool {
	return o.TwoFactor && !o.NoRoot && !o.NoRootPassword && !o.NoPasswords && o.servesRoot()
}

// RootEmptyPassword reports whether root gets in without anything where its password is
// empty. It goes before two factors: versions that have -t with -B let it through.
func (o Options) RootEmptyPassword() bool {
	return o.EmptyPasswords && !o.NoRoot && !o.NoRootPassword && !o.NoPasswords && o.servesRoot()
}

// Password reports whether accounts other than root get in by their password alone.
func (o Options) Password() bool { return !o.NoPasswords && !o.TwoFactor }

// Key reports whether accounts other than root get in by a key alone.
func (o Options) Key() bool { return !o.TwoFactor }

// Restricted reports whether who logs in, or what runs, is narrowed further: by a group
// or a forced command.
func (o Options) Restricted() bool { return o.Group != "" || o.ForcedCommand }

// LocalForward reports whether the server opens connections for a client (ssh -L, -D),
// as far as the options say; builds can leave it out.
func (o Options) LocalForward() bool { return !o.NoLocalForward }

// RemoteForward reports whether the server opens ports for a client (ssh -R), as far as
// the options say; builds can leave it out.
func (o Options) RemoteForward() bool { return !o.NoRemoteForward }

// Forwarding reports whether TCP is forwarded in one direction at least.
func (o Options) Forwarding() bool { return o.LocalForward() || o.RemoteForward() }

func (o Options) servesRoot() bool { return o.User == "" || o.User == "root" }

// Account is what the place of an account's keys depends on.
type Account struct {
	UID  uint32
	Home string
}

// AuthorizedKeys returns the file of an account's keys. Dropbear reads one file,
// authorized_keys, in ~/.ssh or where -D points; "~/" is the account's home. OpenWrt's
// build without -D reads /etc/dropbear/authorized_keys for root (its patch
// 100-pubkey_path); both are returned there, because a build of another origin on the
// same system reads the home's.
//
// It reports false where the place is not known: -D names a directory relative to where
// Dropbear was started.
func (o Options) AuthorizedKeys(a Account, openWrt bool) ([]string, bool) {
	dir := o.KeyDir
	switch {
	case dir == "":
		files := []string{path.Join(a.Home, ".ssh/authorized_keys")}
		if openWrt && a.UID == 0 {
			files = append([]string{"/etc/dropbear/authorized_keys"}, files...)
		}
		return files, true
	case strings.HasPrefix(dir, "~/"):
		dir = path.Join(a.Home, dir[2:])
	case !strings.HasPrefix(dir, "/"):
		return nil, false
	}
	return []string{path.Join(dir, "authorized_keys")}, true
}
