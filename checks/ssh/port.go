package ssh

import (
	"cmp"
	"context"
	"fmt"
	"net/netip"
	"path"
	"slices"
	"strings"

	"hostaudit/checks"
	"hostaudit/checks/host/snapshot"
	"hostaudit/checks/host/sshd"
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
		Verdict: "Looked for are all SSH servers of the host and its containers: processes and their sockets, and the units, sockets, super-servers and scripts that start one. " +
			"A socket on TCP port 22 fails, and so does a configuration that opens it at the next start: what socket units say in place of Port, the options of the command line, and sshd_config as the installed release reads it. " +
			"On loopback alone either is low. Port 22 of a container is the host's only where the engine publishes it there. " +
			"Of a listener on port 22 whose program does not tell what it is the greeting is read: an SSH server fails, anything else is unknown, as is a configuration that sshd refuses. " +
			"Without a server that runs or starts at boot the check is not applicable; in an image the configuration alone counts.",
		Remedy: "open the new port in the packet filter and label it for SELinux first; set Port in sshd_config to another number, and ListenStream too where ssh.socket is enabled; " +
			"test with sshd -t, restart the service, and log in by the new port before you close the session",
		Remedies: portRemedies(),
		Breaks:   "clients, firewall rules, SELinux port labels and monitoring that expect port 22. Open the new port and try it before closing the session.",
		Run:      runPort,
	}
}

func runPort(ctx context.Context, env *checks.Env, rec *checks.Recorder) {
	h := env.Host
	survey := sshd.Look(h)
	tell(survey, rec)
	if survey.Settled() {
		rec.NotApplicable(checks.ReasonAbsent, absent(survey))
		return
	}
	var unknown []snapshot.Listener
	for i, g := range survey.Greet(ctx, h.Dial) {
		if g.SSH {
			unknown = append(unknown, survey.Unsettled[i])
		} else {
			rec.Gap(greetingGap(survey, i, g))
		}
	}
	if len(unknown) > 0 {
		rec.Finding(listening("SSH server", unknown))
	}
	for i := range survey.Servers {
		srv := &survey.Servers[i]
		to := inside(srv, rec)
		troubles(srv, to)
		if srv.OtherNet {
			judgePublished(srv, to)
			continue
		}
		running := onPort22(srv.Listeners)
		if len(running) > 0 {
			to.Finding(listening(srv.Subject, running))
			rec.Fact("pid", srv.PID)
		}
		judgeConfigured(srv, running, to)
	}
	moveBreaks(h, rec)
	rec.Pass("SSH servers use other ports than 22")
}

// judgeConfigured judges what the server will listen on after its next start.
// running are its sockets on 22: where they are as exposed, the files add nothing.
func judgeConfigured(srv *sshd.Server, running []snapshot.Listener, rec recorder) {
	opens, ok := configured(srv, rec)
	if !ok || srv.Boot == sshd.BootNo && srv.PID == 0 {
		return
	}
	var on []string
	f := checks.Finding{
		Kind: "port-22", Subject: checks.Text(srv.Subject), Evidence: checks.Configured, Severity: checks.SeverityLow,
	}
	if srv.File != "none" && srv.File != "" {
		f.Location = checks.At(srv.File, 0)
	}
	for _, o := range opens {
		if o.Port != defaultPort {
			continue
		}
		on = append(on, address(o.Listen))
		if !o.Loopback() {
			f.Severity = checks.SeverityMedium
		}
		if o.File != "" {
			f.Location = checks.At(o.File, o.LineNo)
		}
	}
	if len(on) == 0 || len(running) > 0 && f.Severity <= listening(srv.Subject, running).Severity {
		return
	}
	when := "listens on "
	switch {
	case srv.Opens != nil:
		when = "the host listens for it on "
	case srv.PID != 0:
		when = "will listen, once restarted, on "
	}
	slices.Sort(on)
	f.Detail = checks.Text(when + strings.Join(slices.Compact(on), ", "))
	rec.Finding(f)
}

// configured returns what will be bound for the server. ok is false where that
// could not be evaluated, which is recorded.
func configured(srv *sshd.Server, rec recorder) (opens []sshd.Open, ok bool) {
	switch {
	case srv.Program == sshd.Dropbear && srv.Opens == nil:
		options := cmp.Or(srv.DropbearAtBoot, srv.Dropbear)
		if options == nil {
			return nil, false
		}
		for _, l := range options.Listens {
			opens = append(opens, sshd.Open{Listen: sshdconf.Listen{Host: l.Host, Addr: l.Addr, Port: l.Port}, File: srv.StartFile, LineNo: cmp.Or(l.Line, srv.StartLine)})
		}
		return opens, true
	case srv.Program == sshd.Dropbear:
		return srv.Opens, true
	}
	list := setups(srv, rec)
	if srv.Opens != nil {
		return srv.Opens, true
	}
	if len(list) == 0 {
		return nil, false
	}
	// The configuration of the next start is the last one.
	conf := list[len(list)-1].conf
	set, _ := conf.Listens() // a name that does not resolve has a port all the same
	for _, l := range set {
		o := sshd.Open{Listen: l}
		if l.Line != nil && path.IsAbs(l.Line.File) {
			o.File, o.LineNo = l.Line.File, l.Line.Line
		}
		opens = append(opens, o)
	}
	return opens, true
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

func address(l sshdconf.Listen) string {
	switch {
	case l.Addr.IsValid():
		return netip.AddrPortFrom(l.Addr, l.Port).String()
	case l.Host == "":
		return fmt.Sprintf("port %d", l.Port)
	}
	return fmt.Sprintf("%s:%d", l.Host, l.Port)
}

// judgePublished judges a server in a network namespace of its own: port 22 there is
// the container's; of the host it is only if the engine forwards that port to it.
func judgePublished(srv *sshd.Server, rec recorder) {
	var on []snapshot.Listener // of the host
	var elsewhere []string
	inner := false
	for _, l := range srv.Listeners {
		inner = inner || l.Port == defaultPort
		for _, p := range srv.Published {
			switch {
			case p.Proto != "tcp" || p.Inner != l.Port || l.Loopback():
			case p.Port == defaultPort:
				on = append(on, snapshot.Listener{Proto: p.Proto, Addr: p.Addr, Port: p.Port})
			default:
				elsewhere = append(elsewhere, netip.AddrPortFrom(p.Addr, p.Port).String())
			}
		}
	}
	if len(on) > 0 {
		f := listening(srv.Subject, on)
		f.Detail = checks.Text(fmt.Sprintf("the host's port is forwarded to the container: %s", f.Detail))
		rec.Finding(f)
		return
	}
	if !inner {
		return
	}
	detail := "listens on port 22 of a network of its own, which is not port 22 of this host"
	if len(elsewhere) > 0 {
		slices.Sort(elsewhere)
		detail += "; the host forwards " + strings.Join(slices.Compact(elsewhere), ", ")
	}
	rec.Note(srv.Subject, detail)
}
