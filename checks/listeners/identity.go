package listeners

import (
	"crypto/sha256"
	"encoding/hex"
	"path"
	"strings"
	"unicode"
	"unicode/utf8"
)

// hands are who a listener belongs to, in words that restarts and upgrades leave
// alone. Every value is canonical (word): it stands in a baseline as it is.
type hands struct {
	container string
	kernel    bool
	socket    string // socket unit
	pkg       string
	noPackage bool // the database says that no package owns the program
	unit      string
	program   string // version parts are "*"
}

// handsOf returns the hands of an owner that is not hidden.
func handsOf(o owner) hands {
	switch {
	case o.container != "":
		return hands{container: word(stableContainer(o.container))}
	case o.kernel:
		return hands{kernel: true, unit: word(stableUnit(o.service))}
	}
	return hands{
		socket: word(o.socket), pkg: word(o.pkg), noPackage: o.unowned(),
		unit: word(stableUnit(o.service)), program: word(normalProgram(o.program)),
	}
}

// String is the hands in the words of a baseline.
func (h hands) String() string {
	var parts []string
	add := func(key, value string) {
		if value != "" {
			parts = append(parts, key+" "+value)
		}
	}
	add("container", h.container)
	if h.kernel {
		parts = append(parts, "kernel")
	}
	add("socket", h.socket)
	add("package", h.pkg)
	if h.noPackage {
		parts = append(parts, "no package")
	}
	add("unit", h.unit)
	add("program", h.program)
	if len(parts) == 0 {
		return "unknown"
	}
	return strings.Join(parts, ", ")
}

// key is the first word that tells these hands from others.
func (h hands) key() string {
	switch {
	case h.container != "":
		return "container " + h.container
	case h.kernel:
		return "kernel"
	case h.socket != "":
		return "socket " + h.socket
	case h.unit != "" && interpreter(h.program):
		return "unit " + h.unit
	case h.pkg != "":
		return "package " + h.pkg
	case h.unit != "":
		return "unit " + h.unit
	}
	return "program " + h.program
}

// sameHands compares what was and what is: the same socket unit, else package,
// else unit, else program. A package that was renamed or split still installs the
// same program, and one that was removed leaves it running.
func sameHands(a, b hands) bool {
	sameProgram := a.program != "" && mergedUsr(a.program) == mergedUsr(b.program)
	sameUnit := a.unit != "" && a.unit == b.unit
	switch {
	case a.container != "" || b.container != "":
		return a.container == b.container
	case a.kernel || b.kernel:
		return a.kernel == b.kernel
	case a.socket != "" && a.socket == b.socket:
		return true
	case interpreter(a.program) || interpreter(b.program):
		// What an interpreter runs is not told by its file.
		if a.unit != "" || b.unit != "" {
			return sameUnit
		}
		return sameProgram || a.pkg != "" && a.pkg == b.pkg
	case a.pkg != "" && a.pkg == b.pkg:
		return true
	case (a.pkg != "" || b.pkg != "") && (a.pkg != "" || a.noPackage) && (b.pkg != "" || b.noPackage):
		return sameProgram // another package, or none where one was
	}
	return sameUnit || sameProgram
}

// stableContainer drops a name that is the start of an identifier: the same
// container made anew has another.
func stableContainer(name string) string {
	if len(name) >= 12 && strings.Trim(name, "0123456789abcdef") == "" {
		return "unnamed"
	}
	if parts := strings.Split(name, "/"); len(parts) >= 2 && len(parts) <= 3 {
		parts[1] = stablePod(parts[1])
		return strings.Join(parts, "/")
	}
	return name
}

// stablePod drops what Kubernetes makes up: five characters of a pod, and before
// them the up to ten of a Deployment's replica set (k8s.io/apimachinery, util/rand).
func stablePod(pod string) string {
	const alphabet = "bcdfghjklmnpqrstvwxz2456789"
	made := func(s string, low, high int) bool {
		return len(s) >= low && len(s) <= high && strings.Trim(s, alphabet) == ""
	}
	parts := strings.Split(pod, "-")
	if n := len(parts); n > 1 && made(parts[n-1], 5, 5) {
		parts = parts[:n-1]
		if n--; n > 1 && made(parts[n-1], 8, 10) && strings.ContainsAny(parts[n-1], "2456789") {
			parts = parts[:n-1]
		}
	}
	return strings.Join(parts, "-")
}

// interpreters are programs that only run others.
var interpreters = map[string]bool{
	"python": true, "pypy": true, "perl": true, "ruby": true, "node": true, "nodejs": true, "deno": true, "bun": true,
	"java": true, "php": true, "php-cgi": true, "sh": true, "bash": true, "dash": true, "ash": true, "zsh": true, "ksh": true,
	"mono": true, "mono-sgen": true, "dotnet": true, "lua": true, "luajit": true, "tclsh": true, "beam.smp": true, "erl": true,
	"guile": true, "pwsh": true, "gjs": true, "busybox": true, "toybox": true, "qemu-x86": true, "uwsgi-core": true,
	"socat": true, "ncat": true, "nc.openbsd": true, "nc.traditional": true, "env": true,
}

