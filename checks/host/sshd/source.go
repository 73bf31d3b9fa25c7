package sshd

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	"hostaudit/checks/host"
	"hostaudit/checks/host/tree"
	"hostaudit/checks/internal/sshdconf"
)

// load reads the configuration of a start of sshd: the one place where it is done.
func load(h *host.Host, file string, command sshdconf.CommandLine, build sshdconf.Build) *sshdconf.Config {
	return sshdconf.Load(source(h), file, command, build)
}

// source gives sshdconf the host.
func source(h *host.Host) sshdconf.Source {
	return sshdconf.Source{
		Files:   files{h.Tree},
		Service: func(name string) (uint16, bool, error) { return service(h.Tree, name) },
		Home:    func(account string) (string, bool, error) { return home(h, account) },
	}
}

// files gives sshdconf the tree.
type files struct{ t *tree.Tree }

// Glob implements sshdconf.Files.
func (f files) Glob(pattern string) ([]string, error) { return f.t.Glob(pattern) }

// ReadFile implements sshdconf.Files.
func (f files) ReadFile(name string) ([]byte, error) { return f.t.ReadFile(name) }

// IsDir implements sshdconf.Files.
func (f files) IsDir(name string) (bool, error) {
	info, err := f.t.Stat(name)
	return err == nil && info.Mode.IsDir(), err
}

// service looks a TCP service up as getservbyname(3) does with the files of
// nsswitch.conf(5); the second is a vendor's (usrfiles).
func service(t *tree.Tree, name string) (port uint16, found bool, err error) {
	for _, file := range []string{"/etc/services", "/usr/etc/services"} {
		data, err := t.ReadFile(file)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return 0, false, err
		}
		if port, found := servicePort(data, name); found {
			return port, true, nil
		}
	}
	return 0, false, nil
}

// servicePort finds a name, or one of its aliases, in the text of services(5). The first
// line counts, upper and lower case differ.
func servicePort(data []byte, name string) (port uint16, found bool) {
	for line := range strings.Lines(string(data)) {
		line, _, _ = strings.Cut(line, "#")
		words := strings.Fields(line)
		if len(words) < 2 || words[0] != name && !hasWord(words[2:], name) {
			continue
		}
		number, isTCP := strings.CutSuffix(words[1], "/tcp")
		if n, err := strconv.ParseUint(number, 10, 16); isTCP && err == nil {
			return uint16(n), true
		}
	}
	return 0, false
}

func hasWord(words []string, word string) bool {
	return slices.Contains(words, word)
}

// home looks an account's home directory up.
func home(h *host.Host, account string) (dir string, found bool, err error) {
	accounts := h.Accounts()
	for _, a := range accounts.List {
		if a.Name == account {
			return a.Home, true, nil
		}
	}
	switch {
	case accounts.PasswdErr != nil:
		return "", false, accounts.PasswdErr
	case len(accounts.NotExamined)+len(accounts.Unevaluated) > 0:
		return "", false, fmt.Errorf("%w: accounts from elsewhere", ErrUnsupported)
	}
	return "", false, nil
}
