package packages

import (
	"bytes"
	"fmt"
)

// diversion is one of dpkg-divert(1): the file that every package but one ships
// as from is on disk as to.
type diversion struct {
	from, to string
	by       string // the package that is excepted; ":" = the administrator
	line     int    // from 1
}

// parseDiversions reads /var/lib/dpkg/diversions: three lines for each. The
// diversions before an error are returned with it.
func parseDiversions(data []byte) (list []diversion, err error) {
	if len(data) == 0 {
		return nil, nil
	}
	lines := bytes.Split(data, []byte("\n"))
	last := len(lines) - 1
	if len(lines[last]) > 0 {
		return nil, fmt.Errorf("line %d has no end", last+1)
	}
	for at := 0; at < last; at += 3 {
		if at+3 > last {
			return list, fmt.Errorf("line %d: not three lines", at+1)
		}
		d := diversion{string(lines[at]), string(lines[at+1]), string(lines[at+2]), at + 1}
		if len(d.from) < 2 || d.from[0] != '/' || len(d.to) < 2 || d.to[0] != '/' || d.by == "" {
			return list, fmt.Errorf("line %d: not a diversion", at+1)
		}
		list = append(list, d)
	}
	return list, nil
}

// divert changes what is looked for by the diversions. As for dpkg itself, a
// diversion concerns the name as it is recorded: /bin/x and /usr/bin/x are two
// names, even where they are one file.
func (s *search) divert(list []diversion) {
	for _, d := range list {
		key := d.from[1:]
		// Not all needles of the name: those that another diversion put there stand for
		// the file under its new name.
		for i, n := range s.needles[key] {
			if n.only == "" && n.except == "" {
				s.needles[key][i].only = d.by
			}
		}
		if t, is := s.targets[s.real(d.to)]; is {
			s.addName(d.from, needle{t: t, except: d.by})
		}
	}
}
