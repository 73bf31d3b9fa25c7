package sshdconf

import "strings"

// blanks are what sshd takes for white space inside a line (WHITESPACE in misc.c).
const blanks = " \t\r\n"

// strdelim cuts the next word off s as strdelim() of misc.c does: words end at
// blanks, at quotes and at one "=". ok is false where it returns NULL: s was
// used up, or a quote is not closed. more is false when nothing is left, not
// even an empty rest.
func strdelim(s string) (word, rest string, more, ok bool) { return cutWord(s, true) }

// strdelimw is strdelim() for words that "=" does not end (SetEnv, since 7.8).
func strdelimw(s string) (word, rest string, more, ok bool) { return cutWord(s, false) }

func cutWord(s string, equals bool) (word, rest string, more, ok bool) {
	ends := blanks + `"`
	if equals {
		ends += "="
	}
	i := strings.IndexAny(s, ends)
	if i < 0 {
		return s, "", false, true
	}
	if s[i] == '"' {
		end := strings.IndexByte(s[i+1:], '"')
		if end < 0 {
			return "", "", false, false
		}
		// The text before a quote in the middle of a word stays part of it.
		return s[:i] + s[i+1:i+1+end], strings.TrimLeft(s[i+1+end+1:], blanks), true, true
	}
	rest = strings.TrimLeft(s[i+1:], blanks)
	if equals && s[i] != '=' && strings.HasPrefix(rest, "=") {
		rest = strings.TrimLeft(rest[1:], blanks)
	}
	return s[:i], rest, true, true
}

// splitClassic returns the words that the keywords of lists find before 8.7: those
// that cut yields up to the first empty one.
func splitClassic(s string, cut func(string) (string, string, bool, bool)) (words []string) {
	for more := s != ""; more; {
		var word string
		var ok bool
		word, s, more, ok = cut(s)
		if !ok || word == "" {
			break
		}
		words = append(words, word)
	}
	return words
}

// splitArgv is argv_split() of misc.c with terminate_on_comment set. ok is false
// when a quote is not closed.
func splitArgv(s string) (words []string, ok bool) {
	for i := 0; i < len(s); i++ {
		if s[i] == ' ' || s[i] == '\t' {
			continue
		}
		if s[i] == '#' {
			break
		}
		var word []byte
		var quote byte
	token:
		for ; i < len(s); i++ {
			c := s[i]
			switch {
			case c == '\\':
				if i+1 < len(s) && (s[i+1] == '\'' || s[i+1] == '"' || s[i+1] == '\\' || quote == 0 && s[i+1] == ' ') {
					i++
				}
				word = append(word, s[i])
			case quote == 0 && (c == ' ' || c == '\t'):
				break token
			case quote == 0 && (c == '"' || c == '\''):
				quote = c
			case quote != 0 && c == quote:
				quote = 0
			default:
				word = append(word, c)
			}
		}
		words = append(words, string(word))
		if quote != 0 {
			return words, false
		}
	}
	return words, true
}
