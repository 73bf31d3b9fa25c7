package password

import (
	"errors"
	"io/fs"

	"hostaudit/checks"
	"hostaudit/checks/crack"
	"hostaudit/checks/host"
)

// takeGroups classifies the passwords of groups. Members need none, and with an empty
// field or one that no password matches nobody else is let in (shadow-utils,
// src/newgrp.c: check_perms), so only hashes count. getgrnam(3) finds the first
// group of a name.
func (s *survey) takeGroups() {
	a := s.accounts
	if a.GroupErr != nil {
		if !errors.Is(a.GroupErr, fs.ErrNotExist) {
			s.groupGap = append(s.groupGap, checks.Gap{Reason: checks.ReasonOf(a.GroupErr), Detail: "/etc/group could not be read", Location: checks.At("/etc/group", 0)})
		}
		return
	}
	seen := map[string]bool{}
	var unread error
	for _, g := range a.Groups {
		if seen[g.Name] {
			continue
		}
		seen[g.Name] = true
		field, file, line, err := a.GroupPassword(g)
		if err != nil {
			unread = err
			continue
		}
		e := &entry{acc: host.Account{Name: g.Name}, kind: ofGroup, form: crack.Identify(field), location: checks.At(file, line)}
		e.classify()
		switch e.standing {
		case live, unsupported, malformed:
			s.groups = append(s.groups, e)
		}
	}
	if unread != nil {
		s.groupGap = append(s.groupGap, checks.Gap{Reason: checks.ReasonOf(unread), Detail: "/etc/gshadow could not be read", Location: checks.At("/etc/gshadow", 0)})
	}
}

func groupFinding(e *entry) checks.Finding {
	return checks.Finding{
		Kind: "group-password", Subject: checks.Text(e.acc.Name), Severity: checks.SeverityMedium,
		Detail:   "the group's password is on the list of common passwords or derived from its name: any account joins the group by it",
		Evidence: checks.Configured, Location: e.location, Private: true,
	}
}
