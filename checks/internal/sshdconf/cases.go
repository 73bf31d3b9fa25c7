package sshdconf

import (
	"slices"
	"strings"
)

// Case is a set of connections of one account that the configuration treats alike.
type Case struct {
	Conn Conn // one of them
	// When are the conditions in words, as the lines that set them write them
	// ("Match Address 10.0.0.0/8", "AllowUsers root@10.*"), in the order of reading;
	// empty = every connection that no other case describes. Lines that count for all
	// connections of the account are left out.
	When []*Line
}

// Limits of Cases. Beyond them the answer is not complete.
const (
	maxCases       = 256
	maxEvaluations = 4096    // combinations looked at
	maxAtoms       = 2048    // conditions
	maxWork        = 2 << 20 // bytes of patterns compared, and blocks looked at
)

// The things about a connection that conditions are about. A name of the client
// depends on its address, so these two are one.
const (
	ofClient = iota
	ofLocal
	ofPort
	ofDomain
	dimensions
)

// atom is one condition on one of these things: of a Match line, or the host part
// of a word of AllowUsers or DenyUsers.
type atom struct {
	cond  *condition
	hosts *hostList
}

func (a atom) holds(p *peer) bool {
	if a.hosts != nil {
		return a.hosts.match(p)
	}
	return a.cond.holds(p) == everyone
}

func (a atom) size() int {
	if a.hosts != nil {
		return len(a.hosts.text) + 1
	}
	return len(a.cond.Arg) + 1
}

// ref names an atom.
type ref struct{ dim, atom int }

// caser collects the conditions that matter for one account.
type caser struct {
	c        *Config
	a        Account
	m        *model
	reached  []reach // as far as the account decides
	atoms    [dimensions][]atom
	index    map[string]ref
	blocks   []caseBlock
	users    []caseUser
	complete bool
	work     int // bytes of patterns compared and the like
}

type caseBlock struct {
	number int // in the model
	needs  []ref
	open   bool // not decided by the connection: taken for one that does not apply
}

type caseUser struct {
	*setLine
	keyword string
	need    ref
}

// value is what one or more connections have in common: the parts of Conn of one
// dimension, and which of its atoms hold.
type caseValue struct {
	conn  Conn
	holds []bool
}

// Cases divides all connections of an account by the conditions of Match blocks and
// of the Allow and Deny lists: one Case for every combination of conditions that a
// connection can meet. complete is false where a condition is of a kind that does
// not allow to enumerate every combination (wildcards in addresses, names of
// clients, groups that are not known, too many conditions): then there may be
// connections that no Case stands for, and May bounds what they can meet.
//
// The ports that connections come in on are those the configuration listens on and
// those it names; ports are others, of socket units. Clients with a link-local
// address count twice: with the zone, as sshd sees them, they are in no network.
// Interfaces are taken not to have the names of hosts that Match Host lists.
func (c *Config) Cases(a Account, ports ...uint16) (cases []Case, complete bool) {
	cases, complete, _ = c.CasesAndEffort(a, ports...)
	return cases, complete
}

// CasesAndEffort is Cases that also tells what it took, as Effort measures it.
func (c *Config) CasesAndEffort(a Account, ports ...uint16) (cases []Case, complete bool, effort int) {
	k := &caser{c: c, a: a, m: c.model(), index: map[string]ref{}, complete: true}
	k.reached = k.m.reached(func(cond *condition) reach { return cond.ofAccount(&a) })
	k.collect()
	var values [dimensions][]caseValue
	for dim := range values {
		values[dim] = k.values(dim, ports)
	}
	cases = k.combine(values)
	return cases, k.complete, k.work + c.Effort(a)
}

