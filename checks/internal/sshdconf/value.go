package sshdconf

import (
	"math"
	"slices"
	"strconv"
	"strings"
)

// The checkers that several keywords share.

// oneOf takes a word of a fixed set, in any case.
func oneOf(set ...string) checker {
	return one(func(_ *directive, arg string) Outcome {
		if slices.Contains(set, lower(arg)) {
			return Outcome{}
		}
		return refused("value is none of " + strings.Join(set, ", "))
	})
}

// flag takes yes or no, in any case.
func flag(d *directive) Outcome { return oneOf("yes", "no")(d) }

// keepAlive is a flag that takes true and false as well since 10.6.
func keepAlive(d *directive) Outcome {
	if d.build.Version.AtLeast(10, 6) {
		return oneOf("yes", "no", "true", "false")(d)
	}
	return flag(d)
}

func anyWord(*directive, string) Outcome { return Outcome{} }

// number takes a whole number from 0 to INT_MAX (atoi_err() in misc.c, since 7.7;
// before it was atoi()).
func number(d *directive) Outcome {
	return one(func(d *directive, arg string) Outcome {
		if d.build.Version.AtLeast(7, 7) && !isNumber(arg) {
			return refused("not a number from 0 to 2147483647")
		}
		return Outcome{}
	})(d)
}

func isNumber(arg string) bool {
	_, ok := strtonum(arg, 0, math.MaxInt32)
	return ok
}

// duration takes a time as in sshd_config(5), TIME FORMATS.
func duration(d *directive) Outcome {
	return one(func(d *directive, arg string) Outcome {
		if !isTime(arg, d.build.Version) {
			return refused("not a time")
		}
		return Outcome{}
	})(d)
}

// portNumber reads a port of plain digits.
func portNumber(arg string) (uint16, Outcome) {
	n, ok := digits(arg)
	switch {
	case ok && n > 0 && n <= math.MaxUint16:
		return uint16(n), Outcome{}
	case ok, arg == "":
		return 0, refused("not a port number from 1 to 65535")
	}
	return 0, unsure("a port that is no plain number")
}

// port reads a port as a2port() in misc.c does: a number, or since 7.9 the name of a
// service.
func (d *directive) port(arg string) (uint16, Outcome) {
	if n, ok := strtonum(arg, 0, math.MaxUint16); ok {
		return uint16(n), Outcome{}
	}
	bad := refused("not a port number")
	if _, isNumber := digits(arg); isNumber || arg == "" || d.build.Version.Before(7, 9) {
		return 0, bad
	}
	if d.source.Service == nil {
		return 0, unsure("a port that is the name of a service")
	}
	n, found, err := d.source.Service(arg)
	switch {
	case err != nil:
		return 0, unsure("a port that is the name of a service, and the services cannot be read")
	case !found:
		return 0, bad
	}
	return n, Outcome{}
}

// portAbove0 is port where 0 is none.
func (d *directive) portAbove0(arg string) (uint16, Outcome) {
	n, o := d.port(arg)
	if o.Kind == Accepted && n == 0 {
		o = refused("not a port number from 1 to 65535")
	}
	return n, o
}

// digits reads a number made of ASCII digits only; huge ones saturate.
func digits(s string) (int64, bool) {
	if s == "" || strings.Trim(s, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return math.MaxInt64, true
	}
	return n, true
}

// lower is tolower() of the C locale.
func lower(s string) string {
	i := 0
	for i < len(s) && (s[i] < 'A' || s[i] > 'Z') {
		i++
	}
	if i == len(s) {
		return s
	}
	b := []byte(s)
	for ; i < len(b); i++ {
		if b[i] >= 'A' && b[i] <= 'Z' {
			b[i] += 'a' - 'A'
		}
	}
	return string(b)
}

// hpdelim cuts a host off a "host:port" as hpdelim() in misc.c does, brackets
// included. rest is what follows the colon; more is false if there is none.
func hpdelim(s string, v Version) (host, rest string, more, ok bool) {
	i := len(s)
	if strings.HasPrefix(s, "[") {
		end := strings.IndexByte(s, ']')
		if end < 0 {
			return "", "", false, false
		}
		i = end + 1
	} else if delim := strings.IndexAny(s, ":/"); delim >= 0 {
		i = delim
	}
	switch {
	case i == len(s):
		return s, "", false, true
	case s[i] == ':', s[i] == '/' && v.Before(8, 0): // host/port, until 7.9
		return s[:i], s[i+1:], true, true
	}
	return "", "", false, false
}

// cleanHost is cleanhostname() in misc.c.
func cleanHost(host string) string {
	if len(host) > 1 && host[0] == '[' && host[len(host)-1] == ']' {
		return host[1 : len(host)-1]
	}
	return host
}
