package mysql

import (
	"errors"
	"io/fs"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"hostaudit/checks"
	"hostaudit/checks/host/tree"
)

// resolver turns what stands for an address into addresses, from files alone.
type resolver struct {
	tree *tree.Tree

	read   bool // /etc/hosts
	v4, v6 map[string][]netip.Addr
	err    error
}

// resolve does what getaddrinfo(3) does for a listening socket. A name is looked
// for in /etc/hosts only: what DNS says is not asked.
func (r *resolver) resolve(value string) (addrs []netip.Addr, reason checks.Reason, problem string) {
	if a, err := netip.ParseAddr(value); err == nil {
		if a.Zone() != "" {
			return nil, checks.ReasonUnsupported, "an address of one interface, which is not evaluated"
		}
		return []netip.Addr{a}, "", ""
	}
	if a, ok := inetAton(value); ok {
		return []netip.Addr{a}, "", ""
	}
	v4, v6, err := r.hosts(value)
	switch {
	case err != nil:
		return nil, checks.ReasonOf(err), "a name, and /etc/hosts could not be read"
	case len(v4)+len(v6) > 0:
		return slices.Concat(v6, v4), "", ""
	case strings.EqualFold(value, "localhost"):
		return []netip.Addr{netip.IPv6Loopback(), netip.AddrFrom4([4]byte{127, 0, 0, 1})}, "", ""
	}
	return nil, checks.ReasonUnsupported, "not a plain address; names that are not in /etc/hosts are not looked up"
}

// hosts returns the addresses that hosts(5) gives a name.
func (r *resolver) hosts(name string) (v4, v6 []netip.Addr, err error) {
	if r.tree == nil {
		return nil, nil, nil
	}
	if !r.read {
		r.read = true
		r.readHosts()
	}
	name = strings.ToLower(name)
	return r.v4[name], r.v6[name], r.err
}

func (r *resolver) readHosts() {
	data, err := r.tree.ReadFile("/etc/hosts")
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			r.err = err
		}
		return
	}
	r.v4, r.v6 = map[string][]netip.Addr{}, map[string][]netip.Addr{}
	for line := range strings.Lines(string(data)) {
		line, _, _ = strings.Cut(line, "#")
		fields := strings.Fields(line)
		if len(fields) < 2 {
			continue
		}
		a, err := netip.ParseAddr(fields[0])
		if err != nil || a.Zone() != "" {
			continue
		}
		family := r.v6
		if a.Is4() {
			family = r.v4
		}
		for _, f := range fields[1:] {
			f = strings.ToLower(f)
			if len(family[f]) < maxAddresses && !slices.Contains(family[f], a) {
				family[f] = append(family[f], a)
			}
		}
	}
}

// maxAddresses bounds what one name stands for.
const maxAddresses = 32

// inetAton reads the forms of IPv4 addresses of inet_aton(3) that netip refuses:
// fewer than four numbers, the last one filling the rest, in octal or hexadecimal.
func inetAton(s string) (netip.Addr, bool) {
	parts := strings.Split(s, ".")
	if len(parts) > 4 {
		return netip.Addr{}, false
	}
	var addr uint64
	for i, part := range parts {
		if part == "" || strings.ContainsAny(part, "_+-") || strings.HasPrefix(strings.ToLower(part), "0b") || strings.HasPrefix(strings.ToLower(part), "0o") {
			return netip.Addr{}, false
		}
		n, err := strconv.ParseUint(part, 0, 32)
		if err != nil {
			return netip.Addr{}, false
		}
		if i < len(parts)-1 {
			if n > 255 {
				return netip.Addr{}, false
			}
			addr |= n << (24 - 8*i)
			continue
		}
		if n >= 1<<(8*(5-len(parts))) {
			return netip.Addr{}, false
		}
		addr |= n
	}
	return netip.AddrFrom4([4]byte{byte(addr >> 24), byte(addr >> 16), byte(addr >> 8), byte(addr)}), true
}
