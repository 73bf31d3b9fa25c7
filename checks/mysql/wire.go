package mysql

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
)

// Bounds of one connection. What an honest server sends us stays far below.
const (
	maxBytes   = 4 << 20 // read from the socket, TLS included: an account table fits
	maxPacket  = 64 << 10
	maxColumns = 64
)

// Why a connection was given up here, before the driver saw the bytes.
var (
	errTooMuch  = errors.New("the server sends more than an answer can be")
	errProtocol = errors.New("this is not the MySQL protocol as we speak it")
	errInfile   = errors.New("the server asks for a local file")
	errTLS      = errors.New("no TLS connection with the server")
)

// Capability flags and commands of the client/server protocol.
const (
	clientProtocol41 = 0x00000200
	clientSSL        = 0x00000800
	clientLocalFiles = 0x00000080
	clientPlugin     = 0x00080000
	clientSecureConn = 0x00008000

	comQuit, comQuery = 1, 3
)

// wire stands between the driver and the socket. The driver trusts its server:
// it allocates what a packet header or a column count asks for and indexes short
// packets without looking. Anyone on a host can run a process called mysqld, so
// every packet is looked at here first.
//
// It also starts TLS when the server offers it, which the driver would do too,
// but then nobody could look at the packets. One attempt so answers for accounts
// with and without REQUIRE SSL. The certificate is not verified: nothing secret is
// sent, and the peer is a socket of this host.
type wire struct {
	net.Conn // what packets travel on: the socket or TLS over it
	raw      net.Conn
	ctx      context.Context

	phase   int
	greeted bool // the first packet was a greeting and not an error, which says nothing of TLS
	secure  bool
	quiet   bool   // no signature is to be made that the server could count as wrong
	mute    bool   // a signature is asked for that is not made
	shift   byte   // packets the driver does not know of, in the login phase
	pending []byte // checked bytes of a packet that the driver has not taken yet
	err     error  // the first reason of ours to give up
}

// Phases of a connection, as seen by wire.
const (
	phaseGreeting = iota // the server's first packet
	phaseReply           // our login packet
	phaseLogin           // until it is accepted or refused
	phaseHeader          // a command was sent, its first packet is due
	phaseRows            // the rest of its result
)

func newWire(ctx context.Context, c net.Conn) *wire {
	if end, ok := ctx.Deadline(); ok {
		_ = c.SetDeadline(end) // a conn without deadlines is closed by the driver when ctx ends
	}
	limited := &capped{Conn: c, left: maxBytes}
	return &wire{Conn: limited, raw: limited, ctx: ctx}
}

// capped ends a connection that sends too much.
type capped struct {
	net.Conn
	left int
}

func (c *capped) Read(p []byte) (int, error) {
	if c.left <= 0 {
		return 0, errTooMuch
	}
	n, err := c.Conn.Read(p[:min(len(p), c.left)])
	c.left -= n
	return n, err
}

// Read implements net.Conn: whole packets, checked.
func (w *wire) Read(p []byte) (int, error) {
	if len(w.pending) == 0 {
		if err := w.fill(); err != nil {
			if w.err == nil {
				w.err = err
			}
			return 0, err
		}
	}
	n := copy(p, w.pending)
	w.pending = w.pending[n:]
	return n, nil
}

func (w *wire) fill() error {
	var head [4]byte
	if _, err := io.ReadFull(w.Conn, head[:]); err != nil {
		return err
	}
	size := int(head[0]) | int(head[1])<<8 | int(head[2])<<16
	if size == 0 {
		return errProtocol // the end of a packet of 16 MiB, which we do not take
	}
	if size > maxPacket {
		return fmt.Errorf("%w: a packet of %d bytes", errTooMuch, size)
	}
	packet := make([]byte, 4+size)
	copy(packet, head[:])
	if _, err := io.ReadFull(w.Conn, packet[4:]); err != nil {
		return err
	}
	if err := w.inspect(packet[4:]); err != nil {
		return err
	}
	packet[3] -= w.shift
	w.pending = packet
	return nil
}

