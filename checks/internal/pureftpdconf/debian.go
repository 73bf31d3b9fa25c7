package pureftpdconf

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
)

// Where pure-ftpd-wrapper looks.
const (
	DebianConf    = "/etc/pure-ftpd/conf"
	DebianAuth    = "/etc/pure-ftpd/auth"
	DebianDefault = "/etc/default/pure-ftpd-common"
)

// Settings of pure-ftpd-wrapper: the file's name, the form of its value, the option. The
// forms: "?" yes or no, "s" text without blanks, "f" the name of a file, "n" a number,
// "n2" two, "n12" one or two, "u2" two of which -1 has none, "w" a word, "o2" two masks,
// "i" an address, "-" nothing at all.
const debianSettings = `
AllowAnonymousFXP ? -W
AllowDotFiles ? -z
AllowUserFXP ? -w
AltLog s -O
AnonymousBandwidth n12 -t
AnonymousCanCreateDirs ? -M
AnonymousCantUpload ? -i
AnonymousOnly ? -e
AnonymousRatio n2 -q
AntiWarez ? -s
AutoRename ? -r
Bind s -S
BrokenClientsCompatibility ? -b
CallUploadScript ? -o
ChrootEveryone ? -A
CreateHomeDir ? -j
CustomerProof ? -Z
Daemonize ? -B
DisplayDotFiles ? -D
DontResolve ? -H
ForcePassiveIP s -P
FortunesFile f -F
FSCharset - -8
ClientCharset - -9
IPV4Only ? -4
IPV6Only ? -6
KeepAllFiles ? -K
LimitRecursion u2 -L
LogPID ? -1
MaxClientsNumber n -c
MaxClientsPerIP n -C
MaxDiskUsage n -k
MaxIdleTime n -I
MaxLoad n -m
MinUID n -u
NATmode ? -N
NoAnonymous ? -E
NoChmod ? -R
NoRename ? -G
NoTruncate ? -0
PassivePortRange n2 -p
PerUserLimits n2 -y
ProhibitDotFilesRead ? -X
ProhibitDotFilesWrite ? -x
Quota n2 -n
SyslogFacility w -f
TLS n -Y
TLSCipherSuite s -J
TrustedGID n -a
TrustedIP i -V
Umask o2 -U
UserBandwidth n12 -T
UserRatio n2 -Q
VerboseLog ? -d
`

// The settings of accounts: those below conf that a link below auth names.
const debianAuthSettings = `
ExtAuth f extauth:
LDAPConfigFile f ldap:
MySQLConfigFile f mysql:
PGSQLConfigFile f pgsql:
PAMAuthentication ? pam
PureDB f puredb:
UnixAuthentication ? unix
`

// DebianFile is an entry of /etc/pure-ftpd/conf, or what a link of /etc/pure-ftpd/auth
// leads to.
type DebianFile struct {
	Name string // of the entry
	// Target is where a link of auth leads, as written; "" for one that is no link.
	// Entries of conf are read whatever they are.
	Target string
	Data   []byte // nothing of a directory
	// Missing: the link of auth leads to no regular file, and is passed over.
	Missing bool
	// Unread: it could not be read here.
	Unread bool
}

// Debian is the directory /etc/pure-ftpd.
type Debian struct {
	Conf, Auth []DebianFile
	// Missing: conf or auth is not there, which ends the wrapper.
	Missing bool
	// Exists tells whether a value that names a file or socket names one; nil = not
	// known.
	Exists func(name string) bool
}

// ParseDebian reads the directory as pure-ftpd-wrapper does, whose table is the same from
// bullseye to sid. It makes an option of the first line that says anything of each file
// of conf; "no" and comments say nothing, and what follows is not looked at. A file whose
// name is letters and digits alone and no setting ends it ("README", "CertFile",
// "PIDFile"); other names ("Bind.dpkg-old", "Bind~") are passed over.
func ParseDebian(p Program, d Debian) (Options, Outcome) {
	w := wrapper{dir: d, claimed: map[string]bool{}}
	if d.Missing {
		w.fail(Refused, "", 0, "a directory of the configuration is not there")
	}
	byName := func(a, b DebianFile) int { return strings.Compare(a.Name, b.Name) }
	auth, conf := slices.Clone(d.Auth), slices.Clone(d.Conf)
	slices.SortFunc(auth, byName)
	slices.SortFunc(conf, byName)
	for _, f := range auth {
		w.auth(f)
	}
	for _, f := range conf {
		w.conf(f)
	}
	if w.out.Kind == Refused {
		return Options{}, w.out
	}
	o, out := ParseWords(p, append(w.logging, w.words...))
	if out.Kind == Refused {
		return Options{}, out
	}
	w.out.settle(out)
	return o, w.out
}

