package sha512crypt

import (
	"crypto/sha512"
	"encoding/binary"
	"unsafe"
)

// lanes is how many words a kernel hashes side by side.
const lanes = 8

// vector has the buffers of the kernels; see the generator for their form.
type vector struct {
	run      kernel
	memory   []uint64
	space    []uint64 // the digest, and room
	layouts  [8][]uint64
	pointers [8]*uint64
	order    [chunk + period]byte
	sums     [lanes][sha512.Size]byte
	lane     [lanes]lane
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

// kernel computes n rounds; see the generator.
type kernel = func(space *uint64, layouts *[8]*uint64, order *byte, n int)

// room is how many vectors the space of a kernel has.
const room = 8 + 8 + 80

// Offsets in a layout.
const (
	blocksAt  = 0 // in words
	modeAt    = 1
	digestOff = 2
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
func (h *Hasher) together(run kernel, tries []classed) {
	v := &h.vector
	v.run = run
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
		if k&1 != 0 {
			l[digestOff] = uint64(tries[0].words[k/2] * 8 * lanes)
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
	need := room * lanes
	for k := range v.layouts {
		need += vectorsAt + (4+16*c.blocks[k/2])*lanes
	}
	// Aligned to the 64 bytes of a line.
	if len(v.memory) < need+7 {
		v.memory = make([]uint64, need+7)
	}
	rest := v.memory
	for uintptr(unsafe.Pointer(&rest[0]))%64 != 0 {
		rest = rest[1:]
	}
	v.space, rest = rest[:room*lanes], rest[room*lanes:]
	for k := range v.layouts {
		n := vectorsAt + (4+16*c.blocks[k/2])*lanes
		v.layouts[k], rest = rest[:n], rest[n:]
		v.pointers[k] = &v.layouts[k][0]
	}
}

// message is the place of a layout's message.
func (v *vector) message(k int) []uint64 { return v.layouts[k][vectorsAt+4*lanes:] }

// layOut writes message k of a lane.
func (v *vector) layOut(k, lane, word, salt int) {
	l, layout, m := &v.lane[lane], v.layouts[k], v.message(k)
	l.buf = pad(appendLayout(l.buf[:0], k, l.p, l.s))
	for i := range len(l.buf) / 8 {
		m[i*lanes+lane] = binary.BigEndian.Uint64(l.buf[8*i:])
	}
	at := digestAt(k, word, salt)
	right := layout[vectorsAt+lane:]
	right[0], right[lanes] = uint64(at%8*8), uint64(64-at%8*8)
	right[2*lanes], right[3*lanes] = m[at/8*lanes+lane], m[(at/8+8)*lanes+lane]
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
	header, block := v.layouts[0], v.message(0) // that of round 0
	header[blocksAt], header[modeAt], header[digestOff] = 1, modeContinue, 0
	for at := 0; at < longest; at += 128 {
		for i := range tries {
			if m := v.lane[i].buf; at < len(m) {
				for w := range 16 {
					block[w*lanes+i] = binary.BigEndian.Uint64(m[at+8*w:])
				}
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
		v.space[i*lanes+lane] = binary.BigEndian.Uint64(sum[8*i:])
	}
}

func (v *vector) gather(lane int) {
	for i := range 8 {
		binary.BigEndian.PutUint64(v.sums[lane][8*i:], v.space[i*lanes+lane])
	}
}
