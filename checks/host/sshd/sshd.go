// Package sshd says which SSH servers a host has: those that run, and those that it
// would start, with the configuration each one reads. Several checks ask for it; it
// is found once for each host.
//
// Command lines decide much and can hold secrets: none is ever in a string of a Survey,
// but for ports, the file of -f and the section of a configuration in a Subject.
package sshd

import (
	"errors"
	"fmt"
	"io/fs"
	"sync"

	"hostaudit/checks/host"
	"hostaudit/checks/host/snapshot"
	"hostaudit/checks/internal/dropbear"
	"hostaudit/checks/internal/sshdconf"
)

// Survey is what there is of SSH servers on a host and in its containers.
type Survey struct {
	// Servers are those of the host first, then by container; by program and subject.
	// Of the host's, what runs without the rights of root is in Notes instead.
	Servers []Server
	// Unsettled are TCP listeners on port 22 of the host of which nobody is known to
	// be an SSH server or to be none: ask for the greeting.
	Unsettled []snapshot.Listener
	Problems  []Problem // what kept servers from being seen at all
	Notes     []Note    // worth saying: installed but disabled, a configuration without a program

	asked   sync.Once
	answers []Greeting
}

// Settled reports that there is no SSH server, and nothing that could hide one: the
// question does not arise.
func (s *Survey) Settled() bool {
	return len(s.Servers) == 0 && len(s.Unsettled) == 0 && len(s.Problems) == 0
}

// Program is an implementation of the protocol.
type Program string

// Programs.
const (
	OpenSSH  Program = "sshd"
	Dropbear Program = "dropbear"
)

// Server is one SSH server: an instance that runs, or one that would be started.
// An instance that runs and will be started again the same way is one Server.
type Server struct {
	Program   Program
	Host      *host.Host      // whose files and accounts it uses
	Container *host.Container // nil = the host itself
	// Subject is stable between runs and names no process: "sshd /etc/ssh/sshd_config",
	// "dropbear lan". It does not tell the container.
	Subject string

	PID       int // of the running instance, 0 = none is seen (a socket of process 1 may be there all the same)
	AsRoot    bool
	Listeners []snapshot.Listener // that it holds, also those process 1 holds for it
	// OtherNet: it is in another network namespace than the host: its ports, of
	// Listeners, Opens and Conf, are not the host's.
	OtherNet bool
	// Published are the ports of the host that an engine forwards to that namespace.
	Published []host.Published

	// Boot is whether the host starts it by itself. It is BootUnknown, and nothing is
	// wrong, of a program that no init system knows, as in an image whose entry point
	// it is.
	Boot Boot
	Unit string // unit or script that does, "" = not known
	// StartFile and StartLine are where the command line of the next start stands,
	// "" = not known.
	StartFile string
	StartLine int
	// Opens is what the init system binds for it (ssh.socket, inetd, xinetd) in place
	// of its own configuration, with the places; nil = it binds itself. Of Ubuntu's
	// generator it is what that makes of the configuration. Where a socket and a
	// service that binds by itself both start, it is both.
	Opens []Open

	Build sshdconf.Build   // of OpenSSH
	File  string           // the file it reads first, "none" = none; "" = not known
	Conf  *sshdconf.Config // nil = not evaluated, Problems say why. Its own Problems are not among them.
	// AtBoot is the configuration of the next start where its options differ from those
	// of the running instance or those are not known, else nil.
	AtBoot *sshdconf.Config

	Dropbear *dropbear.Options // of Dropbear; nil = not evaluated, Problems say why
	// DropbearAtBoot is as AtBoot.
	DropbearAtBoot *dropbear.Options

	Problems []Problem
}

// Running reports that it serves now: a process, or a socket process 1 holds for it.
func (s Server) Running() bool { return s.PID != 0 || len(s.Listeners) > 0 }

// Boot says whether something is started at boot.
type Boot int

// Values of Boot.
const (
	BootUnknown Boot = iota
	BootNo
	BootYes
)

// Open is an address that another program binds for a server.
type Open struct {
	sshdconf.Listen
	File   string // of the unit or service
	LineNo int
	Unit   string
}

// Problem is what could not be established. Err is one of the errors below or that
// of the tree.
type Problem struct {
	Err     error
	Subject string
	Detail  string // a clause
	File    string // "" = no place
	Line    int
}

// Errors of a Problem or Greeting besides those of the tree.
var (
	// ErrUnsupported: a form that is not evaluated.
	ErrUnsupported = errors.New("not evaluated")
	// ErrRefused: the program would refuse to start this way.
	ErrRefused = errors.New("refused by the program")
	// ErrNoMetadata: what would tell is not there.
	ErrNoMetadata = errors.New("nothing tells")
	// ErrHidden: the auditor may not see it. It is a fs.ErrPermission.
	ErrHidden = fmt.Errorf("hidden from the auditor: %w", fs.ErrPermission)
)

// Note is worth saying and changes no verdict.
type Note struct{ Subject, Detail string }

// key of the memo: the same files are another host when processes are seen too.
type key struct{ snapshot *snapshot.Snapshot }

// Look returns the survey of a host, made when first asked for. It is shared and must
// not be changed.
func Look(h *host.Host) *Survey {
	return host.Once(h, key{h.Snapshot}, func() *Survey { return survey(h) })
}
