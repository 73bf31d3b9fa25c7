package yescrypt

// pass is yescrypt without the decision on a first pass.
func (h *Hasher) pass(tries []Try, p Params, first bool) error {
	row, apart := int(p.row()), int(p.apart())
	states := func(i int) []lane { return h.region[i*apart:][:int(p.P)*row] }
	for i := range tries {
		w := &h.work[i]
		if p.Flags != Classic {
			name := "yescrypt-prehash"
			if !first {
				name = name[:len("yescrypt")]
			}
			copy(h.bytes[:], name)
			h.mac.setKey(h.bytes[:len(name)])
			h.mac.start()
			h.mac.write(w.word)
			h.mac.finish()
			w.key = h.mac.sum
			w.word = w.key[:]
		}
		if err := h.expand(states(i), w.word, tries[i].Salt); err != nil {
			return err
		}
		if p.Flags != Classic {
			(*block)(states(i)).plain(&h.plain)
			putWords(w.key[:], h.plain[:4])
		}
	}
	var err error
	if p.Flags == RW {
		err = h.chunks(len(tries), p)
	} else {
		err = h.classic(len(tries), p)
	}
	if err != nil {
		return err
	}
	for i := range tries {
		w := &h.work[i]
		h.mac.setKey(w.word)
		if tries[i].Digest, err = h.condense(states(i)); err != nil {
			return err
		}
		if p.Flags == Classic || first {
			continue
		}
		// As in SCRAM, what is stored is the digest of what a client would prove.
		w.key = tries[i].Digest
		h.mac.setKey(w.key[:])
		h.mac.start()
		copy(h.bytes[:], "Client Key")
		h.mac.write(h.bytes[:len("Client Key")])
		h.mac.finish()
		w.key = h.mac.sum
		h.mac.digest(w.key[:])
		tries[i].Digest = h.mac.sum
	}
	return nil
}

// part is some lanes of the region of each of n hashes; they are apart lanes apart.
func (h *Hasher) part(n, apart, from, size int) (r rows) {
	for i := range n {
		r[i] = h.region[i*apart+from:][:size]
	}
	return r
}

// classic mixes the state of each chunk as scrypt does, in the same memory.
func (h *Hasher) classic(n int, p Params) error {
	row, apart := int(p.row()), int(p.apart())
	rest := int(p.P) * row
	all, _ := p.loops()
	for at := 0; at < rest; at += row {
		c := chunk{h: h, n: n, apart: apart, x: h.part(n, apart, at, row), next: h.part(n, apart, rest, row)}
		v := h.part(n, apart, rest+row, apart-rest-row)
		if err := c.fill(v, p.n(), false); err != nil {
			return err
		}
		if err := c.walk(v, p.n(), all, false); err != nil {
			return err
		}
	}
	return nil
}

// chunks mixes the states with pwxform: each in its part of V, and then each
// with all of it.
func (h *Hasher) chunks(n int, p Params) error {
	row, apart, count := int(p.row()), int(p.apart()), int(p.P)
	from := count * row // V
	all, changed := p.loops()
	part := p.n() / uint64(p.P) &^ 1
	size := func(i int) uint64 { // rows in the part of a chunk
		if i < count-1 {
			return part
		}
		return p.n() - uint64(i)*part
	}
	for i := range count {
		c := chunk{h: h, n: n, x: h.part(n, apart, i*row, 128/laneBytes)}
		var own rows
		for k := range n {
			own[k] = h.boxes(n, i, k, apart)
		}
		if err := c.fill(own, boxesRows, false); err != nil {
			return err
		}
		c.x, c.apart = h.part(n, apart, i*row, row), apart
		for k := range n {
			if i == 0 {
				h.rekey(&h.work[k], c.x[k])
			}
			c.boxes[k] = newBoxes(own[k], 0)
		}
		v := h.part(n, apart, from+i*int(part)*row, int(size(i))*row)
		if err := c.fill(v, size(i), true); err != nil {
			return err
		}
		if err := c.walk(v, floor2(size(i)), changed, true); err != nil {
			return err
		}
	}
	for i := range count {
		c := chunk{h: h, n: n, apart: apart, x: h.part(n, apart, i*row, row)}
		for k := range n {
			c.boxes[k] = newBoxes(h.boxes(n, i, k, apart), (size(i)+changed)*2*uint64(p.R))
		}
		if err := c.walk(h.part(n, apart, from, apart-from), p.n(), all-changed, false); err != nil {
			return err
		}
	}
	return nil
}

// boxes is the room for the S-boxes of a chunk of hash k out of n.
func (h *Hasher) boxes(n, chunk, k, apart int) []lane {
	return h.region[n*apart+(chunk*n+k)*boxesLanes:][:boxesLanes]
}

// rekey makes the key of the outer hash depend on the S-boxes of the first chunk.
func (h *Hasher) rekey(w *work, state []lane) {
	(*block)(state[len(state)-4:]).plain(&h.plain)
	putWords(h.bytes[:], h.plain[:])
	h.mac.setKey(h.bytes[:])
	h.mac.start()
	h.mac.write(w.key[:])
	h.mac.finish()
	w.key = h.mac.sum
}
