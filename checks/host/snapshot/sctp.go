package snapshot

import (
	"errors"
	"math"
	"net/netip"
)

var errSCTPRow = errors.New("not the form of a /proc/net/sctp/eps row")

// parseSCTPRow reads one row of /proc/net/sctp/eps (sctp_eps_seq_show in
// net/sctp/proc.c): "endpoint socket style state bucket port uid inode addresses…",
// decimal but for the first two. An endpoint may be bound to several addresses: each
// is a listener. No rows come from the heading and from endpoints that do not listen.
func parseSCTPRow(line []byte) ([]socketRow, error) {
	var words [8][]byte
	rest := line
	for i := range words {
		words[i], rest = cutBlank(rest)
	}
	if first := string(words[0]); first == "" || first == "ENDPT" {
		return nil, nil
	}
	state, err1 := decimal(words[3], math.MaxUint8)
	port, err2 := decimal(words[5], math.MaxUint16)
	uid, err3 := decimal(words[6], math.MaxUint32)
	inode, err4 := decimal(words[7], math.MaxUint64)
	if errors.Join(err1, err2, err3, err4) != nil {
		return nil, errSCTPRow
	}
	if state != stateListen {
		return nil, nil
	}
	var rows []socketRow
	for {
		var word []byte
		if word, rest = cutBlank(rest); len(word) == 0 {
			break
		}
		if word[0] == '*' { // marks the primary address of an association
			word = word[1:]
		}
		addr, err := netip.ParseAddr(string(word))
		if err != nil || addr.Zone() != "" {
			return nil, errSCTPRow
		}
		rows = append(rows, socketRow{proto: "sctp", addr: addr, port: uint16(port), uid: uint32(uid), inode: inode})
	}
	if len(rows) == 0 {
		return nil, errSCTPRow // it listens, and where is not told
	}
	return rows, nil
}
