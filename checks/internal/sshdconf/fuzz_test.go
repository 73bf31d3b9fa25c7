package sshdconf

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
)

func seeds(f *testing.F, add func(text string)) {
	f.Helper()
	for _, text := range []string{
		"", "Port 22\n", "Port=22", "\"Port\" '22'", "UsePAM no#x", "UsePAM \"yes", "Match User root\nPermitRootLogin yes\n",
		"Match all User root\n", "\ufeffPort 22\n", "Include a b\n", "a\\\nb", "\x00", "ListenAddress [::1]:22\nAddressFamily inet6\n",
	} {
		add(text)
	}
	for seed := uint64(1); seed <= 60; seed++ {
		for _, text := range generate(seed, "#Port 22\nInclude /etc/ssh/sshd_config.d/*.conf\n#PermitRootLogin prohibit-password\n", Version{9, 2}) {
			add(text)
		}
	}
}

// FuzzLines: positions are true, and a keyword is what the line begins with.
func FuzzLines(f *testing.F) {
	seeds(f, func(text string) { f.Add([]byte(text), uint8(9), uint8(2)) })
	f.Fuzz(func(t *testing.T, data []byte, major, minor uint8) {
		source := strings.Split(string(data), "\n")
		last := 0
		for l := range Lines("/f", data, Build{Version: Version{int(major), int(minor)}}) {
			if l.Line <= last || l.Line > len(source) {
				t.Fatalf("line %d after %d of %d", l.Line, last, len(source))
			}
			last = l.Line
			if !strings.Contains(string(data), "\x00") && !strings.Contains(source[l.Line-1], l.Raw) {
				t.Fatalf("%q is not in line %d", l.Raw, l.Line)
			}
			if l.Keyword == "" && l.Outcome.Kind == Accepted {
				t.Fatalf("line %d accepted without a keyword", l.Line)
			}
			if l.Keyword != lower(l.Keyword) {
				t.Fatalf("keyword %q", l.Keyword)
			}
			if (l.Outcome.Why == "") != (l.Outcome.Kind == Accepted) {
				t.Fatalf("outcome %+v", l.Outcome)
			}
		}
	})
}

// FuzzLoad: a configuration without problems has values sshd knows and ports
// that exist; a version that is not known never leads to an answer that a known
// one contradicts.
func FuzzLoad(f *testing.F) {
	seeds(f, func(text string) { f.Add(text, "PermitRootLogin yes\n") })
	f.Fuzz(func(t *testing.T, main, other string) {
		files := mem("/etc/ssh/sshd_config", main, "/etc/ssh/a", other, "/etc/ssh/sshd_config.d/a.conf", other)
		read := func(b Build) *Config { return Load(Source{Files: files}, "/etc/ssh/sshd_config", CommandLine{}, b) }
		unknown := read(Build{Vendor: Debian})
		for _, b := range []Build{bullseye, bookworm, trixie} {
			c := read(b)
			if len(c.Problems()) > 0 {
				if c.Problems()[0].Kind == Refused && len(unknown.Problems()) == 0 {
					t.Fatalf("%s refuses (%+v), a build of unknown version accepts", b.Version, c.Problems()[0])
				}
				continue
			}
			words := rootWords(t, c)
			if len(unknown.Problems()) == 0 {
				for _, w := range words {
					if open := rootWords(t, unknown); !slices.Contains(open, w) && !slices.Contains(open, "unset") {
						t.Fatalf("%s: PermitRootLogin may be %s, not so for an unknown version", b.Version, w)
					}
				}
			} else if unknown.Problems()[0].Kind == Refused {
				t.Fatalf("%s accepts, a build of unknown version refuses: %+v", b.Version, unknown.Problems()[0])
			}
			set, _ := c.Listens()
			if len(set) == 0 {
				t.Fatal("listens on nothing")
			}
			for _, l := range set {
				if l.Port == 0 || !l.Addr.IsValid() && l.Host == "" {
					t.Fatalf("listens on %+v", l)
				}
			}
		}
	})
}

func rootWords(t *testing.T, c *Config) []string {
	t.Helper()
	var words []string
	for _, v := range c.May(Account{User: "root"}, "PermitRootLogin") {
		w := v.Word()
		if v.Unknown {
			w = "unset"
		}
		if !slices.Contains([]string{"unset", "yes", "no", "prohibit-password", "without-password", "forced-commands-only"}, w) {
			t.Fatalf("PermitRootLogin %q", w)
		}
		words = append(words, w)
	}
	return words
}

