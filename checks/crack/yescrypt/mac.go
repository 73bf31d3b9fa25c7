package yescrypt

import (
	"crypto/sha256"
	"hash"
)

// mac is HMAC-SHA-256 (RFC 2104) without allocations.
type mac struct {
	sha hash.Hash
	key [sha256.BlockSize]byte
	pad [sha256.BlockSize]byte
	sum [sha256.Size]byte
}

func (m *mac) setKey(key []byte) {
	if m.sha == nil {
		m.sha = sha256.New()
	}
	clear(m.key[:])
	if len(key) > len(m.key) {
		m.digest(key)
		key = m.sum[:]
	}
	copy(m.key[:], key)
}

// digest sets sum to the digest of a message.
func (m *mac) digest(message []byte) {
	m.sha.Reset()
	m.sha.Write(message)
	m.sha.Sum(m.sum[:0])
}

// start begins a message under the key.
func (m *mac) start() { m.open(0x36) }

func (m *mac) open(mask byte) {
	m.sha.Reset()
	for i, b := range m.key {
		m.pad[i] = b ^ mask
	}
	m.sha.Write(m.pad[:])
}

func (m *mac) write(p []byte) { m.sha.Write(p) }

// finish sets sum to the code of the message.
func (m *mac) finish() {
	m.sha.Sum(m.sum[:0])
	m.open(0x5c)
	m.sha.Write(m.sum[:])
	m.sha.Sum(m.sum[:0])
}
