// Package xinetdconf reads the files of xinetd.conf(5) as xinetd 2.3.15 does
// (parse.c, parsesup.c): entries "service NAME" and "defaults" with attributes
// between lines of "{" and "}", and "include FILE", "includedir DIR". A line it
// does not understand costs everything up to the next "}".
//
// Only attributes that say what is started and where are returned; environments
// and arguments, which may hold secrets, are dropped here.
package xinetdconf

import (
	"bytes"
	"slices"
	"strings"
)

// Kind of an Item.
type Kind int

// Kinds.
const (
	Service Kind = iota
	Defaults
	Include
	IncludeDir
)

// Item is one entry or directive.
type Item struct {
	Kind       Kind
	Line       int
	Name       string // of the service; the path of an include
	Attributes []Attribute
}

// Attribute is one line of an entry.
type Attribute struct {
	Line   int
	Name   string
	Op     string   // "=", "+=" or "-="
	Values []string // of server_args only the first
}

// Bad is what xinetd refuses. Problem quotes nothing.
type Bad struct {
	Line    int
	Problem string
}

// attributes are the names that are kept.
func attributes() []string {
	return []string{
		"id", "type", "flags", "socket_type", "protocol", "wait", "user", "server", "server_args", "port",
		"bind", "interface", "redirect", "v6only", "disable", "disabled", "enabled",
	}
}

// maxAttributes bounds one entry, maxBad the lines that are told.
const (
	maxAttributes = 1000
	maxBad        = 1000
)

// blanks are those of isspace(3); values are separated by the first two only.
const (
	blanks = " \t\n\v\f\r"
	tabs   = " \t"
)

// Get returns the first attribute of a name that xinetd takes: a later one changes
// nothing, but for the lists of the defaults.
func (i Item) Get(name string) (Attribute, bool) {
	for _, a := range i.Attributes {
		if a.Name == name && a.taken() {
			return a, true
		}
	}
	return Attribute{}, false
}

// taken reports that xinetd does not pass over the attribute: it is assigned, with as
// many values as it has to have (identify_attribute of parse.c). A comment behind a
// value is none.
func (a Attribute) taken() bool {
	switch a.Name {
	case "server_args", "type", "flags":
		return a.Op == "="
	case "redirect":
		return a.Op == "=" && len(a.Values) == 2
	}
	return a.Op == "=" && len(a.Values) == 1
}

// Off reports that the entry turns itself off: by "disable", or by a value that an
// attribute cannot have, of those attributes that are looked at. "disable = no" behind
// it does not turn it on again.
func (i Item) Off() bool {
	set := map[string]bool{}
	for _, a := range i.Attributes {
		if set[a.Name] || !a.taken() {
			continue
		}
		set[a.Name] = true
		switch a.Name {
		case "disable":
			if a.Values[0] != "no" {
				return true
			}
		case "wait":
			if a.Values[0] != "yes" && a.Values[0] != "no" {
				return true
			}
		case "port":
			if strings.IndexByte("+-0123456789", a.Values[0][0]) < 0 {
				return true
			}
		}
	}
	return false
}

// Parse reads one file. Items and bad lines come in order.
func Parse(data []byte) (items []Item, bad []Bad) {
	r := reader{data: data}
	for {
		line, ok := r.next()
		if !ok {
			return items, bad
		}
		item, problem := head(line)
		item.Line = r.line
		if problem == "" && (item.Kind == Include || item.Kind == IncludeDir) {
			items = append(items, item)
			continue
		}
		if problem == "" {
			if line, ok = r.next(); !ok || strings.Trim(line, blanks) != "{" {
				problem = "no { below the name"
			}
		}
		if problem != "" {
			bad = tell(bad, Bad{item.Line, problem})
			r.skipEntry()
			continue
		}
		if failed := r.entry(&item); failed != nil {
			bad = tell(bad, *failed)
			if item.Kind == Service {
				r.skipEntry()
			}
			continue
		}
		items = append(items, item)
	}
}

// head reads the first line of an item.
func head(line string) (item Item, problem string) {
	words := strings.FieldsFunc(line, func(r rune) bool { return strings.ContainsRune(tabs, r) })
	kinds := map[string]Kind{"service": Service, "defaults": Defaults, "include": Include, "includedir": IncludeDir}
	kind, known := kinds[words[0]]
	switch {
	case !known:
		return Item{}, "neither service, defaults, include nor includedir"
	case kind == Defaults:
		return Item{Kind: kind}, ""
	case len(words) < 2:
		return Item{}, "a name is missing"
	}
	return Item{Kind: kind, Name: words[1]}, ""
}

// reader hands out the lines that are not blank or comment.
type reader struct {
	data []byte
	line int
}

func (r *reader) next() (line string, ok bool) {
	for len(r.data) > 0 {
		raw, rest, _ := bytes.Cut(r.data, []byte("\n"))
		r.data = rest
		r.line++
		line, _, _ = strings.Cut(string(raw), "\x00")
		line = strings.TrimRight(line, "\r") // else nothing of the file would be understood
		if t := strings.TrimLeft(line, blanks); t != "" && t[0] != '#' && strings.Trim(t, tabs) != "" {
			return line, true
		}
	}
	return "", false
}

// skipEntry goes behind the next "}".
func (r *reader) skipEntry() {
	for {
		if line, ok := r.next(); !ok || strings.Trim(line, blanks) == "}" {
			return
		}
	}
}

// entry reads attributes up to "}".
func (r *reader) entry(item *Item) *Bad {
	for {
		line, ok := r.next()
		if !ok {
			return &Bad{r.line, "no } at the end of the entry"}
		}
		if strings.Trim(line, blanks) == "}" {
			return nil
		}
		a, ok := attribute(line)
		if !ok {
			return &Bad{r.line, "no attribute (NAME = VALUE, with a blank before the sign)"}
		}
		if !slices.Contains(attributes(), a.Name) {
			continue
		}
		if len(item.Attributes) == maxAttributes {
			return &Bad{r.line, "too many attributes"}
		}
		if a.Name == "interface" {
			a.Name = "bind" // they are one
		}
		if a.Name == "server_args" && len(a.Values) > 1 {
			a.Values = a.Values[:1]
		}
		a.Line = r.line
		item.Attributes = append(item.Attributes, a)
	}
}

func attribute(line string) (Attribute, bool) {
	line = strings.TrimLeft(line, blanks)
	i := strings.IndexAny(line, "="+blanks)
	if i < 0 || line[i] == '=' {
		return Attribute{}, false
	}
	a := Attribute{Name: line[:i]}
	rest := strings.TrimLeft(line[i:], blanks)
	for _, op := range []string{"=", "+=", "-="} {
		if values, ok := strings.CutPrefix(rest, op); ok {
			a.Op = op
			a.Values = strings.FieldsFunc(values, func(r rune) bool { return strings.ContainsRune(tabs, r) })
			return a, true
		}
	}
	return Attribute{}, false
}

// tell keeps the first maxBad of the bad lines: one is enough to know that the
// file was not understood as a whole.
func tell(bad []Bad, b Bad) []Bad {
	if len(bad) == maxBad {
		return bad
	}
	return append(bad, b)
}
