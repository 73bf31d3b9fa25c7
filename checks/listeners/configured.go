package listeners

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"hostaudit/checks"
	"hostaudit/checks/host/packages"
	"hostaudit/checks/host/snapshot"
	"hostaudit/checks/host/tree"
	"hostaudit/checks/host/units"
)

// configured judges a tree: nothing listens, but what starts at boot will.
func configured(env *checks.Env, src sources, rec *checks.Recorder) {
	entries, problems := src.enabled()
	for _, p := range withoutClusters(env.Host.Tree, problems) {
		rec.Gap(problemGap(p))
	}
	if len(entries) == 0 {
		rec.NotApplicable(checks.ReasonAbsent, "nothing is started at boot")
		return
	}
	entries = withoutShadowed(entries, src)
	c := &starts{rec: rec, tree: env.Host.Tree, declared: newDeclarations(env.Declared, src), family: env.Host.OS.ID + " " + env.Host.OS.IDLike, settled: settledDaemons()}
	owners := entryPackages(entries, src)
	for _, e := range entries {
		c.entry(e, ownerOfEntry(e, owners))
	}
	rec.Fact("entries", len(entries))
	if c.findings > 1 {
		rec.Summary(fmt.Sprintf("%d services that start at boot open ports and are not declared", c.findings))
	}
	rec.Pass("what starts at boot is declared, listens on loopback only, or is known not to listen")
}

// withoutShadowed drops the System V scripts for which systemd has a unit of its
// own: it passes them over (systemd-sysv-generator(8)), and the unit is judged.
func withoutShadowed(entries []units.Entry, src sources) []units.Entry {
	if !slices.ContainsFunc(entries, func(e units.Entry) bool { return e.Kind == units.KindService }) {
		return entries // another init system, for which units are files like others
	}
	return slices.DeleteFunc(slices.Clone(entries), func(e units.Entry) bool {
		if e.Kind != units.KindSysV {
			return false
		}
		u := src.unit(strings.TrimSuffix(e.Name, ".sh") + ".service")
		return u != nil && (u.Masked || u.Fragment != "" && !strings.HasPrefix(u.Fragment, "/run/systemd/generator"))
	})
}

func problemGap(p units.Problem) checks.Gap {
	g := checks.Gap{Reason: checks.ReasonUnsupported, Subject: checks.Text(p.Unit), Location: checks.At(p.File, p.Line)}
	g.Detail = "whether this starts at boot could not be evaluated"
	if p.Err != nil {
		if reason := checks.ReasonOf(p.Err); reason != checks.ReasonUnreadable {
			g.Reason = reason
		}
	}
	return g
}

// starts is one run over what starts at boot.
type starts struct {
	rec      *checks.Recorder
	tree     *tree.Tree
	declared *declarations
	family   string // os-release's ID and ID_LIKE
	settled  []settled
	findings int
}

// entryPackages asks which packages the programs of all entries are of.
func entryPackages(entries []units.Entry, src sources) map[string]packages.Owner {
	var programs []string
	for _, e := range entries {
		if program := becomes(e); program != "" {
			programs = append(programs, program)
		}
	}
	slices.Sort(programs)
	if programs = slices.Compact(programs); len(programs) == 0 {
		return nil
	}
	return src.owners(programs...)
}

// execs finds what a shell's script becomes.
var execs = regexp.MustCompile(`(?:^|[\s;&])exec (/[A-Za-z0-9/._-]+)`)

// becomes is the program that will have the sockets of an entry: its own, or the server
// that Apache's script starts or a shell becomes. What a declaration names is what
// listens, on a running host and in a tree alike.
func becomes(e units.Entry) string {
	switch base := path.Base(e.Program); {
	case base == "apachectl" || base == "apache2ctl":
		for _, server := range []string{"apache2", "httpd"} { // Debian's, and the others'
			if strings.HasPrefix(strings.TrimSuffix(e.Name, ".service"), server) {
				return path.Join(path.Dir(e.Program), server)
			}
		}
	case base != "sh" && base != "bash" && base != "dash":
	case e.Unit != nil && len(e.Unit.Exec) == 1 && len(e.Unit.Exec[0].Args) == 2 && e.Unit.Exec[0].Args[0] == "-c":
		if m := execs.FindAllStringSubmatch(e.Unit.Exec[0].Args[1], -1); len(m) == 1 && servers[path.Base(m[0][1])] {
			return m[0][1]
		}
	}
	return e.Program
}

