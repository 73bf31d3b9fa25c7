package sha256crypt

import (
	"encoding/binary"
	"unsafe"
)

const (
	block     = 16 // words
	maxBlocks = 4  // of a message in lanes
	maxLanes  = 16
)

// blocks is how many a message has with its padding.
func blocks(bytes int) int { return (bytes + 9 + 63) / 64 }

// longest is the longest message of a word and a salt.
func longest(word, salt int) int { return 2*word + salt + size }

// fits reports whether it is short enough for lanes.
func fits(word, salt int) bool { return blocks(longest(word, salt)) <= maxBlocks }

// lanes is the memory of the kernels.
type lanes struct {
	digest []uint32 // with room for what kernels keep behind it
	msg    []uint32
	plan   [period * planEntry]uint32
	bytes  [64 * maxBlocks]byte
}

const digestWords = 8 + block

// alloc takes the memory at a multiple of 64 bytes: vectors that cross cache lines cost
// twice.
func (l *lanes) alloc() {
	all := make([]uint32, (digestWords+layouts*maxBlocks*block)*maxLanes+64/4)
	if over := uintptr(unsafe.Pointer(&all[0])) % 64; over != 0 {
		all = all[(64-over)/4:]
	}
	l.digest, l.msg = all[:digestWords*maxLanes], all[digestWords*maxLanes:]
}

// hash computes the digests of pairs whose words are of one length and whose salts are; the
// low 32 bits of which tell their places. It is false if stop ended it.
func (l *lanes) hash(k *kernel, rounds int, c *plain, pairs []Pair, digests []Digest, which []uint64, stop func() bool) bool {
	if l.msg == nil {
		l.alloc()
	}
	first := &pairs[uint32(which[0])]
	most := blocks(longest(len(first.Word), len(first.Salt)))
	stride := most * block * k.lanes // words between messages
	for lane, at := range which {
		sum := words(c.start(&pairs[uint32(at)]))
		for i, w := range sum {
			l.digest[k.place(lane, i)] = w
		}
		for n, m := range c.msg {
			l.load(k, n*stride, lane, m)
		}
	}
	l.aim(k, stride, c)
	for chunk := max(k.chunk/most/period, 1) * period; rounds > 0; rounds -= chunk {
		if stop != nil && stop() {
			return false
		}
		k.rounds(&l.digest[0], &l.msg[0], &l.plan[0], period, min(rounds, chunk))
	}
	for lane, at := range which {
		var sum [8]uint32
		for i := range sum {
			sum[i] = l.digest[k.place(lane, i)]
		}
		digests[uint32(at)] = encode(&sum)
	}
	return true
}

// load puts a message with its padding into a lane.
func (l *lanes) load(k *kernel, base, lane int, m []byte) {
	padded := l.bytes[:64*blocks(len(m))]
	n := copy(padded, m)
	clear(padded[n:])
	padded[n] = 0x80
	binary.BigEndian.PutUint32(padded[len(padded)-4:], uint32(8*n))
	for i := range len(padded) / 4 {
		l.msg[base+k.place(lane, i)] = binary.BigEndian.Uint32(padded[4*i:])
	}
}

// aim makes the plan for messages that are as long as these and so many words apart.
func (l *lanes) aim(k *kernel, stride int, c *plain) {
	var entries [layouts][planEntry]uint32
	for n := range entries {
		k.aim(&entries[n], n*stride, c.at[n])
		entries[n][planBlocks] = uint32(blocks(len(c.msg[n])))
	}
	for i := range period {
		copy(l.plan[i*planEntry:], entries[layout(i)][:])
	}
}
