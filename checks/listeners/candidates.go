package listeners

import (
	"cmp"
	"path"
	"slices"
	"strings"

	"hostaudit/checks/host/units"
)

// service is something that may let anybody in, and the question that tells.
type service struct {
	name     string
	programs []string // base names
	ports    [][2]uint16
	only     bool // of its programs, these ports alone are it
	tls      bool // the question may be asked over TLS too
	ask      func(*conversation) answer
}

// services lists what is asked. Only questions that change nothing and that no
// server counts as a failed login.
func services() []*service {
	return []*service{
		{name: "Redis", programs: []string{"redis-server", "redis-sentinel", "redis-check-rdb", "redis-check-aof", "valkey-server", "valkey-sentinel", "valkey-check-rdb", "valkey-check-aof", "keydb-server", "redict-server", "dragonfly"}, ports: [][2]uint16{{6379, 6379}}, tls: true, ask: askRedis},
		{name: "memcached", programs: []string{"memcached"}, ports: [][2]uint16{{11211, 11211}}, tls: true, ask: askMemcached},
		{name: "Docker API", programs: []string{"dockerd", "docker"}, ports: [][2]uint16{{2375, 2375}}, ask: askDocker},
		{name: "etcd", programs: []string{"etcd"}, ports: [][2]uint16{{2379, 2379}}, tls: true, ask: askEtcd},
		{name: "MongoDB", programs: []string{"mongod", "mongos"}, ports: [][2]uint16{{27017, 27019}}, tls: true, ask: askMongo},
		{name: "Elasticsearch", programs: []string{"elasticsearch", "opensearch"}, ports: [][2]uint16{{9200, 9205}}, only: true, tls: true, ask: askElastic},
		{name: "X11", programs: []string{"Xorg", "X", "Xwayland", "Xvfb", "Xephyr", "Xnest", "Xvnc", "Xtigervnc", "Xtightvnc", "Xvnc4"}, ports: [][2]uint16{{6000, 6063}}, only: true, ask: askX11},
		{name: "VNC", programs: []string{"Xvnc", "Xtigervnc", "Xtightvnc", "Xvnc4", "x11vnc", "x0vncserver", "x0tigervncserver", "wayvnc", "qemu-kvm", "vino-server", "krfb", "vncserver-x11-core", "vncagent", "gnome-remote-desktop-daemon"}, ports: [][2]uint16{{5900, 5999}}, only: true, ask: askVNC},
	}
}

// notIt are ports of those programs that are something else: Swarm's and etcd's
// between their own members, where certificates rule.
func notIt(s *service, port uint16) bool {
	switch s.name {
	case "Docker API":
		return port == 2377 || port == 7946 || port == 4789 || port == 9323
	case "etcd":
		return port == 2380 || port == 2381
	}
	return false
}

// elsewhere reports a port, beside the usual ones, of a program that has no others:
// of Elasticsearch all but those between nodes.
func elsewhere(s *service, base string, port uint16) bool {
	switch s.name {
	case "VNC":
		return slices.Contains([]string{"x11vnc", "x0vncserver", "x0tigervncserver", "wayvnc"}, base)
	case "Elasticsearch":
		return port < 9300 || port > 9700
	}
	return false
}

// ground is what made a listener a candidate.
type ground int

const (
	byPort    ground = iota // its port alone; the program is known to be another one
	byUnknown               // its port, and what its program does is not known
	byProgram
)

// candidate is a listener that may be a service.
type candidate struct {
	row     row
	rows    []row // other addresses of the same
	twins   []row // its UDP sockets
	service *service
	by      ground
}

