package dropbear

import (
	"bytes"
	"strings"
)

// Service is what a start script makes of its file of shell assignments.
type Service struct {
	// Starts is false where the file keeps the script from starting anything.
	Starts bool
	Args   []Word // without the program's name
	// Outcome is Unsure where something that counts is not evaluated. Kind is never
	// Refused: that is for Options to say.
	Outcome Outcome
}

// Options reads the arguments as ParseArgsOf does, with the lines they come from. The
// outcome is that of the file and of the arguments together.
func (s Service) Options(v Version) (Options, Outcome) {
	o, out := parseWords(v, s.Args)
	all := s.Outcome
	// A line that is not evaluated may as well have taken the fault away.
	if all.Kind == Accepted {
		all = out
	}
	return o, all
}

// ParseDebianDefault reads /etc/default/dropbear as Debian's /etc/init.d/dropbear does,
// which sources it. script is that init script and settles which variables it looks at;
// nil is one of bookworm and later:
//
//	DROPBEAR_PORT            -p, one argument, 22 unless set
//	DROPBEAR_RECEIVE_WINDOW  -W, 65536 unless set
//	DROPBEAR_EXTRA_ARGS      more arguments, split at blanks
//	DROPBEAR_BANNER          -b, bullseye and before
//	NO_START                 anything but 0 = it is not started, bullseye and before
//
// The variables of key files (DROPBEAR_RSAKEY and others, bullseye and before) add host
// keys alone and are not read. The unit of bookworm and later reads the same file by
// systemd's rules and makes the same arguments of it; of the unit, its own command line
// and environment count. dropbear-initramfs has a configuration of its own, which is no
// matter of the running host.
func ParseDebianDefault(data, script []byte) Service {
	f := sourceShell(data)
	s := Service{Starts: true}
	port := f.get("DROPBEAR_PORT", "22")
	window := f.get("DROPBEAR_RECEIVE_WINDOW", "65536")
	if window.Text == "" && bytes.Contains(script, []byte(`test -n "$DROPBEAR_RECEIVE_WINDOW"`)) {
		window.Text = "65536"
	}
	s.Args = []Word{{"-p", port.Line}, port, {"-W", window.Line}, window}
	s.Args = append(s.Args, f.split("DROPBEAR_EXTRA_ARGS")...)
	if bytes.Contains(script, []byte("DROPBEAR_BANNER")) {
		if banner := f.get("DROPBEAR_BANNER", ""); banner.Text != "" {
			s.Args = append(s.Args, Word{"-b", banner.Line})
			s.Args = append(s.Args, f.split("DROPBEAR_BANNER")...)
		}
	}
	if bytes.Contains(script, []byte("NO_START")) {
		s.Starts = f.get("NO_START", "0").Text == "0"
	}
	s.Outcome = f.out
	return s
}

// ParseConfD reads /etc/conf.d/dropbear as the init scripts of Alpine and Gentoo do:
// DROPBEAR_OPTS, split at blanks, is all that Dropbear is given.
func ParseConfD(data []byte) Service {
	f := sourceShell(data)
	return Service{Starts: true, Args: f.split("DROPBEAR_OPTS"), Outcome: f.out}
}

// sourced is a file of assignments after it was read; the last one of a name counts.
type sourced struct {
	last map[string]Assignment
	out  Outcome
}

func sourceShell(data []byte) *sourced {
	f := &sourced{last: map[string]Assignment{}}
	assignments, others := ParseShell(data)
	for _, a := range assignments {
		f.last[a.Name] = a
	}
	for _, name := range []string{"IFS", "DAEMON", "PATH"} {
		if a, found := f.last[name]; found {
			f.out = Outcome{Kind: Unsure, Line: a.Line, Why: "a variable that changes what the script does"}
		}
	}
	if len(others) > 0 {
		f.out = Outcome{Kind: Unsure, Line: others[0], Why: "a shell statement that is not evaluated"}
	}
	return f
}

// get returns the value of a variable that the script looks at.
func (f *sourced) get(name, unset string) Word {
	a, found := f.last[name]
	if !found {
		return Word{Text: unset}
	}
	if !a.Plain {
		f.out.settle(Outcome{Kind: Unsure, Line: a.Line, Why: "a shell expansion that is not evaluated"})
		return Word{unset, a.Line}
	}
	return Word{a.Value, a.Line}
}

// split is a variable that the script expands without quotes.
func (f *sourced) split(name string) []Word {
	value := f.get(name, "")
	var words []Word
	for _, word := range strings.FieldsFunc(value.Text, func(r rune) bool { return r == ' ' || r == '\t' || r == '\n' }) {
		if strings.ContainsAny(word, "*?") {
			f.out.settle(Outcome{Kind: Unsure, Line: value.Line, Why: "a shell pattern that is not evaluated"})
		}
		words = append(words, Word{word, value.Line})
	}
	return words
}
