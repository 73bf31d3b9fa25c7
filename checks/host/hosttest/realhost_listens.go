package hosttest

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
)

// A ListenSet is what listens, sorted and without duplicates, with the addresses that the
// kernel shows: a daemon that serves both families with one socket has [::] alone.
type ListenSet []netip.AddrPort

// String returns the members parted by blanks.
func (s ListenSet) String() string {
	words := make([]string, len(s))
	for i, l := range s {
		words[i] = l.String()
	}
	return strings.Join(words, " ")
}

// NewListenSet returns the set of those sockets.
func NewListenSet(sockets ...netip.AddrPort) ListenSet {
	sockets = slices.Clone(sockets)
	slices.SortFunc(sockets, netip.AddrPort.Compare)
	return slices.Compact(sockets)
}

// States of the sockets in /proc/net/tcp and udp (proc_net(5), include/net/tcp_states.h).
const (
	listening = "0A"
	unused    = "07" // of every UDP socket that is bound and not connected
)

// ParseListens returns the listening sockets of /proc/net/tcp or tcp6, or of both, one
// after the other.
func ParseListens(table string) (ListenSet, error) { return parseSockets(table, listening) }

// parseSockets returns the local addresses of the sockets of a state. A line is
//
//	sl: local remote state ...
//
// and an address the words of the machine's order in hexadecimal, then the port.
func parseSockets(table, state string) (ListenSet, error) {
	var found []netip.AddrPort
	for line := range strings.Lines(table) {
		fields := strings.Fields(line)
		if len(fields) < 4 || fields[3] != state {
			continue
		}
		host, port, _ := strings.Cut(fields[1], ":")
		raw, err := hex.DecodeString(host)
		if err != nil || len(raw) != 4 && len(raw) != 16 {
			return nil, fmt.Errorf("socket %q: no address", fields[1])
		}
		number, err := strconv.ParseUint(port, 16, 16)
		if err != nil {
			return nil, fmt.Errorf("socket %q: %w", fields[1], err)
		}
		for i := 0; i < len(raw); i += 4 {
			binary.NativeEndian.PutUint32(raw[i:], binary.BigEndian.Uint32(raw[i:]))
		}
		addr, _ := netip.AddrFromSlice(raw)
		found = append(found, netip.AddrPortFrom(addr, uint16(number)))
	}
	return NewListenSet(found...), nil
}

// Listens returns what listens on TCP ports of the host.
func (h *RealHost) Listens() ListenSet {
	h.t.Helper()
	return h.sockets("tcp", listening)
}

func (h *RealHost) sockets(proto, state string) ListenSet {
	h.t.Helper()
	var text strings.Builder
	for _, table := range []string{proto, proto + "6"} {
		b, err := os.ReadFile(fmt.Sprintf("/proc/%d/net/%s", h.init, table))
		if err != nil {
			h.t.Fatal(err)
		}
		text.Write(b)
	}
	set, err := parseSockets(text.String(), state)
	if err != nil {
		h.t.Fatal(err)
	}
	return set
}

// WaitListening waits until something listens on the TCP port.
func (h *RealHost) WaitListening(port int) {
	h.t.Helper()
	h.WaitPort("tcp", port)
}

// WaitPort is WaitListening of either protocol, "tcp" or "udp". A UDP socket does not
// listen: one that is bound is enough.
func (h *RealHost) WaitPort(proto string, port int) {
	h.t.Helper()
	state := listening
	if proto == "udp" {
		state = unused
	}
	h.WaitFor(fmt.Sprintf("a socket on %s port %d", proto, port), func() bool {
		return slices.ContainsFunc(h.sockets(proto, state), func(l netip.AddrPort) bool { return int(l.Port()) == port })
	})
}
