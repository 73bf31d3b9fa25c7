package vsftpdconf

import (
	"net/netip"
	"strconv"
	"strings"
)

// reading is what became of an address.
type reading int

const (
	badAddress reading = iota
	goodAddress
	shortAddress
)

// parseIPv4 reads an address as inet_aton(3) of glibc does: one to four numbers, octal
// and hexadecimal too, the last filling what is left, and whatever follows a blank.
func parseIPv4(s string) (netip.Addr, bool) {
	if i := strings.IndexAny(s, blanks); i >= 0 {
		s = s[:i]
	}
	parts := strings.Split(s, ".")
	if len(parts) > 4 {
		return netip.Addr{}, false
	}
	var whole uint64
	for i, part := range parts {
		n, ok := parseCNumber(part)
		last := i == len(parts)-1
		switch {
		case !ok, !last && n > 255, last && n >= 1<<(32-8*i):
			return netip.Addr{}, false
		case last:
			whole |= n
		default:
			whole |= n << (24 - 8*i)
		}
	}
	return netip.AddrFrom4([4]byte{byte(whole >> 24), byte(whole >> 16), byte(whole >> 8), byte(whole)}), true
}

// parseCNumber reads a number of digits alone as strtoul(3) does with base 0.
func parseCNumber(s string) (uint64, bool) {
	base, digits := 10, s
	switch {
	case len(s) > 2 && (s[:2] == "0x" || s[:2] == "0X"):
		base, digits = 16, s[2:]
	case len(s) > 1 && s[0] == '0':
		base, digits = 8, s[1:]
	}
	if digits == "" || strings.ContainsAny(digits, "+-_") {
		return 0, false
	}
	n, err := strconv.ParseUint(digits, base, 32)
	return n, err == nil
}

// parseIPv6 reads an address as the program itself does (ipaddrparse.c). It does not
// see that an address is too short, and then binds what lies in memory behind it: that
// is not settled.
func parseIPv6(s string) (addr netip.Addr, read reading) {
	left, right, gap := strings.Cut(s, "::")
	high, ok := parseGroups(left)
	low, ok2 := parseGroups(right)
	switch {
	case !ok || !ok2 || len(high)+len(low) > 16:
		return netip.Addr{}, badAddress
	case len(high) < 16 && len(low) == 0 && !(gap && len(high) == 0):
		return netip.Addr{}, shortAddress
	}
	var raw [16]byte
	copy(raw[:], high)
	copy(raw[16-len(low):], low)
	return netip.AddrFrom16(raw), goodAddress
}

// parseGroups reads what stands on one side of "::"; nothing is nothing.
func parseGroups(s string) (raw []byte, ok bool) {
	for s != "" {
		var group string
		group, s, _ = strings.Cut(s, ":")
		if strings.Contains(group, ".") {
			quad, ok := parseQuad(group)
			if !ok {
				return nil, false
			}
			raw = append(raw, quad[:]...)
			continue
		}
		n, err := strconv.ParseUint(group, 16, 16) // no sign, no underscore, any zeros
		if err != nil || len(raw) > 16 {
			return nil, false
		}
		raw = append(raw, byte(n>>8), byte(n))
	}
	return raw, true
}

// parseQuad reads four numbers up to 255, which may have leading zeros.
func parseQuad(s string) (quad [4]byte, ok bool) {
	parts := strings.Split(s, ".")
	if len(parts) != 4 {
		return quad, false
	}
	for i, part := range parts {
		n, err := strconv.ParseUint(part, 10, 64)
		if err != nil || n > 255 {
			return quad, false
		}
		quad[i] = byte(n)
	}
	return quad, true
}
