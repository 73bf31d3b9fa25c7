package ssh

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"hostaudit/checks"
	"hostaudit/checks/host"
	"hostaudit/checks/host/snapshot"
	"hostaudit/checks/host/units"
	"hostaudit/checks/internal/sshdconf"
)

// defaultPort is what IANA gave to ssh, and what every scanner knocks at.
const defaultPort = 22

func portCheck() checks.Check {
	return checks.Check{
		ID:        "ssh.port",
		Title:     "No SSH server listens on port 22",
		Severity:  checks.SeverityMedium,
		Since:     1,
		Rationale: "Port 22 draws every password-guessing robot. Another port keeps them away and leaves a log in which the rest stands out; it does not replace strong authentication.",
		Remedy:    "set Port in sshd_config to another number, and where ssh.socket is enabled ListenStream too; then restart the service",
		Breaks:    "clients, firewall rules, SELinux port labels and monitoring that expect port 22. Open the new port and try it before closing the session.",
		Run:       runPort,
	}
}

func runPort(ctx context.Context, env *checks.Env, rec *checks.Recorder) {
	h := env.Host
	s, inside := look(h), lookInside(h)
	s.settlePublished(h, inside)
	for _, g := range s.gaps {
		rec.Gap(g)
	}
	for _, note := range s.notes {
		rec.Note("sshd", note)
	}
	s.judgePorts(h, rec, func(srv server) { rec.Fact("pid", srv.pid) })
	for _, in := range inside {
		in.judgePorts(h, within{rec, in.container.Name})
	}
	askUnsettled(ctx, h, s.unsettled, rec)
	if s.settled() && len(inside) == 0 {
		rec.NotApplicable(checks.ReasonAbsent, absent(s))
		return
	}
	rec.Pass("SSH servers use other ports than 22")
}

// judgePorts judges the servers of the host, or of a container that shares its
// network. found is told of a server that is on port 22.
func (s survey) judgePorts(h *host.Host, rec recorder, found func(server)) {
	handedOver := slices.ContainsFunc(s.unsettled, func(l snapshot.Listener) bool { return slices.Contains(l.PIDs, 1) })
	var judged []server
	for _, srv := range s.servers {
		running := onPort22(srv.listeners)
		if len(running) > 0 {
			rec.Finding(listening(srv.subject, running))
			found(srv)
		}
		if srv.evaluate && !slices.ContainsFunc(judged, srv.same) {
			judged = append(judged, srv)
			configuredPort(h, s, srv, len(running) > 0, handedOver, rec)
		}
	}
	if on := onPort22(s.dropbear); len(on) > 0 {
		rec.Finding(listening("dropbear", on))
	}
	if s.socket == units.Unknown && len(judged) > 0 {
		rec.Gap(checks.Gap{
			Reason: checks.ReasonUnsupported, Subject: "ssh.socket",
			Detail: "whether systemd listens in place of sshd after the next boot could not be established",
		})
	}
}

// absent says why there is nothing to judge.
func absent(s survey) string {
	if len(s.notes) > 0 {
		return "no SSH server runs or starts at boot"
	}
	return "no SSH server is installed"
}

func onPort22(list []snapshot.Listener) []snapshot.Listener {
	var on []snapshot.Listener
	for _, l := range list {
		if l.Port == defaultPort {
			on = append(on, l)
		}
	}
	return on
}

// listening is the finding about sockets on port 22. Reachable from the host
// itself only, it is not exposed to what the check is about.
func listening(subject string, on []snapshot.Listener) checks.Finding {
	f := checks.Finding{Kind: "port-22", Subject: checks.Text(subject), Evidence: checks.Running, Severity: checks.SeverityLow}
	var addrs []string
	for _, l := range on {
		addrs = append(addrs, netip.AddrPortFrom(l.Addr, l.Port).String())
		if !l.Loopback() {
			f.Severity = checks.SeverityMedium
		}
	}
	slices.Sort(addrs)
	f.Detail = checks.Text("listens on " + strings.Join(slices.Compact(addrs), ", "))
	return f
}

// askUnsettled judges listeners on 22 by their greeting.
func askUnsettled(ctx context.Context, h *host.Host, list []snapshot.Listener, rec *checks.Recorder) {
	ctx, cancel := context.WithTimeout(ctx, greetingTimeAll)
	defer cancel()
	var ssh []snapshot.Listener
	for _, l := range list {
		isSSH, reason, why := greets(ctx, h.Dial, l)
		if isSSH {
			ssh = append(ssh, l)
			continue
		}
		rec.Gap(checks.Gap{
			Reason: reason, Subject: checks.Text(netip.AddrPortFrom(l.Addr, l.Port).String()), Detail: checks.Text(why),
		})
	}
	if len(ssh) > 0 {
		rec.Finding(listening("SSH server", ssh))
	}
}

// configuredPort judges what the server will listen on after its next start.
// runs22 says that the running one is on 22 already, handedOver that systemd is:
// the files add nothing then.
func configuredPort(h *host.Host, s survey, srv server, runs22, handedOver bool, rec recorder) {
	if s.socket == units.Enabled {
		generated := configuredSocket(h, runs22 || handedOver, rec)
		if s.service != units.Enabled && !generated {
			return // sshd is handed the socket; its own Port counts for nothing
		}
		runs22 = runs22 || generated && handedOver
	}
	conf := load(h, srv)
	if problems := conf.Problems(); len(problems) > 0 {
		for _, g := range problemGaps(srv, problems) {
			rec.Gap(g)
		}
		return
	}
	if runs22 {
		return
	}
	set, _ := conf.Listens() // a name that does not resolve has a port all the same
	var on []string
	f := checks.Finding{
		Kind: "port-22", Subject: checks.Text(srv.subject), Evidence: checks.Configured,
		Severity: checks.SeverityLow, Location: checks.At(configFile(srv), 0),
	}
	for _, l := range set {
		if l.Port != defaultPort {
			continue
		}
		on = append(on, address(l))
		if !l.Loopback() {
			f.Severity = checks.SeverityMedium
		}
		if l.Line != nil && strings.HasPrefix(l.Line.File, "/") {
			f.Location = checks.At(l.Line.File, l.Line.Line)
		}
	}
	if len(on) == 0 {
		return
	}
	when := "listens on "
	if srv.pid != 0 {
		when = "will listen, once restarted, on "
	}
	f.Detail = checks.Text(when + strings.Join(on, ", "))
	rec.Finding(f)
}

func configFile(srv server) string {
	if srv.config == "none" {
		return ""
	}
	return srv.config
}

func address(l sshdconf.Listen) string {
	if l.Addr.IsValid() {
		return netip.AddrPortFrom(l.Addr, l.Port).String()
	}
	return fmt.Sprintf("%s:%d", l.Host, l.Port)
}
