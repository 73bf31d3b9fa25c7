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
	list     []checks.Declaration
	names    []map[string]bool // of the units, with their aliases
	programs []map[string]bool // that the units start, without links
	paths    []string          // the declared programs, without links
}

func newDeclarations(list []checks.Declaration, src sources) *declarations {
	d := &declarations{list: list}
	for _, decl := range list {
		names, programs, file := map[string]bool{}, map[string]bool{}, decl.Program
		if strings.HasPrefix(file, "/") {
			file = src.resolve(file)
		}
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
				for _, command := range u.Exec {
					if !interpreter(command.Path) {
						programs[mergedUsr(src.resolve(command.Path))] = true
					}
				}
			}
		}
		d.names, d.programs, d.paths = append(d.names, names), append(d.programs, programs), append(d.paths, file)
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
	if decl.Unit != "" && !d.unitFits(i, o) || decl.Program != "" && !programFits(decl.Program, d.paths[i], o) {
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

// unitFits: a declared template covers its instances. Where nothing tells the unit
// (another init system, no control groups) the program that it starts does.
func (d *declarations) unitFits(i int, o owner) bool {
	if o.service == "" && o.socket == "" && o.program != "" && !o.foreign && !o.manager {
		return d.programs[i][mergedUsr(o.program)]
	}
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
// resolved is the declared one without links, as the kernel tells files.
func programFits(declared, resolved string, o owner) bool {
	if o.program == "" || o.manager {
		return false
	}
	if !strings.Contains(declared, "/") {
		base := path.Base(o.program)
		return base == declared || o.applet == declared && declared != "" || multiCall[base] == declared && declared != ""
	}
	return !o.foreign && (o.program == declared || mergedUsr(o.program) == mergedUsr(declared) || mergedUsr(o.program) == mergedUsr(resolved))
}