func ownerOfEntry(e units.Entry, owners map[string]packages.Owner) owner {
	o := owner{program: becomes(e)}
	switch {
	case e.Kind == units.KindSocket:
		o.socket = e.Name
		if e.Unit != nil && e.Unit.Starts != "" {
			o.service = e.Unit.Starts
		}
	case systemdKind(e.Kind):
		o.service = e.Name
	case !strings.Contains(e.Name, "."):
		o.service = e.Name + ".service" // a script is declared as the unit it would be
	}
	if o.program != "" {
		answer, told := owners[o.program]
		if !told {
			answer.Err = packages.ErrNoDatabase
		}
		o.pkg, o.pkgErr, o.pkgAsked = answer.Package, answer.Err, true
	}
	return o
}

func (s *starts) entry(e units.Entry, o owner) {
	switch e.Kind {
	case units.KindSocket, units.KindInetd, units.KindXinetd:
		s.sockets(e, o)
	case units.KindService, units.KindSysV, units.KindOpenRC, units.KindRunit, units.KindInittab:
		s.service(e, o)
	}
}

// sockets judges the addresses that a socket unit or a super-server opens.
func (s *starts) sockets(e units.Entry, o owner) {
	type found struct {
		reach reach
		place units.Place
	}
	outside := map[portKey]found{}
	for _, listen := range e.Listens {
		l := listenerOf(e, listen)
		if !inetProtocol(listen.Proto) || l.Loopback() {
			continue
		}
		switch s.declared.cover(row{l, o}) {
		case fitting:
			continue
		case unclearFit:
			s.gapOfPackage(e, o)
			continue
		}
		key := portKey{listen.Proto, listen.Port}
		f, known := outside[key]
		if !known {
			f.place = listen.Place
		}
		f.reach = f.reach.union(reachOf(l))
		outside[key] = f
	}
	keys := make([]portKey, 0, len(outside))
	for k := range outside {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, comparePorts)
	for _, k := range keys {
		f := outside[k]
		if f.place.File == "" {
			f.place = e.Place
		}
		s.finding(e, checks.Finding{
			Subject:  checks.Text(k.proto + " " + strconv.Itoa(int(k.port)) + " " + e.Name),
			Detail:   checks.Text(starter(e) + " will listen, reachable at " + f.reach.words()),
			Location: checks.At(f.place.File, f.place.Line),
		})
	}
}

func inetProtocol(proto string) bool {
	switch proto {
	case "tcp", "udp", "sctp", "udplite":
		return true
	}
	return false
}

// listenerOf is the socket that an entry will open.
func listenerOf(e units.Entry, listen units.Listen) snapshot.Listener {
	l := snapshot.Listener{Proto: listen.Proto, Addr: listen.Addr, Port: listen.Port}
	switch listen.V6Only {
	case units.Yes:
		l.V6Only = snapshot.Yes
	case units.No:
		l.V6Only = snapshot.No
	}
	if e.Unit != nil {
		l.Interface = e.Unit.Device
	}
	return l
}

func starter(e units.Entry) string {
	switch e.Kind {
	case units.KindInetd:
		return "inetd"
	case units.KindXinetd:
		return "xinetd"
	}
	return "systemd"
}

// service judges something that opens its ports itself, if any.
func (s *starts) service(e units.Entry, o owner) {
	switch s.declared.coverStart(o) {
	case fitting:
		return
	case unclearFit:
		s.gapOfPackage(e, o)
		return
	}
	kind, at := s.kindOf(e)
	switch kind {
	case server:
		if at.File == "" {
			at = e.Place
		}
		s.finding(e, checks.Finding{
			Subject:  checks.Text(e.Name),
			Detail:   "a server that starts at boot; it opens the port of its own configuration",
			Location: checks.At(at.File, at.Line),
		})
	case silent:
	default:
		s.rec.Gap(checks.Gap{
			Reason: checks.ReasonUnsupported, Subject: checks.Text(e.Name), Location: checks.At(e.Place.File, e.Place.Line),
			Detail: "it starts at boot, and whether it listens is not known; declare the unit",
		})
	}
}

