package listeners

import (
	"path"
	"slices"
	"strings"
	"sync"

	"hostaudit/checks"
	"hostaudit/checks/host/units"
)

// boot answers whether the host starts something by itself. It is read when first
// asked.
type boot struct {
	src      sources
	load     func() bootList
	programs func() bootPrograms
	packaged map[string]bool // unit files asked about
}

type bootList struct {
	entries  []units.Entry
	names    map[string]bool // units that are enabled or that something enabled starts
	problems bool
}

// bootPrograms are what starts at boot by program and package, for a listener of
// which no unit is told: another init system, or control groups without names.
type bootPrograms struct {
	programs map[string]bool // merged and without links
	names    map[string]bool // of scripts and services
	packages map[string]bool // of the scripts and unit files
}

func newBoot(src sources) *boot {
	b := &boot{src: src, packaged: map[string]bool{}}
	b.load = sync.OnceValue(func() bootList {
		entries, problems := src.enabled()
		b := bootList{entries: entries, names: map[string]bool{}, problems: len(problems) > 0}
		for _, e := range entries {
			if systemdKind(e.Kind) {
				b.names[e.Name] = true
				if e.Unit != nil {
					b.names[e.Unit.Name] = true
					b.names[e.Unit.Starts] = true
					for _, alias := range e.Unit.Aliases {
						b.names[alias] = true
					}
				}
			} else if e.Kind == units.KindSysV {
				b.names[strings.TrimSuffix(e.Name, ".sh")+".service"] = true // the unit made of it
			}
		}
		delete(b.names, "")
		return b
	})
	b.programs = sync.OnceValue(b.byProgram)
	return b
}

func (b *boot) byProgram() bootPrograms {
	list := bootPrograms{programs: map[string]bool{}, names: map[string]bool{}, packages: map[string]bool{}}
	var files []string
	for _, e := range b.load().entries {
		if e.Kind == units.KindCron || e.Kind == units.KindTimer {
			continue
		}
		if !systemdKind(e.Kind) && e.Kind != units.KindInetd && e.Kind != units.KindXinetd {
			list.names[e.Name] = true
			files = append(files, e.Place.File)
		}
		if name, isService := strings.CutSuffix(e.Name, ".service"); isService && e.Kind == units.KindService {
			list.names[name] = true // apachectl starts apache2
		}
		programs := []string{e.Program}
		if e.Unit != nil {
			files = append(files, e.Unit.Fragment)
			for _, command := range e.Unit.Exec {
				programs = append(programs, command.Path)
			}
		}
		for _, program := range programs {
			if program == "" || interpreter(program) {
				continue
			}
			list.programs[mergedUsr(b.src.resolve(program))] = true
			if e.Kind == units.KindSysV || e.Kind == units.KindOpenRC {
				files = append(files, program)
			}
		}
	}
	files = slices.DeleteFunc(files, func(file string) bool { return file == "" })
	slices.Sort(files)
	if files = slices.Compact(files); len(files) > 0 {
		for _, o := range b.src.owners(files...) {
			list.packages[o.Package] = true
		}
	}
	delete(list.packages, "")
	return list
}

func systemdKind(k units.Kind) bool {
	switch k {
	case units.KindService, units.KindSocket, units.KindTimer, units.KindPath, units.KindMount:
		return true
	}
	return false
}

// starts reports whether what owns a listener is started at boot.
func (b *boot) starts(o owner) bool {
	list := b.load()
	for _, unit := range []string{o.socket, stableUnit(o.service)} {
		if unit == "" {
			continue
		}
		prefix, instance, isInstance := strings.Cut(unit, "@")
		template := prefix + "@" + path.Ext(instance)
		if list.names[unit] || isInstance && list.names[template] || b.src.state(unit) == units.Enabled {
			return true
		}
	}
	if o.socket != "" || o.service != "" || o.program == "" {
		return false
	}
	// No unit is told: by the program, the name, or because script or unit and
	// program are of one package.
	known := b.programs()
	return known.programs[mergedUsr(o.program)] && !interpreter(o.program) ||
		o.applet != "" && known.names[o.applet] || known.names[path.Base(o.program)] ||
		o.pkg != "" && known.packages[o.pkg]
}

