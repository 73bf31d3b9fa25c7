package sshdconf

import (
	"slices"
	"strings"
)

// maxPath is PATH_MAX of Linux.
const maxPath = 4096

// tilde says whether sshd can expand a file name (tilde_expand() in misc.c): an
// account that does not exist is fatal, and so is a result that is too long.
func (d *directive) tilde(name string) Outcome {
	if !strings.HasPrefix(name, "~") {
		return Outcome{}
	}
	user, rest, slash := strings.Cut(name[1:], "/")
	if !d.build.Version.AtLeast(8, 9) {
		if !slash {
			user, rest = "", user // "~x" was a file in the home of root
		}
		if len(user) > 127 {
			return refused("the account of a file name with a tilde is too long")
		}
	} else {
		rest = strings.TrimLeft(rest, "/")
	}
	if user == "" {
		user = "root"
	}
	if d.source.Home == nil {
		return unsure("a file name with a tilde")
	}
	home, found, err := d.source.Home(user)
	switch {
	case err != nil || !found && user == "root":
		return unsure("a file name with a tilde, and the accounts cannot be read")
	case !found:
		return refused("a file name with the home of an account that does not exist")
	case len(home)+1+len(rest) >= maxPath:
		return refused("a file name that is too long")
	}
	return Outcome{}
}

// fileName takes a file name. It is expanded only by the line that sets the keyword,
// or by every line that counts where the keyword adds up; the word plain is none.
func fileName(plain string, adds bool) checker {
	return one(func(d *directive, arg string) Outcome {
		if !adds && !d.once(d.Keyword) || adds && !d.active {
			return Outcome{}
		}
		if plain != "" && lower(arg) == plain {
			return Outcome{}
		}
		return d.tilde(arg)
	})
}

// keyFiles takes the words of AuthorizedKeysFile. Before 8.7 only the line that counts
// was looked at.
func keyFiles(d *directive) Outcome {
	if !d.build.Version.AtLeast(8, 7) {
		d.done = true
		if !d.active || d.set.values[d.Keyword] {
			return Outcome{}
		}
	}
	words := d.listed(d.next)
	for i, arg := range words {
		switch {
		case arg == "":
			return refused("empty argument")
		case lower(arg) == "none" && (i > 0 || len(words) > 1) && d.build.Version.AtLeast(10, 3):
			return refused("none must stand alone")
		}
		if o := d.tilde(arg); o.Kind != Accepted {
			return o
		}
	}
	if len(words) == 0 && d.build.Version.AtLeast(9, 7) {
		return refused("missing argument")
	}
	if d.active && len(words) > 0 {
		d.set.values[d.Keyword] = true
	}
	return Outcome{}
}

// revokedKeys takes one file, and from 10.3 on several.
func revokedKeys(d *directive) Outcome {
	if d.build.Version.AtLeast(10, 3) {
		return keyFiles(d)
	}
	return fileName("none", false)(d)
}

func includePaths(d *directive) Outcome {
	words := d.listed(d.next)
	switch {
	case len(words) == 0:
		return refused("missing file name")
	case slices.Contains(words, ""):
		return refused("empty argument")
	}
	return Outcome{}
}