func (s *starts) finding(e units.Entry, f checks.Finding) {
	s.findings++
	f.Kind, f.Key, f.Evidence, f.Severity = "undeclared", string(e.Kind), checks.Configured, checks.SeverityLow
	if e.FirstBoot {
		f.Detail += "; a preset turns it on at the first boot"
	}
	s.rec.Finding(f)
}

func (s *starts) gapOfPackage(e units.Entry, o owner) {
	s.rec.Gap(checks.Gap{
		Reason: checks.ReasonOf(o.pkgErr), Subject: checks.Text(e.Name), Location: checks.At(e.Place.File, e.Place.Line),
		Detail: "it is declared by a package, and which package its program is of could not be told",
	})
}

// nature is what is known of a service's program.
type nature int

const (
	unknownNature nature = iota
	server               // listens outside unless its configuration says otherwise
	silent               // does not listen outside
)

// instances are units of Debian that do nothing but group those that a generator
// makes at boot from other files.
var instances = set("postgresql openvpn")

// byHand reports that there are clusters of PostgreSQL, and that the boot starts none.
func (s *starts) byHand() bool {
	all, started, err := clustersOf(s.tree)
	return err == nil && all > 0 && started == 0
}

// entryNames are the name of what an entry starts, without instance, and its
// program's. script: the program is the init's own script, which only starts
// another.
func entryNames(e units.Entry) (name, base string, script bool) {
	name, _, _ = strings.Cut(strings.TrimSuffix(e.Name, ".service"), "@")
	switch e.Kind {
	case units.KindSysV, units.KindOpenRC, units.KindRunit:
		return strings.TrimSuffix(name, ".sh"), name, true
	}
	if e.Program == "" {
		return name, name, true
	}
	return name, path.Base(e.Program), false
}

// handOvers leave what they start running.
var handOvers = set("docker docker-compose podman podman-compose nerdctl lxc-start tmux screen nohup daemonize start-stop-daemon")

// launches reports a unit whose commands start something else and end. Podman's own
// units are for containers that are judged by themselves where they run.
func launches(e units.Entry, name string) bool {
	return !strings.HasPrefix(name, "podman-") && slices.ContainsFunc(e.Unit.Exec, func(c units.Command) bool { return handOvers[path.Base(c.Path)] })
}

// kindOf says whether what an entry starts is known to listen, and where its
// configuration says so. The program decides, else the name it goes by.
func (s *starts) kindOf(e units.Entry) (nature, units.Place) {
	name, base, script := entryNames(e)
	oneshot := e.Unit != nil && e.Kind == units.KindService && e.Unit.Type == "oneshot"
	bySystemd := strings.HasPrefix(base, "systemd-") && (script || strings.HasPrefix(mergedUsr(e.Program), "/lib/systemd/"))
	switch {
	case base == "true" && name+".service" == clusters && s.byHand():
		return silent, units.Place{}
	case base == "true" && instances[name]: // a generator or template runs the real ones
		return server, units.Place{}
	case base == "rsync" && rsyncIdle(s.tree, e):
		return silent, units.Place{}
	case base == "dockerd" && dockerSocket(s.tree, e):
		return silent, units.Place{}
	case base == "systemd-resolved" && !strings.Contains(s.family, "debian") && !strings.Contains(s.family, "ubuntu"):
		return server, units.Place{} // LLMNR, which Debian and Ubuntu turn off when they build it
	case base == "systemd-journal-remote", base == "systemd-journal-gatewayd":
		return server, units.Place{}
	}
	if n, at, known := settle(s.settled, s.tree, e); known && (!strings.HasPrefix(base, "systemd-") || bySystemd) {
		if n == unknownNature && servers[base] {
			n = server
		}
		return n, at
	}
	switch {
	case servers[base]:
		return server, units.Place{}
	case serverUnits[name] && (script || base == "true" || !nonListeners[base]):
		// Also what only starts its own instances (postfix, postgresql), or by a helper.
		return server, units.Place{}
	case e.Kind == units.KindOpenRC && name == "syslog" && strings.Contains(s.family, "alpine"):
		return silent, units.Place{} // busybox's, which takes no messages from elsewhere
	case nonListeners[base] && (script || !path.IsAbs(e.Program) || owner{program: e.Program}.packaged()), oneshot && !launches(e, name), bySystemd:
		return silent, units.Place{}
	case quietUnits[name] && (script || interpreter(e.Program) || strings.HasSuffix(base, "-helper")):
		return silent, units.Place{}
	}
	return unknownNature, units.Place{}
}
