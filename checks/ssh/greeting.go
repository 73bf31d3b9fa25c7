package ssh

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"hostaudit/checks"
	"hostaudit/checks/host"
	"hostaudit/checks/host/snapshot"
)

// Bounds of one look at a greeting. RFC 4253, 4.2: the identification string is
// at most 255 bytes; lines may stand before it.
const (
	greetingTime    = 2 * time.Second
	greetingTimeAll = 6 * time.Second // all of one check together
	greetingBytes   = 512
)

var errNoDialer = errors.New("nothing may be dialled")

// greets asks a listener who it is, by connecting and listening. It reports
// whether an SSH server answered; false says only that none was recognised, and
// why is a gap's reason and text.
func greets(ctx context.Context, dial host.Dialer, l snapshot.Listener) (isSSH bool, reason checks.Reason, why string) {
	if ctx.Err() != nil {
		return false, checks.ReasonBudget, "the time for asking who listens there ran out"
	}
	ctx, cancel := context.WithTimeout(ctx, greetingTime)
	defer cancel()
	var err error
	for _, addr := range dialable(l.Addr) {
		var text []byte
		text, err = greeting(ctx, dial, netip.AddrPortFrom(addr, l.Port).String())
		switch {
		case saysSSH(text):
			return true, "", ""
		case len(text) > 0:
			return false, checks.ReasonUnsupported, "who listens there is not known, and it does not greet as an SSH server"
		case err == nil:
			return false, checks.ReasonUnsupported, "who listens there is not known, and it ends connections without a greeting"
		case ctx.Err() != nil:
			return false, checks.ReasonUnsupported, "who listens there is not known, and it does not greet"
		}
	}
	return false, checks.ReasonUnreadable, "who listens there is not known, and it could not be reached"
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
	stop := context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })
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
