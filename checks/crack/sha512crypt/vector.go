package sha512crypt

import (
	"crypto/sha512"
	"encoding/binary"
	"unsafe"
)

// wide is how many lanes a vector has, and most how many a kernel has, whose ninth is in
// general registers.
const (
	wide = 8
	most = wide + 1
)

// vector has the buffers of the kernels; see the generator for their form.
type vector struct {
	run      func(space *uint64, layouts *[8]*uint64, order *byte, n int)
	memory   []uint64
	space    []uint64 // the digest, and room
	layouts  [8][]uint64
	pointers [8]*uint64
	order    [chunk + period]byte
	sums     [most][sha512.Size]byte
	lane     [most]lane
}

// initial is the digest of SHA-512 before any message; never changed.
var initial = [sha512.Size]byte{
	0x6a, 0x09, 0xe6, 0x67, 0xf3, 0xbc, 0xc9, 0x08, 0xbb, 0x67, 0xae, 0x85, 0x84, 0xca, 0xa7, 0x3b,
	0x3c, 0x6e, 0xf3, 0x72, 0xfe, 0x94, 0xf8, 0x2b, 0xa5, 0x4f, 0xf5, 0x3a, 0x5f, 0x1d, 0x36, 0xf1,
	0x51, 0x0e, 0x52, 0x7f, 0xad, 0xe6, 0x82, 0xd1, 0x9b, 0x05, 0x68, 0x8c, 0x2b, 0x3e, 0x6c, 0x1f,
	0x1f, 0x83, 0xd9, 0xab, 0xfb, 0x41, 0xbd, 0x6b, 0x5b, 0xe0, 0xcd, 0x19, 0x13, 0x7e, 0x21, 0x79,
}

// lane has the buffers of one word of a pass.
type lane struct{ buf, p, s []byte }

// chunk is how many blocks one call of a kernel hashes at most, or it is those of one
// round: well below 1 ms, because Go cannot interrupt it.
const chunk = 10 * period

// kernel is a way to hash many words.
type kernel struct {
	// run computes n rounds; see the generator.
	run func(space *uint64, layouts *[8]*uint64, order *byte, n int)
	// lanes is how many words it hashes side by side, fewest for how many it is faster
	// than one after the other.
	lanes, fewest int
}

// room is how many vectors the space of a kernel has, and ninthAt where the digest of the ninth
// lane is in it, in words.
const (
	ninthAt = (8 + 8 + 80) * wide
	room    = 8 + 8 + 80 + 12
)

// Offsets in a layout.
const (
	blocksAt  = 0 // in words
	modeAt    = 1
	digestOff = 2
	ninthOff  = 3 // of its digest, then of its message
	vectorsAt = 8
)

// The modes of a layout.
const (
	modeWords    = 0 // the digest takes eight whole words
	modeBytes    = 1 // its bytes go into nine
	modeContinue = 2 // no digest: the message goes on from it
)

// together hashes tries of one class, as many as there are lanes or fewer. Lanes that are left
// over compute what nobody reads.
func (h *Hasher) together(k *kernel, tries []classed) {
	v := &h.vector
	v.run = k.run
	v.prepare(tries)
	widest := 1
	for _, n := range tries[0].blocks {
		widest = max(widest, n)
	}
	rounds := tries[0].rounds
	for done := 0; done < rounds; {
		if done > 0 && h.stopped() {
			return
		}
		n := min(max(chunk/widest, 1), rounds-done)
		v.run(&v.space[0], &v.pointers, &v.order[done%period], n)
		done += n
	}
	for i := range tries {
		v.gather(i)
		tries[i].try.Digest = appendDigest(tries[i].try.Digest, &v.sums[i])
	}
}

// prepare computes A, P and S of every lane and lays out the messages. P could be computed
// once for all the lanes of a word and S kept for each salt and first byte of A; but side by
// side all that takes less than a hundredth of the default number of rounds.
func (v *vector) prepare(tries []classed) {
	v.begin(tries[0].class)
	v.sum(tries, func(_ int, m []byte, t *Try) []byte { return appendB(m, t.Word, t.Salt) })
	v.sum(tries, func(i int, m []byte, t *Try) []byte { return appendA(m, t.Word, t.Salt, &v.sums[i]) })
	first := v.sums
	v.sum(tries, func(_ int, m []byte, t *Try) []byte { return appendDP(m, t.Word) })
	for i := range tries {
		v.lane[i].p = appendCut(v.lane[i].p[:0], &v.sums[i], len(tries[i].try.Word))
	}
	v.sum(tries, func(i int, m []byte, t *Try) []byte { return appendDS(m, t.Salt, &first[i]) })
	for i := range tries {
		v.lane[i].s = appendCut(v.lane[i].s[:0], &v.sums[i], len(tries[i].try.Salt))
	}

	for k := range v.layouts {
		l := v.layouts[k]
		l[blocksAt] = uint64(tries[0].blocks[k/2])
		l[modeAt], l[digestOff] = modeWords, 0
		ninth := 8 * uint64(messageAt+16*wide*tries[0].blocks[k/2])
		l[ninthOff], l[ninthOff+1] = ninth, ninth // a place even if the lane is idle
		if k&1 != 0 {
			l[digestOff] = uint64(tries[0].words[k/2] * 8 * wide)
		}
		for i := range tries {
			v.layOut(k, i, len(tries[i].try.Word), len(tries[i].try.Salt))
		}
	}
	for i := range tries {
		v.scatter(i, &first[i])
	}
}

