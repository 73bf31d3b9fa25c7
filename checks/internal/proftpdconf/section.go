package proftpdconf

import (
	"strings"
)

// applySection opens, closes or skips a section.
func (w *walker) applySection(a at, name string, args []string) string {
	switch name {
	case "<virtualhost>":
		return w.openServer(a, args)
	case "</virtualhost>":
		if len(w.open) < 2 {
			return "an end of a section that is not open"
		}
		w.events = append(w.events, event{server: w.index(w.server()), closed: true})
		w.open = w.open[:len(w.open)-1]
	case "<global>":
		s := &scope{}
		if len(w.blocks) == 0 {
			w.server().globals = append(w.server().globals, s)
		}
		w.push(a, 'G', s)
	case "<anonymous>":
		dir := args[0]
		switch {
		case !strings.HasPrefix(dir, "/") && !strings.HasPrefix(dir, "~"), strings.Contains(dir, "*"), dir == "/":
			return "a directory that an <Anonymous> cannot have"
		}
		w.push(a, 'A', &scope{})
	case "<directory>":
		return w.openDirectory(a, args[0])
	case "<limit>":
		w.push(a, 'L', &scope{})
	case "<ifuser>", "<ifgroup>", "<ifclass>", "<ifauthenticated>":
		// The context stays what it is; what is in it is kept apart.
		w.push(a, w.context(), &scope{})
		if (len(args) == 0) != (name == "<ifauthenticated>") {
			return "a directive with the wrong number of parameters"
		}
	case "<class>":
		w.inClass = true
		if !w.build.Version.before(9) {
			w.push(a, 'C', &scope{})
		}
	case "</class>":
		w.inClass = false
		if !w.build.Version.before(9) {
			w.pop()
		}
	case "</global>", "</anonymous>", "</directory>", "</limit>", "</ifuser>", "</ifgroup>", "</ifclass>", "</ifauthenticated>":
		w.pop()
	case "<ifdefine>", "<ifmodule>", "<ifversion>":
		return w.condition(a, name, args)
	}
	return ""
}

func (w *walker) push(a at, context byte, s *scope) {
	if len(w.blocks) >= maxItems/100 {
		w.stop(a, "sections nested too deep", nil)
		return
	}
	w.blocks = append(w.blocks, &block{context, s})
}

// pop closes a section; one that is not open does nothing.
func (w *walker) pop() {
	if len(w.blocks) > 0 {
		w.blocks = w.blocks[:len(w.blocks)-1]
	}
}

func (w *walker) openServer(a at, args []string) string {
	if len(w.servers) >= maxServers {
		w.stop(a, "more servers than are evaluated", nil)
		return ""
	}
	// It is open even when this fails, which in an included file ends nothing.
	s := &server{addr: address{text: args[0]}, dead: true}
	w.addServer(s)
	w.open = append(w.open, s)
	for i, arg := range args {
		addr, why := w.resolve(a, arg)
		if why != "" {
			w.unsure(a, "a server without an address, which ends some ProFTPDs by a fault of theirs")
			return why
		}
		if addr.name {
			s.alias(addr.text)
		}
		if i == 0 {
			s.addr, s.dead = addr, false
		} else {
			s.binds = append(s.binds, addr)
		}
	}
	return ""
}

func (w *walker) openDirectory(a at, dir string) string {
	anonymous := w.context() == 'A'
	if !strings.HasPrefix(dir, "/") && !strings.HasPrefix(dir, "~") && !anonymous {
		return "a relative directory outside <Anonymous>"
	}
	if len(w.blocks) == 0 {
		// The second one is refused unless the first is empty.
		if s := w.server(); s.dirs[dir] {
			w.unsure(a, "a <Directory> that is there twice")
		} else {
			s.dirs[dir] = true
		}
	}
	w.push(a, 'D', &scope{})
	return ""
}

