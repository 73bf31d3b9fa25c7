package ssh

import (
	"context"
	"errors"
	"io/fs"
	"path"
	"slices"

	"hostaudit/checks"
	"hostaudit/checks/host"
	"hostaudit/checks/internal/dropbear"
)

// dropbearEvidence: its options are those of the process, or of the files that start it.
func (s setup) dropbearEvidence() checks.Evidence {
	if !s.next {
		return checks.Running
	}
	return checks.Configured
}

func (s setup) dropbearFinding(kind string, severity checks.Severity, detail string) {
	f := checks.Finding{
		Kind: kind, Subject: checks.Text(s.Subject), Severity: severity, Evidence: s.dropbearEvidence(), Detail: checks.Text(detail),
	}
	if s.next && s.StartFile != "" {
		f.Location = checks.At(s.StartFile, 0) // what is missing has no line
	}
	s.rec.Finding(f)
}

// dropbearRootLogin judges what the options of Dropbear leave of root's ways in.
func dropbearRootLogin(s setup) {
	o := s.options
	people, known := roots(s.Host)
	password := !known || slices.ContainsFunc(people, func(p person) bool {
		// OpenWrt's build lets root in that has none yet (its patch allow-blank-root-password).
		return hasPassword(s.accounts(), p.Account, o.RootEmptyPassword() || s.openWrt())
	})
	const in, out = "Dropbear lets root log in", "Dropbear would let root log in"
	switch {
	case !slices.ContainsFunc(people, s.inGroup):
		s.rec.Note(s.Subject, "root is not in the group that Dropbear lets in")
	case o.RootPassword() && password:
		s.dropbearFinding("password", checks.SeverityHigh, in+" with a password")
	case o.RootPassword() && !o.RootKey():
		s.dropbearFinding("password", checks.SeverityMedium, out+" with a password, and root has none that is usable today")
	case o.RootKey() || o.RootBoth():
		way := s.dropbearKeyWay(people, known)
		severity := checks.SeverityLow
		if way.possible {
			severity = checks.SeverityMedium
		}
		kind, detail := "key", in+": no password, but "+way.detail
		switch {
		case o.RootPassword():
			kind, severity = "password", checks.SeverityMedium
			detail = out + " with a password, and root has none that is usable today; " + way.detail
		case o.RootBoth():
			detail = in + " with a key and a password together: " + way.detail
		}
		s.dropbearFinding(kind, severity, detail)
	}
}

// dropbearKeyFiles returns the files Dropbear looks for keys of an account in, that are
// there. It checks the rights on them as StrictModes does (svr-authpubkey.c). ok is
// false where it was recorded that the place is not known.
func (s setup) dropbearKeyFiles(a host.Account) (files []keyFile, ok bool) {
	names, ok := s.options.AuthorizedKeys(dropbear.Account{UID: a.UID, Home: a.Home}, s.openWrt())
	for _, name := range names {
		if f, found := s.readKeys(name, a, true); found {
			files = append(files, f)
		}
	}
	return files, ok
}

func (s setup) openWrt() bool { return s.Host.OS.ID == "openwrt" }

const keyPlaceUnknown = "the directory of keys is relative to where Dropbear was started"

func (s setup) dropbearKeyWay(people []person, known bool) keyWay {
	if !known {
		return keyWay{true, "a key of root cannot be excluded: the accounts could not be read"}
	}
	if s.options.Plugin {
		return keyWay{true, "a plugin says which keys are accepted"}
	}
	for _, p := range people {
		files, ok := s.dropbearKeyFiles(p.Account)
		if !ok {
			return keyWay{true, "a key of root cannot be excluded: " + keyPlaceUnknown}
		}
		for _, f := range files {
			switch {
			case f.err != nil:
				return keyWay{true, "a key of root cannot be excluded: " + f.name + " could not be read"}
			case f.usable() && len(f.entries)+len(f.problems) > 0:
				return keyWay{true, "a key is accepted (" + f.name + ")"}
			}
		}
	}
	return keyWay{detail: "a key would be accepted; none is there"}
}

// inGroup reports that -G does not keep the account out, or may not.
func (s setup) inGroup(p person) bool {
	return s.options.Group == "" || p.conn.GroupsUnknown || slices.Contains(p.conn.Groups, s.options.Group)
}

func dropbearRootKeys(s setup) {
	people, known := roots(s.Host)
	if !known {
		s.gap(checks.ReasonOf(s.accounts().PasswdErr), nil, "the accounts could not be read, and with them who is root")
		return
	}
	if s.options.Plugin {
		s.gap(checks.ReasonUnsupported, nil, "a plugin says which keys are accepted")
	}
	for _, p := range people {
		takes := (s.options.RootKey() || s.options.RootBoth()) && s.inGroup(p)
		r := keyReport{setup: s, person: p, told: map[string]bool{}}
		files, ok := s.dropbearKeyFiles(p.Account)
		if !ok && takes {
			s.gap(checks.ReasonUnsupported, nil, keyPlaceUnknown)
		}
		for _, f := range files {
			switch {
			case takes:
				r.file(nil, f, false)
			case len(f.entries) > 0:
				s.rec.Note(f.name, "holds keys that do not let "+p.Name+" in: Dropbear shuts root out")
			}
		}
	}
}

func (s setup) dropbearUserKeys(ctx context.Context) {
	list, ok := people(s.Host)
	if !ok {
		s.gap(checks.ReasonOf(s.accounts().PasswdErr), nil, "the accounts could not be read, and with them whose keys there are")
		return
	}
	if s.options.Plugin {
		s.gap(checks.ReasonUnsupported, nil, "a plugin says which keys are accepted")
	}
	k := newKeyring(s)
	for _, p := range list {
		if ctx.Err() != nil {
			s.gap(checks.ReasonBudget, nil, "the time for reading keys ran out")
			break
		}
		if p.UID == 0 && !s.options.RootKey() && !s.options.RootBoth() || !s.inGroup(p) {
			continue
		}
		files, ok := s.dropbearKeyFiles(p.Account)
		if !ok {
			s.gap(checks.ReasonUnsupported, nil, keyPlaceUnknown)
			break
		}
		for _, f := range files {
			k.file(p, nil, f)
		}
	}
	k.shared()
	k.privateKeys(list)
}

func dropbearForwarding(s setup) {
	switch {
	case s.options.LocalForward():
		s.dropbearFinding("forwarding", checks.SeverityLow, "Dropbear forwards TCP connections (without -j)")
	case s.options.RemoteForward():
		s.dropbearFinding("forwarding", checks.SeverityLow, "Dropbear opens ports that it forwards to the client (without -k)")
	}
}

// maxDropbearBanner is what Dropbear shows of a banner (svr-runopts.c, svr-auth.c): a
// larger file is an error.
const maxDropbearBanner = 2000

func dropbearBanner(s setup) {
	name := s.options.Banner
	if name == "" {
		s.dropbearFinding("no-banner", checks.SeverityLow, "Dropbear is given no banner")
		return
	}
	if !path.IsAbs(name) {
		s.gap(checks.ReasonUnsupported, nil, "the file of the banner is relative to where Dropbear was started")
		return
	}
	if why, gap := s.bannerFile(name, maxDropbearBanner, nil); why != "" && !gap {
		s.dropbearFinding("empty-banner", checks.SeverityLow, why)
	}
}

func isAbsent(err error) bool { return errors.Is(err, fs.ErrNotExist) }
