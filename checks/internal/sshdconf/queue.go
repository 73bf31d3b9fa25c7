package sshdconf

// queue is the words after a keyword as the keyword asks for them: from 8.7 on the
// ready cut words of argv_split(), before what strdelim() still finds in the text.
type queue struct {
	classic bool
	text    string
	more    bool // of classic: there is text left, if only an empty one
	words   []string
}

// next takes the next word, as argv_next() and strdelim() do; ok is false where they
// return NULL.
func (q *queue) next() (word string, ok bool) {
	if q.classic {
		return q.take(strdelim)
	}
	if len(q.words) == 0 {
		return "", false
	}
	word, q.words = q.words[0], q.words[1:]
	return word, true
}

// nextEnv is next for SetEnv.
func (q *queue) nextEnv() (word string, ok bool) {
	if q.classic {
		return q.take(strdelimw)
	}
	return q.next()
}

func (q *queue) take(cut func(string) (string, string, bool, bool)) (word string, ok bool) {
	if !q.more {
		return "", false
	}
	word, q.text, q.more, ok = cut(q.text)
	return word, ok
}

// listed yields the words of a list: before 8.7 the first empty one ends it.
func (q *queue) listed(next func() (string, bool)) []string {
	var list []string
	for {
		word, ok := next()
		if !ok || q.classic && word == "" {
			return list
		}
		list = append(list, word)
	}
}

// drop takes all that is left.
func (q *queue) drop() { *q = queue{classic: q.classic} }

// garbage reports whether something is left that sshd calls extra.
func (q *queue) garbage() bool {
	if !q.classic {
		return len(q.words) > 0
	}
	word, ok := q.next()
	return ok && word != ""
}
