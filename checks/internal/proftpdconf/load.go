package proftpdconf

import (
	"cmp"
	"slices"
)

// Load reads the configuration that a ProFTPD is started with: the file of -c, else main
// (absolute). It never fails: see Problems. Where the version is not known it reads as
// several would, and is Unsure where they differ.
func Load(files Files, main string, cmd CommandLine, build Build) *Config {
	if cmd.Config != "" {
		main = cmd.Config
	}
	builds := build.candidates()
	c := load(files, main, cmd, builds[len(builds)-1])
	for _, other := range builds[:len(builds)-1] {
		d := load(files, main, cmd, other)
		if sameSockets(c.listens, d.listens) && c.Outcome().Kind == d.Outcome().Kind {
			continue
		}
		if c.Outcome().Kind == Refused && len(d.listens) > 0 {
			c.listens, c.inetd = d.listens, d.inetd
		}
		for i, p := range c.problems {
			if p.Kind == Refused {
				c.problems[i].Kind = Unsure
			}
		}
		c.problems = append(c.problems, Problem{File: main, Outcome: Outcome{Unsure, "versions read it differently, and which one this is is not known"}})
		c.sort()
		break
	}
	return c
}

func load(files Files, main string, cmd CommandLine, build Build) *Config {
	c := &Config{}
	w := newWalker(c, files, cmd, build)
	w.main(main)
	if !w.halted {
		w.finish(main)
	}
	c.sort()
	return c
}

// main parses the main file.
func (w *walker) main(name string) {
	here := at{file: name}
	if name == "" || name[0] != '/' {
		w.refuse(Problem{Outcome: Outcome{Why: "a configuration file whose name is not absolute"}})
		return
	}
	res := w.parse(name, here)
	switch {
	case w.halted || res == parsed:
	case w.fault != nil:
		w.refuse(*w.fault)
	default:
		w.refuse(Problem{File: name, Outcome: Outcome{Why: "no configuration file"}})
	}
}

// finish is what ProFTPD does after parsing.
func (w *walker) finish(main string) {
	if len(w.open) > 1 || len(w.blocks) > 0 {
		w.refuse(Problem{File: main, Outcome: Outcome{Why: "a section that is not closed"}})
		return
	}
	if w.c.inetd || w.cmd.Ends {
		return
	}
	w.bind(main)
}

// sort puts the problems by gravity and the sockets by port.
func (c *Config) sort() {
	gravity := func(p Problem) int { return [...]int{Accepted: 3, Refused: 0, Unsure: 1, Warned: 2}[p.Kind] }
	slices.SortStableFunc(c.problems, func(a, b Problem) int { return gravity(a) - gravity(b) })
	if c.Outcome().Kind == Refused {
		c.listens = nil
	}
	slices.SortStableFunc(c.listens, func(a, b Listen) int {
		return cmp.Or(cmp.Compare(a.Port, b.Port), a.Addr.Compare(b.Addr), cmp.Compare(a.Host, b.Host),
			cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Server, b.Server))
	})
}
