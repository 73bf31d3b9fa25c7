package dropbear

import "strings"

// maxPorts is DROPBEAR_MAX_PORTS; further -p are passed over without a look.
const maxPorts = 10

// port takes a value of -p.
func (r *reader) port(value string) {
	if len(r.told) < maxPorts {
		r.told = append(r.told, Word{value, r.line})
	}
}

// finish applies what Dropbear looks at when all options are read.
func (r *reader) finish() (Options, Outcome) {
	r.conflicts()
	r.listens()
	if r.out.Kind == Refused {
		return Options{}, r.out
	}
	if r.keyDirSet && strings.TrimRight(r.o.KeyDir, "/") == "~/.ssh" {
		r.o.KeyDir = ""
	}
	return r.o, r.out
}

// conflicts refuses values and combinations.
func (r *reader) conflicts() {
	o, v := &r.o, r.version
	r.line = 0 // no single argument is to blame
	if r.keyDirSet && o.KeyDir == "" {
		r.refuse("an empty directory of keys")
	}
	if o.TwoFactor && o.NoPasswords {
		r.refuse("-t and -s exclude each other")
	}
	if o.TwoFactor && (o.EmptyPasswords || o.Plugin) {
		r.differs(v.settled(Version{2026, 92}), v.Before(Version{2026, 92}), "-t with -B or a plugin")
	}
	if r.triesSet && strings.Trim(r.tries, " \t+0") == "" {
		r.differs(v.Before(Version{2026, 90}), v.settled(Version{2026, 90}), "no authentication try at all")
	}
	if o.Inetd && r.noSyslog {
		strict := v.settled(Version{2022, 82}) && v.Before(Version{2024, 84})
		r.differs(strict, v.Known() && !strict, "-i with -E")
	}
	if r.printOnly {
		r.refuse("it only prints its algorithms")
	}
	// Builds raise the number of host keys: 3, since 2020.79 4, since 2026.92 6.
	switch {
	case r.hostKeys > 6 && !v.Before(Version{2013, 61}):
		r.refuse("too many host keys")
	case r.hostKeys > 3 && !v.settled(Version{2026, 92}) && !v.Before(Version{2013, 61}) &&
		!(r.hostKeys == 4 && v.settled(Version{2020, 79})):
		r.unsure("more host keys than every build takes")
	}
}

// differs is a form that ends Dropbear, does not, or, the version not being known, may.
func (r *reader) differs(ends, lives bool, why string) {
	switch {
	case ends:
		r.refuse(why)
	case !lives:
		r.unsure(why)
	}
}

// listens settles what is bound. A -p that Dropbear cannot take at all ends it; one
// that names nothing bindable is passed over as long as another is left.
func (r *reader) listens() {
	if len(r.told) == 0 {
		r.o.Listens = []Listen{{Port: 22, Interface: r.device}}
	}
	for _, spec := range r.told {
		r.line = spec.Line
		l, verdict, why := parseListen(r.version, spec.Text)
		switch verdict {
		case specBad:
			r.refuse(why)
		case specDead:
		case specUnsure:
			r.unsure(why)
			fallthrough
		default:
			l.Interface, l.Line = r.device, spec.Line
			r.o.Listens = append(r.o.Listens, l)
		}
	}
	if r.o.Inetd || r.o.Child {
		r.o.Listens = nil
		return
	}
	if len(r.o.Listens) == 0 {
		r.refuse("no address that can be listened on")
	}
}
