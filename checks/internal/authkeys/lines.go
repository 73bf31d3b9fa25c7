package authkeys

import (
	"bytes"
	"strings"
)

const (
	// lineLimit is the longest line, without its end, that releases before 7.8 read; later
	// ones read any (SSH_MAX_PUBKEY_BYTES and read_keyfile_line in misc.c of 7.7).
	lineLimit = 16384 - 2

	// maxProblems bounds what is said about a file of rubbish, for sure and unsure
	// problems each.
	maxProblems = 1000
)

// fileLine is one line of a file as sshd's loop over it sees it.
type fileLine struct {
	number int
	text   string // up to the first NUL, without the line feed
	verdict
}

// eachLine calls f with every line until it returns false.
func eachLine(data []byte, opts ParseOptions, f func(fileLine) bool) {
	swallowed := false
	for number := 1; len(data) > 0; number++ {
		raw, rest, _ := bytes.Cut(data, []byte{'\n'})
		data = rest
		l := fileLine{number: number}
		if swallowed {
			// Having met a NUL, read_keyfile_line throws the next line away too.
			l.require(opts.since(7, 8), "it follows a line with a NUL byte: sshd before 7.8 skips both")
			swallowed = false
		}
		if len(raw) > lineLimit {
			l.require(opts.since(7, 8), "the line is longer than sshd before 7.8 reads")
		}
		text, _, cut := bytes.Cut(raw, []byte{0})
		if cut {
			l.require(opts.since(7, 8), "the line holds a NUL byte: sshd before 7.8 skips it")
			swallowed = true
		}
		l.text = string(text)
		if !f(l) {
			return
		}
	}
}

// problems is a bounded list.
type problems struct {
	list         []Problem
	sure, unsure int
}

func (p *problems) add(q Problem) {
	n := &p.sure
	if q.Unsure {
		n = &p.unsure
	}
	if *n++; *n <= maxProblems {
		p.list = append(p.list, q)
	}
}

const blanks = " \t"

// Parse reads a file of authorized keys as sshd reads it (auth_check_authkeys_file in
// auth2-pubkeyfile.c, sshkey_read in sshkey.c, sshauthopt_parse in auth-options.c): the
// entries are the lines that sshd of that version, or of any version where the version
// is not known, takes for a key or an authority. Other lines that are neither blank nor
// comments become problems; of a file of rubbish the first thousand of each kind. Both
// are in the order of the file.
func Parse(data []byte, opts ParseOptions) (entries []Entry, found []Problem) {
	var list problems
	eachLine(data, opts, func(l fileLine) bool {
		text := strings.TrimLeft(l.text, blanks)
		if text == "" || text[0] == '#' {
			return true
		}
		e, v := parseLine(text, opts)
		v.add(l.verdict)
		if p, bad := v.problem(l.number); bad {
			list.add(p)
			return true
		}
		e.Line = l.number
		entries = append(entries, e)
		return true
	})
	return entries, list.list
}

// parseLine is auth_check_authkey_line without the key that is offered.
func parseLine(text string, opts ParseOptions) (Entry, verdict) {
	k, comment, kv := readKey(text, opts)
	options := ""
	if kv.refused != "" {
		end, ok := skipOptions(text)
		if !ok {
			return Entry{}, verdict{refused: "the options have an open quote"}
		}
		options = text[:end]
		second, rest, sv := readKey(strings.TrimLeft(text[end:], blanks), opts)
		if second.named || !k.named {
			kv = sv
		}
		k, comment = second, rest
	}
	v := kv
	if v.refused != "" {
		return Entry{}, v
	}
	o, ov := parseOptions(options, opts)
	v.add(ov)
	if k.certificate {
		v.refuse("a certificate: sshd compares keys and authorities with the file, never certificates")
	}
	if o.HasPrincipals && !o.Authority {
		v.require(flip(opts.since(7, 7)), "principals= of a key that is no authority")
	}
	return Entry{
		Type: k.typ, Bits: k.bits, Digest: k.digest,
		Comment: strings.TrimRight(comment, " \t\r"), Options: o,
	}, v
}

func flip(t tri) tri {
	switch t {
	case yes:
		return no
	case no:
		return yes
	}
	return maybe
}

// skipOptions returns where the options end (sshkey_advance_past_options): at the first
// blank outside quotes. It returns false where a quote stays open.
func skipOptions(text string) (end int, ok bool) {
	quoted := false
	for end < len(text) && (quoted || text[end] != ' ' && text[end] != '\t') {
		switch {
		case text[end] == '\\' && end+1 < len(text) && text[end+1] == '"':
			end++
		case text[end] == '"':
			quoted = !quoted
		}
		end++
	}
	return end, end < len(text) || !quoted
}
