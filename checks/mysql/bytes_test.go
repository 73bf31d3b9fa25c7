package mysql

import (
	"bytes"
	"encoding/binary"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
)

// heard keeps every byte the client sends.
type heard struct {
	net.Conn
	mu    *sync.Mutex
	bytes *bytes.Buffer
}

func (h heard) Read(p []byte) (int, error) {
	n, err := h.Conn.Read(p)
	h.mu.Lock()
	h.bytes.Write(p[:n])
	h.mu.Unlock()
	return n, err
}

// packets splits a stream into the bodies of its packets.
func packets(t *testing.T, stream []byte) (list [][]byte) {
	t.Helper()
	for len(stream) > 0 {
		if len(stream) < 4 {
			t.Fatalf("a packet without head: % x", stream)
		}
		size := int(stream[0]) | int(stream[1])<<8 | int(stream[2])<<16
		if len(stream) < 4+size {
			t.Fatalf("half a packet: % x", stream)
		}
		list = append(list, stream[4:4+size])
		stream = stream[4+size:]
	}
	return list
}

// TestEveryByteSent takes apart all that the probe sends to a server, whatever the server
// asks for: the login of root with an answer of no bytes, our name, and reads whose text
// is known. There is no room for anything else.
func TestEveryByteSent(t *testing.T) {
	socketRoot := [][]string{maria("root", "localhost", "unix_socket", true, "")}
	for _, tc := range []struct {
		name   string
		server script
		answer string // to a request for another plugin; "-" = there is none to answer
		reads  int
	}{
		{"let-in", script{user: "root@localhost", table: socketRoot, variables: map[string]string{}}, "-", 3},
		{"mysql", script{version: mysql9, plugin: "caching_sha2_password", user: "root@localhost", table: [][]string{{"root", "localhost", "auth_socket", "", "0", "0", "0", "0", "0", ""}}, variables: map[string]string{}}, "-", 3},
		{"refused", script{deny: 1045}, "-", 0},
		{"switch-native", script{switchTo: "mysql_native_password", deny: 1045}, "", 0},
		{"switch-sha2", script{switchTo: "caching_sha2_password", deny: 1045}, "", 0},
		{"switch-sha256", script{switchTo: "sha256_password", deny: 1045}, "\x00", 0},
		{"switch-clear", script{switchTo: "mysql_clear_password", deny: 1045}, "none", 0},
		{"switch-old", script{switchTo: "mysql_old_password", deny: 1045}, "none", 0},
		{"switch-dialog", script{switchTo: "dialog", deny: 1045}, "none", 0},
		{"switch-strange", script{switchTo: "of_some_vendor", deny: 1045}, "none", 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			h := heard{mu: &sync.Mutex{}, bytes: &bytes.Buffer{}}
			f := &fakes{t: t, ways: map[string]script{}}
			served := tc.server
			f.ways[sock] = script{rogue: func(c net.Conn) {
				f.serve(heard{c, h.mu, h.bytes}, served)
			}}
			seal(t, running(t, testTree), fakeProber(f, 0))
			f.finish()
			list := packets(t, h.bytes.Bytes())
			if len(list) == 0 {
				t.Fatal("nothing was sent")
			}
			checkLogin(t, list[0], served)
			rest := list[1:]
			switch tc.answer {
			case "-":
			case "none":
				if len(rest) > 0 && (len(rest) > 1 || !slices.Equal(rest[0], []byte{comQuit})) {
					t.Errorf("answered with % x", rest)
				}
				return
			default:
				if len(rest) == 0 || string(rest[0]) != tc.answer {
					t.Fatalf("answered with % x, want %q", rest, tc.answer)
				}
				rest = rest[1:]
			}
			reads := 0
			for _, p := range rest {
				switch {
				case slices.Equal(p, []byte{comQuit}):
				case p[0] == comQuery:
					reads++
					checkRead(t, string(p[1:]))
				default:
					t.Errorf("sent % x", p)
				}
			}
			if reads != tc.reads {
				t.Errorf("%d reads, want %d", reads, tc.reads)
			}
		})
	}
}

// checkLogin takes a HandshakeResponse41 apart.
func checkLogin(t *testing.T, p []byte, s script) {
	t.Helper()
	flags := binary.LittleEndian.Uint32(p)
	if flags&clientLocalFiles != 0 {
		t.Error("local files are offered")
	}
	if !bytes.Equal(p[9:32], make([]byte, 23)) {
		t.Errorf("the filler holds % x", p[9:32])
	}
	plugin := s.plugin
	if plugin == "" {
		plugin = "mysql_native_password"
	}
	head := "root\x00\x00" + plugin + "\x00"
	rest, ok := strings.CutPrefix(string(p[32:]), head)
	if !ok {
		t.Fatalf("login %q, want to begin with %q", p[32:], head)
	}
	// Connection attributes: a length, then names and values with theirs.
	if int(rest[0]) != len(rest)-1 {
		t.Fatalf("attributes %q", rest)
	}
	rest = rest[1:]
	var words []string
	for len(rest) > 0 {
		n := int(rest[0])
		words = append(words, rest[1:1+n])
		rest = rest[1+n:]
	}
	known := []string{"_client_name", "_client_version", "_os", "_platform", "_pid", "_server_host", "program_name"}
	for i := 0; i+1 < len(words); i += 2 {
		if !slices.Contains(known, words[i]) || words[i] == "program_name" && words[i+1] != "hostaudit" {
			t.Errorf("attribute %q = %q", words[i], words[i+1])
		}
	}
	if len(words)%2 != 0 || !slices.Contains(words, "program_name") {
		t.Errorf("attributes %q", words)
	}
}

// checkRead holds a query to be one of the three there are.
func checkRead(t *testing.T, q string) {
	t.Helper()
	for _, form := range []string{
		"SELECT CURRENT_USER(), VERSION()", "SELECT User, Host, JSON_VALID(Priv),", "SELECT User, Host, plugin, COALESCE(authentication_string, ''),",
		"SHOW GLOBAL VARIABLES WHERE Variable_name IN (",
	} {
		if strings.HasPrefix(q, form) {
			if strings.ContainsAny(q, ";#") || strings.Contains(q, "--") || strings.Contains(q, "/*") {
				t.Errorf("query %q is more than a read", q)
			}
			return
		}
	}
	t.Errorf("query %q", q)
}
