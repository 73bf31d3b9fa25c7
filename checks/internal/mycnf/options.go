package mycnf

import (
	"math"
	"math/bits"
	"slices"
	"strings"
)

// Setting is the effective value of an option.
type Setting struct {
	Option
	Set  bool   // some option named it
	Form Form   // how it was written
	Long string // the option's name

	// Doubtful: it was written in a form that some releases refuse.
	Doubtful bool

	on     bool
	number uint64
}

// Form is the way an option was written.
type Form int

// The forms, after mysys/my_getopt.c.
const (
	Plain    Form = iota // name or name=value
	Disabled             // skip-name, disable-name
	Enabled              // enable-name
	Maximum              // maximum-name
)

// Kind is how the value of an option is read.
type valueKind int

const (
	text   valueKind = iota
	truth            // an invalid value is "off"
	flag             // takes no value; MySQL passes an invalid one over
	number           // of a port
)

func kindOf(name string) valueKind {
	switch name {
	case "skip-networking", "require-secure-transport", "ssl", "auto-generate-certs", "persisted-globals-load",
		"mysqlx-ssl", "skip-name-resolve":
		return truth
	case "skip-grant-tables":
		return flag
	case "port", "extra-port", "admin-port", "mysqlx-port":
		return number
	}
	return text
}

// Canonical returns a name as the servers compare it: "_" is "-", and "loose-"
// only changes what happens with unknown names.
func Canonical(name string) string {
	name = strings.ReplaceAll(name, "_", "-")
	for strings.HasPrefix(name, "loose-") {
		name = name[len("loose-"):]
	}
	return name
}

// Last returns the effective value of the option called name in the dialect of
// MariaDB, see Dialect.Last.
func Last(opts []Option, name string) Setting { return MariaDB("10.11").Last(opts, name) }

// Last returns the effective value of the option called name (canonical): the
// last one counts, wherever it stands. What the server would refuse (see Check)
// changes nothing.
func (d *Dialect) Last(opts []Option, name string) Setting { return d.LastOf(opts, name) }

// LastOf returns the value of the last option that is one of the names.
func (d *Dialect) LastOf(opts []Option, names ...string) Setting {
	var s Setting
	for _, o := range opts {
		n := d.Resolve(o.Name)
		if n.Match != Found && n.Match != Doubtful || !slices.Contains(names, n.Long) {
			continue
		}
		if why, _ := d.refuses(n, o); why != "" {
			continue
		}
		next := Setting{Option: o, Set: true, Form: n.Form, Long: n.Long, Doubtful: n.Match == Doubtful}
		if d.read(&next) {
			s = next
		}
	}
	return s
}

// effective is the value after the prefix: skip-name is name=0 and enable-name is
// name=1, and "0" after them turns either round.
func effective(form Form, o Option) (value string, has bool) {
	switch {
	case form != Disabled && form != Enabled:
		return o.Value, o.HasValue
	case (form == Enabled) != (o.HasValue && o.Value == "0"):
		return "1", true
	}
	return "0", true
}

// read evaluates the value; false when the server passes it over.
func (d *Dialect) read(s *Setting) bool {
	value, has := effective(s.Form, s.Option)
	switch kind := kindOf(s.Long); kind {
	case truth, flag:
		switch on, valid := truthOf(value); {
		case !has:
			s.on = true
		case kind == flag && !valid && d.mySQL:
			return false
		default:
			s.on = on
		}
	case number:
		s.number, _ = d.port(value)
	default:
		if s.Form == Enabled && s.Long != "datadir" {
			// The C code compares the pointer and stores nothing; datadir it stores itself.
			value = ""
		}
		s.Value, s.HasValue = value, has
		s.on, _ = truthOf(value)
		s.on = s.on || !has
	}
	return true
}

// truthOf reads a boolean; whatever else is written is off, and not valid.
func truthOf(value string) (on, valid bool) {
	switch strings.ToLower(value) {
	case "true", "on", "1":
		return true, true
	case "false", "off", "0":
		return false, true
	}
	return false, false
}

// port reads a number as my_getopt does: digits, then one letter that multiplies
// and hides what follows it; what is too large is 65535. why says why the server
// refuses it.
func (d *Dialect) port(value string) (n uint64, why string) {
	if value == "" {
		if d.mySQL {
			return 0, "an empty value"
		}
		return 0, ""
	}
	rest := trimLeft(value)
	negative := strings.HasPrefix(rest, "-")
	digits := strings.TrimLeft(rest, "+-")
	if len(rest)-len(digits) > 1 {
		return 0, "no number"
	}
	i := 0
	for i < len(digits) && digits[i] >= '0' && digits[i] <= '9' {
		hi, lo := bits.Mul64(n, 10)
		sum, carry := bits.Add64(lo, uint64(digits[i]-'0'), 0)
		if hi != 0 || carry != 0 {
			return 0, "a number out of range"
		}
		n = sum
		i++
	}
	if i < len(digits) {
		shift := strings.IndexByte("KMGTPE", digits[i]&^0x20)
		if i == 0 || shift < 0 {
			return 0, "no number"
		}
		if shift = 10 * (shift + 1); n > math.MaxUint64>>shift {
			n = math.MaxUint64
		} else {
			n <<= shift
		}
	} else if i == 0 {
		return 0, "no number"
	}
	switch {
	case negative && d.mySQL:
		return 0, ""
	case negative:
		return 0, "a negative number"
	}
	return min(n, math.MaxUint16), ""
}

// On is the value of a boolean option: true, on and 1 (any case) and a bare name
// are true, and everything else is false.
func (s Setting) On() bool { return s.Set && s.on }

// Number is the value of an option that is a port; 0 is the default.
func (s Setting) Number() uint16 { return uint16(min(s.number, math.MaxUint16)) }
