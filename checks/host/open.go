package host

import (
	"errors"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"hostaudit/checks/host/packages"
	"hostaudit/checks/host/tree"
	"hostaudit/checks/host/units"
)

// Options say how a target is opened.
type Options struct {
	Kind   Kind // overrides the decision; "" = decide
	Remote bool // open files on network and FUSE file systems too

	// ProcDir is the /proc that tells of the target. Live it is "/proc" unless
	// set. A tree has none unless set: the host it belongs to runs, and is mounted
	// somewhere the auditor can see (a privileged container, say).
	ProcDir string
}

// New returns the Host of a tree: operating system, host name, accounts and kind
// as its files tell, the clock of the machine, no snapshot and no dialer. The
// Host owns t.
func New(mode Mode, t *tree.Tree) *Host {
	h := &Host{
		Mode:     mode,
		Tree:     t,
		Hostname: readHostname(t),
		OS:       readOSRelease(t),
		Clock:    time.Now,
		accounts: sync.OnceValues(func() (*Accounts, error) { return loadAccounts(t), nil }),
		units:    units.Load(t),
		packages: packages.Open(t),
	}
	h.Kind, h.KindReason = treeKind(t)
	return h
}

// Accounts returns the local accounts, read when first asked for. It is safe for
// concurrent use; the result is shared and must not be changed.
func (h *Host) Accounts() *Accounts {
	if h.accounts == nil { // a literal, not made by New
		return loadAccounts(h.Tree)
	}
	list, _ := h.accounts()
	return list
}

// Units returns what the host starts by itself. Every check asks the same System,
// which reads each directory once.
func (h *Host) Units() *units.System {
	if h.units == nil { // a literal, not made by New
		return units.Load(h.Tree)
	}
	return h.units
}

// Packages returns the package database of the host's files, shared as Units is.
func (h *Host) Packages() *packages.Database {
	if h.packages == nil {
		return packages.Open(h.Tree)
	}
	return h.packages
}

// OpenLive opens the host the program runs on. Snapshot is left nil: collecting
// it is the caller's. Close the Host when done.
func OpenLive(opts Options) (*Host, error) {
	if opts.ProcDir == "" {
		opts.ProcDir = "/proc"
	}
	h, err := open(Live, "/", opts)
	if err != nil {
		return nil, err
	}
	h.Dial = LocalDialer()
	if name, ok := nodename(); ok {
		h.Hostname = name
	}
	return h, nil
}

// OpenRoot opens the tree of files at dir. Nothing of it runs as far as the
// audit is concerned, unless opts names its /proc: then the kind is decided by
// that, as for a live host, and the caller may make it one by Mode and Snapshot.
func OpenRoot(dir string, opts Options) (*Host, error) {
	h, err := open(Root, dir, opts)
	if err != nil {
		return nil, err
	}
	h.Path = dir
	return h, nil
}

// Close releases the tree, and those of the containers.
func (h *Host) Close() error {
	err := h.Tree.Close()
	for _, c := range h.Containers {
		err = errors.Join(err, c.Host.Close())
	}
	return err
}

func open(mode Mode, dir string, opts Options) (*Host, error) {
	t, err := tree.OpenDir(dir, tree.Options{Remote: opts.Remote})
	if err != nil {
		return nil, err
	}
	h := New(mode, t)
	h.procDir, h.remote = opts.ProcDir, opts.Remote
	switch {
	case opts.Kind != "":
		h.Kind, h.KindReason = opts.Kind, "given by the caller"
	case opts.ProcDir != "":
		// /proc is of the kernel, whatever it is mounted on; nothing remote there.
		proc, err := tree.OpenDir(opts.ProcDir, tree.Options{})
		if err != nil {
			t.Close()
			return nil, err
		}
		defer proc.Close()
		h.Kind, h.KindReason = liveKind(t, proc, mode == Live && opts.ProcDir == "/proc")
	}
	return h, nil
}

// nodename is the host name the kernel has (uname(2)): that of the auditor's UTS
// namespace, which is what the host calls itself now, whatever /etc/hostname says.
func nodename() (string, bool) {
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		return "", false
	}
	name := unix.ByteSliceToString(u.Nodename[:])
	return name, name != "" && name != "(none)"
}
