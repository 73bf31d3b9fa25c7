// Package grubconf finds the passwords in GRUB's configuration: the commands
// "password USER TEXT" and "password_pbkdf2 USER HASH" of grub.cfg and custom.cfg,
// and the assignment GRUB2_PASSWORD=HASH of Red Hat's user.cfg, also in the shell
// scripts and settings that grub.cfg is made of (/etc/grub.d, /etc/default/grub).
//
// Both languages are read the same way (grub.info, "Writing your own configuration
// files": words, quotes and comments are those of the shell): a line is split into
// commands, and only the first word of one is a command. What a variable holds is not
// followed. Errors there are none: what is no password is passed over.
package grubconf

import "strings"

// Kind is how a password is stored.
type Kind int

// Kinds.
const (
	Hash     Kind = iota + 1 // Secret is an argument of password_pbkdf2
	Clear                    // Secret is the password itself
	Variable                 // Secret is the name of what holds it; it is not in this place
)

// Password is one password.
type Password struct {
	Line   int // where its command begins, from 1
	Kind   Kind
	User   string // "" = not said: user.cfg's is root
	Secret string // never to be printed
}

// File is what Parse finds.
type File struct {
	Passwords []Password
	// Superusers is the line that names who may do everything, and with it that others
	// need a password; 0 = none.
	Superusers int
}

// redhatVariable holds the hash that grub2-setpassword(8) writes into user.cfg.
const redhatVariable = "GRUB2_PASSWORD"

// Parse reads a configuration or a script.
func Parse(data []byte) File {
	var f File
	s := scanner{text: string(data), line: 1}
	for {
		words, line, ok := s.command()
		if !ok {
			return f
		}
		f.command(words, line)
	}
}

func (f *File) command(words []word, line int) {
	for len(words) > 0 && (words[0].text == "set" || words[0].text == "export") && len(words) > 1 {
		words = words[1:]
	}
	for len(words) > 0 && keyword(words[0].text) {
		words = words[1:]
	}
	if len(words) == 0 {
		return
	}
	if name, value, is := strings.Cut(words[0].text, "="); is {
		switch {
		case name == "superusers" && value != "" && f.Superusers == 0:
			f.Superusers = line
		case name == redhatVariable && value != "" && !words[0].variable:
			f.Passwords = append(f.Passwords, Password{Line: line, Kind: Hash, Secret: value})
		}
		return
	}
	if len(words) < 3 {
		return
	}
	p := Password{Line: line, User: words[1].text, Secret: words[2].text}
	switch words[0].text {
	case "password_pbkdf2":
		p.Kind = Hash
	case "password":
		p.Kind = Clear
	default:
		return
	}
	if words[2].variable {
		p.Kind = Variable
		p.Secret = strings.Trim(p.Secret, "${}")
	}
	if p.Secret != "" {
		f.Passwords = append(f.Passwords, p)
	}
}

// keyword reports a word after which a command begins.
func keyword(s string) bool {
	switch s {
	case "if", "then", "else", "elif", "while", "until", "do", "!":
		return true
	}
	return false
}

// FromUserCfg reports the variable of Red Hat's own script, whose value is in user.cfg.
func (p Password) FromUserCfg() bool { return p.Kind == Variable && p.Secret == redhatVariable }
