package main

import (
	"math/rand/v2"
	"slices"
)

// fuse covers a circuit with gates of three inputs, of which VPTERNLOG computes any. It
// chooses the gates whose values are kept: all between them are part of the gates that
// follow, of several maybe. A local search makes the choice small; its seed is fixed, so
// that the same circuit always gives the same result.
func fuse(nodes []node) []node {
	kept := make([]bool, len(nodes))
	for i := range kept {
		kept[i] = true
	}
	var gates []int
	for i, n := range nodes {
		if n.kind == gate {
			gates = append(gates, i)
		}
	}
	r := rand.New(rand.NewPCG(1, 2))
	best := len(nodes)
	for range 6000 {
		try := slices.Clone(kept)
		for range 4 + r.IntN(8) {
			try[gates[r.IntN(len(gates))]] = true
		}
		n := shrink(nodes, try, gates, r)
		if n <= best {
			best, kept = n, try
		}
	}
	return cover(nodes, kept)
}

// shrink stops keeping as many gates as it can, in random order, and returns how many are
// left.
func shrink(nodes []node, kept []bool, gates []int, r *rand.Rand) (left int) {
	order := slices.Clone(gates)
	r.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
	for _, i := range order {
		if !kept[i] {
			continue
		}
		kept[i] = false
		if !fits(nodes, kept) {
			kept[i] = true
			left++
		}
	}
	return left
}

// fits reports whether every value that is kept is one gate of values that are.
func fits(nodes []node, kept []bool) bool {
	var room [8]int
	for i, n := range nodes {
		if n.kind == input || !kept[i] {
			continue
		}
		most := 3
		if n.kind == output {
			most = 2 // and the bit of the left half
		}
		if _, ok := leaves(nodes, kept, i, room[:0], most); !ok {
			return false
		}
	}
	return true
}

// leaves appends the values that are kept and that node i is made of, up to most.
func leaves(nodes []node, kept []bool, i int, to []int, most int) ([]int, bool) {
	for _, in := range nodes[i].in {
		switch {
		case slices.Contains(to, in):
		case kept[in]:
			if len(to) == most {
				return to, false
			}
			to = append(to, in)
		default:
			var ok bool
			if to, ok = leaves(nodes, kept, in, to, most); !ok {
				return to, false
			}
		}
	}
	return to, true
}

// cover makes the circuit of the values that are kept.
func cover(nodes []node, kept []bool) (out []node) {
	place := make([]int, len(nodes))
	for i, n := range nodes {
		if !kept[i] {
			continue
		}
		place[i] = len(out)
		if n.kind != input {
			in, _ := leaves(nodes, kept, i, nil, 3)
			var x [3]uint64
			for at := range x {
				for row := range 8 {
					x[at] |= uint64(row>>(2-at)&1) << row
				}
			}
			v := map[int]uint64{}
			for at, l := range in {
				v[l] = x[at]
			}
			n.table = uint8(part(nodes, v, i))
			if n.kind == output {
				n.table ^= uint8(x[2])
				if len(in) == 1 {
					n.table = 0
				} else if n.not {
					n.table, n.not = ^n.table, false
				}
			}
			n.in = nil
			for _, l := range in {
				n.in = append(n.in, place[l])
			}
		}
		out = append(out, n)
	}
	return out
}

// part computes node i from the values in v.
func part(nodes []node, v map[int]uint64, i int) uint64 {
	if x, ok := v[i]; ok {
		return x
	}
	n := nodes[i]
	a := part(nodes, v, n.in[0])
	if n.kind == output {
		return a
	}
	if len(n.in) == 1 {
		return lookup(n.table, []int{0}, []uint64{a})
	}
	return lookup(n.table, []int{0, 1}, []uint64{a, part(nodes, v, n.in[1])})
}
