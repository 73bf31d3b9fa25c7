package listeners

import (
	"path"
	"slices"

	"hostaudit/checks/host/snapshot"
)

// defaultPorts is what the kernel gives out unless told otherwise
// (net/ipv4/af_inet.c, inet_init_net).
var defaultPorts = snapshot.PortRange{Low: 32768, High: 60999}

// ephemeral is the range of ports the kernel gives out by itself.
func ephemeral(snap *snapshot.Snapshot) snapshot.PortRange {
	if snap.Ephemeral == (snapshot.PortRange{}) {
		return defaultPorts
	}
	return snap.Ephemeral
}

// clientSocket reports a UDP socket such as a client has that sent a question and
// waits for the answer: of every address, on a port that it did not choose. The
// kernel's table shows it like a server's.
func clientSocket(l snapshot.Listener, ports snapshot.PortRange) bool {
	return l.Proto == "udp" && l.Scope() == snapshot.ScopeEverywhere && ports.Contains(l.Port) && portName(l.Proto, l.Port) == "" &&
		!slices.Contains(chosenUDP, l.Port)
}

// resolvers choose the ports of their questions themselves, from 1024 on, where
// nobody can guess them (dnsmasq(8), --min-port; unbound.conf(5),
// outgoing-port-permit; RFC 5452, 9.2).
var resolvers = []string{"dnsmasq", "unbound", "pdns_recursor"}

// client reports a client's socket of a program that is known to the system: of a
// package, or in a service.
func client(r row, ports snapshot.PortRange) bool {
	if r.Proto == "udp" && r.Port >= 1024 && r.owner.packaged() && slices.Contains(resolvers, path.Base(r.owner.program)) {
		return !slices.Contains([]uint16{5300, 5353, 5355, 8053}, r.Port)
	}
	return clientSocket(r.Listener, ports) && !r.owner.published && (r.owner.packaged() || r.owner.inService())
}

// givenOut reports a port that is another one after the next start. Where an
// administrator widened the range, servers choose ports in what was added, and few
// but those of RPC and the kernel get theirs from there.
func givenOut(r row, ports snapshot.PortRange) bool {
	switch {
	case reservedRPC(r):
		return true
	case !ports.Contains(r.Port):
		return false
	case r.Port >= defaultPorts.Low || r.owner.kernel:
		return true
	case r.Proto == "udp":
		return clientSocket(r.Listener, ports)
	}
	return slices.Contains(rpcPrograms, path.Base(r.owner.program))
}

// chosenUDP are ports, most below the usual range, that servers have, of /etc/services and
// of IANA's list: in a wider range too nobody is given them for a question, or seldom.
var chosenUDP = []uint16{
	1194, 1434, 1645, 1646, 1701, 1812, 1813, 1900, 2049, 2055, 2152, 3389, 3478, 3702, 4500, 4789, 5060, 5061, 5246, 5247, 5349, 5351, 5353, 5355,
	5683, 6081, 6343, 8125, 8472, 9987, 10050, 10051, 11211, 17500, 19132, 27015, 27016, 1514, 1025, 41641, 51820, // Tailscale, WireGuard
}

// rpcPrograms take a port of those for root that is free (bindresvport(3): 512 to
// 1023), another one at every start, unless told which.
var rpcPrograms = []string{"rpcbind", "rpc.statd", "rpc.mountd", "rpc.rquotad", "ypserv", "ypbind", "rpc.yppasswdd", "rpc.ypxfrd"}

// reservedRPC reports such a port. The kernel's own NFS clients take them too.
func reservedRPC(r row) bool {
	if r.Port < 512 || r.Port > 1023 || portName(r.Proto, r.Port) != "" {
		return false
	}
	return r.owner.packaged() && slices.Contains(rpcPrograms, path.Base(r.owner.program)) || r.owner.kernel && r.Proto == "udp" && r.owner.service == ""
}

// dhcpPrograms ask for addresses; the servers' answers come to ports 68 and 546
// (RFC 2131, 4.1; RFC 8415, 7.2).
var dhcpPrograms = []string{
	"dhclient", "dhcpcd", "dhcpcd5", "udhcpc", "udhcpc6", "NetworkManager", "nm-dhcp-helper", "systemd-networkd",
	"connmand", "pump", "dhcp6c", "odhcp6c", "wickedd-dhcp4", "wickedd-dhcp6", "dhcpcanon", "netconfig", "iwd",
}

// dhcpClient reports the socket of a packaged DHCP client.
func dhcpClient(r row) bool {
	if r.Proto != "udp" || r.Port != 68 && r.Port != 546 || !r.owner.packaged() {
		return false
	}
	return slices.Contains(dhcpPrograms, path.Base(r.owner.program)) || slices.Contains(dhcpPrograms, r.owner.applet)
}
