package crontab

import "strings"

// Program returns the program a command starts: the first word behind shell
// assignments, "cd DIR &&" and cronie's "-n", if it is made of letters, digits
// and _ . / + - only and does not begin with a sign; else "". An unescaped %
// ends a command (the rest is its input). What can not be told apart from an
// argument for certain, because of quotes or substitutions, yields "".
func Program(command string) string {
	for i := range len(command) {
		if command[i] == '%' && (i == 0 || command[i-1] != '\\') {
			command = command[:i]
			break
		}
	}
	for {
		command = strings.TrimLeft(command, blanks)
		if rest, ok := strings.CutPrefix(command, "-n "); ok {
			command = rest
			continue
		}
		name := command[:nameLength(command)]
		if name != "" && strings.HasPrefix(command[len(name):], "=") {
			size, ok := shellWord(command[len(name)+1:])
			if !ok {
				return ""
			}
			command = command[len(name)+1+size:]
			continue
		}
		if rest, ok := behindCd(command); ok {
			command = rest
			continue
		}
		return plain(command)
	}
}

// nameLength is the length of the variable name at the start of s.
func nameLength(s string) int {
	for i := range len(s) {
		c := s[i]
		if !(c == '_' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || i > 0 && '0' <= c && c <= '9') {
			return i
		}
	}
	return len(s)
}

// shellWord is the length of the word at the start of s by sh(1)'s quoting. It
// is false where the word holds a substitution, is not closed, or does not end
// at a blank.
func shellWord(s string) (size int, ok bool) {
	quote := byte(0)
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case quote == '\'':
			if c == '\'' {
				quote = 0
			}
		case c == '`', c == '$' && i+1 < len(s) && (s[i+1] == '(' || s[i+1] == '{' || s[i+1] == '\'' || s[i+1] == '"'):
			return 0, false
		case c == '\\':
			if i++; i == len(s) {
				return 0, false
			}
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '\'' || c == '"':
			quote = c
		case c == ' ' || c == '\t':
			return i, true
		case strings.IndexByte(";&|<>()#", c) >= 0:
			return 0, false
		}
	}
	return len(s), quote == 0
}

// behindCd returns what follows "cd DIR &&" or "cd DIR;".
func behindCd(s string) (rest string, ok bool) {
	first, rest := word(s)
	if first != "cd" {
		return "", false
	}
	dir, rest := word(rest)
	if d, cut := strings.CutSuffix(dir, ";"); cut {
		return rest, plain(d) == d && d != ""
	}
	if plain(dir) != dir || dir == "" {
		return "", false
	}
	return strings.CutPrefix(rest, "&&")
}

// plain returns the first word of s if it is a plain name.
func plain(s string) string {
	size := len(s)
	if i := strings.IndexAny(s, blanks+";&|<>"); i >= 0 {
		size = i
	}
	name := s[:size]
	for i := range len(name) {
		c := name[i]
		if !(c == '_' || c == '.' || c == '/' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || i > 0 && (c == '+' || c == '-')) {
			return ""
		}
	}
	return name
}