// interpreter reports whether a program only runs others: its file does not say
// what it does.
func interpreter(program string) bool {
	base := path.Base(program)
	if strings.HasPrefix(base, "ld-linux") || strings.HasPrefix(base, "ld-musl") || strings.HasPrefix(base, "qemu-") && strings.HasSuffix(base, "-static") {
		return true
	}
	return interpreters[base] || interpreters[strings.TrimRight(base, "0123456789.*-")]
}

// stableUnit is the unit without what changes from start to start, "" when
// nothing else is left: sessions and other scopes, transient units without a name,
// a user's manager. The instance of a connection (Accept=yes) is its template.
func stableUnit(name string) string {
	base, isService := strings.CutSuffix(name, ".service")
	prefix, instance, isInstance := strings.Cut(base, "@")
	switch {
	case !isService, prefix == "user", transient(base), launchers[base]:
		return ""
	case isInstance && connectionInstance(instance):
		return prefix + "@.service"
	}
	return name
}

// launchers are services in whose control group the jobs of any account run, where
// no session is made for them: cron's, and SSH logins without pam_systemd.
var launchers = map[string]bool{"cron": true, "crond": true, "cronie": true, "anacron": true, "atd": true, "fcron": true}

// transient recognises the names that systemd-run(1) makes up: run-u12, run-p7-i8,
// run-r0123456789abcdef0123456789abcdef.
func transient(base string) bool {
	rest, found := strings.CutPrefix(base, "run-")
	if !found || len(rest) < 2 {
		return false
	}
	digits := "0123456789"
	switch rest[0] {
	case 'p':
		digits += "-i"
	case 'r':
		digits += "abcdef"
	case 'u':
	default:
		return false
	}
	return strings.Trim(rest[1:], digits) == ""
}

// connectionInstance recognises what systemd calls the service of a connection:
// its number, then both addresses (src/core/socket.c, instance_from_socket).
func connectionInstance(instance string) bool {
	rest := strings.TrimLeft(instance, "0123456789")
	return len(rest) < len(instance) && strings.HasPrefix(rest, "-") && strings.Count(rest, ":") >= 2
}

// normalProgram writes "*" for the parts of a path that are versions, so that an
// upgrade does not change it: /usr/lib/postgresql/15/bin/postgres, /opt/app-1.2.3,
// python3.11. In /nix/store and /gnu/store the hash before the name goes too.
func normalProgram(program string) string {
	program = strings.TrimSuffix(program, " (deleted)")
	parts := strings.Split(program, "/")
	for i, part := range parts {
		if i == 3 && parts[2] == "store" && (parts[1] == "nix" || parts[1] == "gnu") {
			if _, after, found := strings.Cut(part, "-"); found {
				part = "*-" + after
			}
		}
		parts[i] = normalPart(part)
	}
	return strings.Join(parts, "/")
}

// normalPart does so for one part: numbers with dots anywhere, and single numbers
// that stand for themselves ("15", "jdk-17", "v2", "java-17-openjdk").
func normalPart(part string) string {
	digit := func(i int) bool { return i >= 0 && i < len(part) && part[i] >= '0' && part[i] <= '9' }
	letter := func(i int) bool { return i >= 0 && i < len(part) && unicode.IsLetter(rune(part[i])) }
	var b strings.Builder
	for i := 0; i < len(part); {
		if !digit(i) {
			b.WriteByte(part[i])
			i++
			continue
		}
		end, dotted := i, false
		for digit(end) || end < len(part) && part[end] == '.' && digit(end+1) {
			dotted = dotted || part[end] == '.'
			end++
		}
		alone := !letter(i-1) || part[i-1] == 'v' && !letter(i-2)
		if dotted || alone && !letter(end) {
			b.WriteByte('*')
		} else {
			b.WriteString(part[i:end])
		}
		i = end
	}
	return b.String()
}

// mergedUsr makes the two names equal that a file has where /bin is /usr/bin and
// /usr/sbin is /usr/bin.
func mergedUsr(program string) string {
	rest := strings.TrimPrefix(program, "/usr")
	for _, dir := range []string{"/bin/", "/sbin/", "/lib/", "/lib64/"} {
		if after, found := strings.CutPrefix(rest, dir); found {
			if dir == "/sbin/" {
				dir = "/bin/"
			}
			return dir + after
		}
	}
	return program
}

// maxWord bounds a word so that a whole line fits a Text.
const maxWord = 90

// word writes a name of the host so that it needs no further escaping anywhere: a
// byte or character that is not printable, a blank, "%", "," and the backslash are
// %XX. A long one is cut and told from others by a digest.
func word(s string) string {
	if len(s) <= maxWord && !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' || r == '%' || r == ',' || r == '\\' }) {
		return s
	}
	const hexDigits = "0123456789abcdef"
	var b strings.Builder
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && size == 1 || !unicode.IsPrint(r) || strings.ContainsRune(" %,\\", r) {
			for _, c := range []byte(s[i : i+size]) {
				b.WriteByte('%')
				b.WriteByte(hexDigits[c>>4])
				b.WriteByte(hexDigits[c&15])
			}
		} else {
			b.WriteString(s[i : i+size])
		}
		i += size
	}
	text := []rune(b.String())
	if len(text) <= maxWord {
		return string(text)
	}
	sum := sha256.Sum256([]byte(s))
	return string(text[:maxWord-13]) + "~" + hex.EncodeToString(sum[:6])
}
