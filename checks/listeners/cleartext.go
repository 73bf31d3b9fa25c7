package listeners

import (
	"context"
	"errors"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"hostaudit/checks"
	"hostaudit/checks/host"
	"hostaudit/checks/host/snapshot"
	"hostaudit/checks/host/tree"
	"hostaudit/checks/host/units"
)

// Cleartext is listeners.cleartext.
func Cleartext() checks.Check {
	return checks.Check{
		ID:        "listeners.cleartext",
		Title:     "Nothing that lets anybody in without a credential, or sends credentials in clear, is reachable from outside",
		Severity:  checks.SeverityHigh,
		Since:     2,
		Rationale: "Telnet and the r-services send passwords in clear; a database, container engine or display that asks for no credential belongs to whoever finds its port.",
		Verdict: "On a running host every listener that can be reached from outside is looked at. Servers of telnet, the r-services, TFTP and NIS are told by their program, also behind inetd, xinetd or a socket unit, and are high. " +
			"Redis, memcached, Docker's API, etcd, MongoDB, Elasticsearch, X11 and VNC are asked over an address of the host one question that changes nothing and needs no credential: an answer is high, a protection known to be weak medium, a refusal a note. " +
			"One that does not answer clearly, ports of telnet and its kin whose owner cannot be told, and socket tables that cannot be read are unknown. " +
			"In an image the same programs fail if they start at boot, and services of the second kind are unknown, as their configuration is not read; where nothing starts at boot the check is not applicable.",
		Remedy:     "replace telnet, the r-services and TFTP by SSH and SFTP, trying SSH before telnet goes; " + credentials,
		Remedies:   clearRemedies(),
		Breaks:     "clients that use the service without a credential or in clear, and machines that start from the network by TFTP",
		References: references(),
		Run:        runCleartext,
	}
}

// credentials is what every family has the same way.
const credentials = "require a credential (Redis requirepass or ACL, memcached SASL, MongoDB authorization, etcd auth, " +
	"Elasticsearch security), give Docker's API client certificates or its unix socket alone, or bind the service to loopback"

// clearRemedies name the packages and units of each family.
func clearRemedies() []checks.Remedy {
	const (
		replace = "replace telnet, the r-services and TFTP by SSH and SFTP, trying SSH before telnet goes: "
		socket  = "`systemctl disable --now UNIT` (as telnet.socket, tftp.socket), "
	)
	return []checks.Remedy{
		{
			Families: []string{"debian"},
			Text:     replace + "disable the entry in /etc/inetd.conf or the unit (`systemctl disable --now tftpd-hpa`), `apt purge PACKAGE` (telnetd, inetutils-telnetd, rsh-redone-server, tftpd-hpa, atftpd, ypserv); " + credentials,
		},
		{Families: []string{"redhat"}, Text: replace + socket + "`dnf remove PACKAGE` (telnet-server, rsh-server, tftp-server, ypserv); " + credentials},
		{Families: []string{"suse"}, Text: replace + socket + "`zypper remove PACKAGE` (telnet-server, tftp, ypserv); " + credentials},
		{Families: []string{"arch"}, Text: replace + socket + "`pacman -Rs PACKAGE` (tftp-hpa; telnetd and its kin are of inetutils, where disabling is enough); " + credentials},
		{Families: []string{"alpine"}, Text: replace + "`rc-update del NAME` and `rc-service NAME stop`, `apk del PACKAGE` (busybox-extras, tftp-hpa); " + credentials},
	}
}

func runCleartext(ctx context.Context, env *checks.Env, rec *checks.Recorder) {
	runCleartextWith(ctx, env, sourcesOf(env.Host), rec)
}

func runCleartextWith(ctx context.Context, env *checks.Env, src sources, rec *checks.Recorder) {
	if env.Host.Mode != host.Live {
		dockerGap(env.Host, src, rec)
		clearStarts(env.Host.Tree, src, rec)
		return
	}
	if env.Host.Snapshot == nil {
		rec.Gap(checks.Gap{Reason: checks.ReasonInternal, Detail: "the sockets of the host were not collected"})
		return
	}
	tableGaps(env.Host.Snapshot, rec)
	unseenGap(env.Host, rec)
	c := &clearAudit{rec: rec, src: src, asked: newAsker(ctx, env, src), known: services(), public: publications(env.Host.Containers), ports: ephemeral(env.Host.Snapshot)}
	var candidates []candidate
	for _, r := range attribute(env.Host, src, false) {
		if !r.Loopback() {
			candidates = c.sort(r, candidates)
		}
	}
	candidates = mergeCandidates(candidates)
	for _, cand := range candidates {
		c.ask(cand)
	}
	c.asked.forget()
	rec.Fact("asked", c.asked.dials)
	rec.Pass("nothing known to let anybody in, or to send credentials in clear, is reachable from outside")
}

