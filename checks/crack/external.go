package crack

import (
	"time"
)

// Test is what ExternalForm needs of a hash of another scheme. It is called from several
// goroutines. The error says that there is no answer; it quotes neither word nor hash.
type Test func(word []byte) (matches bool, err error)

// ExternalForm is the form of a hash of no scheme of crypt(3), such as a database keeps.
// id is all that its answers depend on, and is a secret as a hash is; estimate is what
// one test takes on a slow host.
func ExternalForm(id string, estimate time.Duration, test Test) Form {
	return Form{
		Class: Hash, Scheme: External, Supported: true, hash: id, digest: len(id), test: test,
		Cost: Cost{Rounds: uint64(max(estimate, 1))},
	}
}

// external tests a word by the form's own test, which has no digest to show: none stands
// for a match, as behind the form's setting there is none.
func (t *try) external() {
	t.digest = t.digest[:0]
	matches, err := t.form.test(t.word)
	if t.err = err; !matches {
		t.digest = append(t.digest, '-')
	}
}
