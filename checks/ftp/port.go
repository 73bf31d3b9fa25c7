package ftp

import (
	"context"

	"hostaudit/checks"
	"hostaudit/checks/host"
	"hostaudit/checks/host/snapshot"
	"hostaudit/checks/host/units"
)

var port = checks.Check{
	ID:        "ftp.port",
	Title:     "No FTP server listens on port 21",
	Severity:  checks.SeverityMedium,
	Since:     1,
	Rationale: "FTP sends names, passwords and files in clear, and its well-known port is scanned all the time.",
	Remedy:    "remove the FTP server and use SFTP; if FTP must stay, give it another port and require TLS",
	Breaks:    "clients and scripts that transfer files with FTP to this host",
	Run:       runPort,
}

// ftpPort is the control port of RFC 959.
const ftpPort = 21

// audit is one run of ftp.port.
type audit struct {
	ctx  context.Context
	host *host.Host
	snap *snapshot.Snapshot // nil unless processes and sockets are known
	rec  recorder

	entries  []units.Entry // what the host starts by itself
	problems []units.Problem
	sockets  []socket // socket units that may start an FTP server

	failed  bool // an FTP server on port 21 runs: the configuration only adds a place
	present bool // there is an FTP server that runs or would start
	// answered are the listeners on port 21 whose owner or greeting told what they are.
	answered []snapshot.Listener
	// behind are the commands of enabled sockets and super-servers, by the server's name.
	behind    map[string][]command
	told21    map[string]bool       // what was recorded once, by subject and place
	texts     map[string]*superText // files of super-servers
	textBytes int64                 // of texts
	looks     int                   // at entries that are refused
	// entered are the servers that super-servers have entries for, by name: whether one
	// of them is on.
	entered map[string]bool
}

func runPort(ctx context.Context, env *checks.Env, rec *checks.Recorder) {
	a := &audit{ctx: ctx, host: env.Host, snap: env.Host.Snapshot, rec: rec, behind: map[string][]command{}, entered: map[string]bool{}, told21: map[string]bool{}, texts: map[string]*superText{}}
	a.entries, a.problems = a.host.Units().Enabled()
	a.findSockets()
	if a.snap != nil {
		a.listeners()
		a.daemons()
		a.containers()
		a.namespaces()
	}
	a.socketUnits()
	a.superServers()
	a.startProblems()
	a.vsftpd()
	a.otherDaemons()
	if a.present {
		rec.Pass("the FTP server does not use port 21")
		return
	}
	rec.NotApplicable(checks.ReasonAbsent, "no FTP server runs or is started at boot")
}

// gap records what could not be examined.
func (a *audit) gap(reason checks.Reason, subject, detail string) {
	a.rec.Gap(checks.Gap{Reason: reason, Subject: checks.Text(subject), Detail: checks.Text(detail)})
}