type wrapper struct {
	dir     Debian
	claimed map[string]bool // names of links of auth: such files of conf are passed over
	words   []Word
	logging []Word // comes first
	out     Outcome
}

// lookup finds a setting in a table.
func lookup(table, name string) (form, option string, ok bool) {
	for line := range strings.Lines(table) {
		if f := strings.Fields(line); len(f) == 3 && f[0] == name {
			return f[1], f[2], true
		}
	}
	return "", "", false
}

func (w *wrapper) fail(kind Kind, file string, line int, why string) {
	w.out.settle(Outcome{Kind: kind, At: Position{file, line}, Why: why})
}

func (w *wrapper) auth(f DebianFile) {
	if f.Target == "" || f.Missing {
		return
	}
	w.claimed[f.Name] = true
	target := f.Target
	if !path.IsAbs(target) {
		target = path.Join(DebianAuth, target)
	}
	form, option, known := lookup(debianAuthSettings, path.Base(target))
	if _, _, isConf := lookup(debianSettings, f.Name); isConf || isAccounts(f.Name) {
		w.fail(Unsure, DebianAuth+"/"+f.Name, 0, "a link by the name of a setting")
		return
	}
	if !known {
		w.fail(Refused, target, 0, "a file that is no setting of accounts")
		return
	}
	if value, at, ok := w.file(target, form, f); ok {
		if form == "?" {
			value = ""
		}
		w.words = append(w.words, Word{"-l", at}, Word{option + value, at})
	}
}

// isAccounts tells the names of settings of accounts. For links of such names the wrapper
// looks at its own arguments.
func isAccounts(name string) bool {
	_, _, ok := lookup(debianAuthSettings, name)
	return ok
}

func (w *wrapper) conf(f DebianFile) {
	if !isDebianName(f.Name) || w.claimed[f.Name] || isAccounts(f.Name) {
		return
	}
	name := DebianConf + "/" + f.Name
	form, option, known := lookup(debianSettings, f.Name)
	if !known {
		w.fail(Refused, name, 0, "a file that is no setting")
		return
	}
	value, at, ok := w.file(name, form, f)
	if !ok {
		return
	}
	words := []Word{{option, at}}
	if form != "?" {
		words = append(words, Word{value, at})
	}
	if f.Name == "SyslogFacility" {
		w.logging = words
		return
	}
	w.words = append(w.words, words...)
}

// isDebianName tells which names are looked at: /^[A-Za-z][A-Za-z0-9]+$/.
func isDebianName(s string) bool {
	return len(s) > 1 && strings.Trim(s, alnum) == "" && !digits(s[:1])
}

// file returns the value of a file, of which the first line that makes an option counts.
func (w *wrapper) file(name, form string, f DebianFile) (value string, at Position, ok bool) {
	if f.Unread {
		w.fail(Unsure, name, 0, "a file that could not be read")
		return "", at, false
	}
	number := 0
	for line := range strings.Lines(string(f.Data)) {
		number++
		line = strings.Trim(line, blanks)
		if line == "" || line[0] == '#' {
			continue
		}
		value, kind, why := w.value(form, line)
		switch {
		case kind == Refused:
			w.fail(kind, name, number, why)
			return "", at, false
		case kind == Unsure:
			w.fail(kind, name, number, why)
		}
		if value != "" {
			return value, Position{name, number}, true
		}
	}
	return "", at, false
}

