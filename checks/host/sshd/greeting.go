package sshd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"hostaudit/checks/host"
	"hostaudit/checks/host/snapshot"
)

// Bounds of one look at a greeting. RFC 4253, 4.2: the identification string is
// at most 255 bytes; lines may stand before it.
const (
	greetingTime    = 2 * time.Second
	greetingTimeAll = 6 * time.Second // all listeners together
	greetingBytes   = 512
)

var errNoDialer = errors.New("nothing may be dialled")

// Greeting is what came of asking an unsettled listener.
type Greeting struct {
	SSH bool
	Err error  // why it is not known, nil = it is SSH: ErrUnsupported, that of the context, or of dialling
	Why string // a clause
}

// Greet asks every unsettled listener of the survey once, by connecting and listening;
// whoever asks first. The answers are in the order of Unsettled. It ends within six
// seconds; where ctx ends first, everybody who asks gets what is known until then.
func (s *Survey) Greet(ctx context.Context, dial host.Dialer) []Greeting {
	s.asked.Do(func() {
		ctx, cancel := context.WithTimeout(ctx, greetingTimeAll)
		defer cancel()
		for i, l := range s.Unsettled {
			s.answers[i] = greet(ctx, dial, l)
		}
	})
	return append([]Greeting(nil), s.answers...)
}

// greet asks one listener who it is. That it is not SSH says only that no SSH server was
// recognised.
func greet(ctx context.Context, dial host.Dialer, l snapshot.Listener) Greeting {
	if ctx.Err() != nil {
		return Greeting{Err: ctx.Err(), Why: "the time for asking who listens there ran out"}
	}
	ctx, cancel := context.WithTimeout(ctx, greetingTime)
	defer cancel()
	const unknown = "who listens there is not known, and it "
	var err error
	for _, addr := range dialable(l.Addr) {
		var text []byte
		text, err = greeting(ctx, dial, netip.AddrPortFrom(addr, l.Port).String())
		switch {
		case saysSSH(text):
			return Greeting{SSH: true}
		case len(text) > 0:
			return Greeting{Err: ErrUnsupported, Why: unknown + "does not greet as an SSH server"}
		case err == nil:
			return Greeting{Err: ErrUnsupported, Why: unknown + "ends connections without a greeting"}
		case ctx.Err() != nil:
			return Greeting{Err: ErrUnsupported, Why: unknown + "does not greet"}
		}
	}
	return Greeting{Err: err, Why: unknown + "could not be reached"}
}

// greeting reads until a line says SSH-, the bound is reached or time is up.
func greeting(ctx context.Context, dial host.Dialer, address string) ([]byte, error) {
	if dial == nil {
		return nil, errNoDialer
	}
	conn, err := dial(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("greeting: %w", err)
	}
	defer conn.Close()
	// An early end of ctx must end the read too.
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	buf := make([]byte, 0, greetingBytes)
	for len(buf) < greetingBytes && !saysSSH(buf) {
		n, err := conn.Read(buf[len(buf):greetingBytes])
		buf = buf[:len(buf)+n]
		if err != nil && ctx.Err() != nil {
			return buf, fmt.Errorf("greeting: %w", ctx.Err())
		}
		if err != nil {
			break // the other side ended; what was read counts
		}
	}
	return buf, nil
}

// saysSSH finds an identification string at the beginning of a line.
func saysSSH(text []byte) bool {
	for line := range bytes.Lines(text) {
		if bytes.HasPrefix(line, []byte("SSH-2.0-")) || bytes.HasPrefix(line, []byte("SSH-1.")) {
			return true
		}
	}
	return false
}

// dialable returns the host's own addresses at which a listener answers.
func dialable(addr netip.Addr) []netip.Addr {
	v4, v6 := netip.AddrFrom4([4]byte{127, 0, 0, 1}), netip.IPv6Loopback()
	switch {
	case !addr.IsUnspecified():
		return []netip.Addr{addr.Unmap()}
	case addr.Is4():
		return []netip.Addr{v4}
	}
	return []netip.Addr{v6, v4}
}
