package ssh

import (
	"errors"
	"io/fs"
	"path"
	"strings"

	"hostaudit/checks"
	"hostaudit/checks/host"
	"hostaudit/checks/host/tree"
	"hostaudit/checks/internal/sshdconf"
)

const (
	defaultExe    = "/usr/sbin/sshd"
	defaultConfig = "/etc/ssh/sshd_config"
	vendorConfig  = "/usr/etc/ssh/sshd_config" // of openSUSE, where the other is absent
)

// files gives sshdconf the tree.
type files struct{ t *tree.Tree }

func (f files) Glob(pattern string) ([]string, error) { return f.t.Glob(pattern) }
func (f files) ReadFile(name string) ([]byte, error)  { return f.t.ReadFile(name) }
func (f files) IsDir(name string) (bool, error) {
	info, err := f.t.Stat(name)
	return err == nil && info.Mode.IsDir(), err
}

// load reads the configuration of a server as it would be read at its next
// start.
func load(h *host.Host, s server) *sshdconf.Config {
	return sshdconf.Load(files{h.Tree}, s.config, s.command, s.build)
}

// mainConfig is the file an sshd without -f reads.
func mainConfig(h *host.Host, vendor sshdconf.Vendor) string {
	if vendor == sshdconf.SUSE {
		_, err := h.Tree.Lstat(defaultConfig)
		_, vendorErr := h.Tree.Lstat(vendorConfig)
		if errors.Is(err, fs.ErrNotExist) && vendorErr == nil {
			return vendorConfig
		}
	}
	return defaultConfig
}

// maxGaps is how many places of one configuration are named.
const maxGaps = 5

// problemGaps says why a configuration cannot be evaluated. One refusal is
// enough: sshd does not start, whatever else is wrong.
func problemGaps(s server, problems []sshdconf.Problem) []checks.Gap {
	var gaps []checks.Gap
	for _, p := range problems {
		if len(gaps) == maxGaps {
			break
		}
		gap := checks.Gap{Reason: checks.ReasonUnsupported, Subject: checks.Text(s.subject)}
		detail := "not evaluated: " + p.Why
		switch {
		case p.Kind == sshdconf.Refused:
			gap.Reason = checks.ReasonRefused
			detail = "sshd would not start with it: " + p.Why
		case p.Err != nil:
			gap.Reason = checks.ReasonOf(p.Err)
			detail = p.Why
		case !s.build.Version.Known():
			gap.Reason = checks.ReasonNoMetadata
		}
		if path.IsAbs(p.File) {
			gap.Location = checks.At(p.File, p.Line)
		} else if p.File != "" {
			// Why may quote the option, and no command line is ever shown.
			detail = "an option of the command line is not evaluated"
			if p.Kind == sshdconf.Refused {
				detail = "sshd would not start with an option of the command line"
			}
		}
		gap.Detail = checks.Text(detail)
		gaps = append(gaps, gap)
		if p.Kind == sshdconf.Refused {
			break
		}
	}
	return gaps
}

// optionFiles hold options that units and init scripts put on sshd's command
// line, with the variable that does.
var optionFiles = []struct{ file, variable string }{
	{"/etc/default/ssh", "SSHD_OPTS"},
	{"/etc/sysconfig/sshd", "OPTIONS"},
	{"/etc/sysconfig/ssh", "SSHD_OPTS"},
	{"/etc/conf.d/sshd", "SSHD_OPTS"},
}

// startOptions looks for options a start by the init system would add. Simple
// ones that change nothing asked here are passed over, others are a gap: they
// are not evaluated yet.
func startOptions(t *tree.Tree, subject string) []checks.Gap {
	var gaps []checks.Gap
	add := func(file string, reason checks.Reason, detail string) {
		gaps = append(gaps, checks.Gap{
			Reason: reason, Subject: checks.Text(subject), Detail: checks.Text(detail), Location: checks.At(file, 0),
		})
	}
	for _, o := range optionFiles {
		data, err := t.ReadFile(o.file)
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			add(o.file, checks.ReasonOf(err), "options for sshd could not be read")
		case !harmless(string(data), o.variable):
			add(o.file, checks.ReasonUnsupported, "options for sshd set here are not evaluated")
		}
	}
	seen := map[string]bool{} // /lib may be /usr/lib
	for _, name := range []string{"ssh", "sshd"} {
		for _, pattern := range []string{
			"/etc/systemd/system/" + name + ".service", "/etc/systemd/system/" + name + ".service.d/*.conf",
			"/run/systemd/system/" + name + ".service.d/*.conf", "/usr/local/lib/systemd/system/" + name + ".service.d/*.conf",
			"/usr/lib/systemd/system/" + name + ".service.d/*.conf", "/lib/systemd/system/" + name + ".service.d/*.conf",
		} {
			matches, err := t.Glob(pattern)
			if err != nil {
				add(pattern, checks.ReasonOf(err), "changes to the unit could not be listed")
			}
			for _, file := range matches {
				if info, err := t.Lstat(file); err == nil && info.Mode&fs.ModeSymlink != 0 {
					continue // an alias or a mask: the unit's state tells
				}
				if resolved, err := t.Resolve(file); err == nil && seen[resolved] {
					continue
				} else if err == nil {
					seen[resolved] = true
				}
				data, err := t.ReadFile(file)
				if err != nil {
					add(file, checks.ReasonOf(err), "a change to the unit could not be read")
				} else if changesStart(string(data)) {
					add(file, checks.ReasonUnsupported, "a changed start of the unit is not evaluated")
				}
			}
		}
	}
	return gaps
}

// harmless reports whether a file of shell variables leaves variable unset or
// gives it only options without effect on port and login.
func harmless(text, variable string) bool {
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "#") || !strings.Contains(line, variable) {
			continue
		}
		name, value, _ := strings.Cut(line, "=")
		if name != variable || strings.Trim(value, `"'-Deqtu46 0`) != "" || strings.ContainsAny(value, "46") {
			return false
		}
	}
	return true
}

// changesStart reports unit text that can change sshd's command line or the
// files it sees.
func changesStart(text string) bool {
	for line := range strings.Lines(text) {
		name, _, ok := strings.Cut(strings.TrimSpace(line), "=")
		if !ok {
			continue
		}
		name = strings.TrimSpace(name)
		for _, prefix := range []string{"Exec", "Environment", "Root", "Bind", "Temporary", "Inaccessible", "Mount", "Network"} {
			if strings.HasPrefix(name, prefix) {
				return true
			}
		}
	}
	return false
}
