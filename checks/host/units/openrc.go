package units

import (
	"slices"
	"strings"
)

// openRC finds the services of every runlevel that a boot may enter. Levels for
// leaving or repairing the system start nothing that stays. A link without a
// script in /etc/init.d is passed over, as OpenRC does; a directory in a level is
// another level stacked below it and is read by its own name.
func (g *gatherer) openRC() {
	// A tree without /sbin/init may be a container's that starts openrc itself.
	if g.init == "systemd" || !g.isThere("/sbin/openrc", "/usr/sbin/openrc", "/usr/bin/openrc", "/sbin/openrc-run") {
		return
	}
	seen := map[string]bool{}
	for _, level := range g.names("/etc/runlevels") {
		if slices.Contains([]string{"shutdown", "single", "nonetwork"}, level) {
			continue
		}
		dir := "/etc/runlevels/" + level
		for _, name := range g.names(dir) {
			script := "/etc/init.d/" + name
			if seen[name] {
				continue
			}
			if info, ok := g.stat(script); ok && info.Mode.IsRegular() {
				seen[name] = true
				g.add(Entry{Kind: KindOpenRC, Name: name, Program: script, Place: Place{dir + "/" + name, 0}})
			}
		}
	}
	if !seen["local"] {
		return
	}
	// The service "local" runs these (conf.d/local, local.d/README).
	for _, name := range g.names("/etc/local.d") {
		if file := "/etc/local.d/" + name; strings.HasSuffix(name, ".start") && g.runs(file) {
			g.add(Entry{Kind: KindOpenRC, Name: "local.d/" + name, Program: file, Place: Place{file, 0}})
		}
	}
}
