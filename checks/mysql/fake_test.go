package mysql

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"errors"
	"io"
	"maps"
	"math/big"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"hostaudit/checks/internal/guard"
)

// script is how a fake server answers on one way in.
type script struct {
	version   string // "" = MariaDB 10.11
	plugin    string // of the greeting; "" = mysql_native_password
	switchTo  string // asks for another plugin, with an empty answer wanted
	deny      uint16 // error number for the login, 0 = let in
	user      string // CURRENT_USER()
	denyQuery uint16 // error number for the first query
	table     [][]string
	denyTable uint16
	variables map[string]string // nil = SHOW VARIABLES is refused
	tls       *tls.Config
	rogue     func(net.Conn)      // instead of all that
	rogueRows func(w *packetizer) // instead of an answer to the first query
	dialErr   error
}

// fakes is a host's database server: a script for each way in, and what it saw.
type fakes struct {
	t    testing.TB
	ways map[string]script

	mu      sync.Mutex
	dials   []string
	logins  []string // user and answer
	queries []string
	group   guard.Group
}

func (f *fakes) dial(ctx context.Context, network, address string) (net.Conn, error) {
	f.mu.Lock()
	f.dials = append(f.dials, network+" "+address)
	f.mu.Unlock()
	s, ok := f.ways[network+" "+address]
	if !ok {
		f.t.Errorf("unexpected dial to %s %s", network, address)
		return nil, errors.New("nobody there")
	}
	if s.dialErr != nil {
		return nil, s.dialErr
	}
	client, server := net.Pipe()
	_ = server.SetDeadline(time.Now().Add(20 * time.Second))
	f.group.Go(func() {
		defer server.Close()
		if s.rogue != nil {
			s.rogue(server)
			return
		}
		f.serve(server, s)
	})
	return client, nil
}

// packetizer reads and writes packets with their sequence numbers.
type packetizer struct {
	net.Conn
	seq byte
}

func (p *packetizer) send(body []byte) {
	_, _ = p.Write(append([]byte{byte(len(body)), byte(len(body) >> 8), byte(len(body) >> 16), p.seq}, body...))
	p.seq++
}

func (p *packetizer) receive() ([]byte, bool) {
	var head [4]byte
	if _, err := io.ReadFull(p, head[:]); err != nil {
		return nil, false
	}
	body := make([]byte, int(head[0])|int(head[1])<<8|int(head[2])<<16)
	if _, err := io.ReadFull(p, body); err != nil {
		return nil, false
	}
	p.seq = head[3] + 1
	return body, true
}

func (p *packetizer) deny(number uint16) {
	p.send(append([]byte{0xff, byte(number), byte(number >> 8)}, "#28000this text holds SECRET"...))
}

func lenenc(s string) []byte { return append([]byte{byte(len(s))}, s...) }

func (p *packetizer) rows(rows [][]string) {
	p.header(len(rows[0]))
	for _, row := range rows {
		p.row(row)
	}
	p.send([]byte{0xfe, 0, 0, 2, 0})
}

// header describes the columns of a result.
func (p *packetizer) header(columns int) {
	p.send([]byte{byte(columns)})
	for range columns {
		col := append(lenenc("def"), 0, 0, 0)
		col = append(col, lenenc("c")...)
		p.send(append(col, 0, 12, 45, 0, 0, 1, 0, 0, 0xfd, 0, 0, 0, 0, 0))
	}
	p.send([]byte{0xfe, 0, 0, 2, 0})
}

func (p *packetizer) row(row []string) {
	var body []byte
	for _, v := range row {
		body = append(body, lenenc(v)...)
	}
	p.send(body)
}

func greetingPacket(s script) []byte {
	plugin, version := s.plugin, s.version
	if plugin == "" {
		plugin = "mysql_native_password"
	}
	if version == "" {
		version = "10.11.18-MariaDB-0+deb12u1"
	}
	flags := uint32(1 | clientLocalFiles | clientProtocol41 | clientSecureConn | clientPlugin | 1<<20 | 1<<21)
	if s.tls != nil {
		flags |= clientSSL
	}
	b := append([]byte{10}, version...)
	b = append(b, 0, 1, 0, 0, 0)
	b = append(b, "12345678\x00"...)
	b = binary.LittleEndian.AppendUint16(b, uint16(flags))
	b = append(b, 45, 2, 0)
	b = binary.LittleEndian.AppendUint16(b, uint16(flags>>16))
	b = append(b, 21)
	b = append(b, make([]byte, 10)...)
	b = append(b, "123456789012\x00"...)
	return append(append(b, plugin...), 0)
}

