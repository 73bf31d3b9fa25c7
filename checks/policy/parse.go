package policy

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"

	"hostaudit/checks"
)

// document is how a file is decoded: the elements of arrays of tables one by one, as
// the decoder tells only where the last of them stands.
type document struct {
	Policy

	Listeners struct {
		Declare []toml.Primitive `toml:"declare"`
	} `toml:"listeners"`
	Waive []toml.Primitive `toml:"waive"`
}

// Parse reads one file over what p already says: a later file overrides a
// scalar and appends to a list. known are the check IDs that can be named. On error p
// may be half changed and must not be used.
func (p *Policy) Parse(file string, text []byte, known []string) error {
	if err := newerFormat(file, text); err != nil {
		return err
	}
	// What the file says for itself; scalars it leaves out stay.
	doc := document{Policy: *p}
	doc.Only, doc.Skip, doc.Require, doc.Roles = nil, nil, nil, nil
	doc.Policy.Severity = nil
	meta, err := toml.Decode(string(text), &doc)
	where := places(statements(text))
	if err != nil {
		return placed(file, where, err)
	}
	for _, key := range meta.Keys() {
		if misspelt(key) {
			return &Error{File: file, Line: where.line(key...), Msg: fmt.Sprintf("unknown setting %q", key.String())}
		}
	}
	// The tables are decoded before unknown settings are looked for: decoding is what
	// makes their settings known.
	declared, err := elements[Declare](file, where, &meta, doc.Listeners.Declare, "listeners", "declare")
	if err != nil {
		return err
	}
	waivers, err := elements[Waiver](file, where, &meta, doc.Waive, "waive")
	if err != nil {
		return err
	}
	if extra := meta.Undecoded(); len(extra) > 0 {
		return &Error{File: file, Line: where.line(extra[0]...), Msg: fmt.Sprintf("unknown setting %q", extra[0].String())}
	}
	for _, key := range meta.Keys() {
		if meta.Type(key...) == "String" && doc.emptied(key.String()) {
			return &Error{File: file, Line: where.line(key...), Msg: key.String() + ": is empty: leave the setting out to have its default"}
		}
	}
	if key, msg := doc.invalid(known); msg != "" {
		return &Error{File: file, Line: where.line(strings.Split(key, ".")...), Msg: fmt.Sprintf("%s: %s", key, msg)}
	}
	if key, msg := doc.Policy.Severity.invalid(known); msg != "" {
		return &Error{File: file, Line: where.line("severity", key), Msg: fmt.Sprintf("severity: %s", msg)}
	}
	for i, d := range declared {
		if key, msg := d.invalid(); msg != "" {
			return elementError(file, where, i, key, msg, "listeners", "declare")
		}
	}
	for i := range waivers {
		if key, msg := waivers[i].invalid(known); msg != "" {
			return elementError(file, where, i, key, msg, "waive")
		}
		waivers[i].Place = checks.Location{File: checks.Clean(file), Line: where.element([]string{"waive"}, i, "")}
	}
	merged := doc.Policy
	merged.Only = append(slices.Clip(p.Only), doc.Only...)
	merged.Skip = append(slices.Clip(p.Skip), doc.Skip...)
	merged.Require = append(slices.Clip(p.Require), doc.Require...)
	merged.Roles = append(slices.Clip(p.Roles), doc.Roles...)
	merged.Listeners.Declare = append(slices.Clip(p.Listeners.Declare), declared...)
	merged.Waive = append(slices.Clip(p.Waive), waivers...)
	merged.Severity = maps.Clone(p.Severity)
	for id, word := range doc.Policy.Severity {
		if merged.Severity == nil {
			merged.Severity = Severities{}
		}
		merged.Severity[id] = word
	}
	*p = merged
	return nil
}

// emptied reports that a setting which is a text has none: it would take back in silence
// what an earlier file asks for.
func (d *document) emptied(key string) bool {
	value, known := map[string]string{
		"profile": d.Profile, "fail_on": d.FailOn, "privacy": d.Privacy, "state_dir": d.StateDir, "passwords.list": d.Passwords.List,
		"agent.modules": d.Agent.Modules, "agent.alarm": d.Agent.Alarm, "agent.names": d.Agent.Names,
	}[key]
	return known && value == ""
}

// misspelt reports a key that the decoder would take for a setting though it is
// written in another way (it compares without regard to case): two spellings of one
// setting in a file would leave to chance which one counts.
func misspelt(key toml.Key) bool {
	if key[0] == "severity" {
		key = key[:1]
	}
	return slices.ContainsFunc(key, func(part string) bool {
		return strings.Trim(part, "abcdefghijklmnopqrstuvwxyz0123456789_") != ""
	})
}

// elements decodes the elements of an array of tables.
func elements[T any](file string, where places, meta *toml.MetaData, list []toml.Primitive, array ...string) ([]T, error) {
	var out []T
	for i, element := range list {
		var v T
		if err := meta.PrimitiveDecode(element, &v); err != nil {
			key := strings.TrimPrefix(strings.TrimPrefix(lastKey(err), strings.Join(array, ".")), ".")
			return nil, elementError(file, where, i, key, placed(file, where, err).Msg, array...)
		}
		out = append(out, v)
	}
	return out, nil
}

// elementError is a defect of the n-th element of an array of tables, at one of its
// keys or "".
func elementError(file string, where places, n int, key, msg string, array ...string) *Error {
	name := strings.TrimSuffix(strings.Join(array, ".")+"."+key, ".")
	return &Error{File: file, Line: where.element(array, n, key), Msg: name + ": " + msg}
}

// placed turns a decoder's error into one with a line.
func placed(file string, where places, err error) *Error {
	if parse, ok := errors.AsType[toml.ParseError](err); ok {
		line := parse.Position.Line
		if line == 0 {
			line = where.line(strings.Split(parse.LastKey, ".")...)
		}
		return &Error{File: file, Line: line, Msg: unquotedText(parse.Message)}
	}
	// Type errors carry their line in the text only.
	msg := strings.TrimPrefix(err.Error(), "toml: ")
	var line int
	if n, _ := fmt.Sscanf(msg, "line %d", &line); n == 1 {
		if _, after, ok := strings.Cut(msg, ": "); ok {
			msg = after
		}
	}
	return &Error{File: file, Line: line, Msg: unquotedText(msg)}
}

// unquotedText takes out what a message of the decoder repeats of a value: the message
// goes to the agent's server, and a value without its quotes may be the name of an account
// or a word of a list. Single characters and the names of settings stay.
func unquotedText(msg string) string {
	if strings.HasPrefix(msg, "Key '") {
		return msg
	}
	quoted := regexp.MustCompile(`"(?:[^"\\]|\\.){2,}"|'[^'\\]{2,}'`)
	return quoted.ReplaceAllString(msg, "…")
}

// lastKey is the key a decoder's error is about, "" where it does not say.
func lastKey(err error) string {
	if parse, ok := errors.AsType[toml.ParseError](err); ok {
		return parse.LastKey
	}
	_, after, _ := strings.Cut(err.Error(), `(last key "`)
	key, _, _ := strings.Cut(after, `"`)
	return key
}
