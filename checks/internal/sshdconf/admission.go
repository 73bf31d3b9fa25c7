package sshdconf

import "strings"

// Admission is the answer of AllowUsers, DenyUsers, AllowGroups, DenyGroups and
// RefuseConnection (allowed_user() of auth.c).
type Admission struct {
	Refused bool
	Unknown bool  // groups decide, and they are not known; or a list is not known
	By      *Line // the line that refuses; of an Allow list that does not name the account its first line
}

// Admission says whether the account may log in at all. Whether it exists, has a
// valid shell and is not locked is asked elsewhere.
func (e *Effective) Admission() Admission {
	var open Admission // not known so far
	refuse := e.Setting("refuseconnection")
	switch {
	case refuse.Unknown:
		open.Unknown, open.By = true, refuse.Line
	case refuse.Word() == "yes":
		return Admission{Refused: true, By: refuse.Line}
	}
	for _, list := range []struct {
		keyword string
		allow   bool
		names   func(l *Line, keyword string) reach
	}{
		{"denyusers", false, e.namesUser},
		{"allowusers", true, e.namesUser},
		{"denygroups", false, e.namesGroup},
		{"allowgroups", true, e.namesGroup},
	} {
		s := e.Setting(list.keyword)
		if s.Unknown {
			open.Unknown, open.By = true, s.Line
			continue
		}
		if len(s.Lines) == 0 {
			continue
		}
		found, by := never, s.Line
		for _, line := range s.Lines {
			switch r := list.names(line, list.keyword); {
			case r == everyone && found != everyone:
				found, by = everyone, line
			case r == some && found == never:
				found, by = some, line
			}
		}
		noGroup := strings.HasSuffix(list.keyword, "groups") && !e.conn.GroupsUnknown && len(e.conn.Groups) == 0
		switch {
		case noGroup, list.allow && found == never:
			return Admission{Refused: true, By: s.Line}
		case !list.allow && found == everyone:
			return Admission{Refused: true, By: by}
		case found == some:
			open.Unknown, open.By = true, by
		}
	}
	return open
}

// namesUser is match_user() of match.c for the words of a line: everyone where one
// of them is the account from where the connection comes.
func (e *Effective) namesUser(l *Line, _ string) reach {
	users := e.c.model().users[l]
	for i := range users {
		if users[i].match(e.conn) {
			return everyone
		}
	}
	return never
}

// namesGroup is ga_match() of groupaccess.c for the words of a line. A ! in front is
// part of the name.
func (e *Effective) namesGroup(l *Line, _ string) reach {
	for _, word := range l.Args {
		if e.conn.GroupsUnknown {
			if word != "" && strings.Trim(word, "*") == "" {
				return everyone
			}
			continue
		}
		for _, group := range e.conn.Groups {
			if matchPattern(group, word) {
				return everyone
			}
		}
	}
	if e.conn.GroupsUnknown {
		return some
	}
	return never
}

// accountPattern is a word of AllowUsers or DenyUsers: a pattern for the name, in which
// a ! has no meaning, and after the @ (from 9.9 on the last one) a list for where the client is.
type accountPattern struct {
	user  string
	hosts *hostList // nil = anywhere
}

func newAccountPattern(word string, v Version) accountPattern {
	at := strings.IndexByte(word, '@')
	if v.AtLeast(9, 9) {
		at = strings.LastIndexByte(word, '@')
	}
	if at >= 0 {
		return accountPattern{word[:at], newHostList(word[at+1:], v)}
	}
	return accountPattern{user: word}
}

func (p *accountPattern) match(client *peer) bool {
	return matchPattern(client.User, p.user) && (p.hosts == nil || p.hosts.match(client))
}

// hostList is the host part of a word of AllowUsers or DenyUsers.
type hostList struct {
	text  string
	addrs addrList
	names []entry
}

func newHostList(text string, v Version) *hostList {
	return &hostList{text, parseAddrList(text, v), splitPatterns(lower(text))}
}

// match is match_host_and_ip() of match.c: the list must match the address or the
// name, and no entry with ! in front may match either.
func (h *hostList) match(p *peer) bool {
	byAddr := h.addrs.match(p.addr, p.addrText)
	if byAddr == -1 || p.name == "" {
		return false
	}
	byName := patternList(p.name, h.names)
	return byName != -1 && (byName == 1 || byAddr == 1)
}
