package output

import (
	"encoding/xml"
	"errors"
	"io"
	"regexp"
	"slices"
	"strings"
)

// htmlElement is an element of a page, with the text in it.
type htmlElement struct {
	name       string
	attributes map[string]string
	text       string
}

func (e htmlElement) has(class string) bool {
	return slices.Contains(strings.Fields(e.attributes["class"]), class)
}

// The only elements without an end in what we print.
var voidElements = regexp.MustCompile(`<(meta|link)((?: [a-z-]+="[^"]*")*)>`)

// parsePage reads a page as strictly as XML is read, which HTML does not ask for: every
// element is closed where it was opened and every attribute is quoted and there once, so
// that no reader of HTML can take it for something else.
func parsePage(page []byte) ([]htmlElement, error) {
	rest, ok := strings.CutPrefix(string(page), "<!DOCTYPE html>\n")
	if !ok {
		return nil, errors.New("no document type")
	}
	// Where text can hold neither < nor > of ours, all of them are of elements.
	rest = voidElements.ReplaceAllString(rest, "<$1$2/>")
	dec := xml.NewDecoder(strings.NewReader(rest))
	var elements []htmlElement
	var open []int
	for {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			return elements, nil
		}
		if err != nil {
			return nil, err
		}
		switch token := token.(type) {
		case xml.StartElement:
			e := htmlElement{name: token.Name.Local, attributes: map[string]string{}}
			for _, a := range token.Attr {
				if _, twice := e.attributes[a.Name.Local]; twice {
					return nil, errors.New("attribute twice: " + a.Name.Local)
				}
				e.attributes[a.Name.Local] = a.Value
			}
			open, elements = append(open, len(elements)), append(elements, e)
		case xml.EndElement:
			open = open[:len(open)-1]
		case xml.CharData:
			for _, i := range open {
				elements[i].text += string(token)
			}
		default:
			return nil, errors.New("neither element nor text")
		}
	}
}
