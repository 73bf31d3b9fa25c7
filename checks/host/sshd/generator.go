package sshd

import (
	"errors"
	"io/fs"
	"net/netip"
	"path"
	"slices"
	"strconv"
	"strings"

	"hostaudit/checks/host/units"
	"hostaudit/checks/internal/sshdconf"
	"hostaudit/checks/internal/unitfile"
)

// Ubuntu's generator, from 23.10 on (debian/sshd-socket-generator.c of its package), reads
// /etc/ssh/sshd_config and no command line, outside of Match blocks. Of anything but port
// 22 of every address it makes a drop-in that takes the place of the socket's own
// addresses; of that, of a configuration sshd refuses and of more than 16 addresses it
// makes none, and the unit stays as it is.
const (
	generatorName   = "sshd-socket-generator"
	generatedSocket = "ssh.socket"
	generatedFile   = "addresses.conf"
	maxGenerated    = 16
)

// generatorDirs are where generators lie, the first counts (systemd.generator(7)).
var generatorDirs = []string{
	"/run/systemd/system-generators", "/etc/systemd/system-generators", "/usr/local/lib/systemd/system-generators",
	"/usr/lib/systemd/system-generators", "/lib/systemd/system-generators",
}

// generator returns the generator's file, "" = none or masked.
func (l *looker) generator() (string, error) {
	for _, dir := range generatorDirs {
		file := dir + "/" + generatorName
		_, err := l.h.Tree.Lstat(file)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			continue
		case err != nil:
			return file, err
		}
		if target, err := l.h.Tree.ReadLink(file); err == nil && path.Clean(target) == "/dev/null" {
			return "", nil
		}
		if info, err := l.h.Tree.Stat(file); err == nil && info.Mode&0o111 == 0 {
			return "", nil
		}
		return file, nil
	}
	return "", nil
}

// generated evaluates the socket unit with what the generator will make of sshd_config.
func (l *looker) generated(u *units.Unit, f found, generator string) (list []Open, problems []Problem) {
	conf := load(l.h, defaultConfig, sshdconf.CommandLine{}, f.Build)
	var made []Open
	if broken := conf.Problems(); len(broken) > 0 {
		if broken[0].Kind != sshdconf.Refused {
			problems = append(problems, Problem{Err: ErrUnsupported, Detail: "what the generator makes of the configuration is not evaluated", File: generator})
		}
	} else if set, outcome := conf.Listens(); outcome.Kind != sshdconf.Refused && len(set) <= maxGenerated && !allDefault(set) {
		for _, li := range set {
			o := Open{Listen: li, File: defaultConfig, Unit: u.Name}
			if li.Line != nil {
				o.File, o.LineNo = li.Line.File, li.Line.Line
			}
			made = append(made, o)
		}
	}
	files := []string{u.Fragment}
	placed := len(made) == 0
	for _, file := range u.DropIns {
		name := path.Base(file)
		fromGenerator := strings.HasPrefix(file, "/run/systemd/generator")
		above := strings.HasPrefix(file, "/etc/") || strings.HasPrefix(file, "/run/") && !fromGenerator
		switch {
		case fromGenerator && name == generatedFile:
			continue // of the last boot
		case name == generatedFile && !above && !placed:
			continue // the generator's takes its place
		case name == generatedFile && above:
			placed = true // it takes the generator's place
		case name > generatedFile && !placed:
			files, placed = append(files, ""), true
		}
		files = append(files, file)
	}
	if !placed {
		files = append(files, "")
	}
	for _, file := range files {
		if file == "" {
			list = made
			continue
		}
		var bad []Problem
		list, bad = l.listenStreams(file, u.Name, list)
		problems = append(problems, bad...)
	}
	return list, problems
}

// allDefault reports port 22 of every address, which the generator leaves to the unit.
func allDefault(set []sshdconf.Listen) bool {
	return !slices.ContainsFunc(set, func(li sshdconf.Listen) bool { return li.Port != defaultPort || !li.Addr.IsUnspecified() })
}

// listenStreams applies the TCP addresses of one file of a socket unit (systemd.socket(5))
// to the list.
func (l *looker) listenStreams(file, unit string, list []Open) (_ []Open, problems []Problem) {
	data, err := l.h.Tree.ReadFile(file)
	if err != nil {
		return list, []Problem{{Err: err, Detail: "the socket unit could not be read", File: file}}
	}
	parsed, _ := unitfile.Parse(file, data)
	for _, a := range parsed.Assignments {
		if a.Section != "Socket" || !strings.HasPrefix(a.Key, "Listen") {
			continue
		}
		value := strings.TrimSpace(a.Value)
		switch {
		case value == "":
			list = nil
			continue
		case a.Key != "ListenStream" || value[0] == '/' || value[0] == '@' || strings.HasPrefix(value, "vsock:"):
			continue // no TCP
		}
		addr, ok := streamAddress(value)
		if !ok {
			problems = append(problems, Problem{Err: ErrUnsupported, Detail: "an address of the socket unit is not evaluated", File: file, Line: a.Line})
			continue
		}
		list = append(list, Open{
			Listen: sshdconf.Listen{Addr: addr.Addr(), Port: addr.Port()}, File: file, LineNo: a.Line, Unit: unit,
		})
	}
	return list, problems
}

// streamAddress reads a ListenStream= of TCP: a port, or an address and a port.
func streamAddress(value string) (netip.AddrPort, bool) {
	if port, err := strconv.ParseUint(value, 10, 16); err == nil && port != 0 {
		return netip.AddrPortFrom(netip.IPv6Unspecified(), uint16(port)), true
	}
	ap, err := netip.ParseAddrPort(value)
	return ap, err == nil && ap.Port() != 0
}
