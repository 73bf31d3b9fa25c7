package units

import "hostaudit/checks/internal/inittab"

// inittab finds what System V's or BusyBox's init runs at boot. systemd and the
// other inits do not read the file.
func (g *gatherer) inittab() {
	switch g.init {
	case "", "init", "busybox", "sysvinit":
	default:
		return
	}
	const file = "/etc/inittab"
	data, ok := g.read(file)
	if !ok {
		return
	}
	entries, bad := inittab.Parse(data)
	for _, e := range entries {
		if !e.Starts() {
			continue
		}
		name := e.ID
		if name == "" { // BusyBox's, on the console
			name = e.Action
		}
		g.add(Entry{Kind: KindInittab, Name: name, Program: e.Program, Place: Place{file, e.Line}})
	}
	for _, b := range bad {
		g.refused(file, b.Line, b.Problem)
	}
}
