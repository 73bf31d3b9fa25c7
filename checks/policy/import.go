package policy

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"hostaudit/checks"
)

// Bounds of what Import reads. Those of words are the word list's.
const (
	maxImport     = 1 << 20 // bytes
	maxImportWord = 1 << 10 // bytes
	maxListed     = 1000    // ports or files
)

// ErrNotPlugin says that a text is no configuration of the security plugin.
var ErrNotPlugin = errors.New("has no section [PORTS], [FILES] or [PASSWORDS]: not a configuration of the Pandora security plugin " +
	"(a plain list of words is used as it is: passwords.list)")

// pluginItem is one line of the plugin's configuration.
type pluginItem struct {
	line    int
	section string // PORTS, FILES, PASSWORDS
	text    []byte // without blanks around it
	doubted bool   // a line like a section's, but none the plugin knows, stands between it and its section
}

// pluginItems reads the configuration as pandora_security_check does: blanks around a
// line do not count, a section begins with its name in brackets, written exactly so,
// what stands before the first is not read, and there are no comments. Blank lines, of
// which the first versions made items, are passed.
func pluginItems(text []byte) ([]pluginItem, error) {
	if len(text) > maxImport {
		return nil, fmt.Errorf("is larger than %d bytes", maxImport)
	}
	var list []pluginItem
	section, doubted := "", false
	number := 0
	for line := range bytes.SplitSeq(text, []byte("\n")) {
		number++
		line = bytes.Trim(line, " \t\r\f\v")
		switch string(line) {
		case "[PORTS]", "[FILES]", "[PASSWORDS]":
			section, doubted = string(line[1:len(line)-1]), false
			continue
		case "":
			continue
		}
		if section != "" {
			list = append(list, pluginItem{number, section, line, doubted})
			doubted = doubted || line[0] == '['
		}
	}
	if section == "" {
		return nil, ErrNotPlugin
	}
	return list, nil
}

// Import turns the configuration file of the Pandora security plugin
// (pandora_security_check --conf) into one of this program: its ports become
// declarations, its files comments, and its words, which are the organisation's
// passwords, stand in neither result (ImportWords returns them). The warnings name
// lines and never repeat one: a misspelt section makes items of passwords. For the same
// reason what follows a section that the plugin does not know is left out, where the
// plugin still took it for ports or files: a word can look like either.
func Import(text []byte) (toml []byte, warnings []string, err error) {
	items, err := pluginItems(text)
	if err != nil {
		return nil, nil, err
	}
	warn := func(line int, format string, args ...any) {
		warnings = append(warnings, fmt.Sprintf("line %d: ", line)+fmt.Sprintf(format, args...))
	}
	ports, files := map[string]bool{}, map[string]bool{}
	var declared, watched []string
	for _, item := range items {
		shown := string(item.text)
		if item.section != "PASSWORDS" && shown[0] == '[' {
			warn(item.line, "is no section the plugin knows; what follows, which the plugin still reads as [%s], is left out", item.section)
			continue
		}
		if item.doubted && item.section != "PASSWORDS" {
			continue
		}
		switch item.section {
		case "PORTS":
			// The plugin compares texts, so another way to write a number permits nothing.
			n, err := strconv.ParseUint(shown, 10, 16)
			switch {
			case err != nil || n == 0 || strconv.FormatUint(n, 10) != shown:
				warn(item.line, "is no port from 1 to 65535, and permits nothing")
			case ports[shown]:
			case len(ports) == maxListed:
				warn(item.line, "there are more than %d ports; the rest is left out", maxListed)
			default:
				ports[shown] = true
				declared = append(declared, shown)
			}
		case "FILES":
			name := string(checks.Clean(shown))
			switch {
			case shown[0] != '/':
				warn(item.line, "is no absolute path, and is left out")
			case files[name]:
			case len(files) == maxListed:
				warn(item.line, "there are more than %d files; the rest is left out", maxListed)
			default:
				files[name] = true
				watched = append(watched, name)
			}
		}
	}
	words, dropped := importedWords(items)
	if dropped > 0 {
		warnings = append(warnings, fmt.Sprintf("%d words are too long to be tried, and are left out", dropped))
	}
	if len(words) > 0 {
		warnings = append(warnings, fmt.Sprintf("%d words of [PASSWORDS] belong in a list of their own, readable by root alone: see [passwords] in the result", len(words)))
	}
	if len(watched) > 0 {
		warnings = append(warnings, "[FILES] has no setting yet: the files are kept as comments")
	}
	if n := len(declared); n > 0 {
		warnings = append(warnings, fmt.Sprintf("%d ports are declared for any program that listens there, as the plugin had it: name program or unit", n))
	}
	return imported(declared, watched, len(words) > 0), warnings, nil
}

// imported writes the configuration.
func imported(ports, files []string, words bool) []byte {
	var b strings.Builder
	b.WriteString("# Made from the configuration of the Pandora security plugin.\n")
	if words {
		b.WriteString("\n[passwords]\n# The plugin's own words. Put them into this file, one a line, mode 0600, and take\n" +
			"# the comment sign away:\n# list = \"/etc/hostaudit/passwords\"\n")
	}
	if len(files) > 0 {
		b.WriteString("\n# Files the plugin compared with its last run. There is no setting for them yet:\n")
		for _, f := range files {
			b.WriteString("#   " + f + "\n")
		}
	}
	b.WriteString("\n# The plugin permitted ports 80 and 22 without being told (--include_defaults). What\n" +
		"# of them belongs to the host is declared here, best with roles = [\"web\", \"bastion\"].\n")
	for _, port := range ports {
		b.WriteString("\n[[listeners.declare]]\nport = " + port + "\nprotocol = \"tcp\"\nreason = \"permitted in the security plugin's configuration\"\n")
	}
	return []byte(b.String())
}

// ImportWords returns the words of [PASSWORDS], one a line, each once, in the form of a
// word list (passwords.list), or nil where there are none. They are secrets of the
// organisation: they go to a file of mode 0600 and nowhere else.
func ImportWords(text []byte) []byte {
	items, err := pluginItems(text)
	if err != nil {
		return nil
	}
	words, _ := importedWords(items)
	var out []byte
	for _, w := range words {
		out = append(append(out, w...), '\n')
	}
	return out
}

// importedWords are the words, as bytes in whatever encoding they are; dropped counts
// those that no list takes.
func importedWords(items []pluginItem) (words [][]byte, dropped int) {
	seen := map[string]bool{}
	for _, item := range items {
		switch {
		case item.section != "PASSWORDS" || seen[string(item.text)]:
		case len(item.text) > maxImportWord:
			dropped++
		default:
			seen[string(item.text)] = true
			words = append(words, item.text)
		}
	}
	return words, dropped
}
