package units

import (
	"net/netip"

	"hostaudit/checks/host/tree"
)

// System is the whole of what a tree starts at boot, read when first asked for. It
// is safe for concurrent use.
type System struct{ t *tree.Tree }

// Load returns the System of a tree.
func Load(t *tree.Tree) *System { return &System{t} }

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

// FileState returns what `systemctl is-enabled NAME` says.
func (s *System) FileState(name string) (FileState, error) { return StateUnknown, nil }

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
// as systemd would load it. The error is fs.ErrNotExist where there is none.
func (s *System) Unit(name string) (*Unit, error) { return nil, nil }

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
func (s *System) Enabled() ([]Entry, []Problem) { return nil, nil }

// Sockets returns every socket unit that is not masked, enabled or not, by name:
// what process 1 listens on may have been started by hand.
func (s *System) Sockets() ([]*Unit, []Problem) { return nil, nil }
