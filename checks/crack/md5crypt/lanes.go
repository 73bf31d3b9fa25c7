package md5crypt

import (
	"encoding/binary"
	"unsafe"
)

const (
	block     = 16 // words
	maxBlocks = 2  // of a message in lanes
	maxLanes  = 64

	maxWord  = (maxBlocks*64 - 9 - size) / 2 // bytes
	wordRows = maxWord/4 + 1
	saltRows = MaxSalt / 4
	// The last row takes what is shifted out of a message's last word: nothing.
	msgRows = layouts*maxBlocks*block + 1
)

// fits reports whether the longest message of a word and a salt is short enough for lanes.
func fits(word, salt int) bool { return 2*word+salt+size+9 <= maxBlocks*64 }

// lanes is the memory of the kernels. A row is one 32-bit word of all lanes.
type lanes struct {
	k      *kernel
	digest []uint32 // 4 rows
	cut    []uint32 // 4 rows: the beginning of a digest
	word   []uint32
	salt   []uint32
	magic  []uint32 // 2 rows
	first  []uint32 // the first byte of the word
	end    []uint32 // the byte behind a message
	msg    []uint32

	plan [period * planEntry]uint32
	used int // bytes of the message in work
	base int // its first row
}

// alloc takes the memory at a multiple of 64 bytes: vectors that cross cache lines cost
// twice.
func (l *lanes) alloc() {
	const rows = 4 + 4 + wordRows + saltRows + 2 + 1 + 1 + msgRows
	all := make([]uint32, rows*maxLanes+64/4)
	if over := uintptr(unsafe.Pointer(&all[0])) % 64; over != 0 {
		all = all[(64-over)/4:]
	}
	take := func(rows int) []uint32 {
		part := all[: rows*maxLanes : rows*maxLanes]
		all = all[rows*maxLanes:]
		return part
	}
	l.digest, l.cut, l.word, l.salt = take(4), take(4), take(wordRows), take(saltRows)
	l.magic, l.first, l.end, l.msg = take(2), take(1), take(1), take(msgRows)
}

// hash computes the digests of pairs whose words are of one length and whose salts are; the
// low 32 bits of which tell their places.
func (l *lanes) hash(k *kernel, magic string, pairs []Pair, digests []Digest, which []uint64) {
	if l.msg == nil {
		l.alloc()
	}
	l.k = k
	word, salt := len(pairs[uint32(which[0])].Word), len(pairs[uint32(which[0])].Salt)
	l.load(magic, pairs, which, word)
	l.firstDigest(magic, word, salt)
	l.stretch(word, salt)
	for lane, at := range which {
		var sum [4]uint32
		for i := range sum {
			sum[i] = l.digest[i*k.lanes+lane]
		}
		digests[uint32(at)] = encode(sum)
	}
}

// load puts words and salts into their lanes. Lanes without a pair keep what they had.
func (l *lanes) load(magic string, pairs []Pair, which []uint64, length int) {
	n := l.k.lanes
	var buf [4 * wordRows]byte
	for lane, at := range which {
		p := &pairs[uint32(at)]
		copy(buf[:], p.Word)
		for row := range (length + 3) / 4 {
			l.word[row*n+lane] = binary.LittleEndian.Uint32(buf[4*row:])
		}
		l.first[lane] = uint32(buf[0])
		var salt [MaxSalt]byte
		copy(salt[:], p.Salt)
		for row := range saltRows {
			l.salt[row*n+lane] = binary.LittleEndian.Uint32(salt[4*row:])
		}
	}
	clear(buf[:])
	copy(buf[:], magic)
	for lane := range n {
		l.magic[lane] = binary.LittleEndian.Uint32(buf[:])
		l.magic[n+lane] = binary.LittleEndian.Uint32(buf[4:])
		l.end[lane] = 0x80
	}
}

// firstDigest computes the first digest of the loop.
func (l *lanes) firstDigest(magic string, word, salt int) {
	n := l.k.lanes
	clear(l.msg[:(maxBlocks*block+1)*n])
	l.begin(0)
	l.add(l.word, word)
	l.add(l.salt, salt)
	l.add(l.word, word)
	l.sum()

	copy(l.cut[:4*n], l.digest[:4*n])
	if rest := word % size; rest != 0 {
		clear(l.cut[(rest+3)/4*n : 4*n])
		if rest%4 != 0 {
			for i := range n {
				l.cut[rest/4*n+i] &= 1<<(8*(rest%4)) - 1
			}
		}
	}
	clear(l.msg[:(maxBlocks*block+1)*n])
	l.begin(0)
	l.add(l.word, word)
	l.add(l.magic, len(magic))
	l.add(l.salt, salt)
	left := word
	for ; left >= size; left -= size {
		l.add(l.digest, size)
	}
	l.add(l.cut, left)
	for bits := word; bits > 0; bits >>= 1 {
		if bits&1 != 0 {
			l.used++ // a byte of zeros
		} else {
			l.add(l.first, 1)
		}
	}
	l.sum()
}

// begin begins a message at a row.
func (l *lanes) begin(row int) { l.base, l.used = row, 0 }

// add adds so many bytes, behind which src has zeros in the last word.
func (l *lanes) add(src []uint32, bytes int) {
	if bytes == 0 {
		return
	}
	k := l.k
	rows := (bytes + 3) / 4
	k.place(&l.msg[(l.base+l.used/4)*k.lanes], &src[0], rows*k.lanes*4/k.vector, 4*k.lanes, 8*(l.used%4))
	l.used += bytes
}

// finish adds the padding and returns the number of blocks.
func (l *lanes) finish() int {
	n := l.k.lanes
	bits := uint32(8 * l.used)
	l.add(l.end, 1)
	blocks := (l.used + 8 + 63) / 64
	row := l.msg[(l.base+blocks*block-2)*n:][:n]
	for i := range row {
		row[i] = bits
	}
	return blocks
}

// sum hashes the message at row 0.
func (l *lanes) sum() {
	l.plan[planMessage], l.plan[planBlocks], l.plan[planDigest] = 0, uint32(l.finish()), absent
	l.k.rounds(&l.digest[0], &l.msg[0], &l.plan[0], 1, 1)
}

// stretch is the loop. All of it takes a fraction of a millisecond: less than a scheduler
// can wait.
func (l *lanes) stretch(word, salt int) {
	n := l.k.lanes
	stride := block // rows between messages
	if 2*word+salt+size+9 > 64 {
		stride = 2 * block
	}
	clear(l.msg[:(layouts*stride+1)*n])
	var entries [layouts][planEntry]uint32
	for k := range entries {
		l.begin(k * stride)
		odd := k&1 != 0
		at := 0
		if odd {
			l.add(l.word, word)
		} else {
			l.used = size
		}
		if k&2 != 0 {
			l.add(l.salt, salt)
		}
		if k&4 != 0 {
			l.add(l.word, word)
		}
		if odd {
			at = l.used
			l.used += size
		} else {
			l.add(l.word, word)
		}
		shift := uint32(8 * (at % 4))
		entries[k] = [planEntry]uint32{
			planMessage: uint32(l.base * n * 4), planBlocks: uint32(l.finish()), planDigest: uint32((l.base + at/4) * n * 4),
			planShift: shift, planBack: 32 - shift, planMask: 1<<shift - 1,
		}
	}
	for i := range period {
		copy(l.plan[i*planEntry:], entries[layout(i)][:])
	}
	l.k.rounds(&l.digest[0], &l.msg[0], &l.plan[0], period, Rounds)
}
