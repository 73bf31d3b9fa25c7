package userrecord

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"unicode/utf8"
)

// node is a value of JSON with the line it ends on.
type node struct {
	line    int
	second  bool // of the second text that Parse was given
	value   any  // nil, bool, string, json.Number, []node, members
	omitted bool // there is no such value
}

// members are an object's, in order; no name stands twice.
type members []member

type member struct {
	name  string
	value node
}

// maxDepth bounds nesting; records have four levels.
const maxDepth = 32

// Errors of a text.
var (
	errNotUTF8  = errors.New("not UTF-8")
	errTwice    = errors.New("a name stands twice in an object")
	errTooDeep  = errors.New("nested too deeply")
	errNoObject = errors.New("no object")
	errTrailing = errors.New("more than one value")
)

// reader reads one text of JSON.
type reader struct {
	data    []byte
	dec     *json.Decoder
	counted int64 // bytes whose lines are counted in line
	line    int
	second  bool
}

// readObject reads a text that is one object. Names that stand twice are refused:
// which of them counts depends on the reader.
func readObject(data []byte, second bool) (node, error) {
	if !utf8.Valid(data) {
		return node{}, errNotUTF8
	}
	r := &reader{data: data, dec: json.NewDecoder(bytes.NewReader(data)), line: 1, second: second}
	r.dec.UseNumber()
	n, err := r.value(0)
	if err != nil {
		return node{}, err
	}
	if len(bytes.TrimSpace(data[r.dec.InputOffset():])) > 0 {
		return node{}, fmt.Errorf("line %d: %w", r.line, errTrailing)
	}
	if _, ok := n.value.(members); !ok {
		return node{}, errNoObject
	}
	return n, nil
}

// token is the next token; its line is in r.line. An error of the library may
// quote the text, which holds secrets, so it is replaced by its place.
func (r *reader) token() (json.Token, error) {
	tok, err := r.dec.Token()
	end := r.dec.InputOffset()
	r.line += bytes.Count(r.data[r.counted:end], []byte{'\n'})
	r.counted = end
	if err != nil {
		return nil, fmt.Errorf("no valid JSON after line %d", r.line)
	}
	return tok, nil
}

func (r *reader) value(depth int) (node, error) {
	tok, err := r.token()
	if err != nil {
		return node{}, err
	}
	return r.rest(tok, depth)
}

// rest reads what begins with a token.
func (r *reader) rest(tok json.Token, depth int) (node, error) {
	n := node{line: r.line, second: r.second}
	if depth > maxDepth {
		return node{}, fmt.Errorf("line %d: %w", r.line, errTooDeep)
	}
	switch tok := tok.(type) {
	case json.Delim:
		if tok == '[' {
			list := []node{}
			for r.dec.More() {
				item, err := r.value(depth + 1)
				if err != nil {
					return node{}, err
				}
				list = append(list, item)
			}
			n.value = list
		} else {
			all, err := r.members(depth)
			if err != nil {
				return node{}, err
			}
			n.value = all
		}
		_, err := r.token() // the closing bracket
		return n, err
	default:
		n.value = tok
	}
	return n, nil
}

func (r *reader) members(depth int) (members, error) {
	all := members{}
	seen := map[string]bool{}
	for r.dec.More() {
		tok, err := r.token()
		if err != nil {
			return nil, err
		}
		name, ok := tok.(string)
		if !ok || seen[name] {
			return nil, fmt.Errorf("line %d: %w", r.line, errTwice)
		}
		seen[name] = true
		value, err := r.value(depth + 1)
		if err != nil {
			return nil, err
		}
		all = append(all, member{name, value})
	}
	return all, nil
}

// get returns a member of an object; null is as if it were not there.
func (n node) get(name string) node {
	all, _ := n.value.(members)
	for _, m := range all {
		if m.name == name && m.value.value != nil {
			return m.value
		}
	}
	return node{omitted: true}
}

// unsigned reads a number the way sd-json does: 0.0 and 1e3 are whole numbers too.
func unsigned(text string, largest uint64) (uint64, bool) {
	if v, err := strconv.ParseUint(text, 10, 64); err == nil {
		return v, v <= largest
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || f < 0 || f > 1<<53 || f != float64(uint64(f)) {
		return 0, false
	}
	return uint64(f), uint64(f) <= largest
}
