package pureftpdconf

import (
	"bytes"
	"strings"
)

// The settings of the single file, each with the form of its value and the long option
// it becomes: "?" yes or no, "*" printable text, "w" text without blanks, "a" letters and
// digits, "d" digits, "d d" two of them with blanks between, "d:d" with a colon, "q q"
// two texts that may be quoted. A form behind another of the same name is tried next.
const singleSettings = `
AllowAnonymousFXP ? allowanonymousfxp
AllowDotFiles ? allowdotfiles
AllowUserFXP ? allowuserfxp
AltLog * altlog=
AnonymousBandwidth d_d anonymousbandwidth=
AnonymousBandwidth d anonymousbandwidth=
AnonymousCanCreateDirs ? anonymouscancreatedirs
AnonymousCantUpload ? anonymouscantupload
AnonymousOnly ? anonymousonly
AnonymousRatio d_d anonymousratio=
AntiWarez ? antiwarez
AutoRename ? autorename
Bind w bind=
BrokenClientsCompatibility ? brokenclientscompatibility
CertFileAndKey q_q certfile=
CertFile * certfile=
ChrootEveryone ? chrooteveryone
CreateHomeDir ? createhomedir
CustomerProof ? customerproof
Daemonize ? daemonize
DisplayDotFiles ? displaydotfiles
DontResolve ? dontresolve
ExtCert * extcert=
ForcePassiveIP w forcepassiveip=
FortunesFile * fortunesfile=
IPV4Only ? ipv4only
IPV6Only ? ipv6only
KeepAllFiles ? keepallfiles
LimitRecursion d_d limitrecursion=
ExtAuth * login=extauth:
LDAPConfigFile * login=ldap:
MySQLConfigFile * login=mysql:
PAMAuthentication ? login=pam
PGSQLConfigFile * login=pgsql:
PureDB * login=puredb:
UnixAuthentication ? login=unix
LogPID ? logpid
MaxClientsNumber d maxclientsnumber=
MaxClientsPerIP d maxclientsperip=
MaxDiskUsage d maxdiskusagepct=
MaxIdleTime d maxidletime=
MaxLoad d maxload=
MinUID d minuid=
NATmode ? natmode
NoAnonymous ? noanonymous
NoChmod ? nochmod
NoRename ? norename
NoTruncate ? notruncate
PassivePortRange d_d passiveportrange=
PerUserLimits d:d peruserlimits=
PIDFile * pidfile=
ProhibitDotFilesWrite ? prohibitdotfileswrite
ProhibitDotFilesRead ? prohibitdotfilesread
Quota d:d quota=
SyslogFacility a syslogfacility=
TLSCipherSuite w tlsciphersuite=
TLS d tls=
TrustedGID d trustedgid=
TrustedIP w trustedip=
Umask d:d umask=
CallUploadScript ? uploadscript
UserBandwidth d_d userbandwidth=
UserBandwidth d userbandwidth=
UserRatio d_d userratio=
VerboseLog ? verboselog
Include * include=
ClientCharset w charset=
FileSystemCharset w charset=
`

const (
	maxLine  = 65535 // a longer line is read as several
	maxDepth = 16    // of files that include each other
	// maxWords bounds what files that include each other come to; beyond it nothing is
	// said.
	maxWords = 10000
)

// Include returns the content of another configuration file, with found false where
// nothing is there, which the program passes over. An error, also for a file that is
// there and cannot be read, makes the outcome Unsure.
type Include func(name string) (data []byte, found bool, err error)

// ParseSingle reads the file that stands alone on the command line, as 1.0.44 and later
// do: a key told without case, then ':' or '=' or blanks, then a value in the form the
// key wants and nothing else. A comment is a line of its own. The first line that is
// wrong ends the program. Up to 1.0.43 such a file is read by a program of its own
// (pure-config.pl), which is not evaluated. file names it for positions.
func ParseSingle(p Program, file string, data []byte, include Include) (Options, Outcome) {
	s := single{program: p, include: include}
	if p.before(44) {
		return Options{}, Outcome{Kind: Unsure, At: Position{File: file}, Why: "a configuration file of an old version"}
	}
	s.read(file, data, 0)
	if s.out.Kind == Refused {
		return Options{}, s.out
	}
	o, out := ParseWords(p, s.words)
	if s.out.Kind == Accepted { // else a file that is not read may set things right
		s.out = out
	}
	return o, s.out
}

type single struct {
	program Program
	include Include
	words   []Word
	out     Outcome
	reads   int
}

func (s *single) end(at Position, kind Kind, why string) bool {
	s.out.settle(Outcome{Kind: kind, At: at, Why: why})
	return kind != Refused
}

// read reports false once the program has ended.
func (s *single) read(file string, data []byte, depth int) bool {
	if s.reads++; depth >= maxDepth || s.reads > maxWords {
		kind := Refused
		if depth < maxDepth {
			kind = Unsure
		}
		return s.end(Position{File: file}, kind, "too many files that include each other")
	}
	for number := 1; len(data) > 0; number++ {
		line, rest, _ := bytes.Cut(data, []byte("\n"))
		data = rest
		at := Position{file, number}
		for {
			part := line[:min(len(line), maxLine)]
			line = line[len(part):]
			if !s.line(string(part), at, depth) {
				return false
			}
			if len(line) == 0 {
				break
			}
		}
	}
	return true
}

