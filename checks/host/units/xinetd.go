package units

import (
	"cmp"
	"net/netip"
	"path"
	"slices"
	"strings"

	"hostaudit/checks/host/tree"
	"hostaudit/checks/internal/xinetdconf"
)

// maxIncludes bounds how deep files of xinetd include one another; itemMemory is
// what a service entry takes, in bytes.
const (
	maxIncludes = 16
	itemMemory  = 128
)

// xinetdService is a service entry and where it stands.
type xinetdService struct {
	xinetdconf.Item
	file string
}

// xinetdReader gathers entries in the order xinetd reads them.
type xinetdReader struct {
	*gatherer
	services []xinetdService
	defaults xinetdconf.Item // of all files; of each the first counts
}

// xinetd finds the services xinetd offers (xinetd.conf(5), confparse.c): those not
// disabled by themselves or by the defaults, with what a service needs.
func (g *gatherer) xinetd(names ports) {
	r := &xinetdReader{gatherer: g}
	r.load("/etc/xinetd.conf", 0)
	enabled, restricted := allValues(r.defaults, "enabled")
	disabled, _ := allValues(r.defaults, "disabled")
	for _, s := range r.services {
		id := firstValue(s.Item, "id")
		if id == "" {
			id = s.Name
		}
		off := s.Off()
		if restricted && !slices.Contains(enabled, id) { // being listed does not undo "disable = yes"
			off = true
		}
		if off || slices.Contains(disabled, id) {
			continue
		}
		if e, ok := r.service(s, id, names); ok {
			g.add(e)
		}
	}
}

// load reads a file and what it includes.
func (r *xinetdReader) load(file string, depth int) {
	if depth > maxIncludes {
		r.problem(file, 0, tree.ErrTooDeep)
		return
	}
	data, ok := r.read(file)
	if !ok {
		return
	}
	items, bad := xinetdconf.Parse(data)
	for _, b := range bad {
		r.refused(file, b.Line, b.Problem)
	}
	found := false
	for _, item := range items {
		r.bytes += itemMemory + lineMemory*len(item.Attributes)
		switch item.Kind {
		case xinetdconf.Service:
			r.services = append(r.services, xinetdService{item, file})
		case xinetdconf.Defaults:
			if !found {
				found = true
				r.defaults.Attributes = append(r.defaults.Attributes, item.Attributes...)
			}
		case xinetdconf.Include:
			r.load(item.Name, depth+1)
		case xinetdconf.IncludeDir:
			for _, name := range r.names(item.Name) {
				if strings.Contains(name, ".") || strings.HasSuffix(name, "~") {
					continue
				}
				included := path.Join(item.Name, name)
				if info, ok := r.stat(included); ok && info.Mode.IsRegular() {
					r.load(included, depth+1)
				}
			}
		}
	}
}

// service makes the entry of a service that is not disabled; ok is false when
// xinetd would leave it out for something that is missing or wrong.
func (r *xinetdReader) service(s xinetdService, id string, names ports) (e Entry, ok bool) {
	values := func(name string) []string { a, _ := s.Get(name); return a.Values }
	types, flags := values("type"), values("flags")
	has := func(name string) bool { _, ok := s.Get(name); return ok }
	internal := slices.Contains(types, "INTERNAL") || slices.Contains(flags, "SENSOR")
	unlisted := slices.Contains(types, "UNLISTED")

	e = Entry{Kind: KindXinetd, Name: id, User: firstValue(s.Item, "user"), Place: Place{s.file, s.Line}}
	switch {
	case !has("socket_type") || !has("wait"):
		return Entry{}, false
	case internal:
		e.Program = "internal"
	case has("redirect"):
		e.Program = "redirect"
	default:
		server := firstValue(s.Item, "server")
		if e.User == "" || server == "" || !r.runs(server) {
			return Entry{}, false
		}
		e.Program = plainWord(server)
		if slices.Contains(flags, "NAMEINARGS") && path.Base(server) == "tcpd" {
			e.Program = plainWord(firstValue(s.Item, "server_args"))
		}
	}
	if slices.Contains(types, "RPC") || slices.Contains(types, "TCPMUX") || slices.Contains(types, "TCPMUXPLUS") {
		return e, true // a random port, or none of its own
	}
	proto := firstValue(s.Item, "protocol")
	if proto == "" {
		proto = map[string]string{"stream": "tcp", "dgram": "udp"}[firstValue(s.Item, "socket_type")]
	}
	port, known := names.port(firstValue(s.Item, "port"), ""), names[s.Name+"/"+proto]
	switch {
	case unlisted && port == 0:
		return Entry{}, false
	case unlisted:
	case port != 0 && port != known || known == 0: // a listed service has its listed port
		return Entry{}, false
	default:
		port = known
	}
	e.Listens = r.xinetdListens(s, flags, proto, port)
	return e, true
}

// xinetdListens is the one socket of a service. The address is the zero Addr where
// it is given as a name.
func (r *xinetdReader) xinetdListens(s xinetdService, flags []string, proto string, port uint16) []Listen {
	l := Listen{Place: Place{s.file, s.Line}, Proto: proto, Port: port, Addr: netip.IPv4Unspecified()}
	v6 := slices.Contains(flags, "IPv6")
	if v6 {
		l.Addr, l.V6Only = netip.IPv6Unspecified(), No
		if cmp.Or(firstValue(s.Item, "v6only"), firstValue(r.defaults, "v6only")) == "yes" {
			l.V6Only = Yes
		}
	}
	bind := cmp.Or(firstValue(s.Item, "bind"), firstValue(r.defaults, "bind"))
	switch addr, err := netip.ParseAddr(bind); {
	case bind == "":
	case err == nil:
		l.Addr, l.V6Only = addr, Unclear
		if addr.Is6() && addr.IsUnspecified() {
			l.V6Only = No
		}
	case bind == "localhost":
		l.Addr = netip.AddrFrom4([4]byte{127, 0, 0, 1})
		if v6 {
			l.Addr, l.V6Only = netip.IPv6Loopback(), Unclear
		}
	default:
		l.Addr, l.V6Only = netip.Addr{}, Unclear // a name: no name is looked up
	}
	return []Listen{l}
}

// firstValue returns the first value of an attribute, "" = none.
func firstValue(item xinetdconf.Item, name string) string {
	if a, ok := item.Get(name); ok && len(a.Values) > 0 {
		return a.Values[0]
	}
	return ""
}

// allValues returns all values of a list of the defaults.
func allValues(item xinetdconf.Item, name string) (values []string, given bool) {
	for _, a := range item.Attributes {
		if a.Name == name && a.Op != "-=" {
			values, given = append(values, a.Values...), true
		}
	}
	return values, given
}
