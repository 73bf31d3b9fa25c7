package listeners

import (
	"bytes"
	"encoding/binary"
)

// opMsg is the code of the only message of today's servers (MongoDB wire protocol,
// OP_MSG; servers from 3.6 on).
const opMsg = 2013

// askMongo lists the names of the databases, for which a server with
// authorization wants a login.
func askMongo(c *conversation) answer {
	if _, err := c.Write(mongoQuestion()); err != nil {
		return unclearAnswer("it takes no question")
	}
	return readMongo(readUntil(c, func(b []byte) bool {
		return len(b) >= 4 && uint64(len(b)) >= uint64(binary.LittleEndian.Uint32(b))
	}))
}

// mongoQuestion is { listDatabases: 1, nameOnly: true, $db: "admin" }.
func mongoQuestion() []byte {
	var doc []byte
	doc = append(doc, 0x10)
	doc = append(doc, "listDatabases\x00\x01\x00\x00\x00"...)
	doc = append(doc, 0x08)
	doc = append(doc, "nameOnly\x00\x01"...)
	doc = append(doc, 0x02)
	doc = append(doc, "$db\x00\x06\x00\x00\x00admin\x00"...)
	doc = append(doc, 0)
	doc = append(binary.LittleEndian.AppendUint32(nil, uint32(len(doc)+4)), doc...)
	var msg []byte
	for _, n := range []uint32{uint32(16 + 4 + 1 + len(doc)), 1, 0, opMsg, 0} { // length, ID, in answer to, code, flags
		msg = binary.LittleEndian.AppendUint32(msg, n)
	}
	return append(append(msg, 0), doc...) // one section of kind 0
}

// readMongo judges the reply. That it is in order alone says nothing: some versions
// give whoever asks the databases he may see, which are none. There is always one.
func readMongo(reply []byte) answer {
	const head = 16 + 4 + 1
	switch {
	case len(reply) == 0:
		return unclearAnswer("it does not answer")
	case len(reply) < 16:
		return unclearAnswer("its answer stops in the middle") // as an alert of TLS does
	case binary.LittleEndian.Uint32(reply[12:]) != opMsg:
		return answer{verdict: other, detail: "its answer is not that of MongoDB"}
	case len(reply) < head+5 || reply[head-1] != 0:
		return unclearAnswer("its answer stops in the middle")
	}
	var code int32
	var named bool
	walkBSON(reply[head+4:], func(kind byte, name, value []byte) {
		switch {
		case kind == 0x04 && string(name) == "databases" && len(value) > 5:
			named = true
		case kind == 0x10 && string(name) == "code":
			code = int32(binary.LittleEndian.Uint32(value))
		}
	})
	switch {
	case named:
		return answer{verdict: open, detail: "MongoDB tells its databases without a login"}
	case code == 13: // Unauthorized
		return answer{verdict: closed, detail: "MongoDB asks for a login"}
	}
	return unclearAnswer("MongoDB does not tell whether it asks for a login")
}

// walkBSON calls f with the elements of a document, without its length, as far as
// they are whole; of an array or document that is cut, with what there is
// (bsonspec.org, version 1.1).
func walkBSON(b []byte, f func(kind byte, name, value []byte)) {
	for len(b) > 1 && b[0] != 0 {
		kind := b[0]
		name, rest, whole := bytes.Cut(b[1:], []byte{0})
		if !whole {
			return
		}
		size := 0
		switch kind {
		case 0x01, 0x09, 0x11, 0x12:
			size = 8
		case 0x08:
			size = 1
		case 0x0a:
		case 0x10:
			size = 4
		case 0x07:
			size = 12
		case 0x02, 0x03, 0x04, 0x05:
			if len(rest) < 4 {
				return
			}
			n := uint64(binary.LittleEndian.Uint32(rest))
			switch kind {
			case 0x02:
				n += 4
			case 0x05:
				n += 5
			}
			if n < 4 {
				return
			}
			if n > uint64(len(rest)) {
				if kind == 0x04 || kind == 0x03 {
					f(kind, name, rest)
				}
				return
			}
			size = int(n)
		default:
			return
		}
		if size > len(rest) {
			return
		}
		f(kind, name, rest[:size])
		b = rest[size:]
	}
}
