package services

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"hostaudit/checks"
	"hostaudit/checks/host/units"
)

// line is one entry by what it means: what a baseline holds and a finding is
// about.
type line struct {
	raw   string
	clean string // checks.Clean(raw), which is what the baseline keeps
	entry units.Entry
}

// lines names the entries, sorted, each line once: of entries with the same name
// the second gets "#2", so that one more is seen to be one more.
func lines(entries []units.Entry) []line {
	var list []line
	for _, e := range entries {
		if raw, ok := name(e); ok {
			list = append(list, line{raw: shorten(raw), entry: e})
		}
	}
	slices.SortStableFunc(list, func(a, b line) int {
		return cmp.Or(
			cmp.Compare(a.raw, b.raw),
			cmp.Compare(a.entry.Place.File, b.entry.Place.File),
			cmp.Compare(a.entry.Place.Line, b.entry.Place.Line),
		)
	})
	numbered := list[:0]
	count := map[string]int{}
	for _, l := range list {
		base := l.raw
		if count[base]++; count[base] > 1 {
			if terminal(l.entry) {
				continue
			}
			l.raw = fmt.Sprintf("%s #%d", base, count[base])
		}
		l.clean = string(checks.Clean(l.raw))
		numbered = append(numbered, l)
	}
	return numbered
}

// name is the line of an entry; ok is false for those that come and go without
// anybody turning them on or off.
//
// What remains changes by a decision only. Names with a version of the software
// ("postgresql@15-main.service", "php8.2-fpm.service") are another service in
// another version, started beside the old one until somebody removes that. The
// units that generators make of fstab, crypttab and the like have the names those
// files give them. A table of cron that somebody edits has changed.
func name(e units.Entry) (text string, ok bool) {
	text = string(e.Kind) + " " + e.Name
	switch e.Kind {
	case units.KindService, units.KindSocket, units.KindTimer, units.KindPath, units.KindMount:
		if transient(e) {
			return "", false
		}
		if terminal(e) { // how many there are follows the machine's terminals
			prefix, rest, _ := strings.Cut(e.Name, "@")
			text = string(e.Kind) + " " + prefix + "@" + path.Ext(rest)
		}
	case units.KindInittab:
		text += word(e.Program)
	case units.KindInetd, units.KindXinetd:
		text += word(e.User) + word(e.Program)
	case units.KindCron:
		if e.Program != e.Place.File { // a program of /etc/cron.daily is its own file
			text += word(e.Program)
		}
	}
	return text, true
}

func word(s string) string {
	if s == "" {
		return ""
	}
	return " " + s
}

// transient reports units that a session, a device or a running program makes:
// scopes and services of systemd-run and of logins, loop mounts of snaps (the
// revision is in the name and follows every refresh), instances that generators
// and udev start for a device. By their name alone only mounts are: a service may
// have any name.
func transient(e units.Entry) bool {
	if path.Dir(e.Place.File) == "/run/systemd/transient" || path.Ext(e.Name) == ".scope" {
		return true
	}
	if e.Kind == units.KindMount {
		return hasPrefix(e.Name, "snap-", "var-lib-snapd-snap-", "run-user-", "dev-loop")
	}
	// The boot that follows the update of a kernel has it (systemd-bless-boot-generator(8)).
	return vendors(e) && (e.Name == "systemd-bless-boot.service" || hasPrefix(
		e.Name, "user@", "user-runtime-dir@", "systemd-fsck@", "systemd-backlight@", "systemd-growfs@",
		"systemd-hibernate-resume@", "modprobe@", "lvm2-pvscan@", "mdmonitor@", "ifup@",
	))
}

// vendors reports a unit that is as its package has it: of an instance the
// template, without drop-ins for this one instance.
func vendors(e units.Entry) bool {
	dir, base := path.Split(e.Place.File)
	prefix, instance, isInstance := strings.Cut(strings.TrimSuffix(e.Name, path.Ext(e.Name)), "@")
	if isInstance && instance != "" && base != prefix+"@"+path.Ext(e.Name) {
		return false
	}
	if e.Unit != nil {
		for _, file := range e.Unit.DropIns {
			if strings.HasPrefix(file, "/etc/") && path.Base(path.Dir(file)) == e.Name+".d" {
				return false
			}
		}
	}
	return isInstance || dir == "/usr/lib/systemd/system/" || dir == "/lib/systemd/system/"
}

func hasPrefix(name string, prefixes ...string) bool {
	return slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(name, p) })
}

// terminal reports a login prompt on a terminal, as the package of its program has
// it. What somebody wrote for one terminal alone is more than a prompt.
func terminal(e units.Entry) bool {
	return e.Kind == units.KindService && hasPrefix(e.Name, "getty@", "serial-getty@", "autovt@", "container-getty@") && vendors(e)
}

// longest is how many characters of a line are kept: with a number behind them
// they still fit a checks.Text.
const longest = 480

func shorten(s string) string {
	end := 0
	for range longest {
		if end == len(s) {
			return s
		}
		_, size := utf8.DecodeRuneInString(s[end:])
		end += size
	}
	if end == len(s) {
		return s
	}
	return s[:end] + "…"
}
