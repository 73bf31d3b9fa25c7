package host

import (
	"errors"
	"io/fs"

	"hostaudit/checks/host/tree"
	"hostaudit/checks/internal/passwd"
)

func (a *Accounts) loadGroup(t *tree.Tree) {
	data, err := readLines(t, groupFile, "\n,")
	if err != nil {
		a.GroupErr = err
		return
	}
	shadows := a.loadGroupShadow(t)
	groups, bad := passwd.Groups(data)
	for _, g := range groups {
		if g.Compat {
			a.Compat = append(a.Compat, BadLine{File: groupFile, Name: g.Name, Line: g.Line, Problem: "for NIS"})
			continue
		}
		a.Groups = append(a.Groups, Group{Name: g.Name, GID: g.GID, Members: g.Members, Line: g.Line, Field: g.Password, Shadow: shadows[g.Name]})
	}
	a.addInvalid(groupFile, bad)
}

// loadGroupShadow returns the first line of each name, as getsgnam(3) finds it.
func (a *Accounts) loadGroupShadow(t *tree.Tree) map[string]*GroupShadow {
	data, err := readLines(t, gshadow, "\n")
	if err != nil {
		a.GroupShadowErr = err
		return nil
	}
	first := map[string]*GroupShadow{}
	for _, s := range passwd.GroupShadows(data) {
		if !s.Compat && first[s.Name] == nil {
			first[s.Name] = &GroupShadow{Field: s.Field, Line: s.Line}
		}
	}
	return first
}

// GroupPassword returns the field that newgrp(1) and sg(1) compare what somebody
// types with who is no member of the group, and where it stands. That of gshadow
// counts whatever group says (shadow-utils, src/newgrp.c); where it is empty,
// shadow-utils lets nobody in and util-linux (login-utils/newgrp.c) takes that of
// group. err: gshadow could not be read.
func (a *Accounts) GroupPassword(g Group) (field, file string, line int, err error) {
	switch {
	case g.Shadow != nil && g.Shadow.Field != "":
		return g.Shadow.Field, gshadow, g.Shadow.Line, nil
	case a.GroupShadowErr != nil && !errors.Is(a.GroupShadowErr, fs.ErrNotExist):
		return "", gshadow, 0, a.GroupShadowErr
	}
	return g.Field, groupFile, g.Line, nil
}
