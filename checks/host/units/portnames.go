package units

import (
	"strconv"
	"strings"
)

// ports are the names of services(5) of the tree, "name/proto" with aliases.
type ports map[string]uint16

// portNames reads /etc/services; where it is not there, names mean nothing.
func (g *gatherer) portNames() ports {
	p := ports{}
	for _, file := range []string{"/etc/services", "/usr/etc/services"} {
		data, ok := g.read(file)
		if !ok {
			continue
		}
		for line := range strings.Lines(string(data)) {
			line, _, _ = strings.Cut(line, "#")
			words := strings.Fields(line)
			if len(words) < 2 {
				continue
			}
			number, proto, _ := strings.Cut(words[1], "/")
			n, err := strconv.ParseUint(number, 10, 16)
			if err != nil {
				continue
			}
			for i, name := range words {
				if key := name + "/" + proto; i != 1 && p[key] == 0 { // the first line wins
					p[key] = uint16(n)
				}
			}
		}
		return p
	}
	return p
}

// port returns a port given by number or name; 0 = unknown.
func (p ports) port(name, proto string) uint16 {
	if n, err := strconv.ParseUint(name, 10, 16); err == nil {
		return uint16(n)
	}
	return p[name+"/"+proto]
}
