package passwd

// GroupShadow is one line of gshadow(5): the password field, which is asked for
// before that of group(5) whatever that says. Administrators and members, its
// other fields, are not kept.
type GroupShadow struct {
	Line        int // from 1
	Name, Field string
	Compat      bool // a "+" or "-" line
}

// GroupShadows reads gshadow(5) as glibc's "files" name service does
// (nss_files/files-sgrp.c): its parser refuses no line, missing fields are empty.
func GroupShadows(data []byte) []GroupShadow {
	var out []GroupShadow
	for number, line := range entries(data) {
		g := GroupShadow{Line: number}
		rest := line
		g.Name, rest = cut(rest)
		g.Compat = compat(g.Name)
		g.Field, _ = cut(rest)
		out = append(out, g)
	}
	return out
}
