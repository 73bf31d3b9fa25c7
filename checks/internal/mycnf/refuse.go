package mycnf

import "strings"

// Refusal is an option with which the server does not start.
type Refusal struct {
	Option Option
	Why    string // in words, without the option's value
	// Unsure: some release may take it.
	Unsure bool
}

// Check returns the first option with which the server does not start: an unknown
// or ambiguous name, a value that is missing, or one of those evaluated here that
// is none. Values of other options are not looked at.
func (d *Dialect) Check(opts []Option) *Refusal {
	var doubt *Refusal
	for _, o := range opts {
		why, unsure := d.refuses(d.Resolve(o.Name), o)
		switch {
		case why == "":
		case !unsure:
			return &Refusal{Option: o, Why: why}
		case doubt == nil:
			doubt = &Refusal{Option: o, Why: why, Unsure: true}
		}
	}
	return doubt
}

// refuses says why the server does not start with the option.
func (d *Dialect) refuses(n Name, o Option) (why string, unsure bool) {
	switch n.Match {
	case Ambiguous:
		return "the name begins those of several options", !d.Exact
	case Missing:
		if n.Loose && n.Long == "" && !d.mySQL {
			return "the name begins those of several options", false
		}
		if n.Loose || d.foreign(n.Long) {
			return "", false
		}
		return "the name is not known", !d.Exact
	case Doubtful:
		unsure = true
	}
	value, has := effective(n.Form, o)
	switch {
	case d.needs[n.Long] && !has:
		return "the value is missing", unsure
	case n.Form == Maximum && kindOf(n.Long) == flag && d.mySQL:
		// It is handled before anything else is looked at.
	case n.Form == Maximum && d.pluginOf(n.Long):
		// To a plugin's option it is the value.
	case n.Form == Maximum && (kindOf(n.Long) != text || d.evaluated(n.Long)):
		return "it has no maximum to set", unsure
	case kindOf(n.Long) == number:
		if _, why := d.port(value); why != "" {
			if n.Loose && !d.mySQL {
				return "", false
			}
			return why, unsure
		}
	}
	return "", false
}

// evaluated are the options of text that this package is asked about.
func (d *Dialect) evaluated(name string) bool {
	switch name {
	case "bind-address", "socket", "datadir", "admin-address", "mysqlx-bind-address", "basedir", "tls-version":
		return true
	}
	return false
}

// pluginOf tells the options of MySQL's X plugin, which are not looked at with the
// server's own.
func (d *Dialect) pluginOf(long string) bool { return d.mySQL && strings.HasPrefix(long, "mysqlx") }