// clearAudit is one run of listeners.cleartext.
type clearAudit struct {
	rec     *checks.Recorder
	src     sources
	asked   *asker
	entries []units.Entry // of inetd and xinetd
	loaded  bool
	known   []*service
	public  map[portKey][]publication
	ports   snapshot.PortRange
}

// sort finds what a listener is a candidate for. Programs that send in clear
// whatever they are asked are findings by themselves.
func (c *clearAudit) sort(r row, list []candidate) []candidate {
	name, known := c.clearProgram(r)
	switch {
	case name != "":
		c.finding(r, "clear", name, checks.SeverityHigh, clearWhy(name))
		return list
	case !known && c.clearUnknown(r):
		return list
	}
	found := candidatesOf(c.known, r, inner(c.public, r))
	if len(found) == 0 && (!known || blindForwarder(r)) {
		c.unnamed(r)
	}
	return append(list, found...)
}

// clearPrograms are servers that take passwords, or give files, in clear.
var clearPrograms = map[string]string{
	"telnetd": "telnet", "in.telnetd": "telnet", "utelnetd": "telnet", "telnetd-ssl": "telnet",
	"in.rlogind": "rlogin", "rlogind": "rlogin", "in.rshd": "rsh", "rshd": "rsh", "in.rexecd": "rexec", "rexecd": "rexec",
	"tftpd": "TFTP", "in.tftpd": "TFTP", "atftpd": "TFTP", "utftpd": "TFTP", "tftpd-hpa": "TFTP",
	"ypserv": "NIS", "rpc.ypxfrd": "NIS", "rpc.yppasswdd": "NIS", "ypxfrd": "NIS", "yppasswdd": "NIS",
}

func clearWhy(name string) string {
	switch name {
	case "TFTP":
		return "TFTP asks for no credential and sends files in clear"
	case "NIS":
		return "NIS gives the tables of accounts, with their hashes, to who asks"
	}
	return name + " sends passwords and all else in clear"
}

// clearUnits are socket units, and inetd's services, for the same.
var clearUnits = map[string]string{
	"telnet": "telnet", "telnetd": "telnet", "rlogin": "rlogin", "login": "rlogin", "rsh": "rsh", "shell": "rsh",
	"rexec": "rexec", "exec": "rexec", "tftp": "TFTP", "tftpd": "TFTP", "in.tftpd": "TFTP", "tftpd-hpa": "TFTP", "atftpd": "TFTP",
}

// clearProgram names the service that a listener's program is, also behind a
// socket unit or a super-server; "" = none of them. known is false where the program
// that answers could not be told.
func (c *clearAudit) clearProgram(r row) (name string, known bool) {
	o := r.owner
	base := path.Base(strings.TrimSuffix(o.program, " (deleted)"))
	switch {
	case o.program == "" && o.socket != "", o.socket != "" && base == "tcpd":
		name = clearUnits[strings.TrimSuffix(o.socket, ".socket")]
		return name, name != ""
	case o.program == "", o.manager:
		return "", false
	case o.applet != "":
		base = o.applet
	case base == "busybox" && o.argsCut:
		return "", false
	case base == "dnsmasq" && r.Proto == "udp" && r.Port == 69:
		return "TFTP", true
	}
	if superServers[base] {
		return c.behindSuperServer(r)
	}
	return clearPrograms[base], true
}

var superServers = map[string]bool{"inetd": true, "xinetd": true, "inetutils-inetd": true, "openbsd-inetd": true, "rlinetd": true}

