package ssh

import (
	"bytes"
	"errors"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"hostaudit/checks/host"
)

// roots are the accounts PermitRootLogin is about: every one with user ID 0,
// whatever its name (auth_root_allowed() of auth.c).
type roots struct {
	names    []string // sorted; root is always one
	accounts []host.Account
	complete bool // the accounts could be read
}

func rootAccounts(h *host.Host) roots {
	r := roots{names: []string{"root"}}
	all := h.Accounts()
	if all == nil || all.PasswdErr != nil {
		return r
	}
	r.complete = true
	for _, a := range all.List {
		if a.UID != 0 {
			continue
		}
		r.accounts = append(r.accounts, a)
		if !slices.Contains(r.names, a.Name) {
			r.names = append(r.names, a.Name)
		}
	}
	slices.Sort(r.names)
	return r
}

// keyWay says whether root may have a way in without a password.
type keyWay struct {
	possible bool
	detail   string // a clause
}

// keys looks for a key, a certificate authority or a command that lets root in.
// What cannot be excluded counts as possible. ok is false when a gap was
// recorded.
func (j judge) keys(forcedOnly bool) (way keyWay, ok bool) {
	for _, keyword := range []string{"HostbasedAuthentication", "GSSAPIAuthentication"} {
		for _, v := range j.view.Values(keyword) {
			if v.Word("no") != "no" && !forcedOnly {
				return keyWay{true, keyword + " is on"}, true
			}
		}
	}
	pubkey, ok := j.only("PubkeyAuthentication", "yes")
	if !ok {
		return keyWay{}, false
	}
	if pubkey == "no" {
		return keyWay{false, "nothing else is on that root could log in with"}, true
	}
	for _, keyword := range []string{"AuthorizedKeysCommand", "TrustedUserCAKeys"} {
		for _, v := range j.view.Values(keyword) {
			if v.Word("none") != "none" {
				return keyWay{true, keyword + " is set and may accept a key of root"}, true
			}
		}
	}
	if !j.roots.complete {
		return keyWay{true, "a key of root cannot be excluded: the accounts could not be read"}, true
	}
	for _, v := range j.view.Values("AuthorizedKeysFile") {
		patterns := []string{".ssh/authorized_keys", ".ssh/authorized_keys2"}
		if v.Line != nil {
			patterns = v.Args
		}
		for _, pattern := range patterns {
			if w := j.keyFile(pattern, forcedOnly); w.possible {
				return w, true
			}
		}
	}
	if forcedOnly {
		return keyWay{false, "a key with a forced command would be accepted; none is there"}, true
	}
	return keyWay{false, "a key would be accepted; none is there"}, true
}

// keyFile looks into one file of AuthorizedKeysFile for every root account.
func (j judge) keyFile(pattern string, forcedOnly bool) keyWay {
	if strings.EqualFold(pattern, "none") {
		return keyWay{}
	}
	for _, a := range j.roots.accounts {
		name, ok := expand(pattern, a)
		if !ok {
			return keyWay{true, "a key of root cannot be excluded: AuthorizedKeysFile has a form that is not evaluated"}
		}
		data, err := j.h.Tree.ReadFile(name)
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return keyWay{true, "a key of root cannot be excluded: " + name + " could not be read"}
		case hasKey(data, forcedOnly):
			return keyWay{true, "a key is accepted (" + name + ")"}
		}
	}
	return keyWay{}
}

// expand resolves the tokens of AuthorizedKeysFile (sshd_config(5)). ok is false
// for tokens it does not know.
func expand(pattern string, a host.Account) (name string, ok bool) {
	var b strings.Builder
	for i := 0; i < len(pattern); i++ {
		if pattern[i] != '%' {
			b.WriteByte(pattern[i])
			continue
		}
		if i++; i == len(pattern) {
			return "", false
		}
		switch pattern[i] {
		case '%':
			b.WriteByte('%')
		case 'h':
			b.WriteString(a.Home)
		case 'u':
			b.WriteString(a.Name)
		case 'U':
			b.WriteString(strconv.FormatUint(uint64(a.UID), 10))
		default:
			return "", false
		}
	}
	name = b.String()
	if strings.HasPrefix(name, "~") {
		return "", false
	}
	if !path.IsAbs(name) {
		name = path.Join("/", a.Home, name)
	}
	return name, true
}

// hasKey reports a line that may be a key. With forced-commands-only it must
// bring its command, or be an authority, whose certificates may bring one.
func hasKey(data []byte, forcedOnly bool) bool {
	for line := range bytes.Lines(data) {
		line = bytes.TrimSpace(line)
		if len(line) == 0 || line[0] == '#' {
			continue
		}
		lower := bytes.ToLower(line)
		if !forcedOnly || bytes.Contains(lower, []byte("command=")) || bytes.Contains(lower, []byte("cert-authority")) {
			return true
		}
	}
	return false
}
