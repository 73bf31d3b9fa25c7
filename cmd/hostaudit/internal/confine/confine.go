// Package confine takes from the program what it does not need before it judges
// anything of the host: its priority, the right to gain privileges, to execute
// anything, to write outside its own directories and to open a port. In Linux all
// of this belongs to a thread, so it is set on every thread there is; threads
// started later inherit it. What the kernel does not know is left out, and the
// report says what took effect and nothing it did not.
package confine

import (
	"fmt"
	"os"
	"strconv"

	"github.com/landlock-lsm/go-landlock/landlock"
	llsys "github.com/landlock-lsm/go-landlock/landlock/syscall"
	"golang.org/x/sys/unix"
	"kernel.org/pub/linux/libs/security/libcap/psx"
)

// Options say what the program still needs.
type Options struct {
	Background bool     // give up all priority
	WriteDirs  []string // directories it may create and write files in
	WriteFiles []string // existing files (pipes, devices) it may write to
	// ReadDirs are directories it reads beside "/": the roots of other mount
	// namespaces, which are below no directory of this one (/proc/self/fd/N names one).
	ReadDirs []string
	// Stuck: a thread waits for the kernel, perhaps for ever. What has to be set on
	// every thread is left out then: the Go runtime stops all others until each has
	// done it, so the program would hang with it, deaf to signals.
	Stuck bool
}

// lowest is the nice value of the lowest priority, nice(2).
const lowest = 19

// Apply gives up for ever what the options do not keep, and returns the names of
// what took effect. After it other processes' links below /proc cannot be read
// (a Landlock domain may not trace processes outside of it).
func Apply(o Options) []string {
	applied := []string{}
	if o.Background && lowerPriority() {
		applied = append(applied, "lowest priority")
	}
	if o.Stuck {
		return applied
	}
	if _, _, errno := psx.Syscall6(unix.SYS_PRCTL, unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0, 0); errno == 0 {
		applied = append(applied, "no new privileges")
	}
	if abi := landlockABI(); abi >= 1 && restrict(o) == nil {
		applied = append(applied, "landlock: reads only, nothing executed")
		if abi >= 4 {
			applied = append(applied, "landlock: no TCP port but ephemeral ones")
		}
	}
	return applied
}

const (
	readOnly = landlock.AccessFSSet(llsys.AccessFSReadFile | llsys.AccessFSReadDir)
	newFiles = readOnly | llsys.AccessFSWriteFile | llsys.AccessFSTruncate |
		llsys.AccessFSMakeReg | llsys.AccessFSRemoveFile
	// handled is every way to change or execute a file that Landlock knows of. Unix
	// sockets stay reachable: a database is asked through one.
	handled = newFiles | llsys.AccessFSExecute | llsys.AccessFSRemoveDir | llsys.AccessFSMakeChar |
		llsys.AccessFSMakeDir | llsys.AccessFSMakeSock | llsys.AccessFSMakeFifo | llsys.AccessFSMakeBlock |
		llsys.AccessFSMakeSym | llsys.AccessFSRefer | llsys.AccessFSIoctlDev
)

// restrict applies Landlock as far as the kernel knows it, landlock(7).
func restrict(o Options) error {
	config, err := landlock.NewConfig(handled, landlock.AccessNetSet(llsys.AccessNetBindTCP))
	if err != nil {
		return err
	}
	// Port 0 stays allowed: a dialled connection is bound to the own address first,
	// so that it cannot leave the host.
	rules := []landlock.Rule{landlock.PathAccess(readOnly, "/"), landlock.BindTCP(0)}
	if len(o.ReadDirs) > 0 {
		rules = append(rules, landlock.PathAccess(readOnly, o.ReadDirs...).IgnoreIfMissing())
	}
	if len(o.WriteDirs) > 0 {
		rules = append(rules, landlock.PathAccess(newFiles, o.WriteDirs...).IgnoreIfMissing())
	}
	if len(o.WriteFiles) > 0 {
		rules = append(rules, landlock.PathAccess(landlock.AccessFSSet(llsys.AccessFSReadFile|llsys.AccessFSWriteFile), o.WriteFiles...).IgnoreIfMissing())
	}
	if err := config.BestEffort().Restrict(rules...); err != nil {
		return fmt.Errorf("landlock: %w", err)
	}
	return nil
}

// landlockABI is the kernel's version of Landlock; 0 = none.
func landlockABI() int {
	abi, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, unix.LANDLOCK_CREATE_RULESET_VERSION)
	if errno != 0 {
		return 0
	}
	return int(abi)
}

// lowerPriority sets every thread's nice value. A thread that ended meanwhile is
// none that matters.
func lowerPriority() bool {
	tasks, err := os.ReadDir("/proc/self/task")
	if err != nil {
		return unix.Setpriority(unix.PRIO_PROCESS, 0, lowest) == nil
	}
	done := true
	for _, t := range tasks {
		tid, err := strconv.Atoi(t.Name())
		if err != nil {
			continue
		}
		if err := unix.Setpriority(unix.PRIO_PROCESS, tid, lowest); err != nil && err != unix.ESRCH {
			done = false
		}
	}
	return done
}
