package listeners

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"io/fs"
	"net/netip"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"hostaudit/checks"
	"hostaudit/checks/host"
	"hostaudit/checks/host/snapshot"
)

// Bounds of the questions. The time of one connection is for all of it: a server
// that drips a byte a second must not get a second each.
const (
	dialTime = time.Second
	maxDials = 16
	maxReply = 4 << 10
	maxSetup = 256 << 10 // of X11, whose setup is longer; read and dropped
)

// verdict is what an answer tells. The zero value tells nothing.
type verdict int

const (
	unclear verdict = iota
	open            // lets anybody in
	weak            // asks for a credential of a weak kind
	closed          // asks for a credential, or for TLS with a certificate
	other           // something else answers
)

// answer is what a conversation came to. No text of the server is in it.
type answer struct {
	verdict verdict
	reason  checks.Reason // of unclear
	detail  string
}

func unclearAnswer(detail string) answer {
	return answer{reason: checks.ReasonUnsupported, detail: detail}
}

// conversation is one connection. again opens another one to the same server.
type conversation struct {
	io.ReadWriter
	loopback bool // the server sees a client of loopback
	again    func(func(*conversation) answer) answer
}

// asker holds the bounds of all questions together, and what earlier runs learnt.
type asker struct {
	ctx      context.Context
	dial     host.Dialer
	own      []netip.Addr
	memory   *checks.Memory
	snap     *snapshot.Snapshot
	limit    time.Duration // of one connection
	dials    int
	findings []string
	keys     []string // of memory, used in this run
}

func newAsker(ctx context.Context, env *checks.Env, src sources) *asker {
	a := &asker{ctx: ctx, limit: dialTime, dial: env.Host.Dial, memory: env.Memory, snap: env.Host.Snapshot}
	if a.dial != nil {
		a.own = src.own()
	}
	return a
}

// ask asks one candidate, from an address that others use if there is one.
func (a *asker) ask(c candidate) answer {
	if a.dial == nil {
		reason := checks.ReasonUnsupported
		if c.row.owner.hidden {
			reason = checks.ReasonNoPermission
		}
		return answer{reason: reason, detail: "it cannot be asked from here whether it wants a credential"}
	}
	if c.row.owner.socket != "" && c.row.owner.pid == 0 || superServers[path.Base(c.row.owner.program)] {
		return unclearAnswer("a connection would start its program")
	}
	if c.row.Proto == "udp" {
		return unclearAnswer("it listens over UDP alone, over which it is not asked")
	}
	if c.service.name == "VNC" {
		return a.onceAStart(c)
	}
	return a.addresses(c)
}

// memoryPrefix is of what is remembered of VNC servers.
const memoryPrefix = "listeners.cleartext vnc "

// onceAStart asks a VNC server once in its life: some of them count connections
// that do not log in and then shut out the address they come from, which is that of
// everybody who comes through an SSH tunnel.
func (a *asker) onceAStart(c candidate) answer {
	p, known := a.snap.Process(c.row.owner.pid)
	key := ""
	if known && a.memory != nil {
		key = memoryPrefix + strings.Join([]string{
			strconv.FormatUint(a.snap.Boot, 10), strconv.Itoa(p.PID), strconv.FormatUint(p.Start, 10), strconv.Itoa(int(c.row.Port)),
		}, " ")
		a.keys = append(a.keys, key)
		if kept, found := a.memory.Get(key); found {
			return vncAnswer(kept)
		}
	}
	if a.memory.Forgetful() || key == "" && a.memory != nil {
		return unclearAnswer("it is not asked again and again what it offers: it may shut out the address it is asked from")
	}
	if key != "" {
		a.memory.Put(key, "not told")
	}
	got := a.addresses(c)
	if key != "" && got.reason == checks.ReasonBudget {
		a.keys = slices.DeleteFunc(a.keys, func(k string) bool { return k == key }) // not asked
	}
	if key != "" && got.verdict != unclear {
		a.memory.Put(key, vncWord(got))
	}
	return got
}

// forget drops what is remembered of servers that ended.
func (a *asker) forget() {
	a.memory.Forget(func(key string) bool {
		return strings.HasPrefix(key, memoryPrefix) && !slices.Contains(a.keys, key)
	})
}

