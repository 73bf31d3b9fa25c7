package ssh

import (
	"errors"
	"io/fs"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"hostaudit/checks"
	"hostaudit/checks/host"
	"hostaudit/checks/host/tree"
	"hostaudit/checks/host/units"
)

// unitDirs are where systemd looks for a unit, in its order (systemd.unit(5)).
var unitDirs = []string{"/etc/systemd/system", "/run/systemd/system", "/usr/local/lib/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system"}

// socketGenerator is Ubuntu's, from 23.10 on: it copies what sshd_config makes
// sshd listen on into a drop-in of the socket unit, and writes none where that is
// port 22 of every address, which is what the unit says.
const socketGenerator = "/usr/lib/systemd/system-generators/sshd-socket-generator"

// generatorDirs are where generators write; what one wrote at the last boot it
// writes anew at the next (systemd.generator(7)).
var generatorDirs = []string{"/run/systemd/generator", "/run/systemd/generator.early"}

// configuredSocket judges an enabled ssh.socket. Only the simple case is
// evaluated: one unit file without drop-ins. generated says that Ubuntu's generator
// makes the socket's ports from sshd_config, which the caller then judges.
func configuredSocket(h *host.Host, runs22 bool, rec recorder) (generated bool) {
	for _, name := range []string{"ssh.socket", "sshd.socket"} {
		if h.Units().State(name) != units.Enabled {
			continue
		}
		file, streams, gap := socketStreams(h.Tree, name)
		if gap != nil {
			rec.Gap(*gap)
			continue
		}
		if file == socketGenerator {
			generated = true
			continue
		}
		for _, st := range streams {
			if st.port != defaultPort || runs22 {
				continue
			}
			f := checks.Finding{
				Kind: "port-22", Subject: checks.Text(name), Evidence: checks.Configured, Severity: checks.SeverityMedium,
				Detail: checks.Text("systemd listens for sshd on " + st.text), Location: checks.At(file, st.line),
			}
			if st.addr.IsValid() && st.addr.Unmap().IsLoopback() {
				f.Severity = checks.SeverityLow
			}
			rec.Finding(f)
		}
	}
	return generated
}

// stream is one ListenStream= of TCP.
type stream struct {
	text string
	addr netip.Addr // not valid = every address
	port uint16
	line int
}

// socketStreams reads the unit; the file socketGenerator and no streams say that
// the generator decides.
func socketStreams(t *tree.Tree, name string) (file string, streams []stream, gap *checks.Gap) {
	bad := func(file string, line int, reason checks.Reason, detail string) *checks.Gap {
		return &checks.Gap{Reason: reason, Subject: checks.Text(name), Detail: checks.Text(detail), Location: checks.At(file, line)}
	}
	_, err := t.Lstat(socketGenerator)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", nil, bad(socketGenerator, 0, checks.ReasonOf(err), "whether a generator makes the socket's ports could not be seen")
	}
	byGenerator := err == nil && name == "ssh.socket"
	dirs := unitDirs
	if !byGenerator {
		dirs = slices.Concat(generatorDirs, unitDirs)
	}
	for _, dir := range dirs {
		dropIns, err := t.Glob(dir + "/" + name + ".d/*.conf")
		if err != nil {
			return "", nil, bad(dir, 0, checks.ReasonOf(err), "changes to the unit could not be listed")
		}
		if len(dropIns) > 0 {
			return "", nil, bad(dropIns[0], 0, checks.ReasonUnsupported, "changes to the socket unit are not evaluated")
		}
	}
	if byGenerator {
		return socketGenerator, nil, nil
	}
	for _, dir := range unitDirs {
		file = dir + "/" + name
		data, err := t.ReadFile(file)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return "", nil, bad(file, 0, checks.ReasonOf(err), "the unit could not be read")
		}
		streams, line := parseStreams(string(data))
		if line > 0 {
			return "", nil, bad(file, line, checks.ReasonUnsupported, "a form of the socket unit that is not evaluated")
		}
		return file, streams, nil
	}
	return "", nil, bad("", 0, checks.ReasonNoMetadata, "the enabled unit has no file")
}

// parseStreams reads the ListenStream lines of a socket unit
// (systemd.socket(5)). badLine is the first line of a form not evaluated.
func parseStreams(text string) (streams []stream, badLine int) {
	section, n := "", 0
	for line := range strings.Lines(text) {
		n++
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "[") {
			section = line
			continue
		}
		name, value, ok := strings.Cut(line, "=")
		if !ok || line[0] == '#' || line[0] == ';' || section != "[Socket]" {
			continue
		}
		if strings.HasSuffix(line, `\`) {
			return nil, n
		}
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		switch {
		case name == "BindIPv6Only" || name != "ListenStream" && strings.HasPrefix(name, "Bind"):
			continue // narrows or widens addresses, not ports
		case name != "ListenStream":
			continue
		case value == "":
			streams = nil
			continue
		case value[0] == '/' || value[0] == '@' || strings.HasPrefix(value, "vsock:"):
			continue // no TCP
		}
		st := stream{text: value, line: n}
		if port, err := strconv.ParseUint(value, 10, 16); err == nil {
			st.port = uint16(port)
		} else if ap, err := netip.ParseAddrPort(value); err == nil {
			st.addr, st.port = ap.Addr(), ap.Port()
		} else {
			return nil, n
		}
		streams = append(streams, st)
	}
	return streams, 0
}
