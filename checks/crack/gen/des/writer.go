package main

import (
	"log"
	"math"
	"slices"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// writer turns circuits into instructions.
type writer struct {
	size      int // of a vector in bytes
	registers []VecPhysical
	expansion []int // which bit of the right half is each input, counted from 1

	keys, left, right, order, spill Register

	from  Register // where the inputs are, if all lanes have the same salt
	masks Register // the bits of the salts, if not

	nodes  []node
	at     int         // the node in hand
	holds  map[int]int // which register has a value
	spills map[int]int // which place of the spill area has one
}

// box writes one S-box. Inputs are loaded where they are first needed. When the registers do
// not suffice, the value that is needed last goes to memory, from where instructions take
// it directly.
func (w *writer) box(nodes []node) {
	w.nodes, w.holds, w.spills = nodes, map[int]int{}, map[int]int{}
	for i, n := range nodes {
		w.at = i
		if n.kind == input {
			continue
		}
		for _, in := range n.in {
			if _, ok := w.holds[in]; !ok && nodes[in].kind == input {
				if _, ok := w.spills[in]; !ok {
					w.load(in, n.in)
				}
			}
		}
		switch {
		case n.kind == output:
			w.output(n)
		case w.size == 64:
			w.ternary(i, n)
		default:
			w.binary(i, n)
		}
		for _, in := range n.in {
			if w.next(in) == math.MaxInt {
				delete(w.spills, in)
			}
		}
	}
}

// load computes an input: a bit of the right half and one of the subkey.
func (w *writer) load(i int, busy []int) {
	r := w.allocate(i, busy)
	bit := w.nodes[i].bit
	key := GP64()
	MOVWQZX(Mem{Base: w.order, Disp: 2 * bit}, key)
	if w.masks == nil {
		half := GP64()
		MOVWQZX(Mem{Base: w.from, Disp: 2 * bit}, half)
		w.move(Mem{Base: w.right, Index: half, Scale: 1}, r)
	} else {
		// Where the salt has the bit, inputs change places with those of the other four boxes.
		here, there := w.half(bit), w.half((bit+24)%48)
		mask := Mem{Base: w.masks, Disp: bit % 24 * w.size}
		w.move(here, r)
		if w.size == 64 {
			const choose = 0xb8 // the second input says which of the others
			salt := w.allocate(-2, busy)
			w.move(mask, salt)
			VPTERNLOGQ(U8(choose), there, salt, r)
			w.drop(-2)
		} else {
			VPXOR(there, r, r)
			VPAND(mask, r, r)
			VPXOR(here, r, r)
		}
	}
	w.xor(Mem{Base: w.keys, Index: key, Scale: 1}, r, r)
}

// half is the bit of the right half that is an input without salt.
func (w *writer) half(bit int) Mem {
	return Mem{Base: w.right, Disp: (w.expansion[bit] - 1) * w.size}
}

// output adds a value, its inverse or the gate of two to a bit of the left half.
func (w *writer) output(n node) {
	to := Mem{Base: w.left, Disp: n.bit * w.size}
	in, table := n.in, n.table
	if len(in) == 2 {
		in, table = w.dying(in, table)
	} else if w.size == 64 && n.not {
		table = 0xa5 // the inverse of the first plus the third
	}
	a, b := w.value(in[0], in), w.value(in[len(in)-1], in)
	switch {
	case table != 0:
		w.release(in)
		r := w.inherit(-1, a, in)
		if r != a {
			w.move(a, r)
		}
		VPTERNLOGQ(U8(table), to, b, r)
		w.move(r, to)
	case n.not:
		r := w.allocate(-1, in)
		VPCMPEQD(r, r, r)
		VPXOR(to, r, r)
		VPXOR(a, r, r)
		w.move(r, to)
		w.release(in)
	default:
		w.release(in)
		r := w.allocate(-1, in)
		w.xor(to, a, r)
		w.move(r, to)
	}
	w.drop(-1)
}

// binary writes a gate of two inputs for AVX2.
func (w *writer) binary(i int, n node) {
	if n.table == tableNOT {
		x := w.value(n.in[0], n.in)
		r := w.allocate(i, n.in) // not that of x: it is made all ones first
		VPCMPEQD(r, r, r)
		VPXOR(x, r, r)
		w.release(n.in)
		return
	}
	a, b := n.in[0], n.in[1]
	if _, ok := w.holds[a]; !ok {
		a, b = b, a
	}
	x := w.value(a, n.in)
	var y Op
	if r, ok := w.holds[b]; ok {
		y = w.registers[r]
	} else {
		y = w.place(b)
	}
	w.release(n.in)
	r := w.allocate(i, n.in)
	switch n.table {
	case tableAND:
		VPAND(y, x, r)
	case tableOR:
		VPOR(y, x, r)
	case tableXOR:
		VPXOR(y, x, r)
	default:
		log.Fatalf("no instruction for %#x", n.table)
	}
}

// ternary writes a gate for AVX-512, where all values are in registers.
func (w *writer) ternary(i int, n node) {
	in, table := w.dying(n.in, n.table)
	var x [3]VecPhysical
	for at := range x {
		x[at] = w.value(in[min(at, len(in)-1)], in)
	}
	w.release(n.in)
	r := w.inherit(i, x[0], in)
	switch {
	case len(in) == 2 && table == tableAND:
		VPANDQ(x[1], x[0], r)
	case len(in) == 2 && table == tableOR:
		VPORQ(x[1], x[0], r)
	case len(in) == 2 && table == tableXOR:
		VPXORQ(x[1], x[0], r)
	default:
		if r != x[0] {
			w.move(x[0], r)
		}
		VPTERNLOGQ(U8(table), x[2], x[1], r)
	}
}

// dying orders a gate's inputs so that the first is one that is not needed later, if there
// is one: the gate takes its register.
func (w *writer) dying(in []int, table uint8) ([]int, uint8) {
	in = slices.Clone(in)
	for at := range in {
		if at > 0 && w.next(in[at]) == math.MaxInt && w.next(in[0]) != math.MaxInt {
			var out uint8
			for row := range 8 { // exchanges a with the other
				first, other := row>>2&1, row>>(2-at)&1
				from := row&^(4|1<<(2-at)) | other<<2 | first<<(2-at)
				out |= table >> from & 1 << row
			}
			in[0], in[at] = in[at], in[0]
			return in, out
		}
	}
	return in, table
}

// value returns the register of a value, into which it is loaded if need be.
func (w *writer) value(i int, busy []int) VecPhysical {
	if r, ok := w.holds[i]; ok {
		return w.registers[r]
	}
	from := w.place(i)
	r := w.allocate(i, busy)
	w.move(from, r)
	return r
}

// place is where a value was put aside.
func (w *writer) place(i int) Mem {
	at, ok := w.spills[i]
	if !ok {
		log.Fatalf("value %d is nowhere", i)
	}
	return Mem{Base: w.spill, Disp: at * w.size}
}

// next is the node that needs a value next, after the one in hand.
func (w *writer) next(i int) int {
	for at := w.at + 1; at < len(w.nodes); at++ {
		if slices.Contains(w.nodes[at].in, i) {
			return at
		}
	}
	return math.MaxInt
}

// release frees the registers of values that no later node needs. Their places are free
// only when the node in hand is written, which may read them.
func (w *writer) release(in []int) {
	for _, i := range in {
		if w.next(i) == math.MaxInt {
			w.drop(i)
		}
	}
}

func (w *writer) drop(i int) { delete(w.holds, i) }

// inherit gives a value the register of one that was released, or another if it was not.
func (w *writer) inherit(i int, r VecPhysical, busy []int) VecPhysical {
	at := slices.Index(w.registers, r)
	for _, used := range w.holds {
		if used == at {
			return w.allocate(i, busy)
		}
	}
	w.holds[i] = at
	return r
}

// allocate finds a register for a value; those of busy values keep theirs.
func (w *writer) allocate(i int, busy []int) VecPhysical {
	used := make([]bool, len(w.registers))
	for _, r := range w.holds {
		used[r] = true
	}
	r := slices.Index(used, false)
	if r < 0 {
		last, when := -1, -1
		for v := range len(w.nodes) { // in order: the result must not depend on the map's
			if _, ok := w.holds[v]; ok && !slices.Contains(busy, v) && w.next(v) > when {
				last, when = v, w.next(v)
			}
		}
		r = w.holds[last]
		if _, ok := w.spills[last]; !ok {
			at := 0
			for slices.Contains(w.taken(), at) {
				at++
			}
			w.spills[last] = at
			w.move(w.registers[r], w.place(last))
		}
		w.drop(last)
	}
	w.holds[i] = r
	return w.registers[r]
}

func (w *writer) taken() (places []int) {
	for _, at := range w.spills {
		places = append(places, at)
	}
	return places
}

func (w *writer) move(from, to Op) {
	if w.size == 64 {
		VMOVDQU64(from, to)
	} else {
		VMOVDQU(from, to)
	}
}

func (w *writer) xor(y, x, to Op) {
	if w.size == 64 {
		VPXORQ(y, x, to)
	} else {
		VPXOR(y, x, to)
	}
}
