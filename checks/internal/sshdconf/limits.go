package sshdconf

import (
	"math"
	"slices"
	"strings"
)

// The checkers of limits, times and classes.

// maxStartups takes start, or start:rate:full. What follows the numbers does not matter.
func maxStartups(d *directive, arg string) Outcome {
	n := scanInts(arg, 3)
	switch {
	case len(n) != 1 && len(n) != 3:
		return refused("neither start nor start:rate:full")
	case len(n) == 3 && (n[0] > n[2] || n[1] > 100 || n[1] < 1):
		return refused("numbers out of range")
	case d.build.Version.AtLeast(9, 2) && (n[0] <= 0 || n[len(n)-1] <= 0):
		return refused("numbers out of range")
	}
	return Outcome{}
}

// netBlock takes bits of IPv4, or of IPv4:IPv6.
func netBlock(_ *directive, arg string) Outcome {
	n := scanInts(arg, 2)
	if len(n) == 0 || n[0] < 0 || n[0] > 32 || len(n) == 2 && (n[1] < 0 || n[1] > 128) {
		return refused("not the bits of an address")
	}
	return Outcome{}
}

func perSource(d *directive) Outcome {
	return one(func(_ *directive, arg string) Outcome {
		if arg == "none" || isNumber(arg) {
			return Outcome{}
		}
		return refused("neither none nor a number from 0 to 2147483647")
	})(d)
}

// penalties takes yes or no alone, or names with a time, a number or a word each.
func penalties(d *directive) Outcome {
	words := d.listed(d.next)
	if len(words) == 0 {
		return refused("missing argument")
	}
	v := d.build.Version
	for i, arg := range words {
		if l := lower(arg); l == "yes" || l == "no" {
			if i < len(words)-1 {
				return refused(l + " must stand alone")
			}
			continue
		}
		name, value, _ := strings.Cut(arg, ":")
		ok := false
		switch name {
		case "crash", "authfail", "noauth", "grace-exceeded", "max", "min":
			ok = isPenalty(value, v)
		case "refuseconnection":
			ok = v.AtLeast(9, 9) && isPenalty(value, v)
		case "invaliduser":
			ok = v.AtLeast(10, 3) && isPenalty(value, v)
		case "max-sources4", "max-sources6":
			ok = isNumber(value)
		case "overflow", "overflow6":
			ok = value == "deny-all" || value == "permissive"
		}
		if !ok {
			return refused("not a penalty that this version knows")
		}
	}
	return Outcome{}
}

func isPenalty(value string, v Version) bool {
	if v.AtLeast(10, 3) {
		_, ok := fractionalTime(value)
		return ok && value != ""
	}
	return isTime(value, v)
}

func exemptList(d *directive, arg string) Outcome { return addressList(arg, d.build.Version) }

func pubkeyOptions(d *directive) Outcome {
	for _, arg := range d.listed(d.next) {
		switch lower(arg) {
		case "none", "touch-required", "verify-required":
		default:
			return refused("unsupported option")
		}
	}
	return Outcome{}
}

// rekey takes an amount of data and, optionally, a time.
func rekey(d *directive) Outcome {
	amount, o := d.word()
	if o.Kind != Accepted {
		return o
	}
	if amount != "default" {
		n, ok := scaled(amount)
		switch {
		case !ok:
			return refused("not an amount of data")
		case n != 0 && n < 16:
			return refused("amount too small")
		}
	}
	left, isNone := len(d.words) > 0, len(d.words) > 0 && d.words[0] == "none"
	if d.classic {
		left, isNone = d.more, d.text == "none"
	}
	switch {
	case !left:
		return Outcome{}
	case isNone:
		d.next()
		return Outcome{}
	}
	return duration(d)
}

// unusedTimeout takes a time, or none.
func unusedTimeout(d *directive) Outcome {
	if len(d.words) > 0 && lower(d.words[0]) == "none" {
		d.next()
		return Outcome{}
	}
	return duration(d)
}

func channelTimeout(d *directive) Outcome {
	words := d.listed(d.next)
	if len(words) == 0 && d.build.Version.AtLeast(9, 7) {
		return refused("missing argument")
	}
	for i, arg := range words {
		if lower(arg) == "none" {
			if i < len(words)-1 || i > 0 && d.build.Version.AtLeast(9, 7) {
				return refused("none must stand alone")
			}
			continue
		}
		kind, value, ok := strings.Cut(arg, "=")
		good := isTime(value, d.build.Version)
		if d.build.Version.AtLeast(10, 6) { // in parts of a second, of any length
			_, good = fractionalTime(value)
			good = good && value != ""
		}
		if !ok || kind == "" || !good {
			return refused("no type=time")
		}
	}
	return Outcome{}
}

func logVerbose(d *directive) Outcome {
	words := d.listed(d.next)
	if len(words) == 0 && d.build.Version.AtLeast(9, 7) {
		return refused("missing argument")
	}
	for _, arg := range words {
		switch {
		case arg == "":
			return refused("empty argument")
		case lower(arg) == "none" && len(words) > 1 && d.build.Version.AtLeast(8, 7):
			return refused("none must stand alone")
		}
	}
	return Outcome{}
}

// bindMask takes an octal number; what follows it does not matter.
func bindMask(_ *directive, arg string) Outcome {
	n, _, ok := scanInt(arg, 8)
	if value := int32(n); !ok || value < 0 || value > 0o777 {
		return refused("not a mode up to 0777")
	}
	return Outcome{}
}

// qos takes one or two classes.
func qos(d *directive) Outcome {
	for n := range 2 {
		arg, ok := d.next()
		switch {
		case !ok && n == 1:
			return Outcome{}
		case !ok:
			return refused("missing argument")
		case !isClass(arg, d.build.Version):
			return refused("not a class of service")
		}
	}
	return Outcome{}
}

// isClass is parse_ipqos() in misc.c.
func isClass(arg string, v Version) bool {
	name := lower(arg)
	switch {
	case slices.Contains(qosClasses, name), name == "le" && v.AtLeast(8, 2), name == "va" && v.AtLeast(10, 3):
		return true
	case v.AtLeast(9, 8):
		_, ok := strtonum(arg, 0, math.MaxUint8)
		return ok
	}
	n, rest, ok := scanInt(arg, 0)
	// strtol() takes a blank word for 0, and sshd only refuses the empty one.
	return ok && rest == "" && n >= 0 && n <= math.MaxUint8
}

var qosClasses = []string{
	"af11", "af12", "af13", "af21", "af22", "af23", "af31", "af32", "af33", "af41", "af42", "af43",
	"cs0", "cs1", "cs2", "cs3", "cs4", "cs5", "cs6", "cs7", "ef", "lowdelay", "throughput", "reliability", "none",
}
