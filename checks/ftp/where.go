package ftp

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"hostaudit/checks/host/snapshot"
	"hostaudit/checks/host/units"
)

// scope says from where a listener can be reached.
func scope(l snapshot.Listener) string {
	switch {
	case !l.Addr.IsValid():
		return "the address of a name"
	case l.Addr.Unmap().IsLoopback():
		return "loopback only (" + l.Addr.String() + ")"
	case l.Loopback():
		return "loopback only (device " + l.Interface + ")"
	case l.Interface != "" && l.Addr.IsUnspecified():
		return "the addresses of device " + l.Interface
	case !l.Addr.IsUnspecified():
		return "the address " + l.Addr.String()
	case l.Addr.Is4() || l.V6Only == snapshot.No:
		return "every address"
	}
	return "every IPv6 address"
}

// whereOf says in words what is bound.
func whereOf(addr netip.Addr, host string) string {
	switch {
	case !addr.IsValid() && host != "":
		return "the address of a name"
	case !addr.IsValid(), addr.IsUnspecified():
		return "every address"
	case addr.Unmap().IsLoopback():
		return "loopback only (" + addr.String() + ")"
	}
	return addr.String()
}

// whereAll says in words what an entry opens: the widest of its sockets where one
// holds the others, else all.
func whereAll(list []units.Listen, device string) string {
	var words []string
	for _, listen := range list {
		l := snapshot.Listener{Proto: listen.Proto, Addr: listen.Addr, Port: listen.Port, Interface: device, V6Only: snapshot.No}
		if listen.V6Only == units.Yes {
			l.V6Only = snapshot.Yes
		}
		word := scope(l)
		if word == "every address" {
			return word
		}
		if !slices.Contains(words, word) {
			words = append(words, word)
		}
	}
	return strings.Join(words, ", ")
}

// portsOf lists the ports of an entry, each once.
func portsOf(list []units.Listen) string {
	var words []string
	for _, l := range list {
		if word := fmt.Sprint(l.Port); !slices.Contains(words, word) {
			words = append(words, word)
		}
	}
	return strings.Join(words, ", ")
}
