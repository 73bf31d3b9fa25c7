package password

import (
	"errors"
	"io/fs"
	"path"
	"slices"

	"hostaudit/checks/host/tree"
)

// shells tells login shells from those that end at once.
type shells struct {
	t     *tree.Tree
	known map[string]bool
	// programs: the tree holds programs, so a shell that is not there is missing
	// and not just left out of a partial tree.
	programs bool
}

func newShells(t *tree.Tree) *shells {
	s := &shells{t: t, known: map[string]bool{}}
	for _, sh := range []string{"/bin/sh", "/usr/bin/sh"} {
		if _, err := t.Stat(sh); err == nil {
			s.programs = true
		}
	}
	return s
}

// closed reports a shell (field 7 of passwd) that gives no interactive session.
// Su, file transfer, mail and tunnels may accept the password all the same.
func (s *shells) closed(shell string) bool {
	if shell == "" {
		shell = "/bin/sh" // passwd(5)
	}
	closed, ok := s.known[shell]
	if !ok {
		closed = s.look(shell)
		s.known[shell] = closed
	}
	return closed
}

func (s *shells) look(shell string) bool {
	if slices.Contains([]string{"nologin", "false", "true", "sync", "halt", "shutdown"}, path.Base(shell)) {
		return true
	}
	if !s.programs {
		return false
	}
	_, err := s.t.Stat(shell)
	return errors.Is(err, fs.ErrNotExist)
}
