package bcrypt

import "bytes"

// key is the word repeated to fill the P-array.
type key [18]uint32

// set fills the key from a word that ends at a NUL, which takes part in the
// repetition; 72 bytes are used. It returns the key for the first expansion,
// which differs from the key of all others in one case only.
//
// crypt_blowfish before 1.1 sign-extended every byte while it packed four of them
// into a word, so that a byte over 0x7f wiped out those before it. $2x$ keeps
// that fault. For $2b$ and $2y$ there are words which rightly hash to what others
// hash to with the fault; $2a$ avoids those collisions: where the word has a high
// byte that is not the first of four, and both ways give the same key
// nevertheless (the bytes wiped out were 0xff), bit 16 of the first key is
// flipped. Source: BF_set_key in crypt-bcrypt.c of libxcrypt.
func (k *key) set(variant byte, word []byte) (first key) {
	if end := bytes.IndexByte(word, 0); end >= 0 {
		word = word[:end]
	}
	at := 0
	extends, differs := false, false
	for i := range k {
		var right, faulty uint32
		for j := range 4 {
			var c byte // the NUL at the end
			if at < len(word) {
				c = word[at]
				at++
			} else {
				at = 0
			}
			right = right<<8 | uint32(c)
			faulty = faulty<<8 | uint32(int32(int8(c)))
			extends = extends || j > 0 && c > 0x7f
		}
		differs = differs || right != faulty
		k[i] = right
		if variant == 'x' {
			k[i] = faulty
		}
	}
	first = *k
	if variant == 'a' && extends && !differs {
		first[0] ^= 1 << 16
	}
	return first
}