// begin divides the memory for messages of a class.
func (v *vector) begin(c class) {
	if v.memory == nil {
		for i := range v.order {
			v.order[i] = byte(layout(i))
		}
	}
	need := room * wide
	for k := range v.layouts {
		need += size(c.blocks[k/2])
	}
	// Aligned to the 64 bytes of a line.
	if len(v.memory) < need+7 {
		v.memory = make([]uint64, need+7)
	}
	rest := v.memory
	for uintptr(unsafe.Pointer(&rest[0]))%64 != 0 {
		rest = rest[1:]
	}
	v.space, rest = rest[:room*wide], rest[room*wide:]
	for k := range v.layouts {
		n := size(c.blocks[k/2])
		v.layouts[k], rest = rest[:n], rest[n:]
		v.pointers[k] = &v.layouts[k][0]
	}
}

// size is how many words a layout has.
func size(blocks int) int { return messageAt + (wide+1)*16*blocks }

// messageAt is where the message begins in a layout; behind it that of the ninth lane does.
const messageAt = vectorsAt + 4*wide

// put writes part of a message of a lane, 8 bytes a word: of the ninth as they are.
func (v *vector) put(k, lane, blocks int, part []byte) {
	m := v.layouts[k][messageAt:]
	if lane == wide {
		m = m[16*blocks*wide:]
		for i := range len(part) / 8 {
			m[i] = binary.LittleEndian.Uint64(part[8*i:])
		}
		return
	}
	for i := range len(part) / 8 {
		m[i*wide+lane] = binary.BigEndian.Uint64(part[8*i:])
	}
}

// layOut writes message k of a lane.
func (v *vector) layOut(k, lane, word, salt int) {
	l, layout := &v.lane[lane], v.layouts[k]
	l.buf = pad(appendLayout(l.buf[:0], k, l.p, l.s))
	blocks := len(l.buf) / 128
	v.put(k, lane, blocks, l.buf)
	at := digestAt(k, word, salt)
	if lane == wide {
		layout[ninthOff] += uint64(at)
		return
	}
	m, right := layout[messageAt:], layout[vectorsAt+lane:]
	right[0], right[wide] = uint64(at%8*8), uint64(64-at%8*8)
	right[2*wide], right[3*wide] = m[at/8*wide+lane], m[(at/8+8)*wide+lane]
	if at%8 != 0 {
		layout[modeAt] = modeBytes
	}
}

// pad appends the padding of SHA-512 to a whole message.
func pad(m []byte) []byte {
	bits := uint64(len(m)) * 8
	m = append(m, 0x80)
	for len(m)%128 != 112 {
		m = append(m, 0)
	}
	m = append(m, 0, 0, 0, 0, 0, 0, 0, 0)
	return binary.BigEndian.AppendUint64(m, bits)
}

// sum sets the SHA-512 of a message of every lane, of any length each: when all the blocks
// of a lane are done, its digest is taken and what follows is lost on it.
func (v *vector) sum(tries []classed, message func(i int, m []byte, t *Try) []byte) {
	longest := 0
	for i := range tries {
		l := &v.lane[i]
		l.buf = pad(message(i, l.buf[:0], tries[i].try))
		longest = max(longest, len(l.buf))
		v.scatter(i, &initial)
	}
	header := v.layouts[0] // that of round 0
	header[blocksAt], header[modeAt], header[digestOff] = 1, modeContinue, 0
	header[ninthOff+1] = 8 * (messageAt + 16*wide)
	for at := 0; at < longest; at += 128 {
		for i := range tries {
			if m := v.lane[i].buf; at < len(m) {
				v.put(0, i, 1, m[at:at+128])
			}
		}
		v.run(&v.space[0], &v.pointers, &v.order[0], 1)
		for i := range tries {
			if at+128 == len(v.lane[i].buf) {
				v.gather(i)
			}
		}
	}
}

// scatter sets the digest of a lane, gather takes it.
func (v *vector) scatter(lane int, sum *[sha512.Size]byte) {
	for i := range 8 {
		v.space[digestWord(lane, i)] = binary.BigEndian.Uint64(sum[8*i:])
	}
}

func (v *vector) gather(lane int) {
	for i := range 8 {
		binary.BigEndian.PutUint64(v.sums[lane][8*i:], v.space[digestWord(lane, i)])
	}
}

func digestWord(lane, i int) int {
	if lane == wide {
		return ninthAt + i
	}
	return i*wide + lane
}
