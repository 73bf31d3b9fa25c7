package ssh

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"hostaudit/checks"
	"hostaudit/checks/host/tree"
	"hostaudit/checks/internal/authkeys"
	"hostaudit/checks/internal/sshdconf"
)

func rootKeysCheck() checks.Check {
	return checks.Check{
		ID:        "ssh.root-keys",
		Title:     "No key lets root in",
		Severity:  checks.SeverityMedium,
		Since:     3,
		Rationale: "A key of root's opens the host to whoever holds its other half, names no person, and outlives the people who left it there.",
		Remedy:    "move the keys to accounts of persons or jobs, with sudo rules for what they need, and remove them from root's authorized_keys",
		Breaks:    "backups, configuration management and people that log in as root with these keys. Make sure another account can log in and become root first.",
		References: map[string][]string{
			"pci_dss": {"8.2.2", "8.6.1"},
		},
		Run: runRootKeys,
	}
}

func runRootKeys(ctx context.Context, env *checks.Env, rec *checks.Recorder) {
	judgement{pass: "no key lets root in", openssh: rootKeys, dropbear: dropbearRootKeys}.run(ctx, env, rec)
	lockoutBreaks(env.Host, rec)
}

// rootKeys judges the keys of every account with user ID 0.
func rootKeys(s setup) {
	people, known := roots(s.Host)
	if !known {
		s.gap(checks.ReasonOf(s.accounts().PasswdErr), nil, "the accounts could not be read, and with them who is root")
		return
	}
	for _, p := range people {
		s.keysOf(p)
	}
}

// keysOf judges the keys of one root account: each connection on which public keys
// are taken may have files of its own.
func (s setup) keysOf(p person) {
	r := keyReport{setup: s, person: p, told: map[string]bool{}}
	cases, complete := s.cases(p.conn)
	for _, c := range cases {
		eff := s.conf.Effective(c.Conn)
		admission := eff.Admission()
		ways, _, unknown := eff.Ways(true)
		takesKey := func(w sshdconf.Way) bool { return slices.Contains(w.Methods, "publickey") }
		switch {
		case admission.Refused || s.shutOut(p, eff) != "":
			r.keptOut(eff)
		case unknown || admission.Unknown:
			r.maybe(eff)
		case !slices.ContainsFunc(ways, takesKey):
			r.keptOut(eff)
		default:
			r.taken(eff, !slices.ContainsFunc(ways, func(w sshdconf.Way) bool { return takesKey(w) && !w.Forced }))
		}
	}
	if !complete && !r.found {
		s.gap(checks.ReasonUnsupported, nil, "not every combination of conditions on connections could be evaluated")
	}
}

// keyReport says each thing about an account's keys once.
type keyReport struct {
	setup
	person person
	told   map[string]bool
	found  bool
}

// once reports whether something is told for the first time.
func (r *keyReport) once(what string) bool {
	was := r.told[what]
	r.told[what] = true
	return !was
}

// keptOut: sshd takes no key of the account on these connections.
func (r *keyReport) keptOut(eff *sshdconf.Effective) {
	for _, f := range r.keyFiles(eff, r.person.Account) {
		if len(f.entries) > 0 && r.once("kept "+f.name) {
			r.rec.Note(f.name, "holds keys that do not let "+r.person.Name+" in: sshd_config shuts root or keys out")
		}
	}
}

// maybe: whether sshd takes keys of the account on these connections is not known. Where
// there is none it does not matter.
func (r *keyReport) maybe(eff *sshdconf.Effective) {
	probe := keyReport{setup: r.setup, person: r.person, told: map[string]bool{}}
	probe.rec = quiet{}
	probe.taken(eff, false)
	if probe.found && r.once("maybe") {
		r.found = true
		r.gap(checks.ReasonNoMetadata, nil, "there may be keys of "+r.person.Name+", and whether they are taken could not be established")
	}
}

// taken: keys of the account are taken; forced says only with a forced command.
func (r *keyReport) taken(eff *sshdconf.Effective, forced bool) {
	for _, f := range r.keyFiles(eff, r.person.Account) {
		r.file(eff, f, forced)
	}
	r.authority(eff)
	if v := eff.Setting("AuthorizedKeysCommand"); len(v.Words) > 0 && v.Word() != "none" && r.once("command") {
		r.found = true
		r.gap(checks.ReasonUnsupported, v.Line, "AuthorizedKeysCommand prints keys when it is asked; which ones is not known")
	}
}

