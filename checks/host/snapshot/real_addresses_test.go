package snapshot_test

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// one is an arrangement of one process and its sockets.
func one(name string, opens []string, want ...row) arrangement {
	for i := range want {
		want[i].Owners = "server"
	}
	return arrangement{name: name, actors: []actor{{name: "server", opens: opens}}, want: want}
}

// addressArrangements: what a socket is bound to.
func addressArrangements() []arrangement {
	return []arrangement{
		one("tcp4-everywhere", []string{"tcp 0.0.0.0:80"},
			row{Proto: "tcp", Addr: "0.0.0.0", Port: 80, Scope: everywhere}),
		one("tcp4-loopback", []string{"tcp 127.0.0.1:80"},
			row{Proto: "tcp", Addr: "127.0.0.1", Port: 80, Scope: loopback}),
		one("tcp4-other-loopback", []string{"tcp 127.0.0.53:53", "tcp 127.255.255.254:53"},
			row{Proto: "tcp", Addr: "127.0.0.53", Port: 53, Scope: loopback},
			row{Proto: "tcp", Addr: "127.255.255.254", Port: 53, Scope: loopback}),
		one("tcp4-one-address", []string{"tcp 10.9.9.1:80"},
			row{Proto: "tcp", Addr: "10.9.9.1", Port: 80, Scope: address}),
		one("tcp4-foreign-address", []string{"tcp 192.0.2.7:80 freebind"},
			row{Proto: "tcp", Addr: "192.0.2.7", Port: 80, Scope: address}),
		one("tcp6-dual", []string{"tcp [::]:80 dual"},
			row{Proto: "tcp", Addr: "::", Port: 80, Scope: everywhere, V6: dual}),
		one("tcp6-only", []string{"tcp [::]:80 v6only"},
			row{Proto: "tcp", Addr: "::", Port: 80, Scope: everywhere, V6: only}),
		one("tcp4-beside-tcp6-only", []string{"tcp 0.0.0.0:80", "tcp [::]:80 v6only"},
			row{Proto: "tcp", Addr: "0.0.0.0", Port: 80, Scope: everywhere},
			row{Proto: "tcp", Addr: "::", Port: 80, Scope: everywhere, V6: only}),
		// The kernel sets v6only of a socket bound to an IPv6 address (inet6_bind).
		one("tcp6-loopback", []string{"tcp [::1]:80"},
			row{Proto: "tcp", Addr: "::1", Port: 80, Scope: loopback, V6: only}),
		one("tcp6-one-address", []string{"tcp [2001:db8::1]:80"},
			row{Proto: "tcp", Addr: "2001:db8::1", Port: 80, Scope: address, V6: only}),
		one("tcp6-link-local", []string{"tcp [fe80::1%eth0]:546"},
			row{Proto: "tcp", Addr: "fe80::1", Port: 546, Device: "eth0", Scope: address, V6: only}),
		one("mapped-loopback", []string{"tcp [::ffff:127.0.0.1]:80"},
			row{Proto: "tcp", Addr: "::ffff:127.0.0.1", Port: 80, Scope: loopback, V6: dual}),
		one("mapped-other-loopback", []string{"udp [::ffff:127.0.0.53]:53"},
			row{Proto: "udp", Addr: "::ffff:127.0.0.53", Port: 53, Scope: loopback, V6: dual}),
		one("mapped-one-address", []string{"tcp [::ffff:10.9.9.1]:80"},
			row{Proto: "tcp", Addr: "::ffff:10.9.9.1", Port: 80, Scope: address, V6: dual}),
		one("mapped-everywhere", []string{"tcp [::ffff:0.0.0.0]:80"},
			row{Proto: "tcp", Addr: "::ffff:0.0.0.0", Port: 80, Scope: everywhere, V6: dual}),
		one("device-lo", []string{"tcp 0.0.0.0:80 dev=lo", "udp 127.0.0.53:53 dev=lo", "tcp [::]:81 dual dev=lo"},
			row{Proto: "tcp", Addr: "0.0.0.0", Port: 80, Device: "lo", Scope: loopback},
			row{Proto: "tcp", Addr: "::", Port: 81, Device: "lo", Scope: loopback, V6: dual},
			row{Proto: "udp", Addr: "127.0.0.53", Port: 53, Device: "lo", Scope: loopback}),
		one("device-eth0", []string{"tcp 0.0.0.0:80 dev=eth0", "tcp [::]:81 v6only dev=eth0"},
			row{Proto: "tcp", Addr: "0.0.0.0", Port: 80, Device: "eth0", Scope: address},
			row{Proto: "tcp", Addr: "::", Port: 81, Device: "eth0", Scope: address, V6: only}),
		one("devices-share-a-port", []string{"udp 0.0.0.0:67 dev=eth0", "udp 0.0.0.0:67 dev=eth1", "udp 0.0.0.0:67 dev=lo"},
			row{Proto: "udp", Addr: "0.0.0.0", Port: 67, Device: "eth0", Scope: address},
			row{Proto: "udp", Addr: "0.0.0.0", Port: 67, Device: "eth1", Scope: address},
			row{Proto: "udp", Addr: "0.0.0.0", Port: 67, Device: "lo", Scope: loopback}),
		{
			name:   "device-renamed",
			actors: []actor{{name: "server", opens: []string{"tcp 0.0.0.0:80 dev=eth1"}}},
			after: func(a *act) {
				a.must("rename", ip("link set eth1 down\nlink set eth1 name wan0\n"))
			},
			want: []row{{Proto: "tcp", Addr: "0.0.0.0", Port: 80, Device: "wan0", Scope: address, Owners: "server"}},
		},
		{
			name:   "without-ipv6",
			setup:  func(a *act) { a.writeSysctl("ipv6/conf/all/disable_ipv6", "1") },
			actors: []actor{{name: "server", opens: []string{"tcp 0.0.0.0:80", "udp 127.0.0.1:80"}}},
			want: []row{
				{Proto: "tcp", Addr: "0.0.0.0", Port: 80, Scope: everywhere, Owners: "server"},
				{Proto: "udp", Addr: "127.0.0.1", Port: 80, Scope: loopback, Owners: "server"},
			},
		},
		{
			name: "without-ipv4",
			setup: func(a *act) {
				a.must("addresses", ip("addr flush dev lo\naddr add ::1/128 dev lo nodad\naddr del 10.9.9.1/24 dev eth0\n"))
			},
			actors: []actor{{name: "server", opens: []string{"tcp [::]:80 dual", "udp [::1]:80"}}},
			want: []row{
				{Proto: "tcp", Addr: "::", Port: 80, Scope: everywhere, V6: dual, Owners: "server"},
				{Proto: "udp", Addr: "::1", Port: 80, Scope: loopback, V6: only, Owners: "server"},
			},
		},
		one("tcp-bound-not-listening", []string{"tcp 0.0.0.0:80 deaf", "tcp 127.0.0.1:81"},
			row{Proto: "tcp", Addr: "127.0.0.1", Port: 81, Scope: loopback}),
		one("tcp-port-of-the-kernel", []string{"tcp 0.0.0.0:0"},
			row{Proto: "tcp", Addr: "0.0.0.0", Scope: everywhere}),
		{
			name: "tcp-listen-without-bind",
			actors: []actor{{name: "server", do: func(a *act) {
				fd, err := unix.Socket(unix.AF_INET6, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
				a.must("socket", err)
				a.must("listen", unix.Listen(fd, 1))
				a.fds = append(a.fds, fd)
			}}},
			want: []row{{Proto: "tcp", Addr: "::", Scope: everywhere, V6: dual, Owners: "server"}},
		},
		{
			name: "tcp-with-connections",
			actors: []actor{{name: "server", opens: []string{"tcp 127.0.0.1:80"}, do: func(a *act) {
				for range 3 { // one accepted, two that wait
					fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
					a.must("socket", err)
					a.must("connect", unix.Connect(fd, &unix.SockaddrInet4{Port: 80, Addr: [4]byte{127, 0, 0, 1}}))
				}
				_, _, err := unix.Accept4(a.fds[0], unix.SOCK_CLOEXEC)
				a.must("accept", err)
			}}},
			want: []row{{Proto: "tcp", Addr: "127.0.0.1", Port: 80, Scope: loopback, Owners: "server"}},
		},
		one("mptcp4", []string{"mptcp 0.0.0.0:80"},
			row{Proto: "tcp", Addr: "0.0.0.0", Port: 80, Scope: everywhere}),
		one("mptcp6", []string{"mptcp [::]:80 dual", "mptcp [::]:81 v6only"},
			row{Proto: "tcp", Addr: "::", Port: 80, Scope: everywhere, V6: dual},
			row{Proto: "tcp", Addr: "::", Port: 81, Scope: everywhere, V6: only}),
		one("sctp", []string{"sctp 0.0.0.0:3868"},
			row{Proto: "sctp", Addr: "0.0.0.0", Port: 3868, Scope: everywhere}),
		hundreds(),
	}
}

// hundreds is a host with many listeners.
func hundreds() arrangement {
	a := arrangement{name: "hundreds", actors: []actor{{name: "server"}}}
	for port := 10000; port < 10300; port++ {
		a.actors[0].opens = append(a.actors[0].opens, fmt.Sprintf("tcp 127.0.0.1:%d", port), fmt.Sprintf("udp [::]:%d v6only", port))
		a.want = append(a.want,
			row{Proto: "tcp", Addr: "127.0.0.1", Port: port, Scope: loopback, Owners: "server"},
			row{Proto: "udp", Addr: "::", Port: port, Scope: everywhere, V6: only, Owners: "server"})
	}
	return a
}

// udpArrangements: what of UDP and UDP-Lite is a listener.
func udpArrangements() []arrangement {
	client := func(connect bool) func(*act) {
		return func(a *act) {
			fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
			a.must("socket", err)
			to := &unix.SockaddrInet4{Port: 9, Addr: [4]byte{10, 9, 9, 1}}
			if connect {
				a.must("connect", unix.Connect(fd, to))
			} else {
				a.must("send", unix.Sendto(fd, []byte("x"), 0, to))
			}
			a.fds = append(a.fds, fd)
		}
	}
	connected := func(a *act) {
		a.must("connect", unix.Connect(a.fds[0], &unix.SockaddrInet4{Port: 9, Addr: [4]byte{127, 0, 0, 1}}))
	}
	return []arrangement{
		one("udp4", []string{"udp 0.0.0.0:123", "udp 127.0.0.1:323"},
			row{Proto: "udp", Addr: "0.0.0.0", Port: 123, Scope: everywhere},
			row{Proto: "udp", Addr: "127.0.0.1", Port: 323, Scope: loopback}),
		one("udp6", []string{"udp [::]:123 v6only", "udp [::]:124 dual", "udp [::1]:323"},
			row{Proto: "udp", Addr: "::", Port: 123, Scope: everywhere, V6: only},
			row{Proto: "udp", Addr: "::", Port: 124, Scope: everywhere, V6: dual},
			row{Proto: "udp", Addr: "::1", Port: 323, Scope: loopback, V6: only}),
		{name: "udp-client-connected", actors: []actor{{name: "client", do: client(true)}}},
		{
			name: "udp-client-unconnected", actors: []actor{{name: "client", do: client(false)}},
			want: []row{{Proto: "udp", Addr: "0.0.0.0", Scope: everywhere, Owners: "client"}},
		},
		{name: "udp-server-connected", actors: []actor{{name: "server", opens: []string{"udp 0.0.0.0:5000"}, do: connected}}},
		{
			name: "udp-server-disconnected",
			actors: []actor{{name: "server", opens: []string{"udp 0.0.0.0:5000"}, do: func(a *act) {
				connected(a)
				// struct sockaddr with AF_UNSPEC dissolves the association, connect(2).
				a.must("disconnect", disconnect(a.fds[0]))
			}}},
			want: []row{{Proto: "udp", Addr: "0.0.0.0", Port: 5000, Scope: everywhere, Owners: "server"}},
		},
		one("udp-broadcast-address", []string{"udp 10.9.9.255:137", "udp 255.255.255.255:67"},
			row{Proto: "udp", Addr: "10.9.9.255", Port: 137, Scope: address},
			row{Proto: "udp", Addr: "255.255.255.255", Port: 67, Scope: address}),
		one("udp-multicast-address", []string{"udp 224.0.0.251:5353", "udp [ff02::fb%eth0]:5353"},
			row{Proto: "udp", Addr: "224.0.0.251", Port: 5353, Scope: address},
			row{Proto: "udp", Addr: "ff02::fb", Port: 5353, Device: "eth0", Scope: address, V6: only}),
		{
			name: "udp-multicast-shared",
			actors: []actor{
				{name: "avahi", opens: []string{"udp 0.0.0.0:5353 reuseaddr"}},
				{name: "browser", uid: 1000, opens: []string{"udp 0.0.0.0:5353 reuseaddr"}},
			},
			want: []row{{
				Proto: "udp", Addr: "0.0.0.0", Port: 5353, Scope: everywhere, Owners: "avahi browser", UID: mixed,
				Sockets: 2, Group: none,
			}},
		},
		one("udplite", []string{"udplite 0.0.0.0:5004", "udplite [::]:5005 v6only", "udp 0.0.0.0:5004"},
			row{Proto: "udp", Addr: "0.0.0.0", Port: 5004, Scope: everywhere},
			row{Proto: "udplite", Addr: "0.0.0.0", Port: 5004, Scope: everywhere},
			row{Proto: "udplite", Addr: "::", Port: 5005, Scope: everywhere, V6: only}),
	}
}
