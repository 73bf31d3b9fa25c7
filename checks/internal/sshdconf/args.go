package sshdconf

import (
	"path"
	"strings"
)

// CommandLine is what sshd's own options say (sshd(8)).
type CommandLine struct {
	File    string   // of -f; "" = the default, "none" = built-in defaults only
	Ports   []uint16 // of -p: the file's Port is ignored
	Options []Line   // of -o, in order; they are read before the file
	Family  string   // "inet" or "inet6" of -4 and -6
	Inetd   bool     // -i, or -R: started for one connection, binds nothing
	// NoServer: it only tests or prints its configuration, or its version, and ends
	// (-t, -T, -G, -V).
	NoServer bool
}

// takesArg are the options with an argument in any version (getopt string of
// sshd.c, since 5.4).
const takesArg = "CEbcfghkopu"

// flagOptions are the options without; G since 9.3, V since 9.1.
const flagOptions = "46DGQRTdeiqrtV"

// ParseArgs reads the arguments after the program's name. Refused means sshd
// exits, Unsure that something is not evaluated here.
func ParseArgs(args []string, build Build) (CommandLine, Outcome) {
	var c CommandLine
	testSpec, extended := false, false // -C, and what it needs
	for len(args) > 0 {
		arg := args[0]
		args = args[1:]
		if arg == "--" && len(args) == 0 {
			break
		}
		if len(arg) < 2 || arg[0] != '-' || arg == "--" {
			return c, unsure("an argument that is no option; it may be part of one with a blank")
		}
		for cluster := arg[1:]; cluster != ""; {
			opt := cluster[0]
			cluster = cluster[1:]
			if strings.IndexByte(flagOptions, opt) >= 0 {
				if o := c.flag(opt, build); o.Kind != Accepted {
					return c, o
				}
				extended = extended || opt == 'T' || opt == 'G'
				continue
			}
			if strings.IndexByte(takesArg, opt) < 0 {
				if build.Version.Known() && build.Vendor != VendorUnknown && !build.Version.AtLeast(10, 7) {
					return c, refused("an unknown option")
				}
				return c, unsure("an unknown option")
			}
			value := cluster
			cluster = ""
			if value == "" {
				if len(args) == 0 {
					return c, refused("an option without its argument")
				}
				value, args = args[0], args[1:]
			}
			testSpec = testSpec || opt == 'C'
			if o := c.set(opt, value, build); o.Kind != Accepted {
				return c, o
			}
		}
	}
	if testSpec && !extended {
		return c, refused("a connection to test (-C) without the test (-T)")
	}
	return c, Outcome{}
}

// flag takes an option without argument.
func (c *CommandLine) flag(opt byte, build Build) Outcome {
	switch opt {
	case '4': // the last one wins, whatever -o says
		c.Family = "inet"
	case '6':
		c.Family = "inet6"
	case 'i':
		c.Inetd = true
	case 'R':
		// The process of a connection, until 9.8 made that a program of its own.
		if build.Version.AtLeast(9, 8) {
			return refused("-R, which only sshd-session knows")
		}
		c.Inetd = true
	case 't', 'T':
		c.NoServer = true
	case 'G':
		if build.Version.Before(9, 3) {
			return tooOld(build, "an option that this version does not know")
		}
		c.NoServer = true
	case 'V':
		c.NoServer = true // older versions end with a complaint
	}
	return Outcome{}
}

// set takes an option with its argument.
func (c *CommandLine) set(opt byte, value string, build Build) Outcome {
	switch opt {
	case 'f':
		c.File = value
		if lower(value) == "none" {
			c.File = "none"
		} else if !path.IsAbs(value) {
			return unsure("a relative file name after -f")
		}
	case 'p':
		n, o := portNumber(value)
		if o.Kind != Accepted {
			return o
		}
		c.Ports = append(c.Ports, n)
	case 'g':
		if !isTime(value, build.Version) {
			return refused("not a time")
		}
	case 'u':
		if _, ok := strtonum(value, 0, 65); !ok {
			return unsure("a length of names for utmp that is no number, or a large one")
		}
	case 'o':
		line, ok := ParseOption(value, build)
		if !ok {
			return Outcome{}
		}
		if line.Keyword == "port" && len(c.Ports) > 0 {
			return Outcome{} // a port of -p before it wins
		}
		c.Options = append(c.Options, line)
	}
	return Outcome{}
}

// TitleArgs returns the arguments of a listening sshd that has replaced its
// command line by a title ("sshd: /usr/sbin/sshd -D [listener] 0 of 10-100
// startups", since 8.2). Blanks within arguments are lost in a title. ok is
// false for any other title, such as a session's.
func TitleArgs(title string) (args []string, ok bool) {
	rest, isTitle := strings.CutPrefix(strings.TrimRight(title, " \x00"), "sshd: ")
	if !isTitle {
		return nil, false
	}
	i := strings.LastIndex(rest, " [listener] ")
	if i < 0 || !strings.HasSuffix(rest, " startups") {
		return nil, false
	}
	words := strings.Fields(rest[:i])
	if len(words) == 0 || strings.Contains(rest[:i], `\`) { // setproctitle() writes odd bytes as escapes
		return nil, false
	}
	return rejoin(words[1:]), true
}

// rejoin puts the one option with blanks back together that distributions' packages
// put on the command line (ec2-instance-connect): a command that finds keys, which
// is a path and tokens, and the account it runs as. Another one with blanks stays
// apart, and ParseArgs does not accept it.
func rejoin(words []string) []string {
	var args []string
	for i := 0; i < len(words); i++ {
		args = append(args, words[i])
		if words[i] != "-o" || i+2 >= len(words) {
			continue
		}
		end := i + 2
		switch lower(words[i+1]) {
		case "authorizedkeyscommand":
			if !strings.HasPrefix(words[end], "/") {
				continue
			}
			for end++; end < len(words) && strings.HasPrefix(words[end], "%"); {
				end++
			}
		case "authorizedkeyscommanduser":
			if strings.HasPrefix(words[end], "-") {
				continue
			}
			end++
		default:
			continue
		}
		args = append(args, strings.Join(words[i+1:end], " "))
		i = end - 1
	}
	return args
}
