package sshdconf

import (
	"cmp"
	"slices"
)

// combine puts the values of all dimensions together.
func (k *caser) combine(values [dimensions][]caseValue) []Case {
	limit := min(maxEvaluations, max(maxWork/(len(k.blocks)+len(k.users)+1), 16))
	product := 1
	for _, v := range values {
		product *= max(len(v), 1)
		if product > limit {
			k.complete, product = false, limit
		}
	}
	var cases []Case
	seen := map[string]bool{}
	look := func(choice [dimensions]int) {
		k.work += len(k.blocks) + len(k.users) + 16
		var picked [dimensions]*caseValue
		for dim, v := range values {
			if len(v) > 0 {
				picked[dim] = &v[choice[dim]]
			}
		}
		when, key := k.when(picked)
		if seen[key] {
			return
		}
		seen[key] = true
		if len(cases) >= maxCases {
			k.complete = false
			return
		}
		cases = append(cases, Case{k.conn(picked), when})
	}
	// First what differs from the ordinary connection in one thing only, so that a
	// product that is too large is not cut in one dimension alone.
	for dim, v := range values {
		for i := range min(len(v), limit/dimensions) {
			var choice [dimensions]int
			choice[dim] = i
			look(choice)
		}
	}
	for n := range product {
		var choice [dimensions]int
		for dim, v := range values {
			if len(v) > 0 {
				choice[dim], n = n%len(v), n/len(v)
			}
		}
		look(choice)
	}
	k.dropConstant(cases)
	return cases
}

func (k *caser) conn(picked [dimensions]*caseValue) Conn {
	conn := Conn{Account: k.a, LocalPort: 22}
	if v := picked[ofClient]; v != nil {
		conn.Addr, conn.Host = v.conn.Addr, v.conn.Host
	}
	if v := picked[ofLocal]; v != nil {
		conn.Local = v.conn.Local
	}
	if v := picked[ofPort]; v != nil {
		conn.LocalPort = v.conn.LocalPort
	}
	if v := picked[ofDomain]; v != nil {
		conn.RDomain = v.conn.RDomain
	}
	return conn
}

// when returns the lines that apply, and what tells cases apart.
func (k *caser) when(picked [dimensions]*caseValue) (lines []*Line, key string) {
	holds := func(r ref) bool { return picked[r.dim] != nil && picked[r.dim].holds[r.atom] }
	applied := map[int]bool{}
	type at struct {
		pos  int
		line *Line
	}
	var list []at
	bits := make([]byte, 0, len(k.blocks)+len(k.users))
	for i := range k.blocks {
		b := &k.blocks[i]
		m := &k.m.blocks[b.number]
		ok := !b.open && (m.outer < 0 || k.reached[m.outer] == everyone || applied[m.outer])
		for _, need := range b.needs {
			ok = ok && holds(need)
		}
		bits = append(bits, '0')
		if ok {
			applied[b.number] = true
			bits[len(bits)-1] = '1'
			list = append(list, at{m.pos, m.line})
		}
	}
	inForce := func(d *setLine) bool {
		return d.block >= 0 && (k.reached[d.block] == everyone || applied[d.block])
	}
	replaced := map[string]bool{}
	for _, keyword := range []string{"allowusers", "denyusers"} {
		for i := range k.m.lines[keyword] {
			if inForce(&k.m.lines[keyword][i]) {
				replaced[keyword] = true
				break
			}
		}
	}
	for _, u := range k.users {
		ok := holds(u.need) && (inForce(u.setLine) || u.global && !replaced[u.keyword])
		bits = append(bits, '0')
		if ok {
			bits[len(bits)-1] = '1'
			list = append(list, at{u.pos, u.Line})
		}
	}
	slices.SortStableFunc(list, func(a, b at) int { return cmp.Compare(a.pos, b.pos) })
	for _, l := range list {
		if len(lines) == 0 || lines[len(lines)-1] != l.line {
			lines = append(lines, l.line)
		}
	}
	return lines, string(bits)
}

// dropConstant leaves out of all cases the lines that every one of them has, if
// these are all the cases there are.
func (k *caser) dropConstant(cases []Case) {
	if !k.complete {
		return
	}
	count := map[*Line]int{}
	for _, c := range cases {
		for _, l := range c.When {
			count[l]++
		}
	}
	for i := range cases {
		cases[i].When = slices.DeleteFunc(cases[i].When, func(l *Line) bool { return count[l] == len(cases) })
	}
}
