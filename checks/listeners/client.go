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
	return l.Proto == "udp" && l.Scope() == snapshot.ScopeEverywhere && ports.Contains(l.Port)
}

// client reports a client's socket of a program that is known to the system: of a
// package, or in a service.
func client(r row, ports snapshot.PortRange) bool {
	return clientSocket(r.Listener, ports) && !r.owner.published && (r.owner.packaged() || r.owner.inService())
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