// collect finds the conditions that can make a difference.
func (k *caser) collect() {
	for i := range k.m.blocks {
		if k.reached[i] != some {
			continue
		}
		b := caseBlock{number: i}
		for j := range k.m.blocks[i].conds {
			cond := &k.m.blocks[i].conds[j]
			if cond.ofAccount(&k.a) == everyone {
				continue
			}
			dim := -1
			switch cond.Name {
			case "address", "host":
				dim = ofClient
			case "localaddress":
				dim = ofLocal
			case "localport":
				dim = ofPort
			case "rdomain":
				dim = ofDomain
			}
			if dim < 0 {
				b.open, k.complete = true, false
				continue
			}
			if need, ok := k.atom(dim, cond.Name+" "+cond.Arg, atom{cond: cond}); ok {
				b.needs = append(b.needs, need)
			} else {
				b.open, k.complete = true, false
			}
		}
		k.blocks = append(k.blocks, b)
	}
	for _, keyword := range []string{"allowusers", "denyusers"} {
		lines := k.m.lines[keyword]
		for i := range lines {
			d := &lines[i]
			if d.block >= 0 && k.reached[d.block] == never {
				continue
			}
			for j := range d.users {
				p := &d.users[j]
				if p.hosts == nil || !matchPattern(k.a.User, p.user) {
					continue
				}
				need, ok := k.atom(ofClient, "@ "+p.hosts.text, atom{hosts: p.hosts})
				if !ok {
					k.complete = false
					break
				}
				k.users = append(k.users, caseUser{d, keyword, need})
			}
		}
	}
}

func (k *caser) atom(dim int, name string, a atom) (ref, bool) {
	if r, ok := k.index[name]; ok {
		return r, true
	}
	if len(k.index) >= maxAtoms {
		return ref{}, false
	}
	r := ref{dim, len(k.atoms[dim])}
	k.atoms[dim] = append(k.atoms[dim], a)
	k.index[name] = r
	return r, true
}

// values returns connections that differ in one dimension, one for every
// combination of its atoms that there is; the first is one for which none holds, if
// there is one.
func (k *caser) values(dim int, ports []uint16) []caseValue {
	var conns []Conn
	switch dim {
	case ofClient:
		conns = k.clients()
	case ofLocal:
		for _, addr := range k.addresses(dim, false) {
			conns = append(conns, Conn{Local: addr})
		}
	case ofPort:
		conns = k.ports(ports)
	case ofDomain:
		conns = k.domains()
	}
	size := 1
	for _, a := range k.atoms[dim] {
		size += a.size()
	}
	if limit := max(maxWork/size, 2); len(conns) > limit {
		conns, k.complete = conns[:limit], false
	}
	k.work += len(conns) * (size + 16)
	seen := map[string]bool{}
	var values []caseValue
	key := make([]byte, len(k.atoms[dim]))
	for i := range conns {
		v := caseValue{conns[i], make([]bool, len(k.atoms[dim]))}
		none, client := true, newPeer(&conns[i])
		for j, a := range k.atoms[dim] {
			v.holds[j] = a.holds(client)
			key[j] = '0'
			if v.holds[j] {
				key[j], none = '1', false
			}
		}
		if seen[string(key)] {
			continue
		}
		seen[string(key)] = true
		if none {
			values = slices.Insert(values, 0, v)
		} else {
			values = append(values, v)
		}
	}
	return values
}

// ports: those listened on, those named, and others that are given.
func (k *caser) ports(more []uint16) []Conn {
	set, _ := k.c.Listens()
	var list []uint16
	for _, l := range set {
		list = append(list, l.Port)
	}
	list = append(list, more...)
	for _, a := range k.atoms[ofPort] {
		list = append(list, a.cond.port)
	}
	if k.c.command.Inetd {
		other := uint16(22)
		for slices.Contains(list, other) {
			other++
		}
		list = append(list, other)
	}
	var conns []Conn
	seen := map[uint16]bool{}
	for _, p := range list {
		if p != 0 && !seen[p] {
			seen[p] = true
			conns = append(conns, Conn{LocalPort: p})
		}
	}
	return conns
}

// domains: none, those named, and one for each pattern.
func (k *caser) domains() []Conn {
	conns := []Conn{{}}
	for _, a := range k.atoms[ofDomain] {
		for _, e := range a.cond.entries {
			name := strings.NewReplacer("*", "x", "?", "x").Replace(e.text)
			if name != e.text && strings.Trim(e.text, "*") != "" {
				k.complete = false
			}
			if name != "" {
				conns = append(conns, Conn{RDomain: name})
			}
		}
	}
	return conns
}
