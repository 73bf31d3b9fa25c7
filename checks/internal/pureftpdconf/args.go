package pureftpdconf

import "strings"

// The options of 1.0.48 and later in getopt(3)'s words, all features built in but
// Bonjour, which is of macOS. Up to 1.0.47 -8 and -9 took a character set.
const (
	shortOptions = "0146Aa:bc:BC:dDeEf:F:g:GhHiI:jk:Kl:L:Mm:Nn:oO:p:P:q:Q:rRsS:t:T:u:U:V:wWxXy:2:3:Y:J:zZ"
	longOptions  = `notruncate0 logpid1 certfile2 extcert3 ipv4only4 ipv6only6 chrooteveryoneA trustedgida
	brokenclientscompatibilityb daemonizeB maxclientsperipC maxclientsnumberc verboselogd displaydotfilesD
	anonymousonlye noanonymousE syslogfacilityf fortunesfileF pidfileg norenameG helph dontresolveH
	maxidletimeI anonymouscantuploadi createhomedirj keepallfilesK maxdiskusagepctk loginl limitrecursionL
	anonymouscancreatedirsM maxloadm natmodeN quotan uploadscripto altlogO passiveportrangep forcepassiveipP
	anonymousratioq userratioQ autorenamer nochmodR antiwarezs bindS anonymousbandwidtht userbandwidthT
	umaskU minuidu trustedipV allowuserfxpw allowanonymousfxpW prohibitdotfileswritex prohibitdotfilesreadX
	peruserlimitsy tlsY tlsciphersuiteJ allowdotfilesz customerproofZ`
)

// kind of an option letter: whether it exists, and whether a value follows.
func (p Program) option(c byte) (exists, valued bool) {
	i := strings.IndexByte(shortOptions, c)
	if c == ':' || i < 0 {
		old := (c == '8' || c == '9') && !p.settled(48)
		return old, old
	}
	return true, strings.HasPrefix(shortOptions[i+1:], ":")
}

// long finds a long option by its name or the beginning of it, as getopt_long(3) does.
func long(name string) (letter byte, found int) {
	for word := range strings.FieldsSeq(longOptions) {
		switch full := word[:len(word)-1]; {
		case full == name:
			return word[len(word)-1], 1
		case strings.HasPrefix(full, name):
			letter = word[len(word)-1]
			found++
		}
	}
	return letter, found
}

// ParseArgs is ParseArgsOf for a Pure-FTPd of which nothing is known.
func ParseArgs(args []string) (Options, Outcome) { return ParseArgsOf(Program{}, args) }

// ParseArgsOf reads a command line, without the program's name. A single argument that
// is no option names a configuration file: SingleFile tells. Options may stand in any
// order, may be abbreviated, and since 1.0.48 an unknown one and any further argument end
// the program.
func ParseArgsOf(p Program, args []string) (Options, Outcome) {
	words := make([]Word, len(args))
	for i, arg := range args {
		words[i].Text = arg
	}
	if _, single := SingleFile(args); single {
		return Options{}, Outcome{Kind: Unsure, Why: "a configuration file and no options"}
	}
	return ParseWords(p, words)
}

// SingleFile returns the configuration file that a command line, without the program's
// name, consists of.
func SingleFile(args []string) (file string, ok bool) {
	if len(args) != 1 || strings.HasPrefix(args[0], "-") {
		return "", false
	}
	file, _, _ = strings.Cut(args[0], "\x00")
	return file, true
}

// ParseWords is ParseArgsOf for arguments that come from files.
func ParseWords(p Program, args []Word) (Options, Outcome) {
	r := reader{program: p}
	for i := 0; i < len(args) && r.out.Kind != Refused; i++ {
		arg, _, _ := strings.Cut(args[i].Text, "\x00") // where an argument of a process ends
		r.at = args[i].At
		next := func() (string, bool) {
			if i+1 >= len(args) {
				r.bad("an option without its value")
				return "", false
			}
			i++
			value, _, _ := strings.Cut(args[i].Text, "\x00")
			return value, true
		}
		switch {
		case arg == "--":
			if i+1 < len(args) {
				r.bad("an argument that is no option")
			}
			return r.finish()
		case strings.HasPrefix(arg, "--"):
			r.long(arg[2:], next)
		case len(arg) > 1 && arg[0] == '-':
			r.cluster(arg[1:], next)
		default:
			r.bad("an argument that is no option")
		}
	}
	return r.finish()
}

