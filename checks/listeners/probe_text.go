package listeners

import (
	"bytes"
	"io"
)

// wholeLine reports text that holds a line.
func wholeLine(b []byte) bool { return bytes.IndexByte(b, '\n') >= 0 }

// askRedis sends PING, an inline command (redis.io, protocol specification).
func askRedis(c *conversation) answer {
	if _, err := io.WriteString(c, "PING\r\n"); err != nil {
		return unclearAnswer("it takes no question")
	}
	a := readRedis(readUntil(c, wholeLine))
	if a.verdict == open && c.loopback {
		// Protected mode lets loopback in and nobody else.
		return unclearAnswer("it asks for no password on loopback, and could not be asked on another address")
	}
	return a
}

// readRedis judges the reply to PING.
func readRedis(reply []byte) answer {
	line, _, whole := bytes.Cut(reply, []byte("\n"))
	line = bytes.TrimSuffix(line, []byte("\r"))
	switch {
	case len(reply) == 0:
		return unclearAnswer("it does not answer")
	case !whole:
		return unclearAnswer("its answer stops in the middle")
	case bytes.Equal(line, []byte("+PONG")):
		return answer{verdict: open, detail: "Redis answers without a password"}
	case bytes.HasPrefix(line, []byte("-NOAUTH")), bytes.HasPrefix(line, []byte("-NOPERM")), bytes.Equal(line, []byte("-ERR operation not permitted")):
		return answer{verdict: closed, detail: "Redis asks for a password"}
	case bytes.HasPrefix(line, []byte("-DENIED")):
		return answer{verdict: closed, detail: "Redis is in protected mode"}
	case bytes.HasPrefix(line, []byte("-")):
		return unclearAnswer("Redis answers with an error that does not tell whether it asks for a password")
	}
	return answer{verdict: other, detail: "its answer is not that of Redis"}
}

// askMemcached sends version (memcached, doc/protocol.txt).
func askMemcached(c *conversation) answer {
	if _, err := io.WriteString(c, "version\r\n"); err != nil {
		return unclearAnswer("it takes no question")
	}
	return readMemcached(readUntil(c, wholeLine))
}

// readMemcached judges the reply to version.
func readMemcached(reply []byte) answer {
	switch {
	case len(reply) == 0:
		return unclearAnswer("it does not answer")
	case !wholeLine(reply):
		return unclearAnswer("its answer stops in the middle")
	case bytes.HasPrefix(reply, []byte("VERSION ")):
		return answer{verdict: open, detail: "memcached answers without a credential"}
	case bytes.HasPrefix(reply, []byte("CLIENT_ERROR unauthenticated")):
		return answer{verdict: closed, detail: "memcached asks for a credential"}
	case bytes.HasPrefix(reply, []byte("ERROR")), bytes.HasPrefix(reply, []byte("CLIENT_ERROR")), bytes.HasPrefix(reply, []byte("SERVER_ERROR")):
		return unclearAnswer("memcached answers with an error that does not tell whether it asks for a credential")
	}
	return answer{verdict: other, detail: "its answer is not that of memcached"}
}