func (f *fakes) serve(c net.Conn, s script) {
	p := &packetizer{Conn: c}
	p.send(greetingPacket(s))
	body, ok := p.receive()
	if !ok {
		return
	}
	if s.tls != nil {
		if len(body) != 32 || binary.LittleEndian.Uint32(body)&clientSSL == 0 {
			f.t.Errorf("no TLS request but % x", body)
		}
		p.Conn = tls.Server(c, s.tls)
		if body, ok = p.receive(); !ok {
			return
		}
	}
	flags := binary.LittleEndian.Uint32(body)
	if flags&clientLocalFiles != 0 {
		f.t.Error("the client offers to read local files")
	}
	if (flags&clientSSL != 0) != (s.tls != nil) {
		f.t.Errorf("login flags %x with TLS %v", flags, s.tls != nil)
	}
	user, rest, _ := bytes.Cut(body[32:], []byte{0})
	answer := string(rest[1 : 1+int(rest[0])])
	if !bytes.Contains(rest, []byte("\x0cprogram_name\x09hostaudit")) {
		f.t.Errorf("no program_name in %q", rest)
	}
	if s.switchTo != "" {
		p.send(append(append([]byte{0xfe}, s.switchTo...), "\x0012345678901234567890\x00"...))
		if body, ok = p.receive(); !ok {
			return
		}
		answer += string(body)
	}
	f.mu.Lock()
	f.logins = append(f.logins, string(user)+":"+answer)
	f.mu.Unlock()
	if s.deny != 0 {
		p.deny(s.deny)
		return
	}
	p.send([]byte{0, 0, 0, 2, 0, 0, 0})
	for first := true; ; first = false {
		body, ok := p.receive()
		if !ok || body[0] == comQuit {
			return
		}
		f.mu.Lock()
		f.queries = append(f.queries, string(body[1:]))
		f.mu.Unlock()
		switch {
		case first && s.rogueRows != nil:
			s.rogueRows(p)
		case first && s.denyQuery != 0:
			p.deny(s.denyQuery)
		case first:
			version := s.version
			if version == "" {
				version = "10.11.18-MariaDB-0+deb12u1"
			}
			p.rows([][]string{{s.user, version}})
		case bytes.HasPrefix(body[1:], []byte("SHOW ")) && s.variables == nil:
			p.deny(1227)
		case bytes.HasPrefix(body[1:], []byte("SHOW ")):
			p.header(2)
			for _, name := range slices.Sorted(maps.Keys(s.variables)) {
				p.row([]string{name, s.variables[name]})
			}
			p.send([]byte{0xfe, 0, 0, 2, 0})
		case s.denyTable != 0:
			p.deny(s.denyTable)
		case len(s.table) == 0:
			f.t.Errorf("the accounts are asked for: %s", body[1:])
			p.deny(1142)
		default:
			p.rows(s.table)
		}
	}
}

// finish waits for the servers and checks what they saw: nothing but empty
// passwords, and one connection for each way in.
func (f *fakes) finish() {
	f.t.Helper()
	if err := f.group.Wait(); err != nil {
		f.t.Error(err)
	}
	seen := map[string]bool{}
	for _, d := range f.dials {
		if seen[d] {
			f.t.Errorf("%s was dialled twice", d)
		}
		seen[d] = true
	}
	for _, l := range f.logins {
		if l != "root:" && l != "root:\x00" { // a NUL ends the empty password where it is sent as text
			f.t.Errorf("login %q is not root with an empty password", l)
		}
	}
	for _, q := range f.queries {
		if !strings.HasPrefix(q, "SELECT ") && !strings.HasPrefix(q, "SHOW GLOBAL VARIABLES WHERE ") || strings.Contains(q, ";") {
			f.t.Errorf("query %q is not one read", q)
		}
	}
}

func selfSigned(t testing.TB) *tls.Config {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Unix(1, 0)} // expired long ago
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
}
