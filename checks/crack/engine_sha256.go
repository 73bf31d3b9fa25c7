package crack

import "hostaudit/checks/crack/sha256crypt"

// sha256s are the buffers of sha256crypt.
type sha256s struct {
	pairs   []sha256crypt.Pair
	digests []sha256crypt.Digest
}

// sha256crypt hashes tries of sha256crypt, all of them of one number of rounds.
func (e *engine) sha256crypt(tries []try) {
	s := &e.sha256s
	s.pairs, s.digests = s.pairs[:0], s.digests[:0]
	for i := range tries {
		f := tries[i].form
		s.pairs = append(s.pairs, sha256crypt.Pair{Word: tries[i].word, Salt: f.hash[f.salt[0]:f.salt[1]]})
		s.digests = append(s.digests, sha256crypt.Digest{})
	}
	done := e.sha256.Hash(int(tries[0].form.Cost.Rounds), s.pairs, s.digests)
	for i := range tries {
		if !done {
			tries[i].err = errStopped
			continue
		}
		tries[i].digest = append(tries[i].digest[:0], s.digests[i][:]...)
	}
}
