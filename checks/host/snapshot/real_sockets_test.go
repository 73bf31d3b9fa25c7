package snapshot_test

import (
	"fmt"
	"net/netip"
	"os"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"
)

// open makes a socket as "PROTOCOL ADDRESS:PORT[%DEVICE] [OPTION…]" says: dual or v6only,
// reuseport, reuseaddr, freebind, deaf (bound and not listening), dev=DEVICE.
func (a *act) open(spec string) int {
	words := strings.Fields(spec)
	addr := netip.MustParseAddrPort(words[1])
	family, kind, proto := unix.AF_INET, unix.SOCK_STREAM, 0
	var sa unix.Sockaddr = &unix.SockaddrInet4{Port: int(addr.Port())}
	if ip := addr.Addr(); ip.Is6() {
		six := &unix.SockaddrInet6{Port: int(addr.Port()), Addr: ip.As16()}
		if ip.Zone() != "" {
			six.ZoneId = a.index(ip.Zone())
		}
		family, sa = unix.AF_INET6, six
	} else {
		sa.(*unix.SockaddrInet4).Addr = ip.As4()
	}
	switch words[0] {
	case "udp":
		kind = unix.SOCK_DGRAM
	case "udplite":
		kind, proto = unix.SOCK_DGRAM, unix.IPPROTO_UDPLITE
	case "mptcp":
		proto = unix.IPPROTO_MPTCP
	case "sctp":
		proto = unix.IPPROTO_SCTP
	}
	fd, err := unix.Socket(family, kind|unix.SOCK_CLOEXEC, proto)
	if proto != 0 && (err == unix.EPROTONOSUPPORT || err == unix.ENOPROTOOPT || err == unix.ESOCKTNOSUPPORT) {
		a.cannot("this kernel has no " + words[0])
	}
	a.must(spec, err)
	option := func(level, name, value int) { a.must(spec, unix.SetsockoptInt(fd, level, name, value)) }
	listens := kind == unix.SOCK_STREAM
	for _, word := range words[2:] {
		name, value, _ := strings.Cut(word, "=")
		switch name {
		case "dual":
			option(unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, 0)
		case "v6only":
			option(unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, 1)
		case "reuseport":
			option(unix.SOL_SOCKET, unix.SO_REUSEPORT, 1)
		case "reuseaddr":
			option(unix.SOL_SOCKET, unix.SO_REUSEADDR, 1)
		case "freebind":
			option(unix.IPPROTO_IP, unix.IP_FREEBIND, 1)
		case "dev":
			a.must(spec, unix.BindToDevice(fd, value))
		case "deaf":
			listens = false
		default:
			panic(fmt.Errorf("%s: no such option", word))
		}
	}
	a.must(spec, unix.Bind(fd, sa))
	if listens {
		a.must(spec, unix.Listen(fd, 8))
	}
	a.fds = append(a.fds, fd)
	return fd
}

// index is the number of a network device.
func (a *act) index(device string) uint32 {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	a.must("socket", err)
	defer unix.Close(fd)
	ifr, err := unix.NewIfreq(device)
	a.must(device, err)
	a.must(device, unix.IoctlIfreq(fd, unix.SIOCGIFINDEX, ifr))
	return ifr.Uint32()
}

// disconnect dissolves the association of a datagram socket, connect(2).
func disconnect(fd int) error {
	unspec := unix.RawSockaddr{Family: unix.AF_UNSPEC}
	_, _, errno := unix.Syscall(unix.SYS_CONNECT, uintptr(fd), uintptr(unsafe.Pointer(&unspec)), unsafe.Sizeof(unspec))
	if errno != 0 {
		return errno
	}
	return nil
}

// device makes what not every kernel has.
func (a *act) device(lines string) {
	err := ip(lines)
	if err != nil && (strings.Contains(err.Error(), "Unknown device type") || strings.Contains(err.Error(), "Not supported")) {
		a.cannot("this kernel cannot do it: " + err.Error())
	}
	a.must("ip", err)
}

func (a *act) writeSysctl(name, value string) {
	a.must(name, os.WriteFile("/proc/sys/net/"+name, []byte(value), 0))
}
