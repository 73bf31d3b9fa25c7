package units_test

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/netip"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hostaudit/checks/host/units"
)

// testBoot runs the release's systemd in its test mode, which loads the units, says what
// it would start, and starts nothing: as an ordinary user, with a view of the control
// groups that cannot be written to. Of the generators two run, which look at files of the
// tree alone: that of System V scripts and that of a mount without which NFS does not
// start. The others ask programs, hardware and the kernel's command line.
const testBoot = together + `
mount -t sysfs -o ro sysfs "$root/sys"
mount -t cgroup2 cgroup "$root/sys/fs/cgroup" || exit 77
mount -o remount,bind,ro "$root/sys/fs/cgroup"
generators=/usr/lib/systemd/system-generators
mkdir "$root/tmp/generators"
for generator in systemd-sysv-generator rpc-pipefs-generator; do
	if [ -e "$root$generators/$generator" ]; then cp "$root$generators/$generator" "$root/tmp/generators"; fi
done
mount --bind "$root/tmp/generators" "$root$generators"
mkdir -p "$root/run/systemd"
chmod 777 "$root/run" "$root/run/systemd"
chroot --userspec=nobody:nogroup "$root" /usr/lib/systemd/systemd --test --system && exit 0 || exit $?
`

// A dumped unit is one that systemd loaded for the boot.
type dumped struct {
	state, fragment, kind string
	dropIns, exec, listen []string
	generated             bool
}

// boot returns the units that systemd loads and those that it starts.
func (r *release) boot() (loaded map[string]*dumped, jobs map[string]bool) {
	r.t.Helper()
	s := r.script(testBoot)
	switch {
	case s.exit == 77:
		r.t.Skipf("no control groups (version 2) to be had here: %q", s.stderr)
	case s.exit != 0:
		r.t.Fatalf("systemd --test: exit status %d, %q", s.exit, s.stderr)
	}
	loaded, jobs = map[string]*dumped{}, map[string]bool{}
	var u *dumped
	command := ""
	for _, line := range s.stdout {
		line = strings.TrimSpace(line)
		if name, ok := strings.CutPrefix(line, "-> Unit "); ok {
			u = &dumped{}
			loaded[strings.TrimSuffix(name, ":")] = u
			continue
		}
		if strings.HasPrefix(line, "-> ") {
			command = line
		}
		key, value, _ := strings.Cut(line, ": ")
		switch {
		case u == nil:
		case key == "Unit Load State":
			u.state = value
		case key == "Fragment Path":
			u.fragment = merged(value)
			u.generated = strings.Contains(value, "/generator") && !strings.Contains(value, "/run/systemd/generator")
		case key == "DropIn Path":
			u.dropIns = append(u.dropIns, merged(value))
		case key == "Type":
			u.kind = value
		case key == "Command Line" && command == "-> ExecStart:":
			program, _, _ := strings.Cut(value, " ")
			u.exec = append(u.exec, program)
		case strings.HasPrefix(key, "Listen"):
			u.listen = append(u.listen, key+"="+value)
		}
		if target, action, ok := strings.Cut(value, " -> "); ok && key == "Action" && action == "start" {
			jobs[target] = true
		}
	}
	if len(loaded) < 100 || len(jobs) < 100 {
		r.t.Fatalf("systemd --test: %d units, %d jobs; %q", len(loaded), len(jobs), s.stderr)
	}
	return loaded, jobs
}

// merged names a file as a system with /lib inside /usr may: both names are one file.
func merged(file string) string {
	if strings.HasPrefix(file, "/usr/lib/") {
		return file[len("/usr"):]
	}
	return file
}

// compareUnits compares each unit as systemd loaded it.
func (r *release) compareUnits(system *units.System, loaded map[string]*dumped) {
	r.t.Helper()
	count := map[string]int{}
	for _, name := range slices.Sorted(maps.Keys(loaded)) {
		theirs := loaded[name]
		if theirs.generated || !compared(name) && !strings.HasSuffix(name, ".target") {
			continue
		}
		count[theirs.state]++
		u, err := system.Unit(name)
		switch theirs.state {
		case "not-found":
			if !errors.Is(err, fs.ErrNotExist) {
				r.t.Errorf("%s: ours %+v, %v; systemd finds none", name, u, err)
			}
			continue
		case "masked":
			if err != nil || !u.Masked {
				r.t.Errorf("%s: ours %+v, %v; systemd finds it masked", name, u, err)
			}
			continue
		case "loaded":
		default:
			continue // systemd refuses the settings: see compareBoot
		}
		if err != nil {
			r.t.Errorf("%s: %v; systemd loads it", name, err)
			continue
		}
		ours := dumped{state: "loaded", fragment: merged(u.Fragment), kind: theirs.kind}
		// Before version 250 a linked file goes by its own name.
		if target, ok := strings.CutPrefix(r.follow(u.Fragment), r.copy); ok && merged(target) == theirs.fragment {
			ours.fragment = theirs.fragment
		}
		// systemd tells drop-ins that say nothing, too.
		theirs.dropIns = slices.DeleteFunc(theirs.dropIns, func(file string) bool {
			data, err := os.ReadFile(r.follow(file))
			return err != nil || len(data) == 0
		})
		for _, file := range u.DropIns {
			ours.dropIns = append(ours.dropIns, merged(file))
		}
		if path.Ext(name) == ".service" {
			// Newer ones take "exec" for the default of a service with credentials.
			if ours.kind = u.Type; u.Type == "simple" && theirs.kind == "exec" {
				ours.kind = "exec"
			}
			for i, c := range u.Exec {
				ours.exec = append(ours.exec, c.Path)
				// After "@" another name than the program's is given to it.
				if i < len(theirs.exec) && !path.IsAbs(theirs.exec[i]) {
					theirs.exec[i] = c.Path
				}
			}
		}
		for _, l := range u.Listens {
			ours.listen = append(ours.listen, listen(l))
		}
		theirs.listen = listens(theirs.listen)
		slices.Sort(ours.listen)
		if diff := cmp.Diff(*theirs, ours, cmp.AllowUnexported(dumped{})); diff != "" {
			r.t.Errorf("%s (- systemd, + ours):\n%s", name, diff)
		}
	}
	r.t.Logf("units loaded and compared: %s", counts(count))
}

