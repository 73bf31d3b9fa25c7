package authkeys

import "strings"

// maxPrincipals bounds the names that are kept of a file; sshd has no bound.
const maxPrincipals = 1 << 16

// Principal is one line of a file of authorized principals.
type Principal struct {
	Line    int
	Name    string
	Options Options
}

// ParsePrincipals reads a file of AuthorizedPrincipalsFile: a name on each line, with
// options before it (auth_process_principals in auth2-pubkeyfile.c). A # ends the line
// wherever it stands; a carriage return belongs to the name.
func ParsePrincipals(data []byte, opts ParseOptions) (names []Principal, found []Problem) {
	var list problems
	eachLine(data, opts, func(l fileLine) bool {
		text, _, _ := strings.Cut(strings.TrimLeft(l.text, blanks), "#")
		text = strings.TrimRight(text, blanks)
		if text == "" {
			return true
		}
		options, name := "", text
		// The last space counts, the last tab only where there is no space.
		end := strings.LastIndexByte(text, ' ')
		if end < 0 {
			end = strings.LastIndexByte(text, '\t')
		}
		if end >= 0 {
			options, name = text, strings.TrimLeft(text[end:], blanks)
		}
		o, v := parseOptions(options, opts)
		if o.Authority {
			v.require(flip(opts.since(7, 7)), "cert-authority before a principal")
		}
		if o.HasPrincipals {
			v.require(flip(opts.since(7, 7)), "principals= before a principal")
		}
		v.add(l.verdict)
		if p, bad := v.problem(l.number); bad {
			list.add(p)
			return true
		}
		if len(names) == maxPrincipals {
			list.add(Problem{Line: l.number, Unsure: true, Why: "more names than this program reads"})
			return false
		}
		names = append(names, Principal{Line: l.number, Name: name, Options: o})
		return true
	})
	return names, list.list
}

// ParseKeys reads a file of plain public keys without options, as TrustedUserCAKeys
// names one (sshkey_in_file in authfile.c). Reading ends for good at the first line that
// is neither blank nor comment nor a key: the keys behind it are not in use, and are
// neither entries nor problems. Behind a line that this package cannot judge all keys
// are unsure.
func ParseKeys(data []byte, opts ParseOptions) (entries []Entry, found []Problem) {
	var list problems
	doubtful := ""
	eachLine(data, opts, func(l fileLine) bool {
		text := strings.TrimLeft(l.text, blanks)
		if text == "" || text[0] == '#' {
			return true
		}
		k, comment, kv := readKey(text, opts)
		short := kv.short
		if k.certificate {
			// It is none of the authorities; but if its signature is wrong it is not a key.
			kv.doubt("a certificate, whose signature decides whether sshd reads on")
		}
		v := kv
		v.add(l.verdict)
		if doubtful != "" {
			v.doubt(doubtful)
		}
		p, bad := v.problem(l.number)
		if !bad {
			entries = append(entries, Entry{
				Line: l.number, Type: k.typ, Bits: k.bits, Digest: k.digest,
				Comment: strings.TrimRight(comment, " \t\r"),
			})
			return true
		}
		list.add(p)
		switch {
		case l.refused != "" || kv.refused == "" && kv.unsure == "":
			// Skipped, or a key all the same.
		case short && opts.since(7, 9) == yes:
			// Skipped too.
		case kv.refused != "" && !short && l.unsure == "" || short && opts.since(7, 9) == no && kv.unsure == "":
			return false
		default:
			doubtful = "a line before it may have ended what sshd reads"
		}
		return true
	})
	return entries, list.list
}
