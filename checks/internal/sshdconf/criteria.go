package sshdconf

import (
	"slices"
	"strconv"
	"strings"
)

var criteriaWithArg = []string{"user", "group", "host", "address", "localaddress", "localport", "rdomain", "version"}

// matchLine judges a Match line, and keeps what it says.
func matchLine(d *directive) (o Outcome) {
	d.block, o = d.criteria()
	return o
}

// criteria reads a Match line (match_cfg_line() in servconf.c). Before 9.9 it cut the
// text itself, whatever argv_split() had made of it.
func (d *directive) criteria() ([]Criterion, Outcome) {
	v := d.build.Version
	modern := v.AtLeast(9, 9)
	d.queue = queue{classic: !modern, text: d.Rest, more: d.hasRest, words: d.Args}
	var list []Criterion
	n := 0
	for {
		word, ok := d.next()
		if !ok || word == "" && !modern {
			break
		}
		if strings.HasPrefix(word, "#") && v.AtLeast(8, 7) {
			d.drop()
			break
		}
		n++
		name := lower(word)
		if name == "all" {
			return []Criterion{{Name: name}}, d.all(n)
		}
		if name == "invalid-user" && modern {
			list = append(list, Criterion{Name: name})
			continue
		}
		arg, cut := "", false
		if v.AtLeast(10, 0) {
			name, arg, cut = cutCriterion(word)
		}
		if !cut {
			arg, ok = d.next()
		}
		if !ok || arg == "" || arg[0] == '#' && v.AtLeast(8, 7) {
			return nil, refused("a condition without argument, or an unknown one")
		}
		arg, o := d.criterion(name, arg)
		if o.Kind != Accepted {
			return nil, o
		}
		if name == "version" {
			if arg == "" {
				continue // holds for every connection
			}
			name, arg = "user", "!*" // holds for none
		}
		list = append(list, Criterion{name, arg})
	}
	if n > 0 && len(list) == 0 {
		list = []Criterion{{Name: "all"}}
	}
	switch {
	case n == 0:
		return nil, refused("no condition")
	case d.left():
		return nil, refused("extra arguments at the end of the line")
	}
	d.drop()
	return list, Outcome{}
}

// all judges what stands beside "all": nothing may.
func (d *directive) all(n int) Outcome {
	if n > 1 {
		return refused("all beside other conditions")
	}
	arg, ok := d.next()
	switch comment := ok && strings.HasPrefix(arg, "#") && d.build.Version.AtLeast(8, 7); {
	case comment:
		d.drop()
	case ok && arg != "":
		return refused("all beside other conditions")
	case d.left():
		return refused("extra arguments at the end of the line")
	}
	d.drop()
	return Outcome{}
}

// left reports whether a Match line has more than it may after its conditions.
func (d *directive) left() bool {
	if d.classic && d.build.Version.AtLeast(8, 7) {
		return d.queue.more && d.text != ""
	}
	return d.garbage()
}

// cutCriterion cuts name=argument, which from 10.0 on is one word.
func cutCriterion(word string) (name, arg string, cut bool) {
	name, arg, cut = strings.Cut(word, "=")
	if cut && slices.Contains(criteriaWithArg, lower(name)) {
		return lower(name), arg, true
	}
	return lower(word), "", false
}

// criterion judges one condition, and returns its argument as it is compared.
func (d *directive) criterion(name, arg string) (string, Outcome) {
	switch name {
	case "address", "localaddress":
		return arg, addressList(arg, d.build.Version)
	case "localport":
		n, o := d.port(arg)
		return strconv.Itoa(int(n)), o
	case "user", "group", "host":
		return arg, Outcome{}
	case "rdomain":
		if d.build.Version.AtLeast(7, 7) {
			return arg, Outcome{}
		}
	case "version":
		if d.build.Version.AtLeast(10, 0) {
			return d.build.releaseMatches(arg)
		}
	}
	return "", refused("unknown condition")
}

// releaseMatches judges the condition Version, which is about sshd itself and holds
// when it starts as well (SSH_RELEASE in version.h): "" where it matches, else a
// condition that never does. The number behind the p, and what a distribution adds, is
// not known here.
func (b Build) releaseMatches(patterns string) (string, Outcome) {
	yes, no := false, false
	for _, patch := range []string{"p1", "p2", "p3"} {
		for _, extra := range []string{"", " Debian-1", " Debian-10+deb13u4", " Ubuntu-3ubuntu13.5"} {
			if extra != "" && !b.IsDebian() {
				continue
			}
			if matchPatternList("OpenSSH_"+b.Version.String()+patch+extra, patterns) {
				yes = true
			} else {
				no = true
			}
		}
	}
	switch {
	case yes && no:
		return "", unsure("a condition on what the build calls its version")
	case yes:
		return "", Outcome{}
	}
	return patterns, Outcome{}
}
