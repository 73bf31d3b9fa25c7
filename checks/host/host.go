// Package host is the target of an audit as the checks see it: a file tree, a
// snapshot of what runs, a clock, and a way to dial the host's own addresses.
// Live, a tree of files or an image: the checks read the same fields.
package host

import (
	"context"
	"net"
	"net/netip"
	"time"

	"hostaudit/checks/host/packages"
	"hostaudit/checks/host/snapshot"
	"hostaudit/checks/host/tree"
	"hostaudit/checks/host/units"
)

// Mode is how the target is looked at.
type Mode string

// Modes.
const (
	Live  Mode = "live"  // the running host the program is on
	Root  Mode = "root"  // a tree of files; nothing of it runs
	Image Mode = "image" // an image file; nothing of it runs
)

// Kind is what the target is. What a kind cannot have is not observable there.
type Kind string

// Kinds.
const (
	KindHost           Kind = "host"
	KindContainer      Kind = "container"
	KindContainerImage Kind = "container-image"
	KindVMImage        Kind = "vm-image"
	KindTree           Kind = "tree"
)

// Host is one target.
type Host struct {
	Mode       Mode
	Kind       Kind
	KindReason string // what decided the kind
	Path       string // of the tree or image; empty when live
	Hostname   string // "" = not known
	OS         OSRelease

	Tree     *tree.Tree
	Snapshot *snapshot.Snapshot // nil unless live
	Clock    func() time.Time
	Dial     Dialer // nil unless live

	// Containers are the containers that run on a live host, by name: each is a
	// Host of its own, its tree the container's root, its Snapshot the part of the
	// host's that is the container's. Opened before the audit confines itself.
	Containers []*Container
	// Guests says what kept containers from being looked at.
	Guests []snapshot.Missing

	accounts func() (*Accounts, error) // memoised by Open and New
	units    *units.System
	packages *packages.Database
	memo     memo
	procDir  string // its procfs, seen from here; "" = none
	remote   bool   // Options.Remote
}

// Dialer opens a connection to the host's own addresses or sockets ("tcp",
// "127.0.0.1:3306" or "unix", "/run/mysqld/mysqld.sock"). It refuses any other.
type Dialer func(ctx context.Context, network, address string) (net.Conn, error)

// OSRelease is what os-release(5) says.
type OSRelease struct {
	ID, IDLike, VersionID, PrettyName string
}

// Container is one container that runs on the host: the processes that share a
// root directory which is not the host's.
type Container struct {
	Name   string // as the engine's files name it, else the start of its ID, else "of PROGRAM"; no two are equal
	Engine string // "docker", "podman", …; "" = not known
	ID     string // the engine's identifier; "" = not known
	Host   *Host  // Mode Live, Kind container, no Dialer
	// Published are the ports the engine's files say it forwards from the host's
	// addresses; they need no process of the host (NAT rules do it).
	Published []Published
	// PortsKnown: the engine's files tell what it forwards, so what is not in Published
	// is not forwarded. Engines that put containers on the host's network by a bridge
	// forward nothing and tell nothing.
	PortsKnown bool
}

// Published is a port of the host that is forwarded to a container.
type Published struct {
	Proto string     // "tcp", "udp", "sctp"
	Addr  netip.Addr // of the host; unspecified = every address
	Port  uint16
	Inner uint16 // the container's port
}
