// Package pandoratest judges what a plugin prints for the agent of Pandora FMS:
// Check in Go, fast enough for fuzzing; Oracle with the server's own parser.
package pandoratest

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Module is one module as the server would read it.
type Module map[string]string

// order is how this program writes its tags; a subset of those the server knows.
var order = []string{"name", "type", "data", "description", "module_interval", "module_group", "status"}

var (
	number   = regexp.MustCompile(`^[+-]?[0-9]+([.,][0-9]+)?$`)
	interval = regexp.MustCompile(`^[1-9][0-9]*$`)
	status   = regexp.MustCompile(`^(NORMAL|WARNING|CRITICAL)$`)
	// A reference to a character, the only form in which this program escapes.
	reference = regexp.MustCompile(`&#(x[0-9A-F]+|[0-9]+);`)
)

// Check applies the rules of the server, and the stricter ones of this program
// (pure ASCII, no CDATA, tags in one order, bounded descriptions), to the output
// of a plugin and returns its modules in order.
func Check(fragment []byte) ([]Module, error) {
	for i, c := range fragment {
		if c != '\n' && (c < ' ' || c > '~') {
			return nil, fmt.Errorf("byte %d is not printable ASCII: %#x", i, c)
		}
	}
	// The decoder takes ]]> as text and hides CDATA; expat does not take the first.
	for _, banned := range []string{"]]>", "<!", "<?"} {
		if bytes.Contains(fragment, []byte(banned)) {
			return nil, fmt.Errorf("holds %q", banned)
		}
	}
	if rest := reference.ReplaceAll(fragment, nil); bytes.ContainsAny(rest, "&") {
		return nil, errors.New("holds an & that begins no numeric reference")
	}
	for _, ref := range reference.FindAllSubmatch(fragment, -1) {
		digits, base := string(ref[1]), 10
		if digits[0] == 'x' {
			digits, base = digits[1:], 16
		}
		// The decoder turns a surrogate into U+FFFD.
		if n, err := strconv.ParseUint(digits, base, 32); err != nil || n >= 0xd800 && n < 0xe000 {
			return nil, fmt.Errorf("reference %s is no character", ref[0])
		}
	}
	modules, err := parse(slices.Concat([]byte("<r>"), fragment, []byte("</r>")))
	if err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	for i, m := range modules {
		if err := m.check(); err != nil {
			return nil, fmt.Errorf("module %d (%q): %w", i+1, m["name"], err)
		}
		if name := strings.ToLower(m["name"]); seen[name] {
			return nil, fmt.Errorf("module %q is there twice", name)
		} else {
			seen[name] = true
		}
	}
	if len(modules) == 0 {
		return nil, errors.New("no module")
	}
	return modules, nil
}

// parse reads root, module, tag: three levels and text only on the third.
func parse(document []byte) ([]Module, error) {
	var (
		dec     = xml.NewDecoder(bytes.NewReader(document))
		path    []string
		modules []Module
		current Module
		last    int
		text    strings.Builder
		start   int64
		roots   int
	)
	for {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			if roots != 1 || len(path) > 0 {
				return nil, errors.New("the fragment closes its envelope")
			}
			return modules, nil
		}
		if err != nil {
			return nil, err
		}
		switch token := token.(type) {
		case xml.StartElement:
			name := token.Name.Local
			if len(token.Attr) > 0 || token.Name.Space != "" {
				return nil, fmt.Errorf("<%s> has an attribute or a prefix", name)
			}
			switch len(path) {
			case 0:
				roots++
			case 1:
				if name != "module" {
					return nil, fmt.Errorf("<%s> beside the modules", name)
				}
				current, last = Module{}, -1
			case 2:
				at := slices.Index(order, name)
				if at <= last {
					return nil, fmt.Errorf("<%s> is unknown, repeated or out of order", name)
				}
				last = at
				text.Reset()
				start = dec.InputOffset()
			default:
				return nil, fmt.Errorf("<%s> inside a tag", name)
			}
			path = append(path, name)
		case xml.CharData:
			if len(path) == 3 {
				text.Write(token)
			} else if len(bytes.TrimSpace(token)) > 0 {
				return nil, errors.New("text outside the tags")
			}
		case xml.EndElement:
			switch len(path) {
			case 3:
				closing := int64(len("</" + token.Name.Local + ">"))
				if size := dec.InputOffset() - start - closing; token.Name.Local == "description" && size > 4096 {
					return nil, fmt.Errorf("description takes %d bytes", size)
				}
				current[token.Name.Local] = text.String()
			case 2:
				modules = append(modules, current)
			}
			path = path[:len(path)-1]
		default:
			return nil, fmt.Errorf("%T is not for plugins", token)
		}
	}
}

func (m Module) check() error {
	for _, tag := range order {
		value, ok := m[tag]
		if tag == "module_interval" && !ok {
			continue
		}
		if strings.TrimSpace(value) == "" {
			return fmt.Errorf("<%s> is missing or blank", tag)
		}
		for _, r := range value {
			if r < ' ' || r >= 0x7f && r < 0xa0 || r > 0xfffd {
				return fmt.Errorf("<%s> holds U+%04X", tag, r)
			}
		}
	}
	name := m["name"]
	if strings.TrimSpace(name) != name || len(name) > 100 {
		return errors.New("name has outer blanks or more than 100 characters")
	}
	switch m["type"] {
	case "generic_data":
		if !number.MatchString(m["data"]) {
			return errors.New("data is not a number")
		}
	case "generic_proc":
		if m["data"] != "0" && m["data"] != "1" {
			return errors.New("data is neither 0 nor 1")
		}
	case "generic_data_string":
	default:
		return fmt.Errorf("type %q", m["type"])
	}
	if !status.MatchString(m["status"]) {
		return fmt.Errorf("status %q", m["status"])
	}
	if i, ok := m["module_interval"]; ok && !interval.MatchString(i) {
		return fmt.Errorf("module_interval %q", i)
	}
	if m["module_group"] != "Security" {
		return fmt.Errorf("module_group %q", m["module_group"])
	}
	return nil
}
