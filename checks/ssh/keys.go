package ssh

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"hostaudit/checks"
	"hostaudit/checks/host"
	"hostaudit/checks/host/sshd"
	"hostaudit/checks/host/tree"
	"hostaudit/checks/internal/authkeys"
	"hostaudit/checks/internal/sshdconf"
)

// keyFile is one file that may hold keys of an account.
type keyFile struct {
	name     string
	err      error  // it could not be read, or its rights could not
	unclear  string // why its name is not known
	refused  rights // StrictModes keeps sshd from using it
	writable rights // others can write it, and StrictModes is off
	hidden   bool   // the account itself cannot read it
	owner    uint32
	entries  []authkeys.Entry   // what sshd takes for a key
	problems []authkeys.Problem // lines it does not
}

// usable reports that sshd uses what stands in the file.
func (f keyFile) usable() bool {
	return f.err == nil && f.unclear == "" && f.refused.culprit == "" && !f.hidden
}

// keyFiles returns the files of AuthorizedKeysFile that are there, for an account on
// some connections.
func (s setup) keyFiles(eff *sshdconf.Effective, a host.Account) []keyFile {
	setting := eff.Setting("AuthorizedKeysFile")
	strict := eff.Setting("StrictModes").Word() != "no"
	patterns := setting.Words
	var files []keyFile
	if setting.Unknown {
		patterns = []string{".ssh/authorized_keys", ".ssh/authorized_keys2"} // of every version
		if setting.Line != nil {
			files = append(files, keyFile{name: "AuthorizedKeysFile", unclear: "which AuthorizedKeysFile applies is not known"})
		}
	}
	seen := map[string]bool{}
	for _, pattern := range patterns {
		if strings.EqualFold(pattern, "none") {
			continue
		}
		name, ok := expand(pattern, a)
		if !ok {
			files = append(files, keyFile{name: pattern, unclear: "AuthorizedKeysFile has a form that is not evaluated"})
			continue
		}
		names, err := s.matches(name)
		if err != nil {
			files = append(files, keyFile{name: name, err: err})
		}
		for _, name := range names {
			if seen[name] {
				continue
			}
			seen[name] = true
			if f, found := s.readKeys(name, a, strict); found {
				files = append(files, f)
			}
		}
	}
	return files
}

