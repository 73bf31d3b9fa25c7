package sshd

import (
	"path"
	"regexp"
	"strings"

	"hostaudit/checks/host/snapshot"
	"hostaudit/checks/internal/sshdconf"
)

// program is the name of the file a process runs. Without the right to read
// that, the name the process gave itself counts if root owns it: an
// unprivileged process cannot pass for a system daemon.
func program(p snapshot.Process) string {
	if p.Exe != "" {
		return path.Base(p.Exe)
	}
	if p.EUID == 0 {
		return p.Comm
	}
	return ""
}

// programOf returns which server a program's file name says it is: Alpine's builds are
// sshd.pam and sshd.krb5.
func programOf(name string) Program {
	switch {
	case name == "sshd", strings.HasPrefix(name, "sshd."):
		return OpenSSH
	case name == "dropbear", name == "dropbearmulti":
		return Dropbear
	}
	return ""
}

// isHelper reports a program of OpenSSH's that listens to nobody: since 9.8 a session is
// sshd-session, and sshd-auth a part of it.
func isHelper(name string) bool {
	return name == "sshd-session" || name == "sshd-auth" || strings.HasPrefix(name, "sshd-keygen")
}

// kindOf returns which server a process is, "" = none. A program of another name counts
// if it says that it is sshd and its file does, too.
func (l *looker) kindOf(p snapshot.Process) Program {
	if p.Kernel || p.Zombie {
		return ""
	}
	name := program(p)
	switch kind := programOf(name); {
	case name == "dropbearmulti":
		// One program of many names: the others are clients.
		if len(p.Args) > 0 && !p.ArgsCut && path.Base(p.Args[0]) != "dropbear" &&
			!(len(p.Args) > 1 && path.Base(p.Args[0]) == name && path.Base(p.Args[1]) == "dropbear") {
			return ""
		}
		return kind
	case kind != "":
		return kind
	case isHelper(name):
		return ""
	case p.Exe == "", p.SameRoot != snapshot.Yes, p.ExeDeleted && l.binary(p.Exe).err != nil:
		// Its file cannot be asked. Of root's processes alone the title is believed.
		if p.EUID == 0 && len(p.Args) > 0 && isListenerTitle(p.Args[0]) {
			return OpenSSH
		}
		return ""
	case strings.Contains(name, "sshd") || len(p.Args) > 0 && isListenerTitle(p.Args[0]):
		if l.binary(p.Exe).isSSHD() {
			return OpenSSH
		}
	}
	return ""
}

// form is what the command line of an sshd tells.
type form int

const (
	formUnknown form = iota
	formListener
	formSession // serves one connection, or tests
)

// titlePrefix is what setproctitle(3) puts before a title: the program's name.
var titlePrefix = regexp.MustCompile(`^[A-Za-z0-9_.+-]+: `)

// sessionTitle are the titles of sessions (auth2.c, session.c, sshd.c, sshd-session.c).
var sessionTitle = regexp.MustCompile(`( \[(priv|net|pam|accepted|preauth|postauth|session-auth|session-auth early|rexec|re-exec)\]|^\[(net|accepted)\]|@(notty|internal-sftp|(pts/|tty)[A-Za-z0-9/,]*))$`)

func isListenerTitle(arg string) bool {
	prefix := titlePrefix.FindString(arg)
	if prefix == "" {
		return false
	}
	_, ok := sshdconf.TitleArgs("sshd: " + arg[len(prefix):])
	return ok
}

// arguments returns an sshd's own arguments, from its command line or from the title it
// has put over it, of which title is the words after the program.
func arguments(p snapshot.Process) (args []string, title string, f form) {
	if len(p.Args) == 0 || p.ArgsCut {
		return nil, "", formUnknown
	}
	if prefix := titlePrefix.FindString(p.Args[0]); prefix != "" {
		rest := strings.TrimRight(p.Args[0][len(prefix):], " ")
		if args, ok := sshdconf.TitleArgs("sshd: " + rest); ok {
			_, title, _ = strings.Cut(rest[:strings.LastIndex(rest, " [listener] ")], " ")
			return args, title, formListener
		}
		if sessionTitle.MatchString(rest) {
			return nil, "", formSession
		}
		return nil, "", formUnknown
	}
	args = p.Args[1:]
	for len(args) > 0 && args[len(args)-1] == "" { // left over from a longer line
		args = args[:len(args)-1]
	}
	if servesNoListener(args) {
		return nil, "", formSession
	}
	return args, "", formListener
}

// flags are the letters of sshd's options up to the first argument that is none.
func flags(args []string) string {
	var letters []byte
	for i := 0; i < len(args); i++ {
		arg := args[i]
		if len(arg) < 2 || arg[0] != '-' || arg == "--" {
			break
		}
		for j := 1; j < len(arg); j++ {
			letters = append(letters, arg[j])
			if strings.IndexByte("CEbcfghkopu", arg[j]) >= 0 { // takes the rest, or the next
				if j == len(arg)-1 {
					i++
				}
				break
			}
		}
	}
	return string(letters)
}

// onlyTests reports options with which sshd serves nobody.
func onlyTests(args []string) bool { return strings.ContainsAny(flags(args), "tTGV") }

// servesNoListener reports those, and options with which it serves the one connection it
// is given: -i, and -R of its own start of itself.
func servesNoListener(args []string) bool {
	return onlyTests(args) || strings.ContainsAny(flags(args), "iR")
}
