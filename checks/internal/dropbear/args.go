package dropbear

import (
	"path"
	"strconv"
	"strings"
)

// Command returns the arguments that the Dropbear server is given by a command line,
// and whether it is one. The program's name settles it, as in dbmulti.c: "dropbear",
// or dropbearmulti with the name as first argument.
func Command(argv []string) ([]string, bool) {
	switch {
	case len(argv) > 0 && path.Base(argv[0]) == "dropbear":
		return argv[1:], true
	case len(argv) > 1 && path.Base(argv[0]) == "dropbearmulti" && path.Base(argv[1]) == "dropbear":
		return argv[2:], true
	}
	return nil, false
}

// ParseArgs is ParseArgsOf for a Dropbear whose version is not known: all options are
// known to it, and what versions take differently is Unsure.
func ParseArgs(args []string) (Options, Outcome) { return ParseArgsOf(Version{}, args) }

// ParseArgsOf reads a command line, without the program's name, as that version reads
// it (svr-runopts.c). It walks the arguments itself: flags cluster, a value follows in
// the same argument or the next whatever that begins with, there is no "--" and nothing
// beside options. Before 2015.69 only the letter after the dash counted and what was no
// option was passed over.
func ParseArgsOf(v Version, args []string) (Options, Outcome) {
	words := make([]Word, len(args))
	for i, arg := range args {
		words[i].Text = arg
	}
	return parseWords(v, words)
}

// Word is one argument and the line it comes from, 0 = no line of the file.
type Word struct {
	Text string
	Line int
}

func parseWords(v Version, args []Word) (Options, Outcome) {
	r := reader{version: v}
	for i := 0; i < len(args) && r.out.Kind != Refused; i++ {
		r.line = args[i].Line
		// An argument of a process ends at the first NUL.
		arg, _, _ := strings.Cut(args[i].Text, "\x00")
		if len(arg) < 2 || arg[0] != '-' {
			switch {
			case !v.Before(Version{2015, 69}):
				r.refuse("an argument that is no option")
			case arg == "-":
				r.refuse("an option that does not exist")
			}
			continue
		}
		for j := 1; j < len(arg) && r.out.Kind != Refused; j++ {
			c := arg[j]
			if !r.flag(c) {
				if v.Before(Version{2015, 69}) {
					break // the rest of the argument is not looked at
				}
				continue
			}
			switch {
			case j+1 < len(arg) && !v.Before(Version{2015, 69}):
				r.value(c, arg[j+1:])
			case i+1 < len(args):
				i++
				r.line = args[i].Line
				value, _, _ := strings.Cut(args[i].Text, "\x00")
				r.value(c, value)
			case !v.Before(Version{2015, 69}):
				r.refuse("an option without its value")
			}
			break
		}
	}
	return r.finish()
}

// reader is what has been read so far.
type reader struct {
	version   Version
	o         Options
	out       Outcome
	line      int    // of the argument that is read
	told      []Word // values of -p, at most maxPorts
	hostKeys  int
	noSyslog  bool
	device    string // -l
	keyDirSet bool
	printOnly bool // -Q
	tries     string
	triesSet  bool
}

func (r *reader) refuse(why string) { r.out.settle(Outcome{Kind: Refused, Line: r.line, Why: why}) }
func (r *reader) unsure(why string) { r.out.settle(Outcome{Kind: Unsure, Line: r.line, Why: why}) }

// since notes that an option exists since a version; an older one ends.
func (r *reader) since(year, release int) {
	need := Version{year, release}
	if r.version.Before(need) {
		r.refuse("an option that this version does not have")
	}
	if !r.o.Since.Known() || r.o.Since.Before(need) {
		r.o.Since = need
	}
}

// flag takes one letter and reports whether a value follows.
func (r *reader) flag(c byte) (valued bool) {
	o := &r.o
	switch c {
	case 'F', 'm', 'u':
	case 'E':
		r.noSyslog = true
	case 'R':
		r.since(2013, 61)
	case 'e':
		r.since(2022, 82)
	case 'z':
		r.since(2022, 83)
	case 'w':
		o.NoRoot = true
	case 'g':
		o.NoRootPassword = true
	case 's':
		o.NoPasswords = true
	case 'B':
		r.since(2013, 56)
		o.EmptyPasswords = true
	case 't':
		r.since(2022, 83)
		o.TwoFactor = true
	case 'j':
		o.NoLocalForward = true
	case 'k':
		o.NoRemoteForward = true
	case 'a':
		o.GatewayPorts = true
	case 'i':
		o.Inetd = true
	case 'v':
		// Only a build with DEBUG_TRACE has it; another one ends.
		r.unsure("an option that only some builds have")
	case 'V':
		r.since(2014, 64)
		r.refuse("it only prints its version")
	case 'h':
		r.refuse("it only prints its options")
	case 'p', 'b', 'r', 'd', 'P', 'W', 'K', 'I':
		return true
	case 'c', 'G', 'T':
		r.since(2018, 76)
		return true
	case 'A':
		r.since(2020, 79)
		return true
	case '2':
		r.since(2022, 82)
		return true
	case 'l':
		r.since(2024, 84)
		return true
	case 'D':
		r.since(2025, 87)
		return true
	case 'M':
		r.since(2026, 90)
		return true
	case 'Q':
		r.since(2026, 91)
		return true
	default:
		r.refuse("an option that does not exist")
	}
	return false
}

// value takes the value of an option.
func (r *reader) value(c byte, value string) {
	o := &r.o
	switch c {
	case 'p':
		r.port(value)
	case 'b':
		o.Banner = value
		if value == "" {
			r.version2024("an empty name of the banner's file")
		}
	case 'r', 'd':
		r.hostKeys++
	case 'W':
		r.window(value)
	case 'K', 'I', 'M':
		r.number(value)
	case 'T':
		r.tries, r.triesSet = value, true
		r.number(value)
	case 'c':
		o.ForcedCommand = true
	case 'G':
		o.Group = value
		if value == "" {
			r.refuse("an empty name of a group")
		}
	case 'A':
		o.Plugin = true
		r.unsure("an option that only some builds have")
	case '2':
		o.Child = true
	case 'l':
		r.device = value
	case 'D':
		o.KeyDir, r.keyDirSet = value, true
	case 'Q':
		r.printOnly = true
	}
}

// version2024 is what ends a Dropbear before 2024.84 and no later one.
func (r *reader) version2024(why string) {
	switch {
	case r.version.Before(Version{2024, 84}):
		r.refuse(why)
	case !r.version.Known():
		r.unsure(why)
	}
}

// number judges a value that is to be a number (m_str_to_uint): what strtoul takes
// whole. Versions before 2022.82 also take what is none, and a negative one depends on
// the machine's word.
func (r *reader) number(value string) {
	digits := strings.TrimLeft(value, " \t\n\v\f\r")
	digits = strings.TrimPrefix(digits, "+")
	if _, err := strconv.ParseUint(digits, 10, 32); err == nil {
		return
	}
	if strings.HasPrefix(digits, "-") || !r.version.settled(Version{2022, 82}) {
		r.unsure("a number that is none")
		return
	}
	r.refuse("a number that is none")
}

// window judges -W. Since 2022.82 a bad size is replaced by the default.
func (r *reader) window(value string) {
	n, err := strconv.ParseUint(value, 10, 64)
	if err == nil && n > 0 && n <= 1<<20 || r.version.settled(Version{2022, 82}) {
		return
	}
	if err == nil && r.version.Known() {
		r.refuse("a bad size of the receive window")
		return
	}
	r.unsure("a bad size of the receive window")
}
