package host

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
)

// ErrNotLocal is returned by a Dialer for whatever is not the host's own.
var ErrNotLocal = errors.New("not an address of this host")

// LocalDialer returns the Dialer of a live host. It connects to unix stream
// sockets by absolute path or abstract name ("@name"), and over TCP to literal
// addresses of loopback or of an interface of this network namespace. Names are
// never looked up: they are refused (ErrNotLocal) like every other address,
// 0.0.0.0 and :: included. Bounding the time is the context's.
func LocalDialer() Dialer { return localDialer(net.InterfaceAddrs) }

// localDialer is LocalDialer with the list of the host's addresses passed in.
func localDialer(interfaceAddrs func() ([]net.Addr, error)) Dialer {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		var d net.Dialer
		switch network {
		case "unix":
			if !strings.HasPrefix(address, "/") && !strings.HasPrefix(address, "@") {
				return nil, fmt.Errorf("dial unix: %w: neither a path nor an abstract name", ErrNotLocal)
			}
			return d.DialContext(ctx, "unix", address)
		case "tcp", "tcp4", "tcp6":
		default:
			return nil, fmt.Errorf("dial: network %q: %w", network, ErrNotLocal)
		}
		target, err := netip.ParseAddrPort(address)
		if err != nil {
			return nil, fmt.Errorf("dial %s: %w: not a literal address and port", network, ErrNotLocal)
		}
		addr := target.Addr()
		if !addr.Unmap().IsLoopback() {
			own, err := ownAddrs(interfaceAddrs)
			if err != nil {
				return nil, fmt.Errorf("dial %s: addresses of this host: %w", network, err)
			}
			if !slices.Contains(own, addr.Unmap().WithZone("")) {
				return nil, fmt.Errorf("dial %s %s: %w", network, addr, ErrNotLocal)
			}
			// Bound to the same address, the connection cannot leave the host even if
			// the interface lost the address a moment ago: then bind fails.
			d.LocalAddr = net.TCPAddrFromAddrPort(netip.AddrPortFrom(addr, 0))
		}
		return d.DialContext(ctx, network, target.String())
	}
}

// ownAddrs lists the addresses of the interfaces, without zones.
func ownAddrs(interfaceAddrs func() ([]net.Addr, error)) ([]netip.Addr, error) {
	list, err := interfaceAddrs()
	if err != nil {
		return nil, err
	}
	var own []netip.Addr
	for _, a := range list {
		if prefix, err := netip.ParsePrefix(a.String()); err == nil {
			own = append(own, prefix.Addr().Unmap().WithZone(""))
		}
	}
	return own, nil
}
