package sshdconf

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
)

// here stands for the directory of the generated files.
const here = "@DIR@"

// fileSet is a generated configuration; "-> x" as content is a link to x.
type fileSet map[string]string

func (f fileSet) String() string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(f)) {
		fmt.Fprintf(&b, "-- %s --\n%q\n", name, f[name])
	}
	return b.String()
}

// generate makes a configuration from a grammar (odd seeds), or by mutating the shipped
// file or one of the examples (even seeds).
func generate(seed uint64, shipped string, v Version) fileSet {
	g := generator{rand.New(rand.NewPCG(seed, 0x55aa)), v, 15}
	files := fileSet{}
	switch {
	case seed%2 == 1:
		files["sshd_config"] = g.file(true)
	case g.IntN(2) == 0:
		files["sshd_config"] = g.mutate(strings.ReplaceAll(shipped, "/etc/ssh/sshd_config.d", here+"/conf.d"))
	default:
		files["sshd_config"] = g.mutate(g.pick(examples...))
	}
	for _, name := range []string{"10.conf", "9.conf", "a.conf", ".hidden.conf", "other"} {
		switch g.IntN(10) {
		case 0, 1:
			files["conf.d/"+name] = g.file(false)
		case 2:
			if g.IntN(6) == 0 {
				files["conf.d/"+name] = "-> /nowhere"
			}
		case 3:
			if g.IntN(4) == 0 {
				files["conf.d/dir.conf/x"] = "PermitRootLogin yes\n"
			}
		}
	}
	return files
}

// generator draws for a version: keywords that came later are rare, or nearly every
// configuration would be refused.
type generator struct {
	*rand.Rand
	version Version
	odds    int // one of so many values is an odd one
}

func (g generator) pick(list ...string) string { return list[g.IntN(len(list))] }

func (g generator) file(main bool) string {
	var b strings.Builder
	g.odds = 30
	lines := 1 + g.IntN(11)
	if g.IntN(3) == 0 { // a few odd lines, which would hide each other among many
		g.odds, lines = 3, 1+g.IntN(2)
	}
	for range lines {
		b.WriteString(g.line(main))
	}
	s := b.String()
	switch g.IntN(60) {
	case 0:
		s = strings.TrimSuffix(s, "\n")
	case 1:
		s = strings.ReplaceAll(s, "\n", "\r\n")
	case 2:
		s = "\ufeff" + s
	case 3:
		s = strings.Replace(s, "\n", "\x00\n", 1)
	case 4:
		s = strings.Replace(s, " ", "\x00", 1)
	}
	return s
}

func (g generator) line(main bool) string {
	switch g.IntN(24) {
	case 0:
		return "\n"
	case 1:
		return g.pick("# comment", "  # c", "\t#x\xe9", "#", " \f", "\f") + "\n"
	case 2, 3, 4, 5, 6:
		return g.match() + "\n"
	case 7, 8:
		if main {
			return g.pick(includes...) + "\n"
		}
		if g.IntN(5) == 0 {
			return g.pick("Include "+here+"/conf.d/other\n", "Include "+here+"/conf.d/*.conf\n")
		}
	}
	for {
		s := settings[g.IntN(len(settings))]
		if w, ok := words[strings.ToLower(s.keyword)]; ok && g.IntN(12) != 0 &&
			(w.known(Build{Version: g.version, Vendor: Debian}).Kind == Refused || !main && !w.inMatch.Known()) {
			continue
		}
		value := g.pick(s.good...)
		if len(s.odd) > 0 && g.IntN(g.odds) == 0 {
			value = g.fill(g.pick(s.odd...))
		}
		line := g.dress(s.keyword, value)
		if g.IntN(g.odds*20) == 0 {
			i := g.IntN(len(line) + 1)
			line = line[:i] + string("\"'=# \\x,!*@:/0\t\f\v-+"[g.IntN(19)]) + line[i:]
		}
		return line + "\n"
	}
}