// inspect refuses the packets that the driver does not survive or must not obey.
func (w *wire) inspect(body []byte) error {
	if body[0] == 0xff && len(body) < 3 {
		return errProtocol
	}
	switch w.phase {
	case phaseGreeting:
		w.phase = phaseReply
		if body[0] == 0xff {
			return nil
		}
		flags, err := greeting(body)
		w.secure, w.greeted = flags&clientSSL != 0, err == nil
		return err
	case phaseLogin:
		if body[0] == 0 && len(body) < 5 {
			return errProtocol // an OK packet holds two numbers and a status
		}
		plugin, _, _ := bytes.Cut(body[1:], []byte{0})
		w.mute = w.quiet && body[0] == 0xfe && string(plugin) == "client_ed25519"
	case phaseHeader:
		w.phase = phaseRows
		switch body[0] {
		case 0xfb:
			return errInfile
		case 0xff:
		case 0:
			return errProtocol // no query of ours ends without rows
		default:
			if body[0] > maxColumns {
				return fmt.Errorf("%w: too many columns", errTooMuch)
			}
		}
	}
	return nil
}

// greeting returns the capabilities in a HandshakeV10 packet.
func greeting(body []byte) (uint32, error) {
	if body[0] != 10 {
		return 0, errProtocol
	}
	rest := body[1:]
	for i, c := range rest {
		if c == 0 { // end of the version
			rest = rest[i+1:]
			// thread 4, scramble 8, filler 1, flags 2, charset 1, status 2, flags 2,
			// length 1, reserved 10, scramble 12 or more and its end
			if len(rest) < 44 {
				return 0, errProtocol
			}
			flags := uint32(binary.LittleEndian.Uint16(rest[13:])) | uint32(binary.LittleEndian.Uint16(rest[18:]))<<16
			if flags&clientProtocol41 == 0 || flags&clientPlugin == 0 {
				return 0, errProtocol
			}
			return flags, nil
		}
	}
	return 0, errProtocol
}

// startTLS asks for TLS (SSLRequest, the fixed beginning of the login packet) and
// from then on counts one packet more than the driver. MariaDB takes the
// capabilities from the request and not from the login that follows it.
func (w *wire) startTLS(login []byte) error {
	request := append([]byte{32, 0, 0, 1}, login[4:36]...)
	if _, err := w.raw.Write(request); err != nil {
		return err
	}
	var suites []uint16
	for _, s := range append(tls.CipherSuites(), tls.InsecureCipherSuites()...) {
		suites = append(suites, s.ID) // any will do: the channel need not hide anything
	}
	secured := tls.Client(w.raw, &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS10, CipherSuites: suites})
	if err := secured.HandshakeContext(w.ctx); err != nil {
		if w.ctx.Err() != nil || errors.Is(err, errTooMuch) {
			return err
		}
		return errTLS
	}
	w.Conn, w.shift = secured, 1
	return nil
}

// Write implements net.Conn. The driver writes one packet per call; anything but
// a login, a query or a goodbye does not leave.
func (w *wire) Write(p []byte) (int, error) {
	if err := w.check(p); err != nil {
		if w.err == nil {
			w.err = err
		}
		return 0, err
	}
	out := append([]byte(nil), p...)
	if w.phase == phaseReply {
		w.phase = phaseLogin
		flags := binary.LittleEndian.Uint32(out[4:]) &^ clientLocalFiles
		if w.secure {
			flags |= clientSSL
		}
		binary.LittleEndian.PutUint32(out[4:], flags)
		if w.secure {
			if err := w.startTLS(out); err != nil {
				if w.err == nil {
					w.err = err
				}
				return 0, err
			}
		}
	}
	if w.mute && w.phase == phaseLogin {
		// The driver signs with the empty password. MariaDB counts a wrong signature
		// toward max_password_errors, and an empty answer, which is refused, it does not
		// (handle_password_errors in sql/sql_acl.cc).
		out, w.mute = append([]byte(nil), 0, 0, 0, p[3]), false
	}
	out[3] += w.shift
	if _, err := w.Conn.Write(out); err != nil {
		return 0, err
	}
	return len(p), nil
}

func (w *wire) check(p []byte) error {
	if len(p) < 4 || len(p)-4 != int(p[0])|int(p[1])<<8|int(p[2])<<16 {
		return fmt.Errorf("%w: not one packet", errProtocol)
	}
	switch w.phase {
	case phaseGreeting:
		return errProtocol
	case phaseReply:
		if len(p) < 36 {
			return errProtocol
		}
		return nil
	}
	if p[3] != 0 {
		return nil // an answer within the login
	}
	if len(p) < 5 || p[4] != comQuery && p[4] != comQuit {
		return errProtocol
	}
	w.phase, w.shift = phaseHeader, 0
	return nil
}

// Close closes the socket without the exchange TLS would like: there may be
// nobody to answer it.
func (w *wire) Close() error { return w.raw.Close() }