// FuzzArgs: options that were understood are not lost when they are put together
// to a title and taken apart again.
func FuzzArgs(f *testing.F) {
	for _, s := range []string{"-D", "-D\n-p\n2222", "-f\n/x\n-oPort=22", "-o\nMatch all", "-p", "--", "x", "-46i"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, joined string) {
		args := strings.Split(joined, "\n")
		c, o := ParseArgs(args, bookworm)
		if o.Kind != Accepted {
			return
		}
		for _, p := range c.Ports {
			if p == 0 {
				t.Fatal("port 0")
			}
		}
		if strings.ContainsAny(joined, " \\\t\v\f\r\x00\u0085\u00a0") || slices.Contains(args, "") {
			return
		}
		again, ok := TitleArgs("sshd: /usr/sbin/sshd " + strings.Join(args, " ") + " [listener] 0 of 10-100 startups")
		if isPlain(joined) && (!ok || !slices.Equal(again, args)) {
			t.Fatalf("%q became %q", args, again)
		}
	})
}

func isPlain(s string) bool {
	for _, r := range s {
		if r > 0x7e || r < 0x20 && r != '\n' {
			return false
		}
	}
	return true
}

// FuzzMatchPattern compares with the plain recursive reading of patterns.
func FuzzMatchPattern(f *testing.F) {
	for _, s := range [][2]string{{"root", "r*t"}, {"root", "ro?t"}, {"", "*"}, {"aab", "*a*b"}, {"root", ""}, {"a", "**"}} {
		f.Add(s[0], s[1])
	}
	f.Fuzz(func(t *testing.T, s, pattern string) {
		if len(s) > 12 || len(pattern) > 10 {
			return // the plain reading takes exponential time
		}
		if got, want := matchPattern(s, pattern), plainMatch(s, pattern); got != want {
			t.Fatalf("matchPattern(%q, %q) = %v", s, pattern, got)
		}
	})
}

func plainMatch(s, pattern string) bool {
	switch {
	case pattern == "":
		return s == ""
	case pattern[0] == '*':
		return plainMatch(s, pattern[1:]) || s != "" && plainMatch(s[1:], pattern)
	case s == "":
		return false
	}
	return (pattern[0] == '?' || pattern[0] == s[0]) && plainMatch(s[1:], pattern[1:])
}

// FuzzNumbers: newer versions take no time that older ones refuse but fractions, an
// address in the usual form is what it says, and a network has no host bits.
func FuzzNumbers(f *testing.F) {
	for _, s := range []string{"", "1h30m", "1.5s", "10.0.0.0/8", "10.1", "0x7f.1", "::1%1/128", "+5", " 5", "-1", "1G", "1.5G", "16b", "08", "0x10", "99999999999999999999"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if isTime(s, Version{9, 8}) && (!isTime(s, Version{8, 5}) || !isTime(s, Version{8, 4})) {
			t.Fatalf("time %q", s)
		}
		if isTime(s, Version{10, 6}) && !strings.Contains(s, ".") && strings.Trim(s, "0123456789") == "" && !isTime(s, Version{9, 8}) {
			t.Fatalf("time %q since 10.3", s)
		}
		if n, ok := digits(s); ok && n < 1<<31 && !isNumber(s) {
			t.Fatalf("number %q", s)
		}
		if n, ok := scaled(s); ok && n > 0 && strings.HasPrefix(s, "-") {
			t.Fatalf("%q is %d", s, n)
		}
		if addr, err := netip.ParseAddr(s); err == nil && addr.Zone() == "" {
			if got, ok, _ := numericAddr(s); !ok || got != addr {
				t.Fatalf("address %q is %v", s, got)
			}
		}
		for _, v := range []Version{{8, 4}, {9, 2}, {10, 0}} {
			prefix, kind, o := cidr(s, v)
			if kind == network && (prefix != prefix.Masked() || o.Kind != Accepted) {
				t.Fatalf("network %q is %v", s, prefix)
			}
			if (o.Kind == Accepted) != (kind != badNetwork) {
				t.Fatalf("%q: %v and %+v", s, kind, o)
			}
		}
	})
}
