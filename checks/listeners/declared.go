package listeners

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"hostaudit/checks"
	"hostaudit/checks/host"
	"hostaudit/checks/host/snapshot"
)

// Declared is listeners.declared.
func Declared() checks.Check {
	return checks.Check{
		ID:        "listeners.declared",
		Title:     "Every listener reachable from outside is declared or accepted",
		Severity:  checks.SeverityMedium,
		Since:     2,
		Rationale: "Whatever listens can be attacked. A service nobody remembers is not updated, and a back door looks like one.",
		Verdict: "On a running host each socket that can be reached from outside (TCP that listens, UDP and others that are bound) is followed to its process, program, package and unit. " +
			"It passes where a declaration of the configuration covers it, or a baseline that was accepted has the same hands on that port as widely; sockets of clients are left out. " +
			"The rest are findings: low where the program is of a package and started at boot, or the socket may be a client's, else medium. " +
			"An owner that cannot be seen and tables that cannot be read are unknown; containers are judged on the host's network and where an engine publishes them. " +
			"In an image it is what starts at boot: socket units and super-servers by their addresses, services as far as they are known to listen or not, others unknown; where nothing starts the check is not applicable.",
		Remedy:     "stop and disable what is not needed (never the SSH server you are logged in by), " + declareOrAccept,
		Remedies:   declaredRemedies(),
		Breaks:     "clients of a service that is stopped or bound to loopback; a host whose SSH server is stopped cannot be reached any more",
		References: references(),
		Run:        runDeclared,
	}
}

// declareOrAccept is what every family has the same way.
const declareOrAccept = "bind what only this host uses to loopback; " +
	"declare what belongs here in the configuration ([[listeners.declare]] with program, package or unit, port = \"22\" or \"8000-8100\", protocol, " +
	"scope = \"loopback\", \"address\" or \"everywhere\", and reason), or accept all there is with `hostaudit baseline accept`"

// declaredRemedies name what shows listeners and what stops them.
func declaredRemedies() []checks.Remedy {
	return []checks.Remedy{
		{
			Families: []string{"debian", "redhat", "suse", "arch"},
			Text:     "look with `ss -tulpn`; stop and disable what is not needed (`systemctl disable --now UNIT`, its socket unit too, never the SSH server you are logged in by), " + declareOrAccept,
		},
		{
			Families: []string{"alpine"},
			Text:     "look with `netstat -tulpn`; stop and disable what is not needed (`rc-update del NAME`, `rc-service NAME stop`, never the SSH server you are logged in by), " + declareOrAccept,
		},
		{
			Families: []string{"openwrt"},
			Text:     "look with `netstat -tulpn`; disable and stop what is not needed (`service NAME disable`, `service NAME stop`, never Dropbear or the network you are logged in by), " + declareOrAccept,
		},
	}
}

// references are those of "listener minimisation".
func references() map[string][]string {
	return map[string][]string{
		"cis_debian12":    {"2.1.21", "2.1.22"},
		"cis_rhel9":       {"2.1.21"},
		"stig_rhel9":      {"RHEL-09-251035"},
		"pci_dss_4.0.1":   {"1.2.5", "1.4.2", "2.2.4"},
		"anssi_bp28":      {"R62", "R63", "R74", "R79", "R80"},
		"ccn_stic_610a22": {"A.8.SEC-RHEL4"},
		"ens_rd311_2022":  {"op.exp.2", "mp.com.1"},
		"iso27001_2022":   {"8.9", "8.20", "8.21"},
	}
}

func runDeclared(ctx context.Context, env *checks.Env, rec *checks.Recorder) {
	runDeclaredWith(ctx, env, sourcesOf(env.Host), rec)
}

func runDeclaredWith(_ context.Context, env *checks.Env, src sources, rec *checks.Recorder) {
	if env.Host.Mode != host.Live {
		configured(env, src, rec)
		return
	}
	snap := env.Host.Snapshot
	if snap == nil {
		rec.Gap(checks.Gap{Reason: checks.ReasonInternal, Detail: "the sockets of the host were not collected"})
		return
	}
	tableGaps(snap, rec)
	unseenGap(env.Host, rec)
	a := &audit{
		rec: rec, ports: ephemeral(snap), declared: newDeclarations(env.Declared, src), boot: newBoot(src),
		accepted: acceptedLines(env.Baselines), groups: map[groupKey]*group{}, hidden: map[portKey]reach{}, counts: map[string]int{},
	}
	for _, r := range attribute(env.Host, src, true) {
		a.row(r)
	}
	for _, key := range slices.SortedFunc(maps.Keys(a.hidden), comparePorts) {
		a.rec.Gap(checks.Gap{
			Reason: checks.ReasonNoPermission, Subject: checks.Text(key.proto + " " + strconv.Itoa(int(key.port))),
			Detail: checks.Text("who listens there could not be seen; it is reachable at " + a.hidden[key].words()),
		})
	}
	for _, key := range slices.SortedFunc(keysOf(a.groups), compareKeys) {
		a.judge(key, a.groups[key])
	}
	a.elsewhere(env.Host)
	a.conclude()
}