func (r *reader) long(arg string, next func() (string, bool)) {
	name, value, given := strings.Cut(arg, "=")
	letter, found := long(name)
	if found != 1 {
		r.bad("an option that does not exist or is ambiguous")
		return
	}
	_, valued := r.program.option(letter)
	ok := true
	switch {
	case given && !valued:
		r.bad("a value for an option that takes none")
		return
	case valued && !given:
		value, ok = next()
	}
	if ok {
		r.take(letter, value)
	}
}

func (r *reader) cluster(letters string, next func() (string, bool)) {
	for j := 0; j < len(letters) && r.out.Kind != Refused; j++ {
		exists, valued := r.program.option(letters[j])
		if exists && (letters[j] == '8' || letters[j] == '9') && !r.program.before(48) {
			r.unsure("an option that only some versions have")
		}
		switch {
		case !exists:
			r.bad("an option that does not exist")
		case !valued:
			r.take(letters[j], "")
		case j+1 < len(letters):
			r.take(letters[j], letters[j+1:])
			return
		default:
			if value, ok := next(); ok {
				r.take(letters[j], value)
			}
			return
		}
	}
}

// reader is what has been read so far.
type reader struct {
	program        Program
	o              Options
	out            Outcome
	at             Position // of the argument that is read
	noIPv4, noIPv6 bool
	host           Word // the first one told counts
	port           Word // the last one
}

func (r *reader) refuse(why string) { r.out.settle(Outcome{Kind: Refused, At: r.at, Why: why}) }
func (r *reader) unsure(why string) { r.out.settle(Outcome{Kind: Unsure, At: r.at, Why: why}) }

// bad is an argument that ends 1.0.48 and later, and that earlier versions pass over.
func (r *reader) bad(why string) {
	switch {
	case r.program.settled(48):
		r.refuse(why)
	case r.program.Patch == 0:
		r.unsure(why)
	}
}

// take takes an option.
func (r *reader) take(c byte, value string) {
	switch c {
	case '4':
		r.noIPv6 = true
	case '6':
		r.noIPv4 = true
	case 'B':
		r.o.Daemonize = true
	case 'o':
		r.o.UploadScript = true
	case 'h':
		r.refuse("it only prints its options")
	case 'S':
		host, port, two := strings.Cut(value, ",")
		if !two {
			host, port = "", value
		}
		if host != "" && r.host.Text == "" {
			r.host = Word{host, r.at}
		}
		if port != "" || !two {
			r.port = Word{port, r.at}
			if port == "" {
				r.port.Text = "0" // no service is port 0
			}
		}
	case '2':
		r.certificate(value)
	case 'Y':
		n, ok := atoi(value)
		if !ok || n < 0 || n > 3 {
			r.refuse("a TLS mode that is none")
		}
		r.o.TLS = n > 0
	default:
		if why, kind := judge(r.program, c, value); kind != Accepted {
			r.out.settle(Outcome{Kind: kind, At: r.at, Why: why})
		}
	}
}

func (r *reader) certificate(value string) {
	cert, key, two := strings.Cut(value, ",")
	if r.program.before(48) {
		cert, key, two = value, value, true
	}
	if !two {
		key = cert
	}
	if cert == "" || key == "" {
		r.bad("a certificate without a name")
	}
	r.o.CertFile, r.o.KeyFile = cert, key
}

// finish settles what is bound.
func (r *reader) finish() (Options, Outcome) {
	r.at = r.port.At
	if r.port.Text == "" {
		r.at = r.host.At
	}
	r.listens()
	if r.out.Kind == Refused {
		return Options{}, r.out
	}
	return r.o, r.out
}
