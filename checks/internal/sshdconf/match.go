package sshdconf

// Criterion is one condition of a Match line: its name in lower case and its
// argument ("" for those without).
type Criterion struct{ Name, Arg string }

// notUnderstood is the name of a criterion that no Match line has: conditions that
// were not understood.
const notUnderstood = "unknown"

// reach is for how many of the connections looked at a line counts.
type reach int8

const (
	some reach = iota // for some, or not established
	never
	everyone
)

func reachOf(holds bool) reach {
	if holds {
		return everyone
	}
	return never
}
