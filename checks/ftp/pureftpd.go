package ftp

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"hostaudit/checks"
	"hostaudit/checks/internal/dropbear"
	"hostaudit/checks/internal/pureftpdconf"
)

const pureName = "Pure-FTPd"

// pureDir is Debian's configuration: a file for each option.
const pureDir = "/etc/pure-ftpd"

// pureFTPd evaluates what Pure-FTPd will bind at its next start: by its units, or by the
// script and the directory of Debian's package. What runs is judged by its sockets; it
// has overwritten its arguments.
func (a *audit) pureFTPd(d daemon) {
	runs := a.running(d)
	a.present = a.present || runs
	installed := a.installed(d)
	list, state := a.starts(d, installed)
	for _, c := range list {
		a.present = true
		a.pureCommand(c)
	}
	switch {
	case len(list) > 0:
	case runs:
		a.rec.Note(d.name, "the configuration of "+d.name+" is not evaluated: its ports are those it has now")
	case installed:
		a.dormant(d, state)
	}
}

// pureCommand evaluates one way it is started.
func (a *audit) pureCommand(c command) {
	program := pureftpdconf.Program{}
	for _, backend := range []string{"mysql", "postgresql", "ldap"} {
		if strings.Contains(c.how, "-"+backend) {
			program.Backend = backend
		}
	}
	switch file, single := pureftpdconf.SingleFile(c.args); {
	case c.script || c.program == "pure-ftpd-wrapper":
		a.pureDebian(c, program)
	case single && path.IsAbs(file):
		data, err := a.host.Tree.ReadFile(file)
		if err != nil {
			a.rec.Gap(checks.Gap{Reason: treeReason(err), Subject: pureName, Location: checks.At(file, 0), Detail: "the configuration of Pure-FTPd could not be read"})
			return
		}
		options, outcome := pureftpdconf.ParseSingle(program, file, data, a.pureInclude)
		a.pureSettle(c, options, outcome)
	default:
		options, outcome := pureftpdconf.ParseArgsOf(program, c.args)
		a.pureSettle(c, options, outcome)
	}
}

func (a *audit) pureInclude(name string) (data []byte, found bool, err error) {
	data, err = a.host.Tree.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, false, nil
	}
	return data, err == nil, err
}

// pureDebian evaluates Debian's script and wrapper.
func (a *audit) pureDebian(c command, program pureftpdconf.Program) {
	if !a.debian() {
		a.gap(checks.ReasonUnsupported, c.how, "the options that the script of Pure-FTPd gives are not evaluated")
		return
	}
	data, err := a.host.Tree.ReadFile(pureftpdconf.DebianDefault)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		a.rec.Gap(checks.Gap{Reason: treeReason(err), Subject: pureName, Location: checks.At(pureftpdconf.DebianDefault, 0), Detail: "how Pure-FTPd is started could not be read"})
		return
	}
	if c.script {
		shell, others := dropbear.ParseShell(data)
		var assignments []pureftpdconf.Assignment
		for _, s := range shell {
			assignments = append(assignments, pureftpdconf.Assignment{Name: s.Name, Value: s.Value, Line: s.Line, Plain: s.Plain})
		}
		start := pureftpdconf.ParseDebianStart(assignments, others)
		if start.Outcome.Kind != pureftpdconf.Accepted {
			a.pureSettle(c, pureftpdconf.Options{}, start.Outcome)
			return
		}
		if !start.Standalone {
			a.rec.Note(pureName, "Pure-FTPd does not listen itself: it serves where inetd starts it ("+pureftpdconf.DebianDefault+")")
			return
		}
	}
	dir := pureftpdconf.Debian{Exists: func(name string) bool { _, err := a.host.Tree.Stat(name); return err == nil }}
	for _, part := range []struct {
		name string
		list *[]pureftpdconf.DebianFile
	}{{"conf", &dir.Conf}, {"auth", &dir.Auth}} {
		files, err := a.pureFiles(pureDir+"/"+part.name, part.name == "auth")
		switch {
		case errors.Is(err, fs.ErrNotExist):
			dir.Missing = true
		case err != nil:
			a.rec.Gap(checks.Gap{Reason: treeReason(err), Subject: pureName, Location: checks.At(pureDir+"/"+part.name, 0), Detail: "the configuration of Pure-FTPd could not be listed"})
			return
		}
		*part.list = files
	}
	options, outcome := pureftpdconf.ParseDebian(program, dir)
	a.pureSettle(c, options, outcome)
}

// maxPureText bounds the files of one directory of the configuration, in bytes.
const maxPureText = 1 << 20

// pureFiles reads one directory of the configuration.
func (a *audit) pureFiles(dir string, links bool) (files []pureftpdconf.DebianFile, err error) {
	names, err := a.host.Tree.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	room := int64(maxPureText)
	for _, name := range names {
		f := pureftpdconf.DebianFile{Name: name}
		full := path.Join(dir, name)
		if links {
			f.Target, _ = a.host.Tree.ReadLink(full) // "" = no link
		}
		info, err := a.host.Tree.Stat(full)
		switch {
		case errors.Is(err, fs.ErrNotExist), err == nil && !info.Mode.IsRegular() && links:
			f.Missing = true
		case err == nil && info.Mode.IsDir():
		case info.Size > room:
			f.Unread = true
		default:
			if f.Data, err = a.host.Tree.ReadFile(full); err != nil {
				f.Unread = true
			}
			room -= int64(len(f.Data))
		}
		files = append(files, f)
	}
	return files, nil
}

// pureSettle records what the options come to.
func (a *audit) pureSettle(c command, options pureftpdconf.Options, outcome pureftpdconf.Outcome) {
	at := checks.At(outcome.At.File, outcome.At.Line)
	switch outcome.Kind {
	case pureftpdconf.Refused:
		a.rec.Gap(checks.Gap{Reason: checks.ReasonRefused, Subject: pureName, Location: at, Detail: checks.Text("Pure-FTPd would not start: " + outcome.Why)})
		return
	case pureftpdconf.Unsure:
		a.rec.Gap(checks.Gap{Reason: checks.ReasonUnsupported, Subject: pureName, Location: at, Detail: checks.Text("not evaluated: " + outcome.Why)})
		return
	}
	if options.TLS {
		cert := options.CertFile
		if cert == "" {
			cert = "/etc/ssl/private/pure-ftpd.pem"
		}
		if _, err := a.host.Tree.Stat(cert); errors.Is(err, fs.ErrNotExist) {
			a.rec.Gap(checks.Gap{Reason: checks.ReasonRefused, Subject: pureName, Detail: "Pure-FTPd would not start: the certificate it loads is not there"})
			return
		}
	}
	told := false
	var elsewhere []string
	for _, l := range options.Listens {
		switch {
		case l.Port != ftpPort:
			if port := fmt.Sprint(l.Port); !slices.Contains(elsewhere, port) {
				elsewhere = append(elsewhere, port)
			}
		case !told: // one socket for each family
			told = true
			a.configured(pureName, pureName, "Pure-FTPd is configured for port 21 of", whereOf(l.Addr, l.Host), checks.At(l.At.File, l.At.Line), c.unsure)
		}
	}
	if len(elsewhere) > 0 {
		a.rec.Note(pureName, "Pure-FTPd is configured for port "+strings.Join(elsewhere, ", "))
	}
}
