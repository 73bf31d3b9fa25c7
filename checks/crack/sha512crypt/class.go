package sha512crypt

import (
	"cmp"
	"slices"
)

// class is what tries must have in common to be hashed together. It is not the length of the
// word, because lanes may differ in the byte at which the digest begins: only in the word of
// the message not, and not in the number of blocks. With salts of 8 or 16 bytes a class is
// four lengths, such as 4 to 7 and 8 to 11.
type class struct {
	rounds int
	blocks [4]int // of the messages 0, 2, 4, 6, and of those after them
	words  [4]int // before the word in which the digest of the messages 1, 3, 5, 7 begins
}

// classOf divides by word and salt, of which only the lengths count.
func classOf(t *Try) class {
	c := class{rounds: t.Rounds}
	for i := range 4 {
		at := digestAt(2*i+1, len(t.Word), len(t.Salt))
		c.words[i] = at / 8
		c.blocks[i] = blocks(at + 64)
	}
	return c
}

// blocks is how many a message of so many bytes has with its padding.
func blocks(bytes int) int { return (bytes+16)/128 + 1 }

// classed is a try with its class, for sorting.
type classed struct {
	class
	try *Try
}

// sortByClass appends the tries so that those of a class stand together, and of these the
// ones of a word, in the order given.
func sortByClass(dst []classed, tries []Try) []classed {
	for i := range tries {
		dst = append(dst, classed{classOf(&tries[i]), &tries[i]})
	}
	slices.SortStableFunc(dst, func(a, b classed) int {
		return cmp.Or(
			cmp.Compare(a.rounds, b.rounds),
			slices.Compare(a.words[:], b.words[:]),
			slices.Compare(a.blocks[:], b.blocks[:]),
		)
	})
	return dst
}
