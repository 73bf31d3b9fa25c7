package mycnf

import "strings"

// Command is what a server's command line says about its options.
type Command struct {
	Options     []Option
	NoDefaults  bool   // --no-defaults: no file is read
	File        string // --defaults-file: the only file read
	ExtraFile   string // --defaults-extra-file: read after the global ones
	GroupSuffix string // --defaults-group-suffix: every group is read with it as well

	// Stray: there are words that are no options; the servers refuse most of them.
	Stray bool
}

// ParseArgs is Dialect.ParseArgs in the dialect of MariaDB.
func ParseArgs(args []string) Command { return MariaDB("10.11").ParseArgs(args) }

// ParseArgs reads the arguments of a server without its name. An option that needs
// a value takes the next argument when it is written without "=".
func (d *Dialect) ParseArgs(args []string) Command {
	short := map[byte]string{
		'P': "port", 'u': "user", 'b': "basedir", 'h': "datadir", 't': "tmpdir", 'C': "character-set-server", 'r': "chroot", 'L': "lc-messages-dir",
	}
	var c Command
	// my_getopt takes the arguments that steer the reading of files only from the
	// front of the list.
	front := true
	for i := 0; i < len(args); i++ {
		arg := args[i]
		next := func(o *Option) {
			if !o.HasValue && i+1 < len(args) {
				i++
				o.Value, o.HasValue = args[i], true
			}
		}
		body, long := strings.CutPrefix(arg, "--")
		switch {
		case arg == "--" && d.mySQL:
			c.Stray = c.Stray || i+1 < len(args)
			return c
		case arg == "--":
			// MariaDB goes over the arguments several times and loses it on the way.
		case long:
			var o Option
			o.Name, o.Value, o.HasValue = strings.Cut(body, "=")
			if front && steers(&c, &o, next) {
				continue
			}
			front = false
			if n := d.Resolve(o.Name); n.Match != Missing && d.needs[n.Long] && n.Form == Plain {
				next(&o)
			}
			c.Options = append(c.Options, o)
		case len(arg) > 1 && arg[0] == '-':
			front = false
			c.Options = append(c.Options, letters(arg[1:], short, next)...)
		default:
			front = false
			c.Stray = true
		}
	}
	return c
}

// steers takes an argument that says which files are read.
func steers(c *Command, o *Option, next func(*Option)) bool {
	var where *string
	switch o.Name { // written so and in no other way
	case "no-defaults":
		c.NoDefaults = true
		return true
	case "print-defaults":
		return true
	case "defaults-file":
		where = &c.File
	case "defaults-extra-file":
		where = &c.ExtraFile
	case "defaults-group-suffix":
		where = &c.GroupSuffix
	default:
		return false
	}
	next(o)
	*where = o.Value
	return true
}

// letters reads a word of short options: flags, and at its end one with a value.
func letters(word string, short map[byte]string, next func(*Option)) []Option {
	for i := range len(word) {
		if name := short[word[i]]; name != "" {
			o := Option{Name: name, Value: word[i+1:], HasValue: i+1 < len(word)}
			next(&o)
			return []Option{o}
		}
	}
	return nil
}
