package listeners

import (
	"path"
	"strings"

	"hostaudit/checks"
	"hostaudit/checks/host/snapshot"
)

// fit says whether a declaration covers a listener.
type fit int

// unclearFit: it does if the owner belongs to the package the declaration names,
// and that could not be told.
const (
	noFit fit = iota
	unclearFit
	fitting
)

// declarations match listeners with what the policy permits.
type declarations struct {
	list  []checks.Declaration
	names []map[string]bool // of the units, with their aliases
}

func newDeclarations(list []checks.Declaration, src sources) *declarations {
	d := &declarations{list: list}
	for _, decl := range list {
		names := map[string]bool{}
		if unit := decl.Unit; unit != "" {
			if !strings.Contains(path.Base(unit), ".") {
				unit += ".service"
			}
			names[unit] = true
			if u := src.unit(unit); u != nil {
				names[u.Name] = true
				for _, alias := range u.Aliases {
					names[alias] = true
				}
			}
		}
		d.names = append(d.names, names)
	}
	return d
}

// cover returns how well any declaration covers a listener.
func (d *declarations) cover(r row) fit {
	best := noFit
	for i, decl := range d.list {
		if portsFit(decl, r.Proto, r.Port) && scopeFits(decl, r.Scope()) {
			best = max(best, d.ownerFits(i, r.owner))
		}
	}
	return best
}

// coverStart returns how well any declaration covers something that starts at
// boot, whose ports are not known.
func (d *declarations) coverStart(o owner) fit {
	best := noFit
	for i, decl := range d.list {
		if decl.Program != "" || decl.Package != "" || decl.Unit != "" {
			best = max(best, d.ownerFits(i, o))
		}
	}
	return best
}

func portsFit(d checks.Declaration, proto string, port uint16) bool {
	if d.Protocol != "" && d.Protocol != proto {
		return false
	}
	return d.Low == 0 && d.High == 0 || d.Low <= port && port <= max(d.Low, d.High)
}

// scopeFits: a scope that is not known may be the widest.
func scopeFits(d checks.Declaration, has snapshot.Scope) bool {
	if d.Scope == snapshot.ScopeUnknown || d.Scope == snapshot.ScopeEverywhere {
		return true
	}
	return has != snapshot.ScopeUnknown && has <= d.Scope
}

func (d *declarations) ownerFits(i int, o owner) fit {
	decl := d.list[i]
	if decl.Unit != "" && !d.unitFits(i, o) || decl.Program != "" && !programFits(decl.Program, o) {
		return noFit
	}
	switch {
	case decl.Package == "" || decl.Package == o.pkg:
		return fitting
	case o.pkgErr != nil && o.pkg == "":
		return unclearFit
	}
	return noFit
}

// unitFits: a declared template covers its instances.
func (d *declarations) unitFits(i int, o owner) bool {
	for _, unit := range []string{o.service, o.socket} {
		if unit == "" {
			continue
		}
		prefix, instance, isInstance := strings.Cut(unit, "@")
		if d.names[i][unit] || isInstance && d.names[i][prefix+"@"+path.Ext(instance)] {
			return true
		}
	}
	return false
}

// programFits: a whole path is one of the host's files, not of a container's.
func programFits(declared string, o owner) bool {
	if o.program == "" || o.manager {
		return false
	}
	if !strings.Contains(declared, "/") {
		return path.Base(o.program) == declared || o.applet == declared && declared != ""
	}
	return !o.foreign && (o.program == declared || mergedUsr(o.program) == mergedUsr(declared))
}
