package sshdconf

import (
	"math"
	"slices"
	"strconv"
	"strings"
)

// A checker judges the words after a keyword. Refused only where every sshd that
// knows the keyword refuses; Unsure where that is not certain.
type checker func(l Line, b Build) Outcome

// one wraps a judgement of the only word of a directive.
func one(judge func(arg string) Outcome) checker {
	return func(l Line, _ Build) Outcome {
		if len(l.Args) == 0 || l.Args[0] == "" {
			return refused("missing argument")
		}
		if o := judge(l.Args[0]); o.Kind != Accepted {
			return o
		}
		if len(l.Args) > 1 {
			return refused("extra arguments at the end of the line")
		}
		return Outcome{}
	}
}

// oneOf takes a word of a fixed set, in any case.
func oneOf(set ...string) checker {
	return one(func(arg string) Outcome {
		if slices.Contains(set, lower(arg)) {
			return Outcome{}
		}
		return refused("value is none of " + strings.Join(set, ", "))
	})
}

// flag takes yes or no, in any case.
func flag() checker { return oneOf("yes", "no") }

// buildFlag is a flag that a build without the feature ignores whatever it says.
func buildFlag() checker {
	return func(l Line, b Build) Outcome {
		if o := flag()(l, b); o.Kind != Accepted {
			return unsure(o.Why + "; builds without the feature ignore the line")
		}
		return Outcome{}
	}
}

// text takes any one word.
func text() checker { return one(func(string) Outcome { return Outcome{} }) }

// fileName takes a file name. A leading tilde is expanded with the password
// database, and an account that does not exist is fatal.
func fileName() checker {
	return one(func(arg string) Outcome {
		if strings.HasPrefix(arg, "~") {
			return unsure("a file name with a tilde")
		}
		return Outcome{}
	})
}

// fileNames takes a list of file names.
func fileNames() checker {
	return list(func(arg string) Outcome {
		if strings.HasPrefix(arg, "~") {
			return unsure("a file name with a tilde")
		}
		return Outcome{}
	})
}

// list takes words that are each judged. Whether a list may be empty differs
// between versions.
func list(judge func(arg string) Outcome) checker {
	return func(l Line, _ Build) Outcome {
		if len(l.Args) == 0 {
			return unsure("no argument: versions of OpenSSH differ about an empty list")
		}
		for _, arg := range l.Args {
			if arg == "" {
				return refused("empty argument")
			}
			if o := judge(arg); o.Kind != Accepted {
				return o
			}
		}
		return Outcome{}
	}
}

func anyWord(string) Outcome { return Outcome{} }

// number takes a whole number from 0 to INT_MAX (atoi_err in misc.c).
func number() checker {
	return one(func(arg string) Outcome {
		n, ok := digits(arg)
		switch {
		case ok && n <= math.MaxInt32:
			return Outcome{}
		case ok || !strings.ContainsAny(arg[:1], "+ \t\v\f"):
			return refused("not a number from 0 to 2147483647")
		}
		return unsure("a number in an unusual form")
	})
}

// duration takes a time as in sshd_config(5), TIME FORMATS, or one of words.
func duration(words ...string) checker {
	return one(func(arg string) Outcome {
		if slices.Contains(words, lower(arg)) {
			return Outcome{}
		}
		return timeValue(arg)
	})
}

func timeValue(arg string) Outcome {
	total := int64(0)
	for s := arg; s != ""; {
		end := 0
		for end < len(s) && s[end] >= '0' && s[end] <= '9' {
			end++
		}
		n, ok := digits(s[:end])
		if !ok {
			if strings.ContainsAny(s[:1], "+- \t\v\f") {
				return unsure("a time in an unusual form")
			}
			return refused("not a time")
		}
		s = s[end:]
		unit := int64(1)
		if s != "" {
			switch s[0] | 0x20 {
			case 's':
			case 'm':
				unit = 60
			case 'h':
				unit = 60 * 60
			case 'd':
				unit = 24 * 60 * 60
			case 'w':
				unit = 7 * 24 * 60 * 60
			default:
				return refused("not a time")
			}
			s = s[1:]
		}
		if n > math.MaxInt32 || n*unit > math.MaxInt32 || total+n*unit > math.MaxInt32 {
			// convtime() limits to a long in some versions, to an int in others.
			return unsure("a very long time")
		}
		total += n * unit
	}
	return Outcome{}
}

// portNumber reads a port as a2port() does. Names of services depend on the
// host's services(5).
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
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}

// command takes the rest of the line: an absolute path with arguments, or none.
func command() checker {
	return func(l Line, _ Build) Outcome {
		rest := strings.TrimLeft(l.Rest, blanks)
		if strings.HasPrefix(rest, "/") || lower(rest) == "none" {
			return Outcome{}
		}
		return refused("not an absolute path")
	}
}

// restOfLine takes anything that is not empty.
func restOfLine() checker {
	return func(l Line, _ Build) Outcome {
		if l.Rest == "" {
			return refused("missing argument")
		}
		return Outcome{}
	}
}

// userPattern judges one word of AllowUsers or DenyUsers: the host part after @
// may hold networks, whose host bits must be zero.
func userPattern(arg string) Outcome {
	if _, hosts, ok := strings.Cut(arg, "@"); ok {
		return addressList(hosts)
	}
	return Outcome{}
}
