package mysql

import (
	"net/netip"
	"strings"
)

// reach is from where an account's host part lets clients in.
type reach int

const (
	fromHere     reach = iota // this host only
	fromSome                  // a network, a name, an address
	fromAnywhere              // every address
)

// reachOf reads the host part of an account: an address, a name, a pattern with % and _,
// or an address with a netmask (MySQL manual, "Specifying Account Names"; MariaDB KB,
// "CREATE USER"). hostname is the host's own, "" = not known.
func reachOf(host, hostname string) reach {
	host = strings.ToLower(host)
	if addr, err := netip.ParseAddr(host); err == nil && addr.Unmap().IsLoopback() {
		return fromHere
	}
	short, _, _ := strings.Cut(strings.ToLower(hostname), ".")
	switch host {
	case "":
		return fromAnywhere
	case "localhost", "localhost.localdomain", "localhost4", "localhost6":
		return fromHere
	case short, strings.ToLower(hostname):
		return fromHere
	}
	if strings.Contains(host, "%") && strings.Trim(host, "%_.:") == "" {
		return fromAnywhere
	}
	if address, mask, ok := strings.Cut(host, "/"); ok {
		if mask == "0" || mask == "0.0.0.0" {
			return fromAnywhere
		}
		if a, err := netip.ParseAddr(address); err == nil && a.IsLoopback() {
			return fromHere
		}
		return fromSome
	}
	if rest, ok := strings.CutPrefix(host, "127."); ok && strings.Trim(rest, "0123456789.%_") == "" {
		return fromHere
	}
	return fromSome
}

// remote reports whether an account can be used from another host, as far as its name,
// its lock and its plugins tell: sockets let in who is on this host.
func (a account) remote(hostname string) bool {
	if a.locked || reachOf(a.host, hostname) == fromHere {
		return false
	}
	for _, l := range a.logins {
		switch l.plugin {
		case "unix_socket", "auth_socket", "mysql_no_login":
		default:
			return true
		}
	}
	return a.unread
}
