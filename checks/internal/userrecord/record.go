// Package userrecord reads the JSON user records of systemd (systemd.io,
// USER_RECORD): what systemd-homed keeps of its accounts in *.identity files and
// what stands in the drop-in directories of userdb as NAME.user, with the hashes
// apart in NAME.user-privileged. Group records (GROUP_RECORD) have the same form.
//
// Only what decides about logging in is kept. A record that holds more than is
// understood of such a field is refused as a whole: systemd ignores single fields
// that it does not understand, and what it makes of the rest depends on its
// version. Errors never quote the text, which holds secrets.
package userrecord

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
)

// Record is what counts of a user or group record.
type Record struct {
	Name    string
	Line    int // of the user ID, else of the name
	Aliases []string

	RealName, Home, Shell string // "" = not said
	Disposition           string // one of a closed list, or ""
	UID, GID              ID

	Locked                     bool
	NotBefore, NotAfter        Time
	LastChange, Min, Max, Warn Time
	Inactive                   Time
	Hashes                     []Hash // privileged.hashedPassword: any of them opens the account
	Token                      bool   // a PKCS#11 or FIDO2 token opens the account
	Signed                     bool   // there is a signature; it is not verified
	ClearText                  bool   // a "secret" section holds a password, which nothing accepts from a file
	Group                      bool   // a group record
}

// Hash is one password field.
type Hash struct {
	Text   string
	Line   int
	Second bool // it stands in the second text
}

// ID is a user or group ID.
type ID struct {
	N   uint32
	Set bool
}

// Time is microseconds since 1970, or a length of time.
type Time struct {
	USec uint64
	Set  bool
}

// Machine is the host that a record is read for: parts of a record are bound to
// machines. "" = not known.
type Machine struct{ ID, Hostname string }

// ErrUnsupported is in every error about a field that is not understood.
var ErrUnsupported = errors.New("not understood")

// maxBytes bounds both texts together; a record with pictures of its keys has a few
// dozen KiB.
const maxBytes = 1 << 20

// Parse reads a user record. privileged is the second text, nil if there is none:
// its members replace those of the first (sd_json_variant_merge_object).
func Parse(data, privileged []byte, on Machine) (*Record, error) {
	if len(data)+len(privileged) > maxBytes {
		return nil, fmt.Errorf("%w: the record is too large", ErrUnsupported)
	}
	root, err := readObject(data, false)
	if err != nil {
		return nil, err
	}
	if privileged != nil {
		second, err := readObject(privileged, true)
		if err != nil {
			return nil, fmt.Errorf("privileged part: %w", err)
		}
		root.value = merged(root.value.(members), second.value.(members))
	}
	f := &fields{}
	r := &Record{Line: root.line}
	name := root.get("userName")
	if name.omitted {
		name, r.Group = root.get("groupName"), true
	}
	if r.Name = f.str(name, "userName"); r.Name == "" && f.err == nil {
		return nil, fmt.Errorf("%w: no user name", ErrUnsupported)
	}
	r.Line = name.line
	r.Aliases = f.strings(root.get("aliases"), "aliases")
	f.section(r, root)
	f.perMachine(r, root.get("perMachine"), on)
	f.binding(r, root.get("binding"), on)
	f.privileged(r, root)
	if f.err != nil {
		return nil, f.err
	}
	return r, nil
}

func merged(first, second members) members {
	out := slices.Clone(first)
	for _, m := range second {
		if i := slices.IndexFunc(out, func(o member) bool { return o.name == m.name }); i >= 0 {
			out[i] = m
		} else {
			out = append(out, m)
		}
	}
	return out
}

// fields takes values out of nodes and keeps the first error.
type fields struct{ err error }

func (f *fields) fail(n node, name, why string) {
	if f.err == nil {
		f.err = fmt.Errorf("line %d: %s: %w (%s)", n.line, name, ErrUnsupported, why)
	}
}

func (f *fields) str(n node, name string) string {
	if n.omitted {
		return ""
	}
	s, ok := n.value.(string)
	if !ok {
		f.fail(n, name, "no text")
	}
	return s
}

// strings is a list of texts; one text stands for a list of it.
func (f *fields) strings(n node, name string) (out []string) {
	for _, item := range f.list(n, name) {
		out = append(out, f.str(item, name))
	}
	return out
}

func (f *fields) list(n node, name string) []node {
	switch v := n.value.(type) {
	case nil:
		return nil
	case string:
		return []node{n}
	case []node:
		return v
	}
	f.fail(n, name, "no list")
	return nil
}

func (f *fields) object(n node, name string) node {
	if _, ok := n.value.(members); !ok && !n.omitted {
		f.fail(n, name, "no object")
	}
	return n
}

func (f *fields) id(n node, name string, before ID) ID {
	if n.omitted {
		return before
	}
	number, _ := n.value.(json.Number)
	// 65535 and 4294967295 stand for "no ID" (uid_is_valid).
	v, ok := unsigned(string(number), math.MaxUint32-1)
	if !ok || v == math.MaxUint16 {
		f.fail(n, name, "no user or group ID")
	}
	return ID{uint32(v), true}
}

// time reads microseconds; decimal digits in a text are a number too (sd_json_dispatch_uint64).
func (f *fields) time(n node, name string, before Time) Time {
	if n.omitted {
		return before
	}
	text := ""
	switch v := n.value.(type) {
	case json.Number:
		text = string(v)
	case string:
		text = v
	}
	v, ok := unsigned(text, math.MaxUint64)
	if !ok {
		f.fail(n, name, "no time")
	}
	if v == math.MaxUint64 { // USEC_INFINITY
		return Time{}
	}
	return Time{v, true}
}

func (f *fields) bool(n node, name string, before bool) bool {
	if n.omitted {
		return before
	}
	b, ok := n.value.(bool)
	if !ok {
		f.fail(n, name, "neither true nor false")
	}
	return b
}
