package passwd

import "strings"

// Sources returns the services that nsswitch.conf(5) names for a database
// ("passwd", "shadow"), in order and without the [STATUS=action] parts. nil means
// that the file has no such line; then glibc asks "files".
func Sources(data []byte, database string) []string {
	var sources []string
	for line := range strings.SplitSeq(string(data), "\n") {
		line, _, _ = strings.Cut(line, "\x00")
		line, _, _ = strings.Cut(line, "#")
		name, rest, ok := strings.Cut(line, ":")
		if !ok || strings.Trim(name, blanks) != database {
			continue
		}
		sources = []string{} // a later line of the same database replaces an earlier one
		for rest != "" {
			var word string
			word, rest = service(rest)
			if word != "" {
				sources = append(sources, word)
			}
		}
	}
	return sources
}

// service takes one word or one bracket off the front; a bracket yields "".
func service(s string) (word, rest string) {
	s = strings.TrimLeft(s, blanks)
	if strings.HasPrefix(s, "[") {
		_, rest, _ = strings.Cut(s, "]")
		return "", rest
	}
	if end := strings.IndexAny(s, blanks+"["); end >= 0 {
		return s[:end], s[end:]
	}
	return s, ""
}