// follow returns the file of the copy that a name leads to, as the release sees it.
func (r *release) follow(name string) string {
	r.t.Helper()
	for range 8 {
		target, err := os.Readlink(filepath.Join(r.copy, name))
		if err != nil {
			break
		}
		if !path.IsAbs(target) {
			target = path.Join(path.Dir(name), target)
		}
		name = target
	}
	return filepath.Join(r.copy, name)
}

// listens brings what systemd says of sockets into the form of listen.
func listens(list []string) []string {
	var out []string
	for _, l := range list {
		key, value, _ := strings.Cut(l, "=")
		proto := map[string]string{"ListenStream": "tcp", "ListenDatagram": "udp"}[key]
		if addr, err := netip.ParseAddrPort(value); err == nil && proto != "" {
			out = append(out, fmt.Sprint(proto, " ", addr))
		} else {
			out = append(out, value)
		}
	}
	slices.Sort(out)
	return out
}

func listen(l units.Listen) string {
	if l.Port != 0 {
		return fmt.Sprint(l.Proto, " ", netip.AddrPortFrom(l.Addr, l.Port))
	}
	return l.Path
}

// compared reports whether a unit is of the kinds that Enabled tells.
func compared(name string) bool {
	return slices.Contains([]string{".service", ".socket", ".timer", ".path"}, path.Ext(name))
}

// compareBoot compares what systemd would start with what we say is started: each unit
// of its first transaction, and no other but those that are enabled for a target that
// this boot does not reach. Two kinds of units are told though systemd leaves them out,
// because a small mend brings them to life: those whose settings it refuses, and those
// that require what is not there. The second and whatever else unrun names is the caller's
// to know.
func (r *release) compareBoot(system *units.System, loaded map[string]*dumped, jobs map[string]bool, unrun func(name string) bool) {
	r.t.Helper()
	entries, problems := system.Enabled()
	for _, p := range problems {
		r.t.Logf("problem: %s:%d %s: %v", p.File, p.Line, p.Unit, p.Err)
	}
	ours := map[string]bool{}
	for _, e := range entries {
		name := e.Name
		if e.Kind == units.KindSysV && !strings.HasSuffix(name, ".service") {
			name += ".service"
		}
		if compared(name) && !e.FirstBoot {
			ours[name] = true
		}
	}
	started, other := 0, 0
	for _, name := range slices.Sorted(maps.Keys(jobs)) {
		if !compared(name) || unrun(name) {
			continue
		}
		started++
		if !ours[name] {
			r.t.Errorf("%s: systemd starts it, ours does not", name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(ours)) {
		if jobs[name] || unrun(name) {
			continue
		}
		if theirs := loaded[name]; theirs != nil && theirs.state == "bad-setting" {
			r.t.Logf("%s: systemd refuses its settings", name)
			continue
		}
		other++
		switch state, err := system.FileState(name); state {
		case units.StateEnabled, units.StateEnabledRuntime, units.StateAlias:
			r.t.Logf("%s: %s, not of this boot", name, state)
		default:
			r.t.Errorf("%s: %s (%v): ours starts it, systemd does not", name, state, err)
		}
	}
	r.t.Logf("services, sockets, timers and paths: %d started at boot, %d enabled for something else", started, other)
}

// TestRealBoot compares what a release as installed starts at boot, and every unit it
// loads for that, with its own systemd.
func TestRealBoot(t *testing.T) {
	for _, suite := range suites() {
		t.Run(suite, func(t *testing.T) {
			r := newRelease(t, suite)
			r.settled()
			loaded, jobs := r.boot()
			system := r.system()
			r.compareUnits(system, loaded)
			r.compareBoot(system, loaded, jobs, func(string) bool { return false })
		})
	}
}

// TestRealBootByHand does so over everything an administrator may have made.
func TestRealBootByHand(t *testing.T) {
	for _, suite := range suites() {
		t.Run(suite, func(t *testing.T) {
			r := newRelease(t, suite)
			r.settled()
			r.putAll("byhand")
			loaded, jobs := r.boot()
			system := r.system()
			r.compareUnits(system, loaded)
			// systemd does not look at what generators made before.
			r.compareBoot(system, loaded, jobs, func(name string) bool {
				return strings.HasPrefix(name, "hm-gen") || name == "hm-b-needsmasked.service"
			})
		})
	}
}

// settled makes the boot of the copy one that is not its first.
func (r *release) settled() {
	r.t.Helper()
	r.replace("etc/machine-id", "0123456789abcdef0123456789abcdef\n")
}