func (r *keyReport) file(eff *sshdconf.Effective, f keyFile, forced bool) {
	if f.err != nil || f.unclear != "" {
		if r.once("gap " + f.name) {
			r.found = true
			r.rec.Gap(gapOf(r.Subject, f))
		}
		return
	}
	if !f.usable() {
		if len(f.entries) > 0 && r.once("unused "+f.name) {
			r.rec.Note(f.name, "holds keys that sshd does not use: "+r.unused(f))
		}
		return
	}
	refusing, plain := 0, 0
	var lines []int
	for _, e := range f.entries {
		switch {
		case r.admits(e, eff, forced):
			lines = append(lines, e.Line)
		case e.Options.Refusing:
			refusing++
		default:
			plain++
		}
	}
	if refusing > 0 && r.once("refusing "+f.name) {
		r.rec.Note(f.name, "holds a key of a cloud image that lets nobody in: it only tells which account to use")
	}
	if plain > 0 && r.once("plain "+f.name) {
		r.rec.Note(f.name, "holds keys that sshd does not take for root: without forced command, expired, or of a kind it refuses")
	}
	for _, problem := range f.problems {
		if problem.Unsure && r.once("unsure "+f.name) {
			r.found = true
			r.rec.Gap(checks.Gap{
				Reason: checks.ReasonUnsupported, Subject: checks.Text(r.Subject), Location: checks.At(f.name, problem.Line),
				Detail: checks.Text("a line that may let root in is not evaluated: " + problem.Why),
			})
		}
	}
	if len(lines) == 0 || !r.once("finding "+f.name) {
		return
	}
	r.found = true
	what := "a key lets " + r.person.Name + " in"
	if len(lines) > 1 {
		what = fmt.Sprintf("%d keys let %s in", len(lines), r.person.Name)
	}
	r.rec.Finding(checks.Finding{
		Kind: "key", Subject: checks.Text(f.name), Key: r.person.Name, Detail: checks.Text(what + " (" + r.Subject + ")"),
		Evidence: checks.Configured, Location: checks.At(f.name, lines[0]),
	})
}

// unused says why sshd does not use a file.
func (r *keyReport) unused(f keyFile) string {
	if f.hidden {
		return r.person.Name + " cannot read it"
	}
	return "StrictModes, for " + f.refused.culprit + " " + f.refused.why
}

// authority judges TrustedUserCAKeys: who holds an authority's key can make a
// certificate for root, unless AuthorizedPrincipalsFile names other principals.
func (r *keyReport) authority(eff *sshdconf.Effective) {
	v := eff.Setting("TrustedUserCAKeys")
	if len(v.Words) == 0 || v.Word() == "none" || !r.once("authority "+v.Words[0]) {
		return
	}
	name := v.Words[0]
	if !strings.HasPrefix(name, "/") {
		r.found = true
		r.gap(checks.ReasonUnsupported, v.Line, "TrustedUserCAKeys has a form that is not evaluated")
		return
	}
	data, err := r.Host.Tree.ReadFile(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		r.rec.Note(name, "TrustedUserCAKeys names it, and it does not exist: no certificate is taken")
		return
	case err != nil:
		r.found = true
		r.rec.Gap(checks.Gap{
			Reason: checks.ReasonOf(err), Subject: checks.Text(r.Subject), Location: checks.At(name, 0),
			Detail: "the keys of certificate authorities could not be read",
		})
		return
	}
	keys, problems := authkeys.ParseKeys(data, r.parseOptions())
	if len(keys) == 0 && slices.ContainsFunc(problems, func(p authkeys.Problem) bool { return p.Unsure }) {
		r.found = true
		r.rec.Gap(checks.Gap{
			Reason: checks.ReasonUnsupported, Subject: checks.Text(r.Subject), Location: checks.At(name, problems[0].Line),
			Detail: checks.Text("what may be the key of an authority is not evaluated: " + problems[0].Why),
		})
		return
	}
	if len(keys) == 0 {
		r.rec.Note(name, "TrustedUserCAKeys names it, and it holds no key: no certificate is taken")
		return
	}
	if command := eff.Setting("AuthorizedPrincipalsCommand"); len(command.Words) > 0 && command.Word() != "none" {
		r.found = true
		r.gap(checks.ReasonUnsupported, command.Line, "AuthorizedPrincipalsCommand says whose certificates let root in when it is asked")
		return
	}
	if names := eff.Setting("AuthorizedPrincipalsFile"); len(names.Words) > 0 && names.Word() != "none" && !r.principals(names) {
		return
	}
	r.found = true
	r.rec.Finding(checks.Finding{
		Kind: "authority", Subject: checks.Text(name), Key: r.person.Name, Evidence: checks.Configured, Location: r.location(v.Line),
		Detail: checks.Text("a certificate of this authority can let " + r.person.Name + " in (" + r.Subject + ")"),
	})
}

// principals reports whether AuthorizedPrincipalsFile names somebody whose certificates
// let the account in. It is false also where that was recorded as not known.
func (r *keyReport) principals(setting sshdconf.Setting) bool {
	name, ok := expand(setting.Words[0], r.person.Account)
	if !ok {
		r.found = true
		r.gap(checks.ReasonUnsupported, setting.Line, "AuthorizedPrincipalsFile has a form that is not evaluated")
		return false
	}
	data, err := r.Host.Tree.ReadFile(name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, tree.ErrNotRegular) {
		r.found = true
		r.rec.Gap(checks.Gap{
			Reason: checks.ReasonOf(err), Subject: checks.Text(r.Subject), Location: checks.At(name, 0),
			Detail: "whose certificates let root in could not be read",
		})
		return false
	}
	// A principal that is not understood counts as one.
	if names, problems := authkeys.ParsePrincipals(data, r.parseOptions()); err != nil || len(names)+len(problems) == 0 {
		r.rec.Note(name, "AuthorizedPrincipalsFile names nobody whose certificates let "+r.person.Name+" in")
		return false
	}
	return true
}
