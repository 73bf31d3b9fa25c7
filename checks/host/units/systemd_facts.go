package units

import (
	"path"
	"strconv"
	"strings"

	"hostaudit/checks/internal/unitfile"
)

// since reports whether the tree's systemd is of the version or later; a version
// that is not known is taken for the latest. The name of systemd's private
// library tells it: libsystemd-shared-252.so.
func (s *store) since(version int) bool {
	return s.systemdVersion() == 0 || s.systemdVersion() >= version
}

// systemdVersion returns the version of the tree's systemd, 0 if not known.
func (s *store) systemdVersion() int {
	if s.version == nil {
		v := 0
		s.version = &v
		for _, dir := range []string{
			"/usr/lib/systemd", "/usr/lib64/systemd", "/usr/lib/x86_64-linux-gnu/systemd",
			"/usr/lib/aarch64-linux-gnu/systemd", "/usr/lib/i386-linux-gnu/systemd",
			"/usr/lib/arm-linux-gnueabihf/systemd", "/lib/systemd",
		} {
			for _, name := range s.list(dir).order {
				rest, ok := strings.CutPrefix(name, "libsystemd-shared-")
				if !ok {
					continue
				}
				end := strings.IndexFunc(rest, func(r rune) bool { return r < '0' || r > '9' })
				if n, err := strconv.Atoi(rest[:max(end, 0)]); err == nil && n > v {
					v = n
				}
			}
			if v != 0 {
				break
			}
		}
		// Elsewhere its programs tell at least this much: one came with 255.
		names := s.list("/usr/lib/systemd").names
		_, systemd := names["systemd"]
		if _, executor := names["systemd-executor"]; v == 0 && systemd && !executor && len(names) > 10 {
			v = 253
		}
	}
	return *s.version
}

// specifier returns what a specifier stands for in a unit (systemd.unit(5),
// "Specifiers"). What only the running system knows is not known.
func (s *store) specifier(unit string) func(letter byte) (string, bool) {
	prefix, instance, suffix := unitfile.Split(unit)
	return func(letter byte) (string, bool) {
		switch letter {
		case 'n':
			return unit, true
		case 'N':
			return strings.TrimSuffix(unit, suffix), true
		case 'p':
			return prefix, true
		case 'P':
			return unitfile.Unescape(prefix)
		case 'i':
			return instance, true
		case 'I':
			return unitfile.Unescape(instance)
		case 'j', 'J':
			last := prefix[strings.LastIndexByte(prefix, '-')+1:]
			if letter == 'j' {
				return last, true
			}
			return unitfile.Unescape(last)
		case 'f':
			text, ok := unitfile.Unescape(instance)
			if instance == "" {
				text, ok = unitfile.Unescape(prefix)
			}
			return path.Join("/", text), ok
		case 'u', 'g':
			return "root", true
		case 'U', 'G':
			return "0", true
		case 'h':
			return "/root", true
		case 't':
			return "/run", true
		case 'S':
			return "/var/lib", true
		case 'C':
			return "/var/cache", true
		case 'L':
			return "/var/log", true
		case 'E':
			return "/etc", true
		case 'T':
			return "/tmp", true
		case 'V':
			return "/var/tmp", true
		case 'H', 'l', 'm':
			text := s.fact(letter)
			return text, text != ""
		}
		return "", false
	}
}

// fact reads the host's name (H, and l without its domain) and machine-id (m).
func (s *store) fact(letter byte) string {
	if s.facts == nil {
		s.facts = map[byte]string{}
		if data, _, err := s.content("/etc/hostname"); err == nil {
			for line := range strings.Lines(string(data)) {
				if line = strings.TrimSpace(line); line != "" && line[0] != '#' && len(line) <= 64 {
					s.facts['H'] = line
					s.facts['l'], _, _ = strings.Cut(line, ".")
					break
				}
			}
		}
		if data, _, err := s.content("/etc/machine-id"); err == nil {
			if id := strings.TrimSpace(string(data)); len(id) == 32 {
				s.facts['m'] = id
			}
		}
	}
	return s.facts[letter]
}

// bindV6Only is what the kernel does with an IPv6 socket of every address that
// does not say: net.ipv6.bindv6only of the running kernel, else as sysctl.d(5)
// sets it at boot.
func (s *store) bindV6Only() Tri {
	if s.v6known {
		return s.v6only
	}
	s.v6known, s.v6only = true, No
	if data, _, err := s.content("/proc/sys/net/ipv6/bindv6only"); err == nil {
		s.v6only = sysctlTri(strings.TrimSpace(string(data)))
		return s.v6only
	}
	byName := map[string]string{}
	for _, dir := range []string{"/etc/sysctl.d", "/run/sysctl.d", "/usr/local/lib/sysctl.d", "/usr/lib/sysctl.d"} {
		l := s.list(dir)
		if l.err != nil {
			s.v6only = Unclear
			return Unclear
		}
		for _, n := range l.order {
			if strings.HasSuffix(n, ".conf") && byName[n] == "" {
				byName[n] = dir + "/" + n
			}
		}
	}
	files := make([]string, 0, len(byName)+1)
	for _, n := range sortedKeys(byName) {
		files = append(files, byName[n])
	}
	for _, file := range append(files, "/etc/sysctl.conf") {
		data, _, err := s.content(file)
		if err != nil && !missing(err) {
			s.v6only = Unclear
			return Unclear
		}
		for line := range strings.Lines(string(data)) {
			key, value, _ := strings.Cut(line, "=")
			key = strings.TrimLeft(strings.TrimSpace(key), "-")
			if strings.ReplaceAll(key, "/", ".") == "net.ipv6.bindv6only" {
				s.v6only = sysctlTri(strings.TrimSpace(value))
			}
		}
	}
	return s.v6only
}

func sysctlTri(value string) Tri {
	switch value {
	case "0":
		return No
	case "1":
		return Yes
	}
	return Unclear
}
