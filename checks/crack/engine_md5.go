package crack

import "hostaudit/checks/crack/md5crypt"

// md5s are the buffers of md5crypt and apr1.
type md5s struct {
	pairs   []md5crypt.Pair
	digests []md5crypt.Digest
}

// md5crypt hashes tries of md5crypt or of apr1.
func (e *engine) md5crypt(tries []try) {
	magic := md5crypt.Crypt
	if tries[0].form.Scheme == Apr1 {
		magic = md5crypt.Apr1
	}
	m := &e.md5s
	m.pairs, m.digests = m.pairs[:0], m.digests[:0]
	for i := range tries {
		f := tries[i].form
		m.pairs = append(m.pairs, md5crypt.Pair{Word: tries[i].word, Salt: f.hash[f.salt[0]:f.salt[1]]})
		m.digests = append(m.digests, md5crypt.Digest{})
	}
	done := e.md5.Hash(magic, m.pairs, m.digests)
	for i := range tries {
		if !done {
			tries[i].err = errStopped
			continue
		}
		tries[i].digest = append(tries[i].digest[:0], m.digests[i][:]...)
	}
}
