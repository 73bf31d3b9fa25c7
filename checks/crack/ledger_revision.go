package crack

// engineRevision is the revision of each scheme's hashing. Raise a scheme's
// number when an error in it was corrected that may have let a weak hash
// survive, or called a strong one weak: its hashes, and no others, are then
// tested anew. A faster engine with the same answers keeps the number.
var engineRevision = [...]uint8{
	Yescrypt: 1, GostYescrypt: 1, Scrypt: 1, Bcrypt: 1, BcryptX: 1,
	SHA512Crypt: 1, SHA256Crypt: 1, SHA1Crypt: 1, SunMD5: 1, MD5Crypt: 1, Apr1: 1,
	BSDiCrypt: 1, BigCrypt: 1, DESCrypt: 1, NT: 1, External: 1,
}

// deriveRevision is the revision of Derive: raise it whenever Derive makes other
// words of the same names. A test holds the two together.
const deriveRevision = 1