func (g generator) match() string {
	if g.IntN(g.odds) == 0 {
		return "Match " + g.fill(g.pick("Address {addresses}", "LocalAddress {addresses} User root", "LocalPort {port}", "User {words}", "{words}", "all {words}", "User root {words}", "Address={addresses}"))
	}
	if g.IntN(14) == 0 {
		return "Match" + g.pick(" ", " ", "=", "\t") + g.pick(oddMatches...)
	}
	line := "Match " + g.pick(matches1...)
	if g.IntN(4) == 0 {
		line += " " + g.pick(matches1...)
	}
	switch g.IntN(25) {
	case 0:
		line += " # comment"
	case 1:
		line = strings.ToUpper(line)
	case 2:
		line = strings.Replace(line, " ", "=", 1+g.IntN(2))
	}
	return line
}

// dress writes a setting in one of the ways sshd reads, and seldom in one it
// does not.
func (g generator) dress(keyword, value string) string {
	switch g.IntN(40) {
	case 0:
		keyword = strings.ToUpper(keyword)
	case 1:
		keyword = strings.ToLower(keyword)
	case 2:
		keyword = `"` + keyword + `"`
	case 3:
		keyword = "\t " + keyword
	case 4:
		value = `"` + value + `"`
	case 5:
		if g.IntN(3) == 0 {
			value = "'" + value + "'"
		}
	case 6:
		value += " # comment"
	case 7:
		value += "\t \f"
	case 8:
		if first, rest, ok := strings.Cut(value, " "); ok {
			value = `"` + first + `" ` + rest
		}
	}
	separator := " "
	switch g.IntN(40) {
	case 0:
		separator = "="
	case 1:
		separator = " = "
	case 2:
		separator = " ="
	case 3:
		separator = "\t"
	}
	line := keyword + separator + value
	switch g.IntN(260) {
	case 0:
		line += "#x"
	case 1:
		line += ";"
	case 2:
		line += " \\"
	case 3:
		line += " extra"
	case 4:
		line += `"`
	case 5:
		line = keyword
	case 6:
		line = keyword + "==" + value
	case 7:
		line += ` ""`
	case 8:
		line += `\ x`
	case 9:
		line = keyword + ` "" ` + value
	case 10:
		line += ` "" x`
	case 11:
		line += "="
	case 12:
		line = keyword + " #" + value
	case 13:
		line += "\xa0"
	case 14:
		line = strings.Replace(line, "e", `"e"`, 1)
	case 15:
		line += "\v"
	}
	return line
}

// mutate changes a file: comments opened, lines copied, moved, dropped, characters
// changed.
func (g generator) mutate(text string) string {
	lines := strings.SplitAfter(text, "\n")
	for range 1 + g.IntN(6) {
		i := g.IntN(len(lines))
		switch g.IntN(12) {
		case 0, 1, 2, 3:
			for range 20 { // a commented example
				i = g.IntN(len(lines))
				if s, ok := strings.CutPrefix(lines[i], "#"); ok && len(s) > 1 && s[0] >= 'A' && s[0] <= 'Z' && strings.Count(s, " ") == 1 {
					lines[i] = s
					break
				}
			}
		case 4, 5, 6:
			lines = slices.Insert(lines, i, g.line(true))
		case 7:
			lines = slices.Insert(lines, g.IntN(len(lines)), lines[i])
		case 8:
			lines = slices.Delete(lines, i, i+1)
			if len(lines) == 0 {
				return ""
			}
		case 9:
			j := g.IntN(len(lines))
			lines[i], lines[j] = lines[j], lines[i]
		case 10:
			if s := []byte(lines[i]); len(s) > 1 && s[0] != '#' {
				s[g.IntN(len(s)-1)] = "\"'=# \\x,!*@:/0"[g.IntN(14)]
				lines[i] = string(s)
			}
		case 11:
			lines[i] = strings.Replace(lines[i], "yes", g.pick("no", "Yes", "no", "yes no", "\"yes\"", "yes#"), 1)
		}
	}
	return strings.Join(lines, "")
}
