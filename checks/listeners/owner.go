package listeners

import (
	"path"
	"strings"
)

// owner is who a listener belongs to. Nothing in it changes with a restart but pid.
type owner struct {
	pid       int    // the process that leads; 0 = none seen
	program   string // its file; for a socket unit that of the service it starts
	applet    string // what a program that is many (busybox) was started as
	foreign   bool   // the file is below another root than the host's
	pkg       string // that owns the program
	pkgErr    error  // the package could not be told
	pkgAsked  bool
	service   string // the unit the process is in, or the socket was made in
	socket    string // the socket unit process 1 listens for
	fragment  string // of the socket unit
	user      string
	container string
	kernel    bool // no process has it, and none is hidden
	hidden    bool // the owner may be a process that could not be looked into
	manager   bool // process 1 has it, and no socket unit says so
	published bool // an engine's packet filter rules, no process
	args      []string
	argsCut   bool
}

// name is what the listener's program is called, without versions.
func (o owner) name() string {
	switch {
	case o.applet != "":
		return o.applet
	case o.published && o.container != "":
		return "container " + o.container
	case o.manager:
		return "systemd"
	case o.program != "":
		base := path.Base(strings.TrimSuffix(o.program, " (deleted)"))
		if server := multiCall[base]; server != "" {
			return server
		}
		if trimmed := strings.TrimRight(normalPart(base), "*"); trimmed != "" && trimmed != base {
			return strings.TrimRight(trimmed, "-._")
		}
		return base
	case o.socket != "":
		return o.socket
	case o.service != "":
		return o.service
	case o.kernel:
		return "kernel"
	}
	return "unknown program"
}

// multiCall are servers that Debian installs under the name of a tool: one file
// that does what it is called for, and the kernel tells the file.
var multiCall = map[string]string{
	"redis-check-rdb": "redis-server", "redis-check-aof": "redis-server",
	"valkey-check-rdb": "valkey-server", "valkey-check-aof": "valkey-server",
}

// unowned reports that the database says no package owns the program.
func (o owner) unowned() bool {
	return o.pkgAsked && o.pkg == "" && o.pkgErr == nil && o.program != ""
}

// packaged reports whether the program came with a package. Where no database
// tells, the directory does: only packages write to /usr and the like.
func (o owner) packaged() bool {
	switch {
	case o.program == "" || o.foreign:
		return false
	case o.pkg != "":
		return true
	case o.unowned():
		return false
	}
	if strings.HasPrefix(o.program, "/usr/local/") {
		return false
	}
	for _, dir := range []string{"/usr/", "/bin/", "/sbin/", "/lib/", "/lib32/", "/lib64/", "/nix/store/", "/gnu/store/"} {
		if strings.HasPrefix(o.program, dir) {
			return true
		}
	}
	return false
}

// inService reports whether the owner is part of a service of the system, not of
// somebody's session.
func (o owner) inService() bool { return o.socket != "" || stableUnit(o.service) != "" }
