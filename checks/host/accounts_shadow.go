package host

import (
	"hostaudit/checks/host/tree"
	"hostaudit/checks/internal/passwd"
)

func (a *Accounts) loadShadow(t *tree.Tree, names sources) {
	chosen := map[string]*ShadowEntry{}
	var order []*ShadowEntry
	for _, file := range names.shadowFiles() {
		data, err := readLines(t, file, "\n")
		switch {
		case err != nil && file == shadowFile:
			a.ShadowErr = err
		case err != nil:
			a.addUnread(file, err)
		default:
			order = a.addShadows(file, data, chosen, order)
		}
	}
	tcb := openTCB(t, names, a.ShadowErr)
	for i := range a.List {
		acc := &a.List[i]
		entry := chosen[acc.Name]
		delete(chosen, acc.Name)
		if tcb != nil && acc.Shadowed() && (tcb.first || entry == nil) {
			own, err := tcb.shadow(acc.Name)
			if own != nil || err != nil {
				acc.ShadowErr, entry = err, own
			}
		}
		if entry != nil || acc.ShadowErr != nil {
			acc.Shadow = entry
		}
	}
	if a.PasswdErr != nil {
		return // without passwd nothing tells an orphan
	}
	for _, entry := range order {
		if chosen[entry.Name] != nil {
			a.Orphans = append(a.Orphans, *entry)
		}
	}
}

// addShadows puts the entries of one file into chosen, those of a new name also
// at the end of order, which it returns.
func (a *Accounts) addShadows(file string, data []byte, chosen map[string]*ShadowEntry, order []*ShadowEntry) []*ShadowEntry {
	for _, s := range passwd.Shadows(data) {
		if s.Compat {
			a.Compat = append(a.Compat, BadLine{File: file, Name: s.Name, Line: s.Line, Problem: "for NIS"})
			continue
		}
		entry := shadowEntry(file, s)
		before, ok := chosen[s.Name]
		switch {
		case !ok:
			chosen[s.Name] = &entry
			order = append(order, &entry)
		case before.Problem != "" && !before.Unsure && (entry.Problem == "" || entry.Unsure):
			*before = entry
		}
	}
	return order
}

func shadowEntry(file string, s passwd.Shadow) ShadowEntry {
	days := func(n int32) Days {
		if n == -1 {
			return Days{}
		}
		return Days{N: int64(n), Set: true}
	}
	return ShadowEntry{
		Name: s.Name, Field: s.Field, File: file, Line: s.Line, Problem: s.Problem, Unsure: s.Unsure,
		LastChange: days(s.LastChange), Min: days(s.Min), Max: days(s.Max),
		Warn: days(s.Warn), Inactive: days(s.Inactive), Expire: days(s.Expire),
	}
}