// addresses tries the addresses of a candidate until one answers.
func (a *asker) addresses(c candidate) answer {
	last := answer{reason: checks.ReasonUnreadable, detail: "it could not be connected to"}
	for _, addr := range a.dialable(c) {
		got, connected := a.talk(netip.AddrPortFrom(addr, c.row.Port), c.service, false)
		if got.verdict == unclear && connected && c.service.tls && got.reason != checks.ReasonBudget {
			if overTLS, speaks := a.talk(netip.AddrPortFrom(addr, c.row.Port), c.service, true); speaks {
				return overTLS
			}
		}
		last = got
		if connected || got.reason == checks.ReasonBudget {
			return got
		}
	}
	return last
}

// dialable are the host's own addresses on which the rows of a candidate answer,
// those that others use first: a server may trust loopback.
func (a *asker) dialable(c candidate) []netip.Addr {
	var exact, outside, loopback []netip.Addr
	for _, r := range append([]row{c.row}, c.rows...) {
		addr := r.Addr.Unmap()
		if addr.IsValid() && !addr.IsUnspecified() {
			if addr.IsLinkLocalUnicast() && addr.Is6() && addr.Zone() == "" {
				addr = addr.WithZone(r.Interface)
			}
			exact = append(exact, addr)
			continue
		}
		v4 := !addr.IsValid() || addr.Is4() || r.V6Only != snapshot.Yes
		v6 := addr.Is6()
		for _, own := range a.own {
			if own.Is4() && v4 || own.Is6() && v6 {
				outside = append(outside, own)
				break
			}
		}
		if v4 {
			loopback = append(loopback, netip.AddrFrom4([4]byte{127, 0, 0, 1}))
		}
		if v6 {
			loopback = append(loopback, netip.IPv6Loopback())
		}
	}
	list := slices.Concat(exact, outside, loopback)
	seen := map[netip.Addr]bool{}
	return slices.DeleteFunc(list, func(addr netip.Addr) bool {
		twice := seen[addr]
		seen[addr] = true
		return twice
	})
}

// talk makes one connection and asks. usable is false when there was none, or over
// TLS when the server does not speak it.
func (a *asker) talk(to netip.AddrPort, s *service, overTLS bool) (got answer, usable bool) {
	switch {
	case a.ctx.Err() != nil:
		return answer{reason: checks.ReasonBudget, detail: "the time for asking ran out"}, false
	case a.dials >= maxDials:
		return answer{reason: checks.ReasonBudget, detail: "more servers than are asked in one audit"}, false
	}
	a.dials++
	ctx, cancel := context.WithTimeout(a.ctx, a.limit)
	defer cancel()
	conn, err := a.dial(ctx, "tcp", to.String())
	if err != nil {
		reason := checks.ReasonUnreadable
		if errors.Is(err, fs.ErrPermission) {
			reason = checks.ReasonNoPermission
		}
		return answer{reason: reason, detail: "it could not be connected to"}, false
	}
	defer conn.Close()
	// Closing ends a read or write in whatever state the other side keeps it.
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	c := &conversation{ReadWriter: conn, loopback: to.Addr().IsLoopback()}
	c.again = func(f func(*conversation) answer) answer {
		next := *s
		next.ask = f
		next.tls = false
		got, _ := a.talk(to, &next, overTLS)
		return got
	}
	if !overTLS {
		return s.ask(c), true
	}
	// Nothing secret is sent, and who the server says it is decides nothing.
	wantsCertificate := false
	link := tls.Client(conn, &tls.Config{
		InsecureSkipVerify: true, MinVersion: tls.VersionTLS10,
		GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			wantsCertificate = true
			return &tls.Certificate{}, nil // none
		},
	})
	if err := link.HandshakeContext(ctx); err != nil {
		return closedByTLS(), wantsCertificate
	}
	// With TLS 1.3 a missing certificate is refused after the client's handshake is
	// over (RFC 8446, 4.4.2.4), and what breaks then may be the write or the read.
	c.ReadWriter = link
	got = s.ask(c)
	if got.verdict == unclear && wantsCertificate {
		return closedByTLS(), true
	}
	return got, true
}

func closedByTLS() answer {
	return answer{verdict: closed, detail: "it demands TLS and refuses a client without a certificate"}
}

// readUntil reads until done says so, the bound is reached or the other side ends.
func readUntil(r io.Reader, done func([]byte) bool) []byte {
	buf := make([]byte, maxReply)
	n := 0
	for n < len(buf) {
		m, err := r.Read(buf[n:])
		n += m
		if m > 0 && done(buf[:n]) || err != nil {
			break
		}
	}
	return buf[:n]
}
