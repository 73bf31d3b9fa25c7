package proftpdconf

import "strings"

// CommandLine is what a ProFTPD is started with.
type CommandLine struct {
	Config      string   // -c; "" = the one of the build
	Defines     []string // -D
	NoCollision bool     // -N: servers may have the same address and port
	Address     string   // -S: the address of the main server without DefaultAddress
	IPv4, IPv6  bool     // the last of -4 and -6, which a UseIPv6 of the configuration overrides
	// Ends is set where it serves nobody: -t, -v, -V, -l and -h print and end.
	Ends bool
	// Environ holds NAME=value of the environment, for %{env:NAME}; nil = not known.
	Environ []string
}

// longOptions are those of getopt_long() in src/main.c. Its usage speaks of --serveraddr
// and --nofork too, which it does not take.
var longOptions = []struct {
	name  string
	short byte
	arg   bool
}{
	{"nocollision", 'N', false},
	{"nodaemon", 'n', false},
	{"quiet", 'q', false},
	{"debug", 'd', true},
	{"define", 'D', true},
	{"config", 'c', true},
	{"persistent", 'p', true},
	{"list", 'l', false},
	{"version", 'v', false},
	{"settings", 'V', false},
	{"version-status", 1, false},
	{"configtest", 't', false},
	{"help", 'h', false},
	{"ipv4", '4', false},
	{"ipv6", '6', false},
}

// ParseArgs reads the arguments of a ProFTPD without the name of the program. A line that
// ProFTPD refuses is Refused.
func ParseArgs(v Version, args []string) (CommandLine, Outcome) {
	var c CommandLine
	var ends bool
	rest := 0
	for i := 0; i < len(args); i++ {
		arg := args[i]
		switch {
		case arg == "--":
			rest += len(args) - i - 1
			i = len(args)
		case strings.HasPrefix(arg, "--"):
			short, value, takes, given, ok := longOption(arg[2:])
			if !ok {
				return refuseArgs(c, ends, "an option it does not know")
			}
			if takes && !given {
				if i++; i == len(args) {
					return refuseArgs(c, ends, "an option without its argument")
				}
				value = args[i]
			}
			if why := c.option(v, short, value, &ends); why != "" {
				return refuseArgs(c, ends, why)
			}
		case len(arg) > 1 && arg[0] == '-':
			for j := 1; j < len(arg); j++ {
				value := ""
				short := arg[j]
				if strings.IndexByte("DcdpS", short) >= 0 {
					if value = arg[j+1:]; value == "" {
						if i++; i == len(args) {
							return refuseArgs(c, ends, "an option without its argument")
						}
						value = args[i]
					}
					j = len(arg)
				}
				if why := c.option(v, short, value, &ends); why != "" {
					return refuseArgs(c, ends, why)
				}
			}
		default:
			rest++
		}
		if ends {
			c.Ends = true
			return c, Outcome{}
		}
	}
	if rest > 0 {
		return refuseArgs(c, ends, "an argument that is no option")
	}
	return c, Outcome{}
}

func refuseArgs(c CommandLine, ends bool, why string) (CommandLine, Outcome) {
	if ends {
		return c, Outcome{}
	}
	return CommandLine{}, Outcome{Refused, why}
}

// option takes one option; at sets ends where the program ends at once.
func (c *CommandLine) option(v Version, short byte, value string, ends *bool) string {
	switch short {
	case 'D':
		c.Defines = append(c.Defines, value)
	case 'c':
		c.Config = value
	case 'S':
		c.Address = value
	case 'N':
		c.NoCollision = true
	case '4', '6':
		c.IPv4, c.IPv6 = short == '4', short == '6'
	case 'p':
		if n := atoi(value); n != 0 && n != 1 {
			return "-p with what is neither 0 nor 1"
		}
	case 'X':
		if v.Known() && v.before(6) {
			return "an option it does not know"
		}
	case 'V', 'l', 'h':
		*ends = true
	case 't', 'v', 1:
		c.Ends = true // unless another argument is refused
	case 'n', 'q', 'd':
	default:
		return "an option it does not know"
	}
	return ""
}

// longOption finds a long option, or the one that it is the start of.
func longOption(s string) (short byte, value string, takes, given, ok bool) {
	name, value, given := strings.Cut(s, "=")
	found := 0
	for _, o := range longOptions {
		if o.name == name {
			return o.short, value, o.arg, given, o.arg || !given
		}
		if strings.HasPrefix(o.name, name) {
			found++
			short, takes = o.short, o.arg
		}
	}
	return short, value, takes, given, found == 1 && (takes || !given)
}
