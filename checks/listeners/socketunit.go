package listeners

import (
	"strings"

	"hostaudit/checks/host/snapshot"
	"hostaudit/checks/host/units"
)

// socketUnit finds the unit for which process 1 listens: the address fits best,
// then it starts the service that has the socket too, then it is enabled.
func (a *attribution) socketUnit(l snapshot.Listener, service string) *units.Unit {
	if a.sockets == nil {
		a.sockets = map[portKey][]*units.Unit{}
		list, _ := a.src.sockets()
		for _, u := range list {
			if u == nil {
				continue
			}
			for _, listen := range u.Listens {
				key := portKey{listen.Proto, listen.Port}
				a.sockets[key] = append(a.sockets[key], u)
			}
		}
	}
	var best *units.Unit
	score := 0
	for _, u := range a.sockets[portKey{l.Proto, l.Port}] {
		s := 0
		for _, listen := range u.Listens {
			if listen.Proto == l.Proto && listen.Port == l.Port {
				s = max(s, fits(u, listen, l))
			}
		}
		if s == 0 {
			continue
		}
		if service != "" && activates(u, service) {
			s += 2
		}
		if s >= score && a.src.state(u.Name) == units.Enabled {
			s++
		}
		if s > score {
			best, score = u, s
		}
	}
	return best
}

// fits compares what a unit asks for with a socket: 0 = another one. Without IPv6
// systemd opens 0.0.0.0 for a port alone (src/shared/socket-label.c).
func fits(u *units.Unit, listen units.Listen, l snapshot.Listener) int {
	if l.Interface != "" && l.Interface != u.Device {
		return 0
	}
	if listen.V6Only == units.Yes && l.V6Only == snapshot.No || listen.V6Only == units.No && l.V6Only == snapshot.Yes {
		return 0
	}
	switch asked, has := listen.Addr.WithZone(""), l.Addr.WithZone(""); {
	case asked.Unmap() == has.Unmap():
		return 8
	case (!asked.IsValid() || asked.Is6() && asked.IsUnspecified()) && has.IsUnspecified():
		return 4
	}
	return 0
}

// activates reports whether the socket unit starts that service or an instance of
// it.
func activates(u *units.Unit, service string) bool {
	starts := u.Starts
	if starts == "" {
		starts = strings.TrimSuffix(u.Name, ".socket") + ".service"
		if u.Accept {
			starts = strings.TrimSuffix(u.Name, ".socket") + "@.service"
		}
	}
	prefix, _, isTemplate := strings.Cut(starts, "@.")
	return starts == service || isTemplate && strings.HasPrefix(service, prefix+"@")
}

// activated describes the service that a socket unit starts, whether it runs or
// not, so that its coming and going changes nothing.
func (a *attribution) activated(o *owner, u *units.Unit) {
	name := u.Starts
	if name == "" {
		name = strings.TrimSuffix(u.Name, ".socket") + ".service"
		if u.Accept {
			name = strings.TrimSuffix(u.Name, ".socket") + "@.service"
		}
	}
	if o.service == "" {
		o.service = name
	}
	if o.program != "" {
		return
	}
	service := a.unit(name)
	if prefix, suffix, isTemplate := strings.Cut(name, "@."); service == nil && isTemplate {
		service = a.unit(prefix + "@0." + suffix)
	}
	if service != nil && len(service.Exec) > 0 {
		o.program = service.Exec[0].Path
		o.args, o.argsCut = service.Exec[0].Args, service.Exec[0].Incomplete
	}
}

func (a *attribution) unit(name string) *units.Unit {
	if name == "" {
		return nil
	}
	u, asked := a.units[name]
	if !asked {
		u = a.src.unit(name)
		a.units[name] = u
	}
	return u
}

// unitFile is the file of the socket unit, else of the service; "" = none. It is
// read for what a reader is told of, not for every listener.
func (s sources) unitFile(o owner) string {
	if o.fragment != "" || stableUnit(o.service) == "" {
		return o.fragment
	}
	if u := s.unit(o.service); u != nil {
		return u.Fragment
	}
	return ""
}
