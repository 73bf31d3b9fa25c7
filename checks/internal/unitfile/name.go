package unitfile

import (
	"strings"
)

// NameKind is what form a unit's name has.
type NameKind int

// Forms of a name; the zero value is no unit name at all.
const (
	Invalid  NameKind = iota
	Plain             // ssh.service
	Instance          // getty@tty1.service
	Template          // getty@.service
)

// unitTypes are the suffixes a unit may have.
const unitTypes = " service socket target device mount automount swap timer path slice scope "

const (
	maxUnitName = 255
	nameChars   = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ:-_.\\@"
)

// Kind returns the form of a name (systemd.unit(5): letters, digits, ":-_.\" and
// "@", a known suffix, at most 255 bytes).
func Kind(name string) NameKind {
	dot := strings.LastIndexByte(name, '.')
	if dot <= 0 || len(name) > maxUnitName || !IsType(name[dot+1:]) {
		return Invalid
	}
	for i := range dot {
		if strings.IndexByte(nameChars, name[i]) < 0 {
			return Invalid
		}
	}
	switch at := strings.IndexByte(name[:dot], '@'); {
	case at < 0:
		return Plain
	case at == 0:
		return Invalid
	case at == dot-1:
		return Template
	}
	return Instance
}

// IsType reports whether word is the suffix of a kind of units.
func IsType(word string) bool {
	return word != "" && !strings.Contains(word, " ") && strings.Contains(unitTypes, " "+word+" ")
}

// Type returns the suffix without its dot, "" of no unit name.
func Type(name string) string {
	if Kind(name) == Invalid {
		return ""
	}
	return name[strings.LastIndexByte(name, '.')+1:]
}

// Split takes a valid name apart: prefix, instance ("" of a plain name and of a
// template) and ".type".
func Split(name string) (prefix, instance, suffix string) {
	dot := strings.LastIndexByte(name, '.')
	if dot < 0 {
		return name, "", ""
	}
	prefix, instance, _ = strings.Cut(name[:dot], "@")
	return prefix, instance, name[dot:]
}

// TemplateOf returns the template of an instance, a template itself, and "" of
// anything else.
func TemplateOf(name string) string {
	if k := Kind(name); k != Instance && k != Template {
		return ""
	}
	prefix, _, suffix := Split(name)
	return prefix + "@" + suffix
}

// InstanceOf returns the instance of a template (or of another instance of it).
func InstanceOf(template, instance string) string {
	prefix, _, suffix := Split(template)
	return prefix + "@" + instance + suffix
}

// Unescape undoes unit_name_escape: "-" is a slash, "\xHH" a byte. ok is false
// of a broken escape.
func Unescape(s string) (text string, ok bool) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '-':
			b.WriteByte('/')
		case s[i] == '\\':
			if i+3 >= len(s) || s[i+1] != 'x' {
				return "", false
			}
			hi, lo := hexDigit(s[i+2]), hexDigit(s[i+3])
			if hi < 0 || lo < 0 {
				return "", false
			}
			b.WriteByte(byte(hi<<4 | lo))
			i += 3
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String(), true
}

func hexDigit(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}
