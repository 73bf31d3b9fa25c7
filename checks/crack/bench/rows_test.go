package bench

import (
	"fmt"
	"strings"

	"github.com/klauspost/cpuid/v2"

	"hostaudit/checks/crack/cpu"
	"hostaudit/wordlists"
)

// row is a scheme at one cost. What is tried: words of our list and the empty word on
// one account, and on several with salts of their own. Both numbers suit vectors: the
// candidates of the one account and the accounts are multiples of 16 where the scheme
// has kernels, or of the four lanes of bcrypt.
type row struct {
	scheme, cost string
	setting      string  // with %s where the salt goes
	salt         int     // its length
	goal         float64 // least speed of plain Go in relation to crypt(3)
	kernels      kernels // and of kernels, where the scheme has any
	alone        int     // words for the one account
	accounts     int     // and how many of them
	words        int     // each with so many words

	// Cycles are told for one unit of the scheme's work; units is how many a word takes,
	// without those that only prepare the loop. No unit: the number is left to chance.
	unit  string
	units func(word string) int
	work  work
}

// work is what one unit costs a kernel at least: vector operations for each lane (an
// addition, a logical function of three values or a rotation is one with AVX-512; AVX2 has
// two values at most and takes three for a rotation), or cycles of the SHA instructions.
type work struct{ avx512, avx2, sha float64 }

// bound is the least number of cycles a kernel can take for one unit under the variables
// of a variant, by the vector operations this core begins in a cycle; 0 = not known.
func (r row) bound(with string) float64 {
	level, _ := strings.CutPrefix(with, "HOSTAUDIT_CPU=")
	f := cpu.Detect().Lower(level)
	wide, narrow := pipes(cpuid.CPU.Family)
	switch {
	case f.AVX512 && r.work.avx512 > 0 && wide > 0:
		return r.work.avx512 / wide
	case f.AVX2 && f.SHA && r.work.sha > 0:
		return r.work.sha
	case f.AVX2 && r.work.avx2 > 0 && narrow > 0:
		return r.work.avx2 / narrow
	}
	return 0
}

// pipes are the integer operations on 512 and on 256 bits that a core begins in a cycle,
// from the optimization guides of AMD's families 19h (Zen 3, Zen 4) and 1Ah (Zen 5).
func pipes(family int) (wide, narrow float64) {
	switch family {
	case 0x19:
		return 2, 4
	case 0x1a:
		return 4, 4
	}
	return 0, 0
}

// kernels are the least speeds of the kernels; 0 = the scheme has none there. sha is AVX2
// with SHA-NI.
type kernels struct{ avx512, sha, avx2 float64 }

// goalWith is the goal under the variables of a variant, on this machine.
func (r row) goalWith(with string) float64 {
	level, _ := strings.CutPrefix(with, "HOSTAUDIT_CPU=")
	f := cpu.Detect().Lower(level)
	switch {
	case f.AVX512 && r.kernels.avx512 > 0:
		return r.kernels.avx512
	case f.AVX2 && f.SHA && r.kernels.sha > 0:
		return r.kernels.sha
	case f.AVX2 && r.kernels.avx2 > 0:
		return r.kernels.avx2
	}
	return r.goal
}

// password is what the accounts have: no list holds it, and bigcrypt has three blocks of it.
const password = "no list holds this one"

const common = 0.5 // the goal of issue 6, but for the DES schemes and yescrypt

