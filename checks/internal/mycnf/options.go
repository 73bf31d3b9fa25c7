package mycnf

import "strings"

// Setting is the effective value of an option.
type Setting struct {
	Option
	Set  bool   // some option named it
	Form Form   // how it was written
	Long string // Name as the servers compare it
}

// Form is the way an option was written.
type Form int

// The forms, after mysys/my_getopt.c.
const (
	Plain    Form = iota // name or name=value
	Disabled             // skip-name, disable-name
	Enabled              // enable-name
)

// Canonical returns a name as the servers compare it: "_" is "-", and "loose-"
// only changes what happens with unknown names.
func Canonical(name string) string {
	name = strings.ReplaceAll(name, "_", "-")
	for strings.HasPrefix(name, "loose-") {
		name = name[len("loose-"):]
	}
	return name
}

// Last returns the effective value of the option called name (canonical): the
// last one counts, wherever it stands.
func Last(opts []Option, name string) Setting {
	var s Setting
	for _, o := range opts {
		long := Canonical(o.Name)
		form, ok := Plain, long == name || abbreviates(long, name)
		if !ok {
			form, ok = prefixed(long, name)
		}
		if ok {
			s = Setting{Option: o, Set: true, Form: form, Long: long}
		}
	}
	return s
}

func prefixed(long, name string) (Form, bool) {
	for _, p := range []struct {
		prefix string
		form   Form
	}{{"skip-", Disabled}, {"disable-", Disabled}, {"enable-", Enabled}} {
		if rest, ok := strings.CutPrefix(long, p.prefix); ok && rest == name {
			return p.form, true
		}
	}
	return Plain, false
}

// On is the value of a boolean option. The servers know true, on and 1 (any
// case), take a bare name as true and everything else as false.
func (s Setting) On() bool {
	if !s.Set {
		return false
	}
	on := !s.HasValue
	if s.HasValue {
		switch strings.ToLower(s.Value) {
		case "true", "on", "1":
			on = true
		}
	}
	if s.Form == Disabled {
		return s.HasValue && !on
	}
	return on
}

// abbreviates reports whether long is a beginning of name that the servers take
// for it. A shorter one is ambiguous and the server would refuse it (tried with
// MariaDB 10.11); the shortest form is known for the options asked about here.
func abbreviates(long, name string) bool {
	shortest := map[string]int{
		"bind-address":      len("bind"),
		"skip-networking":   len("skip-ne"),
		"skip-grant-tables": len("skip-gr"),
		"socket":            len("soc"),
		"extra-port":        len("extra-p"),
	}[name]
	return shortest > 0 && len(long) >= shortest && strings.HasPrefix(name, long)
}

// Command is what a server's command line says about its options.
type Command struct {
	Options     []Option
	NoDefaults  bool   // --no-defaults: no file is read
	File        string // --defaults-file: the only file read
	ExtraFile   string // --defaults-extra-file: read after the global ones
	GroupSuffix string // --defaults-group-suffix: every group is read with it as well
}

// ParseArgs reads the arguments of a server without its name. Options in
// withValue take the next argument when written without "="; short maps a letter
// to the long name of an option with a value (-P 3306, -P3306).
func ParseArgs(args []string, withValue []string, short map[byte]string) Command {
	var c Command
	needs := map[string]bool{"defaults-file": true, "defaults-extra-file": true, "defaults-group-suffix": true}
	for _, n := range withValue {
		needs[n] = true
	}
	// my_getopt takes the arguments that steer the reading of files only from the
	// front of the list.
	front := true
	for i := 0; i < len(args); i++ {
		arg := args[i]
		if arg == "--" {
			break
		}
		var opt Option
		switch {
		case strings.HasPrefix(arg, "--"):
			opt.Name, opt.Value, opt.HasValue = strings.Cut(arg[2:], "=")
		case len(arg) > 1 && arg[0] == '-' && short[arg[1]] != "":
			opt.Name, opt.Value, opt.HasValue = short[arg[1]], arg[2:], len(arg) > 2
		default:
			front = false
			continue
		}
		long := Canonical(opt.Name)
		if (needs[long] || short[arg[1]] != "" && arg[1] != '-') && !opt.HasValue && i+1 < len(args) {
			i++
			opt.Value, opt.HasValue = args[i], true
		}
		if front {
			switch long {
			case "no-defaults":
				c.NoDefaults = true
				continue
			case "defaults-file":
				c.File = opt.Value
				continue
			case "defaults-extra-file":
				c.ExtraFile = opt.Value
				continue
			case "defaults-group-suffix":
				c.GroupSuffix = opt.Value
				continue
			case "print-defaults":
				continue
			}
			front = false
		}
		c.Options = append(c.Options, opt)
	}
	return c
}
