package units

import (
	"cmp"
	"io/fs"
	"net/netip"
	"path"
	"slices"
	"strings"
	"sync"

	"hostaudit/checks/host/tree"
)

// System is the whole of what a tree starts at boot, read when first asked for. It
// is safe for concurrent use.
type System struct {
	t  *tree.Tree
	mu sync.Mutex
	s  *store // made when first asked for

	// Answers, told again to whoever asks again.
	states  map[string]Enablement
	sockets *told[*Unit]
	enabled func() told[Entry]
}

// told is an answer and what could not be evaluated for it.
type told[T any] struct {
	list     []T
	problems []Problem
}

// copies are the asker's own, to sort and cut.
func (a told[T]) copies() ([]T, []Problem) { return slices.Clone(a.list), slices.Clone(a.problems) }

// Load returns the System of a tree.
func Load(t *tree.Tree) *System {
	s := &System{t: t, states: map[string]Enablement{}}
	s.enabled = sync.OnceValue(s.gather)
	return s
}

// systemd returns the store; the caller holds the lock.
func (s *System) systemd() *store {
	if s.s == nil {
		s.s = newStore(s.t)
	}
	return s.s
}

// Place is where in a file something stands; Line 0 is the whole file.
type Place struct {
	File string
	Line int
}

// Problem is something that could not be evaluated: what follows from it is
// unknown.
type Problem struct {
	Place
	Unit string // concerned, "" = any
	Err  error
	// Reader is the super-server whose entries it may keep from being told, KindInetd
	// or KindXinetd; "" = neither.
	Reader Kind
	// Ignored: systemd logs the line or file and passes over it, so what is told
	// without it is what the host does, and nothing is unknown.
	Ignored bool
}

// FileState is what `systemctl is-enabled` says of a unit.
type FileState string

// States of systemctl(1), is-enabled.
const (
	StateUnknown        FileState = ""
	StateEnabled        FileState = "enabled"
	StateEnabledRuntime FileState = "enabled-runtime"
	StateLinked         FileState = "linked"
	StateLinkedRuntime  FileState = "linked-runtime"
	StateAlias          FileState = "alias"
	StateMasked         FileState = "masked"
	StateMaskedRuntime  FileState = "masked-runtime"
	StateStatic         FileState = "static"
	StateIndirect       FileState = "indirect"
	StateDisabled       FileState = "disabled"
	StateGenerated      FileState = "generated"
	StateTransient      FileState = "transient"
	StateBad            FileState = "bad"
	StateNotFound       FileState = "not-found"
)

// FileState returns what `systemctl is-enabled NAME` says. A unit that systemd
// itself refuses (a loop of links, a broken section header) is StateBad, one that
// does not exist StateNotFound; a script of System V without a unit is what
// systemd-sysv-install says of it. The error is what could not be read; then the
// state is StateUnknown.
func (s *System) FileState(name string) (FileState, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.systemd().fileState(name)
}

// Unit is one systemd unit as it is loaded: its fragment and the drop-ins over it.
type Unit struct {
	Name     string   // the name the unit goes by, aliases resolved
	Aliases  []string // its other names, sorted
	Fragment string   // the file, "" = made of drop-ins alone
	DropIns  []string // in the order they apply
	Masked   bool
	Exec     []Command // [Service] ExecStart= after resets
	Type     string    // [Service] Type=, "simple" unless set
	Listens  []Listen  // [Socket] after resets
	Accept   bool      // [Socket] Accept=
	Starts   string    // [Socket] Service=, [Timer] and [Path] Unit=: what it activates
	Device   string    // [Socket] BindToDevice=
	Problems []Problem
}

// Command is a command line a service will run.
type Command struct {
	Place
	Path string   // the program, absolute
	Args []string // arguments after it, with Environment= and readable EnvironmentFile= substituted; never for output
	// Incomplete: some word could not be substituted (a variable of a file that is
	// not there until boot, an unknown specifier).
	Incomplete bool
}

