package sshd

import (
	"reflect"
	"slices"
	"strings"
)

// join makes one Server of a running instance and what would start it again: of the unit
// that the process is in, else of the same file and options, else of the same file
// where nothing tells another origin. boots says that an init system is there.
func (l *looker) join(boots bool) {
	for i := range l.found {
		l.settleTitle(&l.found[i])
	}
	taken, joined := make([]bool, len(l.starts)), make([]bool, len(l.found))
	match := func(fits func(r, s *found, taken bool) bool) {
		for i := range l.starts {
			for j := range l.found {
				r, s := &l.found[j], &l.starts[i]
				if s.Program == r.Program && r.AsRoot && r.OtherNet == s.OtherNet && !joined[j] && fits(r, s, taken[i]) {
					taken[i], joined[j] = true, true
					r.restart(s)
				}
			}
		}
	}
	foreign := func(r, s *found) bool { return len(r.units) > 0 && len(s.units) > 0 }
	match(func(r, s *found, _ bool) bool {
		return slices.ContainsFunc(r.units, func(unit string) bool { return slices.Contains(s.units, unit) })
	})
	match(func(r, s *found, _ bool) bool { return !foreign(r, s) && r.sameStart(s) })
	match(func(r, s *found, taken bool) bool {
		if taken || foreign(r, s) {
			return false
		}
		if r.Program == Dropbear {
			return slices.Equal(optionPorts(r.Dropbear), optionPorts(s.Dropbear)) || r.args != nil
		}
		return r.File == s.File && r.File != ""
	})
	for i := range l.found {
		r := &l.found[i]
		if r.args != nil {
			r.args.Subject = r.Subject
			r.Problems = append(r.Problems, *r.args)
		}
		if !joined[i] && boots {
			r.Boot = BootNo
			if l.partial {
				r.Boot = BootUnknown
			}
			if len(r.units) > 0 {
				r.Unit = r.units[0]
			}
		}
	}
	runs := slices.ContainsFunc(l.found, func(f found) bool { return f.Program == OpenSSH && f.AsRoot && !f.OtherNet })
	for i, s := range l.starts {
		if taken[i] || s.unasked && runs { // with another file
			continue
		}
		for _, p := range []*Problem{s.args, s.doubt} {
			if p != nil {
				s.Problems = append(s.Problems, *p)
			}
		}
		l.found = append(l.found, s)
	}
	if l.off != "" && !slices.ContainsFunc(l.found, func(f found) bool { return f.Program == OpenSSH && f.AsRoot }) {
		l.note("sshd", l.off)
	}
	for i := range l.found {
		f := &l.found[i]
		for j := range f.Problems {
			if f.Problems[j].Subject == "" {
				f.Problems[j].Subject = f.Subject
			}
		}
	}
}

// settleTitle takes the options of a unit for those of a running sshd whose title reads
// the same: blanks within an option are lost in a title.
func (l *looker) settleTitle(r *found) {
	if r.args == nil || r.title == "" || r.Program != OpenSSH {
		return
	}
	for i := range l.starts {
		s := &l.starts[i]
		if s.Program == OpenSSH && s.known && s.text == strings.TrimSpace(r.title) && s.Build == r.Build {
			r.command, r.File, r.Conf, r.Subject, r.known, r.args = s.command, s.File, s.Conf, s.Subject, true, nil
			return
		}
	}
}

// sameStart reports the same options, both known.
func (f *found) sameStart(g *found) bool {
	return f.known && g.known && f.File == g.File && f.Build == g.Build &&
		reflect.DeepEqual(f.command, g.command) && sameDropbear(f.Dropbear, g.Dropbear)
}

// restart adds to a running server how it will be started again.
func (f *found) restart(s *found) {
	if s.fallback { // nothing is known to start it, or whether something does
		f.Problems = append(f.Problems, s.Problems...)
		return
	}
	f.Boot, f.Unit, f.Opens = s.Boot, s.Unit, s.Opens
	if f.Program == Dropbear {
		f.Subject = s.Subject // of OpenWrt the section
	}
	f.Listeners = addListeners(f.Listeners, s.Listeners)
	f.Problems = append(f.Problems, s.Problems...)
	if s.args != nil {
		f.Problems = append(f.Problems, *s.args)
	}
	if !f.sameStart(s) {
		f.AtBoot, f.DropbearAtBoot = s.Conf, s.Dropbear
	}
}