// value makes an option's value of a line; "" says nothing.
func (w *wrapper) value(form, v string) (value string, kind Kind, why string) {
	fields := splitBlanks(v)
	switch form {
	case "-":
		return "", Accepted, ""
	case "?":
		switch lower := strings.ToLower(v); {
		case isOneOf(lower, "yes 1 on"):
			return "yes", Accepted, ""
		case isOneOf(lower, "no 0 off"):
			return "", Accepted, ""
		}
		return "", Refused, "neither yes nor no"
	case "s":
		if len(fields) != 1 {
			return "", Refused, "a value with blanks in it"
		}
		return v, Accepted, ""
	case "f":
		switch {
		case w.dir.Exists == nil:
			return v, Unsure, "a file that is not looked for"
		case !w.dir.Exists(v):
			return "", Refused, "a file that is not there"
		}
		return v, Accepted, ""
	case "w":
		if strings.Trim(v, alnum+"_") != "" {
			return "", Refused, "a value that is no word"
		}
		return v, Accepted, ""
	case "i":
		if !isDottedQuad(v) {
			// The wrapper means to end; it passes its own message on, which ends the server.
			return "", Refused, "an address that is none"
		}
		return v, Accepted, ""
	case "n":
		if digits(v) {
			return decimal(v)
		}
	case "n12":
		return oneOrTwo(v, fields)
	case "n2", "u2":
		if len(fields) == 2 && wholeNumber(fields[0], form == "u2") && wholeNumber(fields[1], form == "u2") {
			a, kind, why := decimal(fields[0])
			b, kind2, _ := decimal(fields[1])
			return a + ":" + b, max(kind, kind2), why
		}
	case "o2":
		if len(fields) == 2 && len(fields[0]) == 3 && len(fields[1]) == 3 && strings.Trim(fields[0]+fields[1], "01234567") == "" {
			return fields[0] + ":" + fields[1], Accepted, ""
		}
	}
	return "", Refused, "no number, or not as many as are wanted"
}

func wholeNumber(s string, unlimited bool) bool {
	if !unlimited {
		return digits(s)
	}
	n, err := strconv.ParseInt(s, 10, 64)
	return digits(strings.TrimPrefix(s, "-")) && (err != nil && s[0] != '-' || err == nil && n >= -1)
}

// oneOrTwo reads a rate or two, of which either may be left out beside a colon.
func oneOrTwo(v string, fields []string) (string, Kind, string) {
	a, b, colon := strings.Cut(v, ":")
	switch {
	case len(fields) == 2 && digits(fields[0]) && digits(fields[1]):
		return fields[0] + ":" + fields[1], Accepted, ""
	case colon && digits(a) && digits(b), digits(v), colon && a == "" && digits(b):
		return v, Accepted, ""
	case colon && digits(a): // whatever follows is dropped
		return a + ":", Accepted, ""
	}
	return "", Refused, "no number, or not as many as are wanted"
}

// decimal writes a number as the wrapper does, without leading zeros.
func decimal(s string) (string, Kind, string) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return s, Unsure, "a number that is very big"
	}
	return fmt.Sprint(n), Accepted, ""
}

func isDottedQuad(s string) bool {
	parts := strings.Split(s, ".")
	for _, part := range parts {
		if n, err := strconv.ParseUint(part, 10, 16); err != nil || n > 255 || len(part) > 3 {
			return false
		}
	}
	return len(parts) == 4
}

// Assignment is a NAME=value of /etc/default/pure-ftpd-common, as a shell reads it.
type Assignment struct {
	Name  string
	Value string
	Line  int
	Plain bool // text and quotes alone
}

// DebianStart is what /etc/init.d/pure-ftpd makes of /etc/default/pure-ftpd-common. No
// release from bullseye to sid has a unit of its own: systemd makes one of the script.
type DebianStart struct {
	// Standalone: the script starts the server, and with -B; else it starts nothing, and
	// inetd is to.
	Standalone bool
	// VirtualChroot: it is /usr/sbin/pure-ftpd-virtualchroot, which reads the same.
	VirtualChroot bool
	Outcome       Outcome // Unsure where something that counts is not evaluated
}

// ParseDebianStart evaluates the assignments of /etc/default/pure-ftpd-common, in order;
// others are the lines of every other statement. Without the file, nothing is started.
func ParseDebianStart(assignments []Assignment, others []int) DebianStart {
	var s DebianStart
	for _, a := range assignments {
		isStart, isChroot := a.Name == "STANDALONE_OR_INETD", a.Name == "VIRTUALCHROOT"
		if (isStart || isChroot) && !a.Plain {
			s.Outcome.settle(Outcome{Unsure, Position{DebianDefault, a.Line}, "a value that is not evaluated"})
		}
		switch {
		case isStart:
			s.Standalone = a.Plain && a.Value == "standalone"
		case isChroot:
			s.VirtualChroot = a.Plain && a.Value == "true"
		}
	}
	if len(others) > 0 {
		s.Outcome.settle(Outcome{Unsure, Position{DebianDefault, others[0]}, "a statement that is not evaluated"})
	}
	return s
}
