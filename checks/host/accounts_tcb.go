package host

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"

	"hostaudit/checks/host/tree"
	"hostaudit/checks/internal/passwd"
)

// tcbDir holds a directory for each account, with a shadow file of that account
// alone: tcb(5) of Openwall and ALT.
const tcbDir = "/etc/tcb"

// maxTCB bounds a shadow file below tcbDir, which belongs to its account: it holds
// one line.
const maxTCB = 64 << 10

// errTCB: libtcb would not look there, or nobody knows what it would see.
var errTCB = errors.New("not a plain file of a plain name")

// tcbStore reads passwords below tcbDir.
type tcbStore struct {
	t     *tree.Tree
	first bool // it is asked before /etc/shadow
}

// openTCB returns nil where tcb is not in use: nsswitch.conf(5) does not name it,
// and /etc/shadow is there or /etc/tcb is not. A directory that is missing holds
// no passwords; the next service is asked.
func openTCB(t *tree.Tree, names sources, shadowErr error) *tcbStore {
	at := slices.Index(names.shadow, "tcb")
	if at < 0 && !errors.Is(shadowErr, fs.ErrNotExist) {
		return nil
	}
	if _, err := t.Stat(tcbDir); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	files := slices.IndexFunc(names.shadow, func(name string) bool { return name == "files" || name == "compat" })
	return &tcbStore{t: t, first: at >= 0 && (files < 0 || at < files)}
}

// shadow returns the entry of an account, nil if there is none: the first valid
// line of its file, whatever name it bears (libnss_tcb calls fgetspent(3) once
// and does not compare, libs/nss.c). The directory may be a link (tcb(5)), the
// file is opened with O_NOFOLLOW.
func (s *tcbStore) shadow(name string) (*ShadowEntry, error) {
	if name == "" || name == "." || name == ".." || strings.ContainsRune(name, '/') {
		return nil, fmt.Errorf("%w: no file of that name", errTCB)
	}
	file := tcbDir + "/" + name + "/shadow"
	info, err := s.t.Lstat(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, err
	case !info.Mode.IsRegular():
		return nil, &fs.PathError{Op: "read", Path: file, Err: errTCB}
	}
	data, err := readSmall(s.t, file, maxTCB)
	if err != nil {
		return nil, err
	}
	for _, line := range passwd.Shadows(data) {
		entry := shadowEntry(file, line)
		if line.Compat {
			entry.Problem, entry.Unsure = "a line for NIS", true
		}
		if entry.Problem == "" || entry.Unsure {
			return &entry, nil
		}
	}
	return nil, nil
}

// readSmall is ReadFile with a bound of its own.
func readSmall(t *tree.Tree, file string, most int64) ([]byte, error) {
	f, _, err := t.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, most+1))
	switch {
	case err != nil:
		return nil, err
	case int64(len(data)) > most:
		return nil, &fs.PathError{Op: "read", Path: file, Err: tree.ErrTooLarge}
	}
	return data, nil
}