// Listen is one address a socket unit listens on, systemd.socket(5).
type Listen struct {
	Place
	Proto  string     // "tcp", "udp", "sctp", "udplite"; "unix", "fifo", "special", "netlink", "mqueue", "usb", "vsock" have Path only
	Addr   netip.Addr // unspecified = every address
	Port   uint16
	V6Only Tri // of an unspecified v6 address: No = dual stack
	Path   string
}

// Tri is yes, no or (the zero value) not known.
type Tri int

// Values of Tri.
const (
	Unclear Tri = iota
	No
	Yes
)

// Unit returns a unit, its instance ("getty@tty1.service") or one of its aliases
// as systemd would load it. The error is fs.ErrNotExist where there is none; a
// unit that systemd refuses to load has problems and nothing else.
func (s *System) Unit(name string) (*Unit, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l, err := s.systemd().load(name)
	if err != nil {
		return nil, &fs.PathError{Op: "load", Path: name, Err: err}
	}
	return s.systemd().unit(l), nil
}

// Kind is who starts an Entry.
type Kind string

// Kinds of an Entry.
const (
	KindService Kind = "service" // systemd
	KindSocket  Kind = "socket"
	KindTimer   Kind = "timer"
	KindPath    Kind = "path"
	KindMount   Kind = "mount" // mount, automount and swap units
	KindSysV    Kind = "sysv"
	KindOpenRC  Kind = "openrc"
	KindRunit   Kind = "runit"
	KindInetd   Kind = "inetd"
	KindXinetd  Kind = "xinetd"
	KindInittab Kind = "inittab"
	KindCron    Kind = "cron"
)

// Entry is something the host starts by itself: at boot, by the clock or on a
// connection. Name does not change with versions or the order of lines.
type Entry struct {
	Kind Kind
	// Name of the unit, script or service ("ssh.service", "sshd"); of a cron entry
	// its file, user and schedule. For a template the instance.
	Name string
	User string // cron and inetd: the account it runs as, "" = not told
	// Program is the file it runs, where one word tells; never an argument.
	Program string
	Place   Place
	Listens []Listen // sockets, inetd and xinetd: what it opens
	Unit    *Unit    // systemd's only
	// FirstBoot: only a preset starts it, at the first boot of an image.
	FirstBoot bool
}

// Enabled returns everything the host starts by itself, by kind and name, and
// what could not be evaluated: with a problem the list may lack entries. It is
// what an administrator or package turned on (is-enabled enabled, enabled-runtime,
// generated, or wanted statically by a target that default.target reaches),
// without the units that belong to systemd itself being told apart.
//
// What a timer, socket or path starts later is no entry of its own; the unit of
// the entry names it. In a tree that has not booted, units that presets enable at
// the first boot are entries with FirstBoot. Conditions of units are not
// evaluated.
func (s *System) Enabled() ([]Entry, []Problem) { return s.enabled().copies() }

func (s *System) gather() told[Entry] {
	s.mu.Lock()
	entries, problems := s.systemd().enabled()
	s.mu.Unlock()
	others, more := otherStarters(s)
	// What systemd's generator made of a script is told as the script.
	scripts := map[string]bool{}
	for _, e := range others {
		if e.Kind == KindSysV {
			scripts[strings.TrimSuffix(e.Name, ".sh")+".service"] = true
		}
	}
	entries = slices.DeleteFunc(entries, func(e Entry) bool {
		return e.Kind == KindService && path.Dir(e.Place.File) == generatorLate && scripts[e.Name]
	})
	entries = append(entries, others...)
	slices.SortStableFunc(entries, func(a, b Entry) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name))
	})
	return told[Entry]{entries, sortProblems(append(problems, more...))}
}

// Sockets returns every socket unit that is not masked, enabled or not, by name:
// what process 1 listens on may have been started by hand.
func (s *System) Sockets() ([]*Unit, []Problem) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sockets == nil {
		list, problems := s.systemd().sockets()
		s.sockets = &told[*Unit]{list, problems}
	}
	return s.sockets.copies()
}