// rows are the schemes of crypt(5), at what crypt_gensalt(3) makes new hashes with or at
// what is found on hosts.
func rows() []row {
	return []row{
		{
			scheme: "descrypt", cost: "25", setting: "%s", salt: 2, goal: 0.3, kernels: kernels{avx512: 10},
			alone: 500, accounts: 96, words: 50, unit: "DES", units: times(25),
		},
		{
			scheme: "bigcrypt", cost: "25 a block", setting: "%s", salt: 2, goal: 0.3,
			alone: 500, accounts: 96, words: 50, unit: "DES", units: func(word string) int { return 25 * max(1, (len(word)+7)/8) },
		},
		{
			scheme: "bsdicrypt", cost: "725", setting: "_J9..%s", salt: 4, goal: 0.3, kernels: kernels{avx512: 10},
			alone: 500, accounts: 24, words: 50, unit: "DES", units: times(725),
		},
		{
			scheme: "NT", cost: "1", setting: "$3$$", goal: common,
			alone: 500, accounts: 960, words: 50, unit: "MD4 block", units: func(word string) int { return blocks(2*len(word), 64, 9) },
		},
		{
			scheme: "md5crypt", cost: "1000", setting: "$1$%s$", salt: 8, goal: common, kernels: kernels{avx512: 24, avx2: 13.5},
			alone: 500, accounts: 96, words: 15, unit: "MD5 block",
			units: func(word string) int { return stretch(len(word), 8, 16, 64, 9, 1000) },
			work:  work{avx512: 384. / 16, avx2: 640. / 8},
		},
		{
			scheme: "sha256crypt", cost: "5000", setting: "$5$%s$", salt: 16, goal: common, kernels: kernels{avx512: 10.8, sha: 7.5, avx2: 5.6},
			alone: 127, accounts: 16, words: 7, unit: "SHA-256 block",
			units: func(word string) int { return stretch(len(word), 16, 32, 64, 9, 5000) },
			work:  work{avx512: 1616. / 16, avx2: 3232. / 8, sha: 32 * 2},
		},
		{
			scheme: "sha512crypt", cost: "5000", setting: "$6$%s$", salt: 16, goal: common, kernels: kernels{avx512: 6, avx2: 3},
			alone: 127, accounts: 16, words: 7, unit: "SHA-512 block",
			units: func(word string) int { return stretch(len(word), 16, 64, 128, 17, 5000) },
			work:  work{avx512: 2064. / 8, avx2: 4160. / 4},
		},
		{
			scheme: "SunMD5", cost: "4096+904", setting: "$md5,rounds=904$%s$", salt: 8, goal: common,
			alone: 31, accounts: 16, words: 1,
		},
		{
			scheme: "sha1crypt", cost: "262144", setting: "$sha1$262144$%s$", salt: 8, goal: common,
			alone: 3, accounts: 2, words: 1, unit: "SHA-1 block", units: times(2 * 262144), // with the keyed states kept
		},
		{
			scheme: "bcrypt", cost: "5", setting: "$2b$05$%s", salt: 22, goal: 2.7,
			alone: 95, accounts: 12, words: 7, unit: "Blowfish", units: times(2 * 521 << 5),
		},
		{
			scheme: "bcrypt", cost: "10", setting: "$2b$10$%s", salt: 22, goal: 2.7,
			alone: 11, accounts: 12, words: 0, unit: "Blowfish", units: times(2 * 521 << 10),
		},
		{
			scheme: "yescrypt", cost: "j9T", setting: "$y$j9T$%s$", salt: 22, goal: 0.45, kernels: kernels{avx512: 2.4, avx2: 2.3},
			alone: 15, accounts: 8, words: 1, unit: "pwxform", units: times(pwxforms),
		},
		{
			scheme: "gost-yescrypt", cost: "j9T", setting: "$gy$j9T$%s$", salt: 22, goal: 0.45,
			alone: 15, accounts: 8, words: 1, unit: "pwxform", units: times(pwxforms),
		},
		{
			scheme: "scrypt", cost: "N=2^14 r=32", setting: "$7$CU..../....%s$", salt: 22, goal: common,
			alone: 3, accounts: 2, words: 1, unit: "Salsa20/8", units: times(2 << 14 * 64),
		},
	}
}

// name is the row's in the names of benchmarks and tests.
func (r row) name() string {
	name := r.scheme + "-" + r.cost
	return strings.NewReplacer(" ", "-", "=", "", "^", "").Replace(name)
}

// account returns the password of account i and what crypt(3) makes its hash with: each
// has a salt of its own, or no salt and a password of its own.
func (r row) account(i int) (word, setting string) {
	if r.salt == 0 {
		return fmt.Sprint(password, i), r.setting
	}
	const digits = "abcdefghijklmnopqrstuvwxyz0123456789"
	salt := []byte(strings.Repeat("/", r.salt))
	for at := range min(r.salt, 4) {
		salt[at] = digits[i%len(digits)]
		i /= len(digits)
	}
	if r.salt == 22 {
		salt[21] = '.' // 16 bytes: only two bits of the last digit may be set
	}
	setting = fmt.Sprintf(r.setting, salt)
	if r.scheme == "bigcrypt" {
		setting += strings.Repeat(".", 12) // longer than a hash of descrypt
	}
	return password, setting
}

// candidates returns the empty word and the first n of our list.
func candidates(n int) []string {
	words := []string{""}
	for _, w := range wordlists.Common()[:n] {
		words = append(words, string(w))
	}
	return words
}

// times is a number of units that does not depend on the word.
func times(n int) func(string) int { return func(string) int { return n } }

// pwxforms is how many a hash of yescrypt computes with N=4096, r=32, t=0: 64 in each of
// N rows that are written and of a third of N that are read again, rounded up to even.
const pwxforms = (4096 + 1366) * 64

// blocks is how many a message has with its padding, of which at least pad bytes are needed.
func blocks(message, size, pad int) int { return (message + pad - 1 + size) / size }

// stretch is how many blocks the loop of md5crypt and SHA-crypt hashes: round i takes
// the digest and the word, the salt unless 3 divides i, the word again unless 7 does.
func stretch(word, salt, digest, size, pad, rounds int) int {
	n := 0
	for i := range rounds {
		message := digest + word
		if i%3 != 0 {
			message += salt
		}
		if i%7 != 0 {
			message += word
		}
		n += blocks(message, size, pad)
	}
	return n
}