// behindSuperServer looks for the line of inetd or xinetd that opened the port.
func (c *clearAudit) behindSuperServer(r row) (name string, known bool) {
	if !c.loaded {
		c.loaded = true
		entries, _ := c.src.enabled()
		for _, e := range entries {
			if e.Kind == units.KindInetd || e.Kind == units.KindXinetd {
				c.entries = append(c.entries, e)
			}
		}
	}
	for _, e := range c.entries {
		for _, l := range e.Listens {
			if l.Proto == r.Proto && l.Port == r.Port {
				known = true
				if name = clearEntry(e); name != "" {
					return name, true
				}
			}
		}
	}
	return "", known
}

// clearEntry names the service of something that starts at boot or on a
// connection. What tcpd(8) or an interpreter starts is told by the name of the
// entry.
func clearEntry(e units.Entry) string {
	base := path.Base(e.Program)
	if name := clearPrograms[base]; name != "" {
		return name
	}
	if base == "busybox" && e.Unit != nil {
		for _, command := range e.Unit.Exec {
			if len(command.Args) > 0 && clearPrograms[path.Base(command.Args[0])] != "" {
				return clearPrograms[path.Base(command.Args[0])]
			}
		}
	}
	if e.Program != "" && base != "tcpd" && base != "busybox" && e.Kind != units.KindSocket {
		return ""
	}
	name := strings.TrimSuffix(strings.TrimSuffix(e.Name, ".socket"), ".service")
	name, _, _ = strings.Cut(name, "/")
	return clearUnits[strings.TrimSuffix(name, "@")]
}

// clearUnknown records a gap for a port of those services where what answers is not
// known: none of them can be asked without leaving a trace.
func (c *clearAudit) clearUnknown(r row) bool {
	service := map[string]string{
		"tcp 23": "telnet", "tcp 512": "rexec", "tcp 513": "rlogin", "tcp 514": "rsh", "udp 69": "TFTP",
	}[r.Proto+" "+strconv.Itoa(int(r.Port))]
	if service == "" {
		return false
	}
	reason := checks.ReasonUnsupported
	if r.owner.hidden {
		reason = checks.ReasonNoPermission
	}
	c.rec.Gap(checks.Gap{Reason: reason, Subject: checks.Text(r.Proto + " " + strconv.Itoa(int(r.Port))), Detail: checks.Text("who listens on the port of " + service + " could not be told")})
	return true
}

// blindForwarder reports an engine's program that leads to a container nobody names.
func blindForwarder(r row) bool {
	base := path.Base(r.owner.program)
	return r.owner.container == "" && forwarders[base] && base != "dockerd" && !clientSocket(r.Listener, snapshot.PortRange{Low: 1, High: 65535})
}

// unnamed records a gap where nothing tells what a listener is: its owner is hidden,
// or a super-server opened it for a line that was not found.
func (c *clearAudit) unnamed(r row) {
	hidden := r.owner.hidden && !(r.Proto == "udp" && clientSocket(r.Listener, c.ports))
	if !hidden && !superServers[path.Base(r.owner.program)] && !blindForwarder(r) {
		return
	}
	g := checks.Gap{Reason: checks.ReasonUnsupported, Subject: checks.Text(r.Proto + " " + strconv.Itoa(int(r.Port))), Detail: "what answers there could not be told"}
	if hidden {
		g.Reason = checks.ReasonNoPermission
	}
	c.rec.Gap(g)
}

func (c *clearAudit) finding(r row, kind, subject string, severity checks.Severity, detail string) {
	f := checks.Finding{
		Kind: kind, Subject: checks.Text(r.Proto + " " + strconv.Itoa(int(r.Port)) + " " + subject), Severity: severity, Evidence: checks.Running,
		Detail: checks.Text(detail),
	}
	if stable := stableContainer(r.owner.container); stable != "" {
		f.Key, f.Detail = stable, f.Detail+checks.Text(" (container "+stable+")")
	}
	if file := c.src.unitFile(r.owner); file != "" {
		f.Location = checks.At(file, 0)
	}
	if !c.told(f) {
		c.rec.Finding(f)
	}
}

// told reports a finding that another address of the same port already made.
func (c *clearAudit) told(f checks.Finding) bool {
	id := f.Kind + " " + string(f.Subject) + " " + f.Key
	if slices.Contains(c.asked.findings, id) {
		return true
	}
	c.asked.findings = append(c.asked.findings, id)
	return false
}