// tableGaps tells which socket tables could not be read.
func tableGaps(snap *snapshot.Snapshot, rec *checks.Recorder) {
	for part, name := range map[snapshot.Part]string{snapshot.PartTCP: "TCP sockets", snapshot.PartUDP: "UDP sockets"} {
		if m, missing := snap.MissingPart(part); missing {
			rec.Gap(checks.Gap{Reason: checks.ReasonOf(m.Err), Subject: checks.Text(name), Detail: "the listening sockets could not be read whole"})
		}
	}
}

// audit is one run of listeners.declared.
type audit struct {
	rec      *checks.Recorder
	ports    snapshot.PortRange
	declared *declarations
	boot     *boot
	accepted map[portKey][]line // nil unless an administrator accepted a baseline
	groups   map[groupKey]*group
	hidden   map[portKey]reach // whose owners could not be seen
	counts   map[string]int
	findings int
	pids     []string // of the findings, for a fact
}

// groupKey is the identity of a finding.
type groupKey struct{ subject, key string }

// group are the listeners of one finding: the same hands and program on one port,
// over either protocol, on any addresses.
type group struct {
	rows  []row
	hands hands
	reach reach
	pids  []int
}

func keysOf(m map[groupKey]*group) func(func(groupKey) bool) {
	return func(yield func(groupKey) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

func comparePorts(a, b portKey) int {
	return cmp.Or(cmp.Compare(a.proto, b.proto), cmp.Compare(a.port, b.port))
}

func compareKeys(a, b groupKey) int {
	return cmp.Or(cmp.Compare(a.subject, b.subject), cmp.Compare(a.key, b.key))
}

// row sorts one listener: nothing to say, a gap, or part of a finding.
func (a *audit) row(r row) {
	if r.Loopback() {
		a.counts["loopback"]++
		return
	}
	a.counts["outside"]++
	cover := a.declared.cover(r)
	switch {
	case cover == fitting:
		a.counts["declared"]++
	case r.owner.hidden && clientSocket(r.Listener, a.ports) && stableUnit(r.owner.service) != "":
		a.counts["clients"]++ // the socket was made in a service, whoever has it
	case r.owner.hidden:
		key := portKey{r.Proto, r.Port}
		a.hidden[key] = a.hidden[key].union(reachOf(r.Listener))
	case client(r, a.ports):
		a.counts["clients"]++
	case dhcpClient(r):
		a.counts["dhcp_clients"]++
	case cover == unclearFit:
		a.rec.Gap(checks.Gap{
			Reason: checks.ReasonOf(r.owner.pkgErr), Subject: checks.Text(a.subject(r)),
			Detail: "it is declared by a package, and which package its program is of could not be told",
		})
	default:
		a.add(r)
	}
}

// dynamic reports a port that is another one after the next start. Those the
// monitoring system uses are chosen, though they lie in the range.
func (a *audit) dynamic(r row) bool {
	return givenOut(r, a.ports) && portName(r.Proto, r.Port) == "" && !r.owner.published
}

func (a *audit) subject(r row) string {
	port := strconv.Itoa(int(r.Port))
	if a.dynamic(r) {
		port = "dynamic"
	}
	return r.Proto + " " + port + " " + r.owner.name()
}

func (a *audit) add(r row) {
	h := handsOf(r.owner)
	key := groupKey{a.subject(r), h.key()}
	g := a.groups[key]
	if g == nil {
		g = &group{hands: h}
		a.groups[key] = g
	}
	g.rows = append(g.rows, r)
	g.reach = g.reach.union(reachOf(r.Listener))
	if r.owner.pid != 0 && !slices.Contains(g.pids, r.owner.pid) {
		g.pids = append(g.pids, r.owner.pid)
	}
}

// judge records the finding of a group unless it was accepted.
func (a *audit) judge(key groupKey, g *group) {
	first := g.rows[0]
	now := lineOf(first, a.ports)
	now.reach = g.reach
	if acceptedBefore(a.accepted, now) {
		a.counts["accepted"] += len(g.rows)
		return
	}
	severity, why := a.boot.grade(first, a.dynamic(first))
	for _, r := range g.rows[1:] {
		if s, w := a.boot.grade(r, a.dynamic(r)); s > severity {
			severity, why = s, w
		}
	}
	if isClients := !slices.ContainsFunc(g.rows, func(r row) bool { return !clientSocket(r.Listener, a.ports) }); isClients && !first.owner.kernel {
		severity, why = checks.SeverityLow, why+"; it may be a client's"
	}
	a.findings++
	f := checks.Finding{
		Kind: "undeclared", Subject: checks.Text(key.subject), Key: key.key, Severity: severity, Evidence: checks.Running,
		Detail: checks.Text(a.detail(first, g) + why),
	}
	if file := a.boot.src.unitFile(first.owner); file != "" {
		f.Location = checks.At(file, 0)
	}
	a.rec.Finding(f)
	if len(g.pids) > 0 && len(a.pids) < maxPIDs {
		slices.Sort(g.pids)
		a.pids = append(a.pids, key.subject+": "+strings.Trim(fmt.Sprint(g.pids[:min(len(g.pids), 8)]), "[]"))
	}
}

// maxPIDs bounds for how many listeners the processes are told.
const maxPIDs = 16

// detail says who listens, from where it can be reached, and for what.
func (a *audit) detail(r row, g *group) string {
	var b strings.Builder
	b.WriteString("reachable at " + g.reach.words())
	o := r.owner
	if name := portName(r.Proto, r.Port); name != "" {
		b.WriteString(", the port of " + name)
	} else if a.dynamic(r) {
		b.WriteString(", on a port the kernel gives out by itself")
	}
	add := func(label, value string) {
		if value != "" {
			b.WriteString("; " + label + " " + value)
		}
	}
	if !o.manager {
		add("program", normalProgram(o.program))
	}
	add("package", o.pkg)
	if o.socket != "" {
		add("unit", o.socket)
	} else {
		add("unit", stableUnit(o.service))
	}
	add("user", o.user)
	add("container", stableContainer(o.container))
	b.WriteString("; ")
	return b.String()
}

// elsewhere counts what listens in other network namespaces. An engine publishes on
// the host what others shall reach; a container that is bridged to the network
// itself is a machine of its own, and the note says that it was not judged.
func (a *audit) elsewhere(h *host.Host) {
	unread := false
	for _, ns := range h.Snapshot.Namespaces {
		unread = unread || len(ns.Missing) > 0
		for _, l := range ns.Listeners {
			if !l.Loopback() {
				a.counts["other_namespaces"]++
			}
		}
	}
	if _, missing := h.Snapshot.MissingPart(snapshot.PartNetNS); missing || unread {
		a.rec.Note("network namespaces", "not all of them could be read")
	}
	if a.counts["other_namespaces"] > 0 {
		a.rec.Note("network namespaces", "what listens in those of containers is judged where an engine publishes it on the host; one that is bridged to the network has to be audited from inside")
	}
}

func (a *audit) conclude() {
	for _, key := range []string{"outside", "loopback", "declared", "accepted", "clients", "dhcp_clients", "other_namespaces"} {
		if n := a.counts[key]; n > 0 || key == "outside" {
			a.rec.Fact(key, n)
		}
	}
	if len(a.pids) > 0 {
		a.rec.Fact("processes", strings.Join(a.pids, "; "))
	}
	if a.findings > 1 {
		a.rec.Summary(fmt.Sprintf("%d listeners reachable from outside are neither declared nor accepted", a.findings))
	}
	if a.counts["declared"]+a.counts["accepted"] > 0 {
		a.rec.Pass("every listener reachable from outside is declared or accepted")
		return
	}
	a.rec.Pass("nothing listens on the host's own network that can be reached from outside")
}

// portName names the ports of monitoring systems, which hosts that run this program
// often have.
func portName(proto string, port uint16) string {
	switch proto + " " + strconv.Itoa(int(port)) {
	case "tcp 41121":
		return "the Tentacle server"
	case "udp 41122":
		return "the Pandora FMS agent's UDP server"
	case "tcp 10050":
		return "the Zabbix agent"
	case "tcp 10051":
		return "the Zabbix server"
	case "tcp 5666":
		return "NRPE"
	case "tcp 5667":
		return "NSCA"
	case "tcp 6556":
		return "the Checkmk agent"
	case "tcp 9100":
		return "node_exporter"
	case "udp 161", "tcp 161":
		return "SNMP"
	case "udp 162":
		return "SNMP traps"
	}
	return ""
}
