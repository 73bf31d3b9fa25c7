package ssh

import (
	"errors"
	"io/fs"
	"slices"
	"strings"

	"hostaudit/checks"
	"hostaudit/checks/host/tree"
	"hostaudit/checks/internal/authkeys"
	"hostaudit/checks/internal/sshdconf"
)

// authority judges TrustedUserCAKeys: who holds an authority's key can make a
// certificate for root, unless AuthorizedPrincipalsFile names other principals.
func (r *keyReport) authority(eff *sshdconf.Effective) {
	v, command, names := eff.Setting("TrustedUserCAKeys"), eff.Setting("AuthorizedPrincipalsCommand"), eff.Setting("AuthorizedPrincipalsFile")
	// Connections may differ in whom one authority's certificates need to name.
	if !isSet(v) || !r.once(strings.Join(slices.Concat([]string{"authority"}, v.Words[:1], names.Words, []string{""}, command.Words), "\x00")) {
		return
	}
	name := v.Words[0]
	if !strings.HasPrefix(name, "/") {
		r.found = true
		r.gap(checks.ReasonUnsupported, v.Line, "TrustedUserCAKeys has a form that is not evaluated")
		return
	}
	if !r.authorities(name) {
		return
	}
	if names.Unknown && names.Line != nil || command.Unknown && command.Line != nil {
		r.found = true
		r.gap(checks.ReasonUnreadable, v.Line, "which principals certificates need to let "+r.person.Name+" in is not known")
		return
	}
	if isSet(names) && !r.principals(names, eff.Setting("StrictModes").Word() != "no", isSet(command)) || !isSet(names) && isSet(command) {
		if isSet(command) {
			r.found = true
			r.gap(checks.ReasonUnsupported, command.Line, "AuthorizedPrincipalsCommand says whose certificates let root in when it is asked")
		}
		return
	}
	r.found = true
	if !r.once("authority finding " + name) {
		return
	}
	r.rec.Finding(checks.Finding{
		Kind: "authority", Subject: checks.Text(name), Key: r.person.Name, Evidence: checks.Configured, Location: r.location(v.Line),
		Detail: checks.Text("a certificate of this authority can let " + r.person.Name + " in (" + r.Subject + ")"),
	})
}

func isSet(v sshdconf.Setting) bool { return len(v.Words) > 0 && v.Word() != "none" }

// authorities reports whether a file of TrustedUserCAKeys holds the key of an authority.
// It is false also where that was recorded as not known.
func (r *keyReport) authorities(name string) bool {
	data, err := r.Host.Tree.ReadFile(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		r.note(name, "TrustedUserCAKeys names it, and it does not exist: no certificate is taken")
		return false
	case err != nil:
		r.found = true
		r.rec.Gap(checks.Gap{
			Reason: checks.ReasonOf(err), Subject: checks.Text(r.Subject), Location: checks.At(name, 0),
			Detail: "the keys of certificate authorities could not be read",
		})
		return false
	}
	keys, problems := authkeys.ParseKeys(data, r.parseOptions())
	if i := slices.IndexFunc(problems, func(p authkeys.Problem) bool { return p.Unsure }); len(keys) == 0 && i >= 0 {
		r.found = true
		r.rec.Gap(checks.Gap{
			Reason: checks.ReasonUnsupported, Subject: checks.Text(r.Subject), Location: checks.At(name, problems[i].Line),
			Detail: checks.Text("what may be the key of an authority is not evaluated: " + problems[i].Why),
		})
		return false
	}
	if len(keys) == 0 {
		r.note(name, "TrustedUserCAKeys names it, and it holds no key: no certificate is taken")
	}
	return len(keys) > 0
}

func (r *keyReport) note(subject, detail string) {
	if r.once("note " + subject + "\x00" + detail) {
		r.rec.Note(subject, detail)
	}
}

// principals reports whether AuthorizedPrincipalsFile names somebody whose certificates
// let the account in. It is false also where that was recorded as not known. more says
// that others may be named elsewhere.
func (r *keyReport) principals(setting sshdconf.Setting, strict, more bool) bool {
	pattern, ok := expand(setting.Words[0], r.person.Account)
	if !ok {
		r.found = true
		r.gap(checks.ReasonUnsupported, setting.Line, "AuthorizedPrincipalsFile has a form that is not evaluated")
		return false
	}
	files, err := r.matches(pattern)
	known := err == nil
	for _, name := range files {
		data, failed := r.Host.Tree.ReadFile(name)
		switch {
		case errors.Is(failed, fs.ErrNotExist), errors.Is(failed, tree.ErrNotRegular):
			continue
		case failed != nil:
			known, err = false, failed
			continue
		}
		// A principal that is not understood counts as one.
		if names, problems := authkeys.ParsePrincipals(data, r.parseOptions()); len(names)+len(problems) == 0 {
			continue
		}
		if loose := strictModes(r.Host, name, r.person.Account, r.Build.IsDebian()); strict && loose.culprit != "" {
			r.note(name, "names principals that sshd does not use: StrictModes, for "+loose.culprit+" "+loose.why)
			continue
		}
		return true
	}
	switch {
	case !known:
		r.found = true
		r.rec.Gap(checks.Gap{
			Reason: checks.ReasonOf(err), Subject: checks.Text(r.Subject), Location: checks.At(pattern, 0),
			Detail: "whose certificates let root in could not be read",
		})
	case !more:
		r.note(pattern, "AuthorizedPrincipalsFile names nobody whose certificates let "+r.person.Name+" in")
	}
	return false
}
