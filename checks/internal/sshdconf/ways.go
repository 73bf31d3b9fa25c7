package sshdconf

import (
	"slices"
	"strings"
)

// noBlocks is what applies before there is a connection.
func (c *Config) noBlocks() []reach {
	return slices.Repeat([]reach{never}, len(c.model().blocks))
}

// offers says whether sshd offers a method (auth2-methods.c); some = a default is
// not known.
func (c *Config) offers(method string, reached []reach) reach {
	keyword := ""
	switch method {
	case "publickey":
		keyword = "pubkeyauthentication"
	case "password":
		keyword = "passwordauthentication"
	case "hostbased":
		keyword = "hostbasedauthentication"
	case "keyboard-interactive":
		keyword = "kbdinteractiveauthentication"
	case "gssapi-with-mic", "gssapi-keyex":
		keyword = "gssapiauthentication"
	case "none":
		return everyone
	default:
		return never
	}
	return isYes(c.setting(keyword, reached))
}

func isYes(s Setting) reach {
	if s.Unknown {
		return some
	}
	return reachOf(s.Word() == "yes")
}

// Way is one way to prove who one is that sshd takes from the connection: every
// method of it is needed.
type Way struct {
	// Methods in the order they are asked: "publickey", "password",
	// "keyboard-interactive", "hostbased", "gssapi-with-mic", "gssapi-keyex", and
	// "none" where AuthenticationMethods asks for nothing else, which takes an empty
	// password; without the submethod after a colon.
	Methods []string
	// Forced: of a root account, only a key with a forced command is taken
	// (PermitRootLogin forced-commands-only).
	Forced bool
}

// Ways returns the ways in, in the order of AuthenticationMethods (or, without it,
// that in which sshd names the methods), after what PermitRootLogin leaves of them
// for an account with user ID 0 (auth_root_allowed() of auth.c, and auth-passwd.c
// and auth-pam.c, which ask for themselves). keyboard-interactive is one only where
// something stands behind it (UsePAM; devices of other systems do not count).
// Kerberos passwords are passwords, empty ones too: they are no ways of their own.
// GSSAPI may be compiled out, which is not looked at. at is the line that decides
// PermitRootLogin, nil = the default. unknown: something that matters is not known
// (a default of this build, a block); ways are then those that are certain.
func (e *Effective) Ways(uid0 bool) (ways []Way, at *Line, unknown bool) {
	root := e.Setting("permitrootlogin")
	if !uid0 {
		root = Setting{}
	}
	if uid0 && !root.Unknown && root.Word() == "no" {
		return nil, root.Line, false
	}
	lists := e.Setting("authenticationmethods")
	if lists.Unknown {
		return nil, root.Line, true
	}
	var candidates []string
	free := len(lists.Words) == 0 || lists.Words[0] == "any"
	if free {
		candidates = []string{"publickey", "gssapi-keyex", "gssapi-with-mic", "password", "keyboard-interactive", "hostbased"}
	} else {
		candidates = lists.Words
	}
	for _, list := range candidates {
		methods := strings.Split(list, ",")
		usable := everyone
		for i, method := range methods {
			name, submethod, hasSub := strings.Cut(method, ":")
			methods[i] = name
			usable = both(usable, e.usable(name, submethod, hasSub))
		}
		way := Way{Methods: methods}
		if uid0 && usable != never {
			if root.Unknown {
				usable = some
			} else {
				way.Forced = root.Word() == "forced-commands-only"
				usable = both(usable, reachOf(rootAllowed(root.Word(), methods)))
			}
		}
		switch usable {
		case some:
			unknown = true
		case everyone:
			ways = append(ways, way)
		}
	}
	return ways, root.Line, unknown
}

// both is the conjunction of two answers.
func both(a, b reach) reach {
	switch {
	case a == never || b == never:
		return never
	case a == some || b == some:
		return some
	}
	return everyone
}

// usable says whether a method can succeed: it is enabled, and what it asks for
// exists. A method with a submethod is done only by keyboard-interactive's devices.
func (e *Effective) usable(name, submethod string, hasSub bool) reach {
	on := e.c.offers(name, e.reached)
	switch name {
	case "keyboard-interactive":
		on = both(on, isYes(e.Setting("usepam")))
		if !e.c.build.Version.AtLeast(8, 7) {
			// auth2-kbdint.c asked for this one, whatever turned the method on.
			challenge := e.Setting("challengeresponseauthentication")
			if e.c.build.Version.Known() || challenge.Line != nil {
				asks := isYes(challenge)
				if asks == never && !e.c.build.Version.Known() {
					asks = some
				}
				on = both(on, asks)
			}
		}
		if hasSub {
			on = both(on, reachOf(submethod == "pam"))
		}
		return on
	case "none":
		on = both(isYes(e.Setting("permitemptypasswords")), isYes(e.Setting("passwordauthentication")))
	case "gssapi-keyex":
		on = both(on, isYes(e.Setting("gssapikeyexchange")))
	}
	if hasSub {
		return never
	}
	return on
}

// rootAllowed says whether an account with user ID 0 can use all these methods in
// this order. With forced-commands-only a key comes first: the command it forces is
// still in force when a later method asks.
func rootAllowed(permit string, methods []string) bool {
	switch permit {
	case "yes":
		return true
	case "no":
		return false
	}
	for _, method := range methods {
		switch method {
		case "publickey", "hostbased", "gssapi-with-mic", "gssapi-keyex":
		default:
			return false
		}
	}
	return permit != "forced-commands-only" || methods[0] == "publickey"
}

// ByPassword reports that all the way asks for is a password.
func (w Way) ByPassword() bool {
	return len(w.Methods) > 0 && !slices.ContainsFunc(w.Methods, func(m string) bool {
		return m != "password" && m != "keyboard-interactive" && m != "none"
	})
}
