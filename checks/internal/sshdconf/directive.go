package sshdconf

import (
	"slices"
	"strings"
)

// directive is one line while it is judged: what the keyword reads, and what was set
// before.
type directive struct {
	Line
	queue
	build  Build // version known
	source *Source
	active bool // it counts: not within a Match block, or in one that applies
	set    *settled
	done   bool        // sshd does not look for extra words
	block  []Criterion // of a Match line
}

// settled is what earlier lines set, as far as it decides how later ones are read.
type settled struct {
	values     map[string]bool // keywords that have their value
	subsystems map[string]bool
	ports      int
	fixedPorts bool     // -p: ports of the file are not read
	methods    []string // of AuthenticationMethods
	commands   struct{ keys, keysUser, principals, principalsUser string }
	lists      map[string]*Line // first lines of lists of algorithms, by keyword
	first      map[string]*Line // of the keywords that the checks at the end ask for
}

func newSettled() *settled {
	return &settled{
		values: map[string]bool{}, subsystems: map[string]bool{}, lists: map[string]*Line{}, first: map[string]*Line{},
	}
}

// once reports whether the line is the one that sets keyword, and notes that it did.
func (d *directive) once(keyword string) bool {
	if !d.active || d.set.values[keyword] {
		return false
	}
	d.set.values[keyword] = true
	return true
}

// A checker reads the words after a keyword and judges them.
type checker func(d *directive) Outcome

// judge says what sshd makes of a directive: its keyword, place and words
// (process_server_config_line_depth() in servconf.c). started tells the first reading,
// at start, from those for a connection.
func (d *directive) judge(started bool) Outcome {
	if d.Keyword == "" || d.Line.Outcome.Kind != Accepted {
		return d.Line.Outcome
	}
	d.queue = queue{classic: !d.build.Version.AtLeast(8, 7), text: d.Rest, more: d.hasRest, words: d.Args}
	w, ok := words[d.Keyword]
	if !ok {
		return refused("unknown keyword")
	}
	if o := w.known(d.build); o.Kind != Accepted {
		return o
	}
	if !d.active {
		switch o := w.inside(d.build); {
		case o.Kind == Accepted:
		case started:
			return o
		default:
			return Outcome{} // read at start
		}
	}
	if w.ignored(d.build) {
		return Outcome{}
	}
	if w.check == nil && d.build.Version.Before(7, 4) {
		// Words of protocol 1 and others were still read.
		if len(d.Args) != 1 || !slices.Contains([]string{"yes", "no", "2"}, d.Args[0]) {
			return unsure("a keyword that newer versions do not read any more")
		}
		return Outcome{}
	}
	switch w.needs(d.build) {
	case without:
		return Outcome{} // a warning
	case maybe:
		if o := d.run(w.check); o.Kind != Accepted {
			return unsure(o.Why + "; builds without the feature ignore the line")
		}
		return Outcome{}
	}
	return d.run(w.check)
}

func (d *directive) run(check checker) Outcome {
	if check == nil {
		return Outcome{}
	}
	o := check(d)
	if o.Kind == Accepted && !d.done && d.garbage() {
		return refused("extra arguments at the end of the line")
	}
	return o
}

// rest is the text that keywords take that read the whole line.
func (d *directive) rest() string {
	d.done = true
	return strings.TrimLeft(d.Rest, blanks)
}

// word takes the one word that must be there.
func (d *directive) word() (string, Outcome) {
	word, ok := d.next()
	if !ok || word == "" {
		return "", refused("missing argument")
	}
	return word, Outcome{}
}

// one wraps a judgement of a single word.
func one(judge func(d *directive, arg string) Outcome) checker {
	return func(d *directive) Outcome {
		arg, o := d.word()
		if o.Kind != Accepted {
			return o
		}
		return judge(d, arg)
	}
}

// list judges every word of a list. From 9.7 on it may not be empty.
func list(judge func(d *directive, arg string) Outcome) checker {
	return func(d *directive) Outcome {
		words := d.listed(d.next)
		if len(words) == 0 && d.build.Version.AtLeast(9, 7) {
			return refused("missing argument")
		}
		for _, arg := range words {
			if arg == "" {
				return refused("empty argument")
			}
			if o := judge(d, arg); o.Kind != Accepted {
				return o
			}
		}
		return Outcome{}
	}
}