// condition is <IfDefine>, <IfModule> or <IfVersion>. Where it does not hold, the lines up
// to its end are not parsed.
func (w *walker) condition(a at, name string, args []string) string {
	word := args[0]
	holds, why := no, ""
	switch name {
	case "<ifversion>":
		holds, why = w.ifVersion(args)
	default:
		bare, negated := strings.CutPrefix(word, "!")
		if name == "<ifmodule>" {
			holds = w.modules.loaded(bare)
		} else if w.defines[bare] {
			holds = yes
		}
		if strings.Contains(word, "%{env:") {
			holds = maybe
		}
		if negated {
			holds = yes - holds
		}
	}
	if why != "" || holds == yes {
		return why
	}
	closed, matters := w.skip(strings.TrimSuffix(name, ">"))
	switch {
	case w.halted:
		return ""
	case !closed:
		return "a condition without its end"
	case holds == maybe && matters:
		w.unsure(a, "a condition that is not known")
	}
	return ""
}

// skip reads up to the end of a condition, which must stand alone on its line without
// even a blank behind it. matters reports that something in it could change the answer.
func (w *walker) skip(opening string) (closed, matters bool) {
	src := w.sources[len(w.sources)-1]
	if src.closed {
		w.stop(at{src.file, src.line}, "what ProFTPD reads of a file that it has closed", nil)
		return false, false
	}
	ending := "</" + opening[1:] + ">"
	depth := 1
	for {
		l, ok := src.next()
		if !ok {
			return false, matters
		}
		if l.long {
			w.stop(at{src.file, l.line}, "a line that is too long, or holds a zero byte", nil)
			return false, matters
		}
		switch {
		case len(l.text) >= len(opening) && strings.EqualFold(l.text[:len(opening)], opening):
			depth++
		case strings.EqualFold(l.text, ending):
			if depth--; depth == 0 {
				return true, matters
			}
		}
		words := section(splitWords(l.text))
		if len(words) > 0 {
			first := strings.ToLower(words[0])
			matters = matters || strings.HasPrefix(first, "<") || strings.Contains(first, "%") || decides(first)
		}
	}
}

// ifVersion is <IfVersion> of mod_ifversion.c.
func (w *walker) ifVersion(args []string) (answer, string) {
	if len(args) > 2 {
		return no, "a directive with the wrong number of parameters"
	}
	operator, text := "=", args[0]
	if len(args) == 2 {
		operator, text = args[0], args[1]
	}
	negated := len(operator) > 1 && operator[0] == '!'
	if negated {
		operator = operator[1:]
	}
	want, ok := ifVersionNumber(text)
	switch {
	case operator == "" || strings.IndexByte("=~<>", operator[0]) < 0:
		return no, "an operator that <IfVersion> does not have"
	case operator[0] == '~' || strings.HasPrefix(text, "/") || w.build.Version.Level < 0 || !ok:
		return maybe, ""
	}
	have := w.build.Version
	order := compare([]int{have.Major, have.Minor, have.Patch, max(have.Level-1, 0)}, want)
	matched := operator[0] == '=' && order == 0 || operator[0] == '<' && order < 0 || operator[0] == '>' && order > 0 ||
		len(operator) == 2 && order == 0
	if matched != negated {
		return yes, ""
	}
	return no, ""
}

func compare(a, b []int) int {
	for i := range a {
		if a[i] != b[i] {
			return a[i] - b[i]
		}
	}
	return 0
}

// ifVersionNumber reads the plain forms 1, 1.3, 1.3.8 and 1.3.8a; it reports false for
// others, release candidates among them, and for those with less than three numbers,
// whose missing parts count as a status of their own.
func ifVersionNumber(s string) ([]int, bool) {
	if strings.Count(s, ".") != 2 || strings.Contains(s, "rc") {
		return nil, false
	}
	v, ok := ParseVersion(strings.ToLower(s))
	end := s[strings.LastIndexByte(s, '.')+1:]
	rest := strings.TrimLeft(end, "0123456789")
	if !ok || len(rest) > 1 {
		return nil, false
	}
	// The first letter is no step: 1.3.8a is equal to 1.3.8.
	return []int{v.Major, v.Minor, v.Patch, max(v.Level-1, 0)}, true
}
