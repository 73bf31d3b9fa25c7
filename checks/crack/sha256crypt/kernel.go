package sha256crypt

// kernel is the vector code for a number of lanes. Its memory holds so many 32-bit words
// of one lane in a row, those of the next lane behind them, and so on; then the next words
// of all lanes.
type kernel struct {
	lanes int
	row   int // words of one lane in a row
	least int // so many tries are worth it
	// chunk is how many rounds of one block take some tenths of a millisecond: the
	// scheduler has to wait for the end of a call. It is a multiple of period.
	chunk int
	// rounds hashes n messages one after the other and leaves the last digest. Round i is
	// entry i%entries of the plan; before it the digest is put into the message.
	rounds func(digest, msg, plan *uint32, entries, n int)
}

// place is where a lane's word stands.
func (k *kernel) place(lane, word int) int {
	return (word/k.row*k.lanes+lane)*k.row + word%k.row
}

// An entry of a plan has these 32-bit words.
const (
	planMessage = iota // where it begins, in bytes
	planBlocks
	planDigest       // where the row of the digest's first byte begins, in bytes
	planShift        // by how many bits it is shifted there; of longer rows, bytes
	planBack         // 32 less planShift
	planMask         // the bits before the digest
	planBegin  = 8   // for byte shuffles: what goes into the row where it begins
	planBehind = 12  // and what into the row behind
	planEntry  = 16  // words
	notTaken   = 128 // in a byte shuffle: zero
)

// aim fills in where the digest goes that has so many bytes of the message before it.
func (k *kernel) aim(entry *[planEntry]uint32, base, at int) {
	entry[planMessage] = uint32(4 * base)
	row := 4 * k.row
	entry[planDigest] = uint32(4 * (base + k.place(0, at/row*k.row)))
	before := at % row
	if k.row == 1 {
		shift := uint32(8 * before)
		entry[planShift], entry[planBack] = shift, 32-shift
		entry[planMask] = ^uint32(0) << (32 - shift) // bytes before it are high ones
		return
	}
	entry[planShift] = uint32(before)
	var begin, behind [16]byte
	for i := range begin {
		// Byte i of the row is in the register where words have their lowest byte first.
		begin[i^3], behind[i^3] = notTaken, notTaken
		if i >= before {
			begin[i^3] = byte(i-before) ^ 3
		} else {
			behind[i^3] = byte(16-before+i) ^ 3
		}
	}
	for i := range 16 {
		entry[planBegin+i/4] |= uint32(begin[i]) << (8 * (i % 4))
		entry[planBehind+i/4] |= uint32(behind[i]) << (8 * (i % 4))
	}
}