// kernelPorts are what the kernel itself listens on once told to, and the units
// that tell it.
var kernelPorts = []struct {
	name      string
	proto     string
	low, high uint16 // 0 = a port the kernel gave out
	units     []string
}{
	{"NFS", "tcp", 2049, 2049, []string{"nfs-server.service", "nfs-kernel-server.service", "nfs.service"}},
	{"NFS", "udp", 2049, 2049, []string{"nfs-server.service", "nfs-kernel-server.service", "nfs.service"}},
	{"NFS locks or callbacks", "tcp", 0, 0, []string{"nfs-server.service", "nfs-kernel-server.service", "nfs-client.target", "nfsmount.service", "netmount.service"}},
	{"NFS locks", "udp", 0, 0, []string{"nfs-server.service", "nfs-kernel-server.service", "nfs-client.target", "nfsmount.service", "netmount.service"}},
	{"SMB", "tcp", 445, 445, []string{"ksmbd.service"}},
	{"iSCSI", "tcp", 3260, 3260, []string{"target.service", "rtslib-fb-targetctl.service", "iscsitarget.service"}},
	{"NVMe", "tcp", 4420, 4420, []string{"nvmet.service"}},
	{"DRBD", "tcp", 7788, 7799, []string{"drbd.service", "drbd-reactor.service"}},
	{"DLM", "tcp", 21064, 21064, []string{"dlm.service"}},
	{"DLM", "sctp", 21064, 21064, []string{"dlm.service"}},
	{"OCFS2", "tcp", 7777, 7777, []string{"o2cb.service", "ocfs2.service"}},
	{"L2TP", "udp", 1701, 1701, []string{"xl2tpd.service"}},
	{"VXLAN", "udp", 4789, 4789, []string{"systemd-networkd.service", "NetworkManager.service", "networking.service", "docker.service"}},
	{"VXLAN", "udp", 8472, 8472, []string{"k3s.service", "k3s-agent.service", "kubelet.service", "flanneld.service"}},
	{"AFS", "udp", 7001, 7001, []string{"openafs-client.service", "afs.mount"}},
}

// kernelSetUp names what the kernel listens for, and whether the unit that sets it
// up is enabled: the one the socket was made in, or one that is known to.
func (b *boot) kernelSetUp(r row, dynamic bool) (name string, enabled bool) {
	if r.owner.service != "" && b.starts(r.owner) {
		return "", true
	}
	for _, k := range kernelPorts {
		if k.proto != r.Proto || !(k.low <= r.Port && r.Port <= k.high) && !(k.low == 0 && dynamic) {
			continue
		}
		name = k.name
		if slices.ContainsFunc(k.units, b.named) {
			return name, true
		}
	}
	if r.Proto == "udp" && name == "" || r.Proto == "udp" && dynamic {
		for unit := range b.load().names {
			if strings.HasPrefix(unit, "wg-quick@") {
				return "WireGuard", true
			}
		}
	}
	return name, false
}

func (b *boot) named(unit string) bool {
	return b.load().names[unit] || b.src.state(unit) == units.Enabled
}

// grade is the severity of an undeclared listener, and what decided it.
func (b *boot) grade(r row, dynamic bool) (checks.Severity, string) {
	o := r.owner
	switch {
	case o.kernel:
		name, enabled := b.kernelSetUp(r, dynamic)
		what := "the kernel itself has it"
		if name != "" {
			what += ", as for " + name
		}
		if enabled {
			return checks.SeverityLow, what + ", and the unit that sets it up is enabled"
		}
		return checks.SeverityMedium, what + ", and no enabled unit is known to set it up"
	case o.manager:
		return checks.SeverityMedium, "systemd has it, and no socket unit says so"
	case o.published:
		return checks.SeverityMedium, "packet filter rules forward it to the container"
	case o.foreign:
		return checks.SeverityMedium, "its program is not one of this host's packages"
	case !o.packaged():
		return checks.SeverityMedium, "its program is of no package"
	case interpreter(o.program) && o.applet == "" && !b.packagedUnit(o):
		return checks.SeverityMedium, "its program only runs others, and no unit of a package says which"
	case b.starts(o):
		return checks.SeverityLow, "its program is of a package and started at boot"
	}
	return checks.SeverityMedium, "its program is of a package, and nothing is known to start it at boot"
}

// packagedUnit reports whether the unit file came with a package: then what an
// interpreter runs for it did too.
func (b *boot) packagedUnit(o owner) bool {
	file := b.src.unitFile(o)
	if file == "" {
		return o.service == "" && o.socket == "" && b.starts(o)
	}
	if strings.HasPrefix(file, "/run/systemd/generator") { // of a System V script: systemd-sysv-generator(8)
		file = "/etc/init.d/" + strings.TrimSuffix(o.service, ".service")
	}
	packaged, asked := b.packaged[file]
	if !asked {
		answer, told := b.src.owners(file)[file]
		packaged = answer.Package != ""
		if !packaged && (!told || answer.Err != nil) {
			packaged = packagedDir(file)
		}
		b.packaged[file] = packaged
	}
	return packaged
}

// packagedDir is where packages put unit files (systemd.unit(5)).
func packagedDir(file string) bool {
	return strings.HasPrefix(file, "/usr/lib/systemd/") || strings.HasPrefix(file, "/lib/systemd/")
}
