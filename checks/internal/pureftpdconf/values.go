package pureftpdconf

import (
	"math"
	"net/netip"
	"strconv"
	"strings"
)

// blanks are those of isspace(3) in the C locale.
const blanks = " \t\n\v\f\r"

// judge tells whether a value ends the program, and why.
func judge(p Program, c byte, value string) (why string, kind Kind) {
	ok := true
	switch c {
	case 'a':
		_, ok = strtoul(value)
	case 'c', 'C':
		var n uint64
		n, ok = strtoul(value)
		ok = ok && uint32(n) != 0
	case 'u':
		ok = isID(value)
	case 'y', 'n', 'L', 'q', 'Q', 'p':
		ok = twoNumbers(c, value)
	case 't', 'T':
		up, down, two := strings.Cut(value, ":")
		if !two {
			down = up
		}
		ok = (up != "" || down != "") && (up == "" || bandwidth(up)) && (down == "" || bandwidth(down))
	case 'U':
		file, dir, _ := strings.Cut(value, ":")
		ok = (file != "" || dir != "") && octal(file) && octal(dir)
	case 'm':
		return load(value)
	case 'O':
		format, name, two := strings.Cut(value, ":")
		if !two {
			format, name = "clf", value
		}
		ok = strings.HasPrefix(name, "/") && isOneOf(strings.ToLower(format), "clf stats w3c xferlog")
	case 'V':
		addr, err := netip.ParseAddr(value)
		ok = err == nil && addr.Zone() == ""
	case 'J':
		for strings.HasPrefix(value, "-S:") || strings.HasPrefix(value, "-C:") {
			value = value[3:]
		}
		if strings.HasPrefix(value, "-") {
			return "a list of ciphers over which it never comes", Refused
		}
	case 'l':
		return login(p, value)
	}
	if !ok {
		return "a value that the option does not take", Refused
	}
	return "", Accepted
}

// login judges a source of accounts: its name, which may go on, and for some a file. Of
// the data bases the file is read at the start, and a broken one ends it: that is not
// looked at.
func login(p Program, value string) (why string, kind Kind) {
	lower := strings.ToLower(value)
	for name, backend := range map[string]string{"unix": "", "pam": "", "puredb": "", "extauth": "", "mysql": "mysql", "pgsql": "postgresql", "ldap": "ldap"} {
		if !strings.HasPrefix(lower, name) {
			continue // no name begins another
		}
		rest := value[len(name):]
		file, named := strings.CutPrefix(rest, ":")
		switch {
		case name == "puredb" && (!named || file == ""), backend != "" && (!named || file == ""):
			return "a source of accounts without its file", Refused
		case backend == "" || backend == p.Backend:
			return "", Accepted
		case p.Backend == "":
			return "a source of accounts that only some builds have", Unsure
		}
		return "a source of accounts that this build does not have", Refused
	}
	return "a source of accounts that does not exist", Refused
}

// strtoul reads a whole number as strtoul(3) with base 0.
func strtoul(s string) (uint64, bool) {
	n, rest, ok := prefix(s, 0)
	return n, ok && rest == ""
}

// prefix reads the number a text begins with, as strtoul(3): blanks, a sign, and in base
// 0 a prefix for octal or hexadecimal. One that is too big is the biggest.
func prefix(s string, base int) (n uint64, rest string, ok bool) {
	s = strings.TrimLeft(s, blanks)
	negative := strings.HasPrefix(s, "-")
	if negative || strings.HasPrefix(s, "+") {
		s = s[1:]
	}
	digits := "0123456789"
	switch {
	case base == 0 && len(s) > 2 && (s[:2] == "0x" || s[:2] == "0X") && strings.IndexByte("0123456789abcdefABCDEF", s[2]) >= 0:
		base, digits, s = 16, "0123456789abcdefABCDEF", s[2:]
	case base == 0 && strings.HasPrefix(s, "0"), base == 8:
		base, digits = 8, "01234567"
	case base == 0:
		base = 10
	}
	end := len(s) - len(strings.TrimLeft(s, digits))
	if end == 0 {
		return 0, s, false
	}
	n, err := strconv.ParseUint(s[:end], base, 64)
	switch {
	case err != nil:
		n = math.MaxUint64
	case negative:
		n = -n
	}
	return n, s[end:], true
}

// atoi reads a number as atoi(3), 0 where none is; it is not ok beyond 32 bits, where
// the result is not the number.
func atoi(s string) (int64, bool) {
	n, _, _ := prefix(s, 10)
	signed := int64(n)
	return signed, signed == int64(int32(signed))
}

// isID reads a whole number as strtol(3) with base 10: not below 0.
func isID(s string) bool {
	n, rest, ok := prefix(s, 10)
	negative := strings.HasPrefix(strings.TrimLeft(s, blanks), "-")
	return ok && rest == "" && (!negative || n == 0)
}

// twoNumbers judges "a:b", as sscanf(3) reads it: anything may follow.
func twoNumbers(c byte, s string) bool {
	a, rest, ok := prefix(s, 10)
	rest, colon := strings.CutPrefix(rest, ":")
	b, _, ok2 := prefix(rest, 10)
	if !ok || !colon || !ok2 {
		return false
	}
	x, y := uint32(a), uint32(b)
	switch c {
	case 'p':
		return x >= 1024 && y <= 65535 && y >= x
	case 'L', 'q', 'Q':
		return x >= 1 && y >= 1
	}
	return true
}

func bandwidth(s string) bool {
	n, _, _ := prefix(s, 0)
	return n*1024 != 0
}

// octal judges a mask, of which "" says nothing.
func octal(s string) bool {
	n, _, _ := prefix(s, 8)
	return n <= 0o777
}

// load judges a load limit, as strtod(3) reads it; forms beyond a decimal fraction are
// not evaluated.
func load(s string) (why string, kind Kind) {
	plain := strings.TrimLeft(s, blanks)
	if strings.Trim(plain, "0123456789.+-") != "" {
		return "a load in a form that is not evaluated", Unsure
	}
	if n, err := strconv.ParseFloat(plain, 64); err != nil || n <= 0 {
		return "a value that the option does not take", Refused
	}
	return "", Accepted
}

func isOneOf(word, list string) bool {
	for w := range strings.FieldsSeq(list) {
		if w == word {
			return true
		}
	}
	return false
}