// ask lets the answer of a candidate decide.
func (c *clearAudit) ask(cand candidate) {
	subject := cand.row.Proto + " " + strconv.Itoa(int(cand.row.Port)) + " " + cand.service.name
	a := c.asked.ask(cand)
	switch a.verdict {
	case open:
		c.finding(cand.row, "open", cand.service.name, checks.SeverityHigh, a.detail)
		for _, twin := range cand.twins {
			c.finding(twin, "open", cand.service.name, checks.SeverityHigh, a.detail+", over UDP too")
		}
	case weak:
		c.finding(cand.row, "weak", cand.service.name, checks.SeverityMedium, a.detail)
	case closed:
		c.rec.Note(subject, a.detail)
	case other:
		if cand.by == byProgram {
			c.rec.Gap(checks.Gap{Reason: checks.ReasonUnsupported, Subject: checks.Text(subject), Detail: checks.Text(a.detail)})
		}
	default:
		if cand.by != byPort || a.reason == checks.ReasonBudget {
			c.rec.Gap(checks.Gap{Reason: a.reason, Subject: checks.Text(subject), Detail: checks.Text(a.detail)})
		}
	}
}

// dockerGap tells of an engine whose own configuration has it listen, on TCP maybe.
func dockerGap(h *host.Host, src sources, rec *checks.Recorder) {
	if h.Tree == nil {
		return
	}
	entries, _ := src.enabled()
	for _, e := range entries {
		if path.Base(e.Program) != "dockerd" && (e.Kind == units.KindService || e.Name != "docker") {
			continue
		}
		const file = "/etc/docker/daemon.json"
		data, err := h.Tree.ReadFile(file)
		if errors.Is(err, fs.ErrNotExist) || err == nil && !strings.Contains(string(data), `"hosts"`) && !strings.Contains(string(data), `\u`) {
			continue
		}
		g := checks.Gap{
			Reason: checks.ReasonUnsupported, Subject: checks.Text(e.Name), Location: checks.At(file, 0),
			Detail: "Docker API starts at boot; where it listens and whether it asks for a credential is not read from its configuration",
		}
		if err != nil {
			g.Reason = checks.ReasonOf(err)
		}
		rec.Gap(g)
	}
}

// clearStarts judges a tree by what starts at boot.
func clearStarts(t *tree.Tree, src sources, rec *checks.Recorder) {
	entries, problems := src.enabled()
	for _, p := range withoutClusters(t, problems) {
		rec.Gap(problemGap(p))
	}
	if len(entries) == 0 {
		rec.NotApplicable(checks.ReasonAbsent, "nothing is started at boot")
		return
	}
	for _, e := range withoutShadowed(entries, src) {
		if e.Kind == units.KindTimer || e.Kind == units.KindCron || e.Kind == units.KindMount || e.Kind == units.KindPath {
			continue
		}
		if name := clearEntry(e); name != "" {
			if loopbackOnly(e) {
				continue
			}
			rec.Finding(checks.Finding{
				Kind: "clear", Subject: checks.Text(e.Name + " " + name), Key: string(e.Kind), Severity: checks.SeverityHigh, Evidence: checks.Configured,
				Detail: checks.Text(clearWhy(name)), Location: checks.At(e.Place.File, e.Place.Line),
			})
			continue
		}
		s := serviceOfEntry(e)
		if s == nil && path.Base(e.Program) == "dockerd" && e.Unit != nil && slices.ContainsFunc(e.Unit.Exec, func(x units.Command) bool {
			return slices.ContainsFunc(x.Args, func(arg string) bool { return strings.Contains(arg, "tcp://") })
		}) {
			s = &service{name: "Docker API"}
		}
		if s != nil {
			rec.Gap(checks.Gap{
				Reason: checks.ReasonUnsupported, Subject: checks.Text(e.Name), Location: checks.At(e.Place.File, e.Place.Line),
				Detail: checks.Text(s.name + " starts at boot; where it listens and whether it asks for a credential is not read from its configuration"),
			})
		}
	}
	rec.Pass("nothing that starts at boot is known to let anybody in or to send credentials in clear")
}

// loopbackOnly reports whether all that an entry opens is for the host itself.
func loopbackOnly(e units.Entry) bool {
	if len(e.Listens) == 0 {
		return false
	}
	for _, listen := range e.Listens {
		if inetProtocol(listen.Proto) && !listenerOf(e, listen).Loopback() {
			return false
		}
	}
	return true
}
