package password

import (
	"errors"
	"io/fs"
	"path"
	"strings"

	"hostaudit/checks"
	"hostaudit/checks/host/tree"
	"hostaudit/checks/internal/pamconf"
)

// acceptance says whether PAM lets an account with an empty field in.
type acceptance int

const (
	notKnown acceptance = iota // no PAM, or its files could not be read or understood
	accepts                    // some way in has pam_unix with nullok
	resets                     // some has it with nullresetok: accepted where a new password is due
	refuses                    // every way in was read, and none accepts it
)

// pamDirs are where libpam looks for a service, the first one rules
// (libpam/pam_handlers.c: PAM_CONFIG_DF, PAM_CONFIG_DIST_DF, vendor directory).
func pamDirs() []string { return []string{"/etc/pam.d", "/usr/lib/pam.d", "/usr/etc/pam.d"} }

// entrances are the services a person comes in by, and the common stacks that
// they are made of.
func entrances() []string {
	return []string{
		"login", "remote", "su", "su-l", "sshd", "sudo", "sudo-i", "other", "cockpit",
		"gdm-password", "lightdm", "sddm", "xdm", "vsftpd", "proftpd", "dovecot",
		"common-auth", "system-auth", "password-auth", "base-auth", "system-login",
		"system-local-login", "system-remote-login",
	}
}

// maxServices bounds how many service files are read through inclusions.
const maxServices = 64

// maxServiceFile bounds a service file in bytes: its words take many times its
// size.
const maxServiceFile = 256 << 10

// hasPAM reports a directory of service files; when in doubt there is none.
func hasPAM(t *tree.Tree) bool {
	for _, dir := range pamDirs() {
		if info, err := t.Stat(dir); err == nil && info.Mode.IsDir() {
			return true
		}
	}
	return false
}

// nullok reads the authentication stacks of every entrance. For accepts and resets, at
// is the line that does.
func nullok(t *tree.Tree) (result acceptance, at checks.Location) {
	w := &pamWalk{t: t, seen: map[string]bool{}}
	for _, name := range entrances() {
		w.service(name, false)
	}
	switch {
	case w.accepts:
		return accepts, w.at
	case w.unclear || !w.asksUnix:
		return notKnown, checks.Location{}
	case w.resets:
		return resets, w.at
	}
	return refuses, checks.Location{}
}

// pamWalk is the state of one reading.
type pamWalk struct {
	t        *tree.Tree
	seen     map[string]bool
	asksUnix bool // some stack asks pam_unix
	unclear  bool
	accepts  bool
	resets   bool
	at       checks.Location
}

// service reads a service file and what it includes. needed: an inclusion names
// it, so its absence makes libpam refuse or skip in ways not evaluated here.
func (w *pamWalk) service(name string, needed bool) {
	if w.seen[name] {
		return
	}
	if len(w.seen) >= maxServices {
		w.unclear = true
		return
	}
	w.seen[name] = true
	candidates := []string{name}
	if !path.IsAbs(name) {
		candidates = candidates[:0]
		for _, dir := range pamDirs() {
			candidates = append(candidates, path.Join(dir, name))
		}
	}
	for _, file := range candidates {
		data, err := w.t.ReadFile(file)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil || len(data) > maxServiceFile {
			w.unclear = true
			return
		}
		w.lines(file, pamconf.Parse(data))
		return
	}
	w.unclear = w.unclear || needed
}

func (w *pamWalk) lines(file string, lines []pamconf.Line) {
	for _, l := range lines {
		switch {
		case l.Problem != "":
			w.unclear = true
		case l.Type != "" && l.Type != "auth":
		case l.Include != "":
			w.service(l.Include, true)
		default:
			w.rule(file, l)
		}
	}
}

// rule judges one module of an auth stack. pam_unix compares the beginnings of its
// arguments (modules/pam_unix/support.c: _set_ctrl). nullok_secure (older Debian)
// accepts an empty field on some terminals, or everywhere; nullresetok (pam_unix(8))
// lets the owner in to set the password that is due. pam_tcb is pam_unix for tcb(5).
func (w *pamWalk) rule(file string, l pamconf.Line) {
	module := path.Base(l.Module)
	if strings.HasPrefix(module, "pam_unix") || strings.HasPrefix(module, "pam_tcb") {
		w.asksUnix = true
	}
	for _, arg := range l.Args {
		switch {
		case strings.HasPrefix(arg, "nullok") && !w.accepts:
			w.accepts, w.at = true, checks.At(file, l.Line)
		case strings.HasPrefix(arg, "nullresetok") && !w.accepts && !w.resets:
			w.resets, w.at = true, checks.At(file, l.Line)
		}
	}
}
