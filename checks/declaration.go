package checks

import "hostaudit/checks/host/snapshot"

// Declaration is a listener the administrator says belongs to the host. Every
// field that is set must fit; an empty one fits anything. A declaration for a
// scope covers narrower ones.
type Declaration struct {
	Program  string         // path of the program, or its last part
	Package  string         // name of the package that owns the program
	Unit     string         // systemd unit, service or socket
	Protocol string         // "tcp", "udp", …
	Low      uint16         // first port; 0 = any
	High     uint16         // last port, Low = a single one
	Scope    snapshot.Scope // the widest that is permitted; ScopeUnknown = everywhere
	Reason   string         // why, for whoever reads the policy
}
