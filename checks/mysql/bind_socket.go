package mysql

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"hostaudit/checks"
	"hostaudit/checks/host"
	"hostaudit/checks/host/snapshot"
	"hostaudit/checks/host/units"
)

// activated are the TCP ports on which systemd will listen in a server's place
// because an enabled socket unit says so. MariaDB takes the sockets it is passed
// and then uses none of bind-address, port and skip-networking (MDEV-5536;
// established with 10.11). At boot sockets are opened before services start, so
// the unit decides even where the service is enabled too.
func activated(h *host.Host) (findings []checks.Finding, gaps []checks.Gap) {
	if !systemdRuns(h) {
		return nil, nil
	}
	list, problems := h.Units().Sockets()
	for _, p := range problems {
		name := strings.TrimSuffix(p.Unit, ".socket")
		if p.Unit == "" || slices.Contains(services(), name+".service") {
			gaps = append(gaps, checks.Gap{
				Reason: checks.ReasonOf(p.Err), Subject: checks.Text(p.Unit), Location: checks.At(p.File, p.Line),
				Detail: "whether systemd listens in the server's place could not be told",
			})
		}
	}
	for _, u := range list {
		if !startsServer(h, u) {
			continue
		}
		state := h.Units().State(u.Name)
		for _, l := range u.Listens {
			listener := snapshot.Listener{Proto: l.Proto, Addr: l.Addr, Port: l.Port, Interface: u.Device}
			if l.Proto != "tcp" || listener.Loopback() {
				continue
			}
			subject, where := checks.Text(fmt.Sprintf("tcp %d %s", l.Port, u.Name)), checks.At(l.File, l.Line)
			switch state {
			case units.Enabled:
				findings = append(findings, checks.Finding{
					Kind: "socket-outside", Subject: subject, Evidence: checks.Configured, Location: where,
					Detail: "systemd listens there, outside loopback, from the next boot on and passes the socket to the server, which then ignores bind-address",
				})
			case units.Unknown:
				gaps = append(gaps, checks.Gap{
					Reason: checks.ReasonUnsupported, Subject: subject, Location: where,
					Detail: "whether the socket unit is enabled could not be told",
				})
			}
		}
	}
	return findings, gaps
}

// systemdRuns is false of a running container without systemd: there nothing starts
// units, though a package may have enabled them. A tree may be given an init yet.
func systemdRuns(h *host.Host) bool {
	if h.Kind != host.KindContainer {
		return true
	}
	for _, file := range []string{"/usr/lib/systemd/systemd", "/lib/systemd/systemd"} {
		if _, err := h.Tree.Stat(file); !errors.Is(err, fs.ErrNotExist) {
			return true
		}
	}
	return false
}

// startsServer reports whether a socket unit starts a database server: by the name
// of the service, or by its program.
func startsServer(h *host.Host, u *units.Unit) bool {
	name := u.Starts
	if name == "" {
		name = strings.TrimSuffix(u.Name, ".socket") + ".service"
	}
	prefix, _, isInstance := strings.Cut(name, "@")
	if slices.Contains(services(), name) || isInstance && slices.Contains(services(), prefix+".service") {
		return true
	}
	service, err := h.Units().Unit(name)
	if err != nil {
		return false
	}
	if slices.Contains(services(), service.Name) {
		return true
	}
	for _, command := range service.Exec {
		switch path.Base(command.Path) {
		case "mariadbd", "mysqld":
			return true
		}
	}
	return false
}
