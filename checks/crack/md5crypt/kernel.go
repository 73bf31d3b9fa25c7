package md5crypt

// kernel is the vector code for a number of lanes. Its memory holds the same 32-bit word
// of all lanes in a row, the next word of all lanes behind it, and so on.
type kernel struct {
	lanes  int
	vector int // bytes in a register
	least  int // so many tries are worth it
	// rounds hashes n messages one after the other and leaves the last digest. Round i is
	// entry i%entries of the plan; before it the digest is put into the message.
	rounds func(digest, msg, plan *uint32, entries, n int)
	// place adds vectors of src to dst, shifted left by so many bits (below 32); what is
	// shifted out goes to the word behind, which is stride bytes further.
	place func(dst, src *uint32, vectors, stride, shift int)
}

// An entry of a plan has these 32-bit words.
const (
	planMessage = iota // where it begins, in bytes
	planBlocks
	planDigest // where the digest's first word goes, in bytes, or absent
	planShift  // and by how many bits it is shifted there
	planBack   // 32 less planShift
	planMask   // the bits before the digest
	planEntry  = 8
	absent     = 1<<32 - 1
)
