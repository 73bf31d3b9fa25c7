package authkeys

import (
	"strings"
	"time"
)

// expires reads the value of expiry-time= (parse_absolute_time in misc.c). The earliest
// of several counts.
func (p *optionParser) expires(value string) {
	const bad = "the time of expiry-time= is none"
	digits, utc := value, false
	switch {
	case len(value) > 1 && (value[len(value)-1]|0x20) == 'z':
		digits, utc = value[:len(value)-1], true
	case len(value) > 3 && equalFoldASCII(value[len(value)-3:], "UTC"):
		digits, utc = value[:len(value)-3], true
	}
	if utc {
		p.require(p.opts.since(9, 1), "expiry-time= with a Z at its end, which sshd before 9.1 refuses")
	}
	t, whole, ok := p.clock(digits, utc)
	if !ok {
		p.refuse(bad)
		return
	}
	if !whole {
		p.require(flip(p.opts.since(9, 1)), bad)
	}
	switch seconds := t.Unix(); {
	case seconds == 0:
		p.refuse(bad)
	case seconds < 0:
		// Since 10.4 such a time is taken, as a number without a sign: it never comes.
		p.require(p.opts.since(10, 4), "expiry-time= before 1970, which sshd before 10.4 refuses")
	case p.out.Expires.IsZero() || t.Before(p.out.Expires):
		p.out.Expires = t
	}
}

// clock is the strptime(3) and mktime(3) of parse_absolute_time. It returns whole =
// false where something follows the last number within its two characters.
func (p *optionParser) clock(s string, utc bool) (t time.Time, whole, ok bool) {
	if n := len(s); n != 8 && n != 12 && n != 14 {
		return time.Time{}, false, false
	}
	fields := [6]int{0, 1, 1, 0, 0, 0}
	limits := [6][2]int{{0, 9999}, {1, 12}, {1, 31}, {0, 23}, {0, 59}, {0, 61}}
	for i := 0; s != ""; i++ {
		width := 2
		if i == 0 {
			width = 4
		}
		field := s[:width]
		s = s[width:]
		n, rest, good := leadingNumber(field)
		if !good || n < limits[i][0] || n > limits[i][1] || rest != "" && s != "" {
			return time.Time{}, false, false
		}
		fields[i] = n
		whole = rest == ""
	}
	zone := time.UTC
	if !utc {
		zone = p.opts.location()
	}
	t = time.Date(fields[0], time.Month(fields[1]), fields[2], fields[3], fields[4], fields[5], 0, zone)
	// sshd leaves tm_isdst at zero: the clock it means is the one without summer time.
	if t.IsDST() {
		_, summer := t.Zone()
		if start, _ := t.ZoneBounds(); !start.IsZero() {
			before := start.Add(-time.Second)
			if _, winter := before.Zone(); !before.IsDST() {
				t = t.Add(time.Duration(summer-winter) * time.Second)
			}
		}
	}
	return t, whole, true
}

// leadingNumber is a number of strptime(3): blanks, then digits.
func leadingNumber(s string) (n int, rest string, ok bool) {
	s = strings.TrimLeft(s, " ")
	for s != "" && s[0] >= '0' && s[0] <= '9' {
		n, s, ok = n*10+int(s[0]-'0'), s[1:], true
	}
	return n, s, ok
}