// candidatesOf returns what a listener may be. inner are the ports behind it where
// an engine forwards it.
func candidatesOf(known []*service, r row, inner []uint16) []candidate {
	if r.Proto != "tcp" && r.Proto != "udp" {
		return nil
	}
	base := path.Base(strings.TrimSuffix(r.owner.program, " (deleted)"))
	var list []candidate
	for _, s := range known {
		onPort := slices.ContainsFunc(append(inner, r.Port), func(p uint16) bool { return inPorts(s.ports, p) })
		isProgram := slices.Contains(s.programs, base)
		if s.name == "Elasticsearch" && (base == "java" || strings.Contains(r.owner.program, "/elasticsearch/") || strings.Contains(r.owner.program, "/opensearch/")) {
			isProgram = strings.Contains(r.owner.service+r.owner.program, "elasticsearch") || strings.Contains(r.owner.service+r.owner.program, "opensearch")
		}
		if s.name == "VNC" && strings.HasPrefix(base, "qemu-system-") {
			isProgram = true
		}
		if isProgram && (s.only && !onPort && !elsewhere(s, base, r.Port) || notIt(s, r.Port)) || !isProgram && !onPort || r.Proto == "udp" && s.name != "memcached" {
			continue
		}
		c := candidate{row: r, service: s, by: byPort}
		switch {
		case isProgram:
			c.by = byProgram
		case opaque(r.owner, base):
			c.by = byUnknown
		}
		if c.by == byPort && (s.name == "X11" && r.Port > 6009 || s.name == "VNC" && r.Port > 5909) {
			continue // ranges this wide hold much else
		}
		list = append(list, c)
	}
	if slices.ContainsFunc(list, func(c candidate) bool { return c.by == byProgram }) {
		// A server gets no other server's question: some take it for an attack.
		list = slices.DeleteFunc(list, func(c candidate) bool { return c.by != byProgram })
	}
	return list
}

// opaque reports an owner whose program does not say what answers on the port.
func opaque(o owner, base string) bool {
	return o.program == "" || o.socket != "" && o.pid == 0 || superServers[base] || o.manager || o.container != "" || o.published || interpreter(base) || forwarders[base]
}

func inPorts(ports [][2]uint16, port uint16) bool {
	return slices.ContainsFunc(ports, func(p [2]uint16) bool { return p[0] <= port && port <= p[1] })
}

// mergeCandidates makes one of the addresses of one service on one port, and puts
// those first that are known best: the number of questions is bounded.
func mergeCandidates(list []candidate) []candidate {
	type key struct {
		service string
		port    uint16
		hands   hands
		pid     int    // two servers of one unit are two
		name    string // of the container: an engine has a program for each address
	}
	var out []candidate
	at := map[key]int{}
	owned := map[portKey][]int{} // who has a TCP port, outside or not
	for _, c := range list {
		owned[portKey{c.service.name, c.row.Port}] = append(owned[portKey{c.service.name, c.row.Port}], c.row.owner.pid)
	}
	for _, c := range list {
		k := key{c.service.name, c.row.Port, handsOf(c.row.owner), c.row.owner.pid, c.row.owner.container}
		if forwarders[path.Base(c.row.owner.program)] {
			k.pid = 0
		}
		i, known := at[k]
		switch {
		case c.service.name == "Redis" && clusterBus(c, owned):
			continue
		case !known:
			at[k] = len(out)
			out = append(out, c)
		case c.row.Proto == "udp":
			out[i].twins = append(out[i].twins, c.row)
		case out[i].row.Proto == "udp":
			c.twins = append(out[i].twins, out[i].row)
			out[i] = c
		default:
			out[i].rows = append(out[i].rows, c.row)
		}
	}
	slices.SortStableFunc(out, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(b.by, a.by), cmp.Compare(a.row.Port, b.row.Port), cmp.Compare(a.service.name, b.service.name))
	})
	return out
}

// clusterBus reports the port on which the members of a Redis cluster talk to each
// other: that of the clients plus 10000.
func clusterBus(c candidate, owned map[portKey][]int) bool {
	return c.row.Port > 10000 && c.by == byProgram && c.row.owner.pid != 0 &&
		slices.Contains(owned[portKey{"Redis", c.row.Port - 10000}], c.row.owner.pid)
}

// serviceOfEntry is the service that something starts at boot, nil = none.
func serviceOfEntry(e units.Entry) *service {
	base := path.Base(e.Program)
	name, _, _ := strings.Cut(strings.TrimSuffix(strings.TrimSuffix(e.Name, ".service"), ".socket"), "@")
	for _, s := range services() {
		switch s.name {
		case "Docker API", "X11":
			continue // a unix socket unless told otherwise
		}
		if slices.Contains(s.programs, base) || slices.Contains(s.programs, name) {
			return s
		}
	}
	switch name {
	case "redis", "valkey", "redict", "mongodb":
		for _, s := range services() {
			if s.name == "Redis" && name != "mongodb" || s.name == "MongoDB" && name == "mongodb" {
				return s
			}
		}
	}
	return nil
}
