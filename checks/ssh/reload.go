package ssh

import (
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"hostaudit/checks"
)

// notReloaded records that files of the configuration were changed after the running
// sshd read them: then a sound file says nothing about what runs. sshd keeps what it read
// at its start or at the last reload, and writes its PidFile then (sshd.c, main); where
// there is no such file it is not known when that was, and nothing is said.
func (s setup) notReloaded() {
	if s.PID == 0 || s.next || s.File == "none" || s.Opens != nil {
		return
	}
	read, ok := s.readAt()
	if !ok {
		return
	}
	// A file that was removed from a directory of Include shows by the directory only.
	for _, name := range slices.Concat(s.conf.Files(), s.conf.IncludeDirs()) {
		info, err := s.Host.Tree.Stat(name)
		if err != nil || !info.ModTime.After(read) {
			continue
		}
		detail := "the file was changed after the running sshd read it: what it says counts after a reload only"
		if info.Mode.IsDir() {
			detail = "files were added or removed after the running sshd read them: what they say counts after a reload only"
		}
		s.rec.Gap(checks.Gap{
			Reason: checks.ReasonChangedMeanwhile, Subject: checks.Text(s.Subject), Location: checks.At(name, 0),
			Detail: checks.Text(detail),
		})
		return
	}
}

// readAt is when the running instance wrote its PidFile. ok is false where the file is
// not this instance's.
func (s setup) readAt() (at time.Time, ok bool) {
	name := "/run/sshd.pid"
	if v := s.conf.Global("PidFile"); v.Line != nil && len(v.Args) == 1 {
		name = v.Args[0]
	}
	if !path.IsAbs(name) {
		return time.Time{}, false
	}
	data, err := s.Host.Tree.ReadFile(name)
	if err != nil {
		return time.Time{}, false
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(data)))
	if err != nil || pid != s.PID {
		return time.Time{}, false
	}
	info, err := s.Host.Tree.Stat(name)
	return info.ModTime, err == nil
}
