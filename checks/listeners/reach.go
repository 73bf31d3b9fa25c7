package listeners

import (
	"strings"

	"hostaudit/checks/host/snapshot"
)

// class is how far a listener can be reached over one of the two protocols. Exact
// addresses are not compared: a lease may change them.
type class int

// Classes in rising order. unclear is IPv4 of [::] where the kernel did not tell
// whether that socket is for IPv6 alone: every address or none.
const (
	classNone class = iota
	classUnclear
	classLoopback
	classAddress
	classEverywhere
)

var classWords = [...]string{"none", "unclear", "loopback", "address", "everywhere"}

// reach is from where a listener can be reached, over IPv4 and over IPv6.
type reach struct{ v4, v6 class }

// reachOf returns the reach of one socket.
func reachOf(l snapshot.Listener) reach {
	c := classEverywhere // also where the address is not known: nothing narrower is certain
	switch l.Scope() {
	case snapshot.ScopeLoopback:
		c = classLoopback
	case snapshot.ScopeAddress:
		c = classAddress
	}
	addr := l.Addr
	switch {
	case !addr.IsValid():
		return reach{v4: c, v6: c}
	case addr.Unmap().Is4():
		return reach{v4: c}
	case !addr.IsUnspecified() || l.V6Only == snapshot.Yes:
		return reach{v6: c}
	case l.V6Only == snapshot.No:
		return reach{v4: c, v6: c}
	}
	return reach{v4: classUnclear, v6: c}
}

// union is what two listeners of the same hands on one port reach together: what
// is unclear of one of them is settled by the other.
func (r reach) union(o reach) reach { return reach{max(r.v4, o.v4), max(r.v6, o.v6)} }

// widened reports that now reaches further than base. What is unclear on either
// side may be what the other says, so it never counts; the second protocol on
// loopback lets nobody in from outside, so neither does that.
func widened(base, now reach) bool {
	further := func(base, now class) bool {
		switch {
		case now <= classUnclear || base == classUnclear:
			return false
		case base == classNone:
			return now > classLoopback
		}
		return now > base
	}
	return further(base.v4, now.v4) || further(base.v6, now.v6)
}

// narrowed reports that now reaches less far than base somewhere.
func narrowed(base, now reach) bool {
	less := func(base, now class) bool {
		return base > classUnclear && now != classUnclear && now < base
	}
	return less(base.v4, now.v4) || less(base.v6, now.v6)
}

// String is the reach in the words of a baseline: "v4 everywhere, v6 loopback".
func (r reach) String() string {
	var parts []string
	if r.v4 != classNone {
		parts = append(parts, "v4 "+classWords[r.v4])
	}
	if r.v6 != classNone {
		parts = append(parts, "v6 "+classWords[r.v6])
	}
	return strings.Join(parts, ", ")
}

// words is the reach for a reader.
func (r reach) words() string {
	phrase := func(c class, family string) string {
		switch c {
		case classLoopback:
			return family + " loopback"
		case classAddress:
			return "an " + family + " address of this host"
		case classEverywhere:
			return "every " + family + " address"
		}
		return ""
	}
	switch {
	case r.v4 == classEverywhere && r.v6 == classEverywhere:
		return "every address, IPv4 and IPv6"
	case r.v4 == classUnclear:
		return phrase(r.v6, "IPv6") + ", and IPv4 unless the socket is for IPv6 alone"
	case r.v4 == classNone:
		return phrase(r.v6, "IPv6")
	case r.v6 == classNone:
		return phrase(r.v4, "IPv4")
	}
	return phrase(r.v4, "IPv4") + " and " + phrase(r.v6, "IPv6")
}
