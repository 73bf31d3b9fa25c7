package host

import (
	"context"
	"errors"
	"net"
	"path/filepath"
	"testing"
	"time"
)

func TestLocalDialer(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	socket := filepath.Join(t.TempDir(), "s")
	unixListener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer unixListener.Close()

	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	dial := LocalDialer()
	for _, target := range [][2]string{{"tcp", "127.0.0.1:" + port}, {"tcp4", "127.0.0.1:" + port}, {"tcp", "[::ffff:127.0.0.1]:" + port}, {"unix", socket}} {
		c, err := dial(ctx, target[0], target[1])
		if err != nil {
			t.Errorf("%v: %v", target, err)
			continue
		}
		c.Close()
	}
	for _, target := range [][2]string{
		{"tcp", "localhost:" + port},
		{"tcp", "localhost.:80"},
		{"tcp", "192.0.2.1:80"},
		{"tcp", "[2001:db8::1]:80"},
		{"tcp", "0.0.0.0:" + port},
		{"tcp", "[::]:" + port},
		{"tcp", ":" + port},
		{"tcp", "127.0.0.1:http"},
		{"tcp", "127.1:80"},
		{"tcp", "169.254.169.254:80"},
		{"udp", "127.0.0.1:" + port},
		{"ip", "127.0.0.1"},
		{"unixgram", socket},
		{"unix", "relative"},
		{"unix", ""},
	} {
		c, err := dial(ctx, target[0], target[1])
		if c != nil || !errors.Is(err, ErrNotLocal) {
			t.Errorf("%v: %v, %v", target, c, err)
		}
	}
}

func TestDialOwnAddress(t *testing.T) {
	// 127.0.0.1 stands in for an interface's address that is not loopback only in
	// the list; what is dialled is an address of documentation, so a try would fail
	// to bind and nothing leaves the host.
	list := func() ([]net.Addr, error) {
		return []net.Addr{&net.IPNet{IP: net.IPv4(192, 0, 2, 7), Mask: net.CIDRMask(24, 32)}}, nil
	}
	_, err := localDialer(list)(t.Context(), "tcp", "192.0.2.7:9")
	if err == nil || errors.Is(err, ErrNotLocal) {
		t.Errorf("an address of the list: %v; want it tried and the bind to fail", err)
	}
	if _, err := localDialer(list)(t.Context(), "tcp", "192.0.2.8:9"); !errors.Is(err, ErrNotLocal) {
		t.Errorf("a neighbour in the same network: %v", err)
	}
	broken := func() ([]net.Addr, error) { return nil, errors.New("no netlink") }
	if _, err := localDialer(broken)(t.Context(), "tcp", "192.0.2.7:9"); err == nil || errors.Is(err, ErrNotLocal) {
		t.Errorf("without the list: %v", err)
	}

	// A real address of this machine, where it has one.
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range addrs {
		ip := a.(*net.IPNet).IP
		if ip.IsLoopback() || ip.IsLinkLocalUnicast() {
			continue
		}
		listener, err := net.Listen("tcp", net.JoinHostPort(ip.String(), "0"))
		if err != nil {
			t.Fatal(err)
		}
		defer listener.Close()
		c, err := LocalDialer()(t.Context(), "tcp", listener.Addr().String())
		if err != nil {
			t.Fatalf("own address: %v", err)
		}
		c.Close()
		return
	}
	t.Log("this machine has no address but loopback: that part was not tried")
}

func TestDialKeepsTheContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if c, err := LocalDialer()(ctx, "tcp", "127.0.0.1:1"); c != nil || !errors.Is(err, context.Canceled) {
		t.Errorf("%v, %v", c, err)
	}
}