// matches returns the files that a name with its tokens expanded stands for: since 10.0
// it is a pattern of glob(3) (user_key_allowed() of auth2-pubkey.c).
func (s setup) matches(name string) ([]string, error) {
	if s.Build.Version.Before(10, 0) || !strings.ContainsAny(name, `*?[\`) {
		return []string{name}, nil
	}
	names, err := s.Host.Tree.Glob(name)
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	if !s.Build.Version.Known() {
		names = append(names, name)
	}
	return names, err
}

// readKeyFile is what readKeys returned for one account.
type readKeyFile struct {
	keyFile
	found bool
}

// readKeys reads one file of keys. found is false where there is none. Of an account that
// many cases are about, s.files remembers it.
func (s setup) readKeys(name string, a host.Account, strict bool) (f keyFile, found bool) {
	if s.files == nil {
		return s.readKeysAnew(name, a, strict)
	}
	key := fmt.Sprint(strict, name)
	r, known := s.files[key]
	if !known {
		r.keyFile, r.found = s.readKeysAnew(name, a, strict)
		s.files[key] = r
	}
	return r.keyFile, r.found
}

func (s setup) readKeysAnew(name string, a host.Account, strict bool) (f keyFile, found bool) {
	f = keyFile{name: name}
	data, err := s.Host.Tree.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return f, false
	}
	if errors.Is(err, tree.ErrNotRegular) && s.Program == sshd.OpenSSH {
		f.refused = rights{culprit: name, why: "is no regular file"} // auth_openfile() of auth.c
		return f, true
	}
	if err != nil {
		f.err = err
		return f, true
	}
	f.entries, f.problems = authkeys.Parse(data, s.parseOptions())
	info, err := s.Host.Tree.Stat(name)
	if err != nil {
		f.err = err
		return f, true
	}
	f.owner = info.UID
	if s.Program == sshd.Dropbear {
		f.refused, f.writable = dropbearRights(s.Host, name, info, a)
		f.err = f.refused.err
		return f, true // it reads the file as root, or as the account, by version
	}
	loose := strictModes(s.Host, name, a, s.Build.IsDebian())
	switch {
	case loose.err != nil:
		f.err = loose.err
	case strict:
		f.refused = loose
	default:
		f.writable = loose
	}
	f.hidden = !reaches(s.Host, name, info, a)
	return f, true
}

// parseOptions say which sshd reads the keys. Dropbear's own reader is close to that of
// OpenSSH, of no version.
func (s setup) parseOptions() authkeys.ParseOptions {
	return authkeys.ParseOptions{Major: s.Build.Version.Major, Minor: s.Build.Version.Minor}
}

// expand resolves the tokens of AuthorizedKeysFile (sshd_config(5), TOKENS). ok is
// false for tokens it does not know.
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
		name = a.Home + "/" + name // ".." behind a link leads where the link does
		if !path.IsAbs(name) {
			name = "/" + name
		}
	}
	return name, true
}

// admits reports whether sshd takes the key for a login of the account: on root with
// forced commands only, it must bring its command, or be an authority, whose
// certificates may bring one. A key that only refuses lets nobody in, nor does an
// authority whose certificates need a principal of an empty list.
func (s setup) admits(e authkeys.Entry, eff *sshdconf.Effective, forced bool) bool {
	// The time is the host's own, taken for UTC; no zone is further behind.
	const behind = 12 * time.Hour
	o := e.Options
	if o.Refusing || !o.Expires.IsZero() && o.Expires.Add(behind).Before(s.Host.Clock()) ||
		o.Authority && o.HasPrincipals && len(o.Principals) == 0 {
		return false
	}
	return (!forced || e.Options.HasCommand || e.Options.Authority) && s.weak(e, eff) != refusedKey
}

// keyWay says whether root may have a way in without a password.
type keyWay struct {
	possible bool
	detail   string // a clause
}

// keyWay looks for a key, an authority or a command behind the entries. What cannot
// be excluded counts as possible.
func (l *rootLogins) keyWay(list []entry) keyWay {
	none := keyWay{detail: "a key would be accepted; none is there"}
	for _, e := range list {
		way := l.keyOf(e)
		if way.possible {
			return way
		}
		if e.forced {
			none.detail = "a key with a forced command would be accepted; none is there"
		} else if way.detail != "" {
			none = way
		}
	}
	return none
}

func (l *rootLogins) keyOf(e entry) keyWay {
	if !e.keyed {
		return keyWay{true, "another method than a key lets root in (hostbased or GSSAPI)"}
	}
	for _, keyword := range []string{"AuthorizedKeysCommand", "TrustedUserCAKeys"} {
		if v := e.eff.Setting(keyword); len(v.Words) > 0 && v.Word() != "none" {
			return keyWay{true, keyword + " is set and may accept a key of root"}
		}
	}
	if !l.known {
		return keyWay{true, "a key of root cannot be excluded: the accounts could not be read"}
	}
	way := keyWay{}
	for _, f := range l.keyFiles(e.eff, e.person.Account) {
		switch {
		case f.unclear != "":
			return keyWay{true, "a key of root cannot be excluded: " + f.unclear}
		case f.err != nil:
			return keyWay{true, "a key of root cannot be excluded: " + f.name + " could not be read"}
		case !f.usable():
			way.detail = "a key would be accepted; that of " + f.name + " is not used because of the rights on it"
			continue
		}
		for _, k := range f.entries {
			if l.admits(k, e.eff, e.forced) {
				return keyWay{true, "a key is accepted (" + f.name + ")"}
			}
		}
		if slices.ContainsFunc(f.problems, func(p authkeys.Problem) bool { return p.Unsure }) {
			return keyWay{true, "a key of root cannot be excluded: a line of " + f.name + " is not evaluated"}
		}
	}
	return way
}

// strength of a key, as far as it is a matter of this check.
type strength int

const (
	soundKey   strength = iota
	weakKey             // below today's strength
	refusedKey          // this sshd does not take it
)

// weak grades a key. OpenSSH 7.0 turned DSA off (PubkeyAcceptedAlgorithms can turn it
// on until 10.0 removed it); RSA below 1024 bits is refused (sshkey.h,
// SSH_RSA_MINIMUM_MODULUS_SIZE), RequiredRSASize may raise that. eff is nil for
// Dropbear.
func (s setup) weak(e authkeys.Entry, eff *sshdconf.Effective) strength {
	dsa := strings.HasPrefix(e.Type, "ssh-dss")
	rsa := strings.Contains(e.Type, "rsa") && e.Bits > 0
	least := 1024
	if eff != nil {
		if n, err := strconv.Atoi(eff.Setting("RequiredRSASize").Word()); err == nil && n > least {
			least = n
		}
	}
	switch {
	case eff != nil && dsa && !takesDSA(s.Build.Version, eff), rsa && e.Bits < least:
		return refusedKey
	case dsa, rsa && e.Bits < 2048:
		return weakKey
	}
	return soundKey
}

// takesDSA reports that DSA keys are taken, or may be.
func takesDSA(v sshdconf.Version, eff *sshdconf.Effective) bool {
	if v.AtLeast(10, 0) {
		return false
	}
	for _, keyword := range []string{"PubkeyAcceptedAlgorithms", "PubkeyAcceptedKeyTypes"} {
		for _, word := range eff.Setting(keyword).Words {
			if !strings.HasPrefix(word, "-") && (strings.Contains(word, "dss") || strings.Contains(word, "*")) {
				return true
			}
		}
	}
	return !v.AtLeast(7, 0)
}

// gapOf is the gap of a key file that could not be judged.
func gapOf(subject string, f keyFile) checks.Gap {
	g := checks.Gap{Subject: checks.Text(subject), Location: checks.At(f.name, 0)}
	if f.unclear != "" {
		g.Reason, g.Detail, g.Location = checks.ReasonUnsupported, checks.Text(f.unclear), checks.Location{}
		return g
	}
	g.Reason, g.Detail = checks.ReasonOf(f.err), "the file of keys could not be read"
	return g
}