func (s *single) line(line string, at Position, depth int) bool {
	line, _, _ = strings.Cut(line, "\x00") // the program goes on with a C string
	line = strings.Trim(line, blanks)
	if line == "" || line[0] == '#' {
		return true
	}
	if len(s.words) >= maxWords {
		return s.end(at, Unsure, "more settings than are evaluated")
	}
	form, option, value, ok := s.match(line)
	switch {
	case !ok:
		return s.end(at, Refused, "a line that is no setting")
	case form == "":
		return s.end(at, Unsure, "a setting that only some versions have")
	case option == "include=":
		return s.including(value, at, depth)
	case option == "charset=" || option == "":
		return true
	}
	if len(option)+len(value)+2 > maxLine {
		return s.end(at, Refused, "a value that is too long")
	}
	s.words = append(s.words, Word{"--" + option + value, at})
	return true
}

func (s *single) including(name string, at Position, depth int) bool {
	if s.include == nil {
		return s.end(at, Unsure, "another file that is not read")
	}
	data, found, err := s.include(name)
	switch {
	case err != nil:
		return s.end(at, Unsure, "another file that cannot be read")
	case !found:
		return true
	}
	return s.read(name, data, depth+1)
}

// match finds the setting of a line. A form "" is a setting that the program may not
// have; an option "" is one that says no.
func (s *single) match(line string) (form, option, value string, ok bool) {
	for entry := range strings.Lines(singleSettings) {
		fields := strings.Fields(entry)
		if len(fields) != 3 || len(line) < len(fields[0]) || !strings.EqualFold(line[:len(fields[0])], fields[0]) {
			continue
		}
		known := s.knows(fields[0])
		if known == Refused {
			continue
		}
		rest, separated := separator(line[len(fields[0]):])
		if !separated {
			return "", "", "", false // also where a longer name would follow
		}
		value, ok := s.value(fields[1], rest)
		switch {
		case !ok:
			continue
		case known == Unsure:
			return "", "", "", true
		case fields[1] == "?" && value == "":
			return fields[1], "", "", true
		case fields[1] == "?":
			value = ""
		}
		return fields[1], fields[2], value, true
	}
	return "", "", "", false
}

// knows tells whether the program has a setting: Accepted, Refused or Unsure.
func (s *single) knows(name string) Kind {
	since, until := 0, 0
	switch name {
	case "Include":
		since = 50
	case "ExtCert", "CertFileAndKey":
		since = 48
	case "ClientCharset", "FileSystemCharset":
		until = 47
	}
	switch p := s.program; {
	case since == 0 && until == 0, since > 0 && p.settled(since), until > 0 && p.before(until+1):
		return Accepted
	case p.Patch == 0:
		return Unsure
	}
	return Refused
}

// separator passes over what stands between key and value: blanks and at most one ':'
// or '='.
func separator(s string) (rest string, ok bool) {
	trimmed := strings.TrimLeft(s, blanks)
	if trimmed == s && (s == "" || s[0] != '=' && s[0] != ':') {
		return "", false
	}
	if trimmed != "" && (trimmed[0] == '=' || trimmed[0] == ':') {
		trimmed = strings.TrimLeft(trimmed[1:], blanks)
		if trimmed != "" && (trimmed[0] == '=' || trimmed[0] == ':') {
			return "", false
		}
	}
	return trimmed, true
}

// value takes the value of a form, which must be all there is. For "?" it is "" for no.
func (s *single) value(form, v string) (value string, ok bool) {
	switch form {
	case "?":
		lower := strings.ToLower(v)
		if isOneOf(lower, "yes on true 1") {
			return "yes", true
		}
		return "", isOneOf(lower, "no off false 0")
	case "*":
		return v, v != "" && within(v, ' ', '~')
	case "w":
		return s.word(v)
	case "a":
		return v, v != "" && strings.Trim(v, alnum) == ""
	case "d":
		return v, digits(v)
	case "d:d":
		a, b, two := strings.Cut(v, ":")
		return v, two && digits(a) && digits(b)
	case "d_d":
		fields := splitBlanks(v)
		if len(fields) != 2 || !digits(fields[0]) || !digits(fields[1]) {
			return "", false
		}
		return fields[0] + ":" + fields[1], true
	}
	first, rest, ok := quoted(v)
	if !ok || rest == strings.TrimLeft(rest, blanks) {
		return "", false
	}
	second, rest, ok := quoted(strings.TrimLeft(rest, blanks))
	return first + "," + second, ok && rest == ""
}

// word takes text without blanks, since 1.0.53 in quotes too.
func (s *single) word(v string) (string, bool) {
	if strings.HasPrefix(v, `"`) && s.program.settled(53) {
		text, rest, ok := quoted(v)
		return text, ok && rest == "" && within(text, '!', '~')
	}
	return v, v != "" && within(v, '!', '~')
}

// quoted takes the first text, in quotes or up to a blank.
func quoted(v string) (text, rest string, ok bool) {
	if inner, yes := strings.CutPrefix(v, `"`); yes {
		text, rest, ok = strings.Cut(inner, `"`)
		return strings.Trim(text, blanks), rest, ok && strings.Trim(text, blanks) != "" && within(text, ' ', '~')
	}
	end := strings.IndexAny(v, blanks)
	if end < 0 {
		end = len(v)
	}
	return v[:end], v[end:], end > 0 && within(v[:end], '!', '~')
}

func splitBlanks(s string) []string {
	return strings.FieldsFunc(s, func(c rune) bool { return strings.ContainsRune(blanks, c) })
}

const alnum = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

func digits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

// within tells whether all bytes are of a range.
func within(s string, low, high byte) bool {
	for i := range len(s) {
		if s[i] < low || s[i] > high {
			return false
		}
	}
	return true
}
