package ssh

import (
	"context"
	"fmt"
	"slices"

	"hostaudit/checks"
	"hostaudit/checks/internal/sshdconf"
)

func rootKeysCheck() checks.Check {
	return checks.Check{
		ID:        "ssh.root-keys",
		Title:     "No key lets root in",
		Severity:  checks.SeverityMedium,
		Since:     3,
		Rationale: "A key of root's opens the host to whoever holds its other half, names no person, and outlives the people who left it there.",
		Verdict: "The file sshd_config is evaluated as for ssh.root-login. On each connection on which public keys of an account with user ID 0 are taken, the files of AuthorizedKeysFile are read (by default .ssh/authorized_keys and .ssh/authorized_keys2), " +
			"and every file with a key that sshd takes is a finding, forced command or not; so is a certificate authority of TrustedUserCAKeys whose certificates may name root. " +
			"Keys that sshd does not use (root shut out, StrictModes, expired, a refused kind, the refusing key of a cloud image) are notes. " +
			"AuthorizedKeysCommand, lines that are not evaluated and files that cannot be read are unknown. " +
			"Of Dropbear .ssh/authorized_keys counts, or the directory of -D, on OpenWrt /etc/dropbear/authorized_keys too, as far as its options let root in by key. Without an SSH server the check is not applicable.",
		Remedy: "give the keys to accounts of persons or jobs, with sudo rules for what they need; when a login there and sudo have worked in a second session, remove them from root's authorized_keys",
		Remedies: []checks.Remedy{
			{Families: []string{"openwrt"}, Text: "root is the only account there is: keep in /etc/dropbear/authorized_keys one key for each person who needs it, remove the others after a login with yours has worked in a second session, and waive what stays"},
		},
		Breaks: "backups, configuration management and people that log in as root with these keys. Make sure another account can log in and become root first.",
		References: map[string][]string{
			"pci_dss_4.0.1": {"8.2.2"}, "anssi_bp28": {"R33"}, "ens_rd311_2022": {"op.acc.1", "op.acc.4"}, "iso27001_2022": {"5.16", "5.18", "8.2"},
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
	if s.notOfRoot() {
		return
	}
	people, known := roots(s.Host)
	if !known {
		s.gap(checks.ReasonOf(s.accounts().PasswdErr), nil, "the accounts could not be read, and with them who is root")
		return
	}
	for _, p := range people {
		s.keysOf(p)
	}
	l := rootLogins{setup: s, known: known}
	if store := unreadStore(s.Host); store != "" && !l.never(person{conn: sshdconf.Account{Any: true, GroupsUnknown: true}}) {
		s.unread(store)
	}
}

// unread records that accounts of a store were not looked at.
func (s setup) unread(store string) {
	s.rec.Gap(checks.Gap{
		Reason: checks.ReasonUnsupported, Subject: checks.Text(s.Subject), Location: checks.At(store, 0),
		Detail: "there are accounts that are not read, and so their keys are not",
	})
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
	r.tellKept()
	if !complete && !r.found {
		s.gap(checks.ReasonUnsupported, nil, "not every combination of conditions on connections could be evaluated")
	}
}

// keyReport says each thing about an account's keys once.
type keyReport struct {
	setup
	person person
	told   map[string]bool
	kept   []string // files of keys that are not taken on some connections
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
		if len(f.entries) > 0 && !slices.Contains(r.kept, f.name) {
			r.kept = append(r.kept, f.name)
		}
	}
}

// tellKept notes the files whose keys are taken on no connection.
func (r *keyReport) tellKept() {
	for _, name := range r.kept {
		if !r.told["finding "+name] {
			r.rec.Note(name, "holds keys that do not let "+r.person.Name+" in: sshd_config shuts root or keys out")
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
	for _, keyword := range []string{"TrustedUserCAKeys", "AuthorizedKeysCommand"} {
		if v := eff.Setting(keyword); v.Unknown && v.Line != nil && r.once("unknown "+keyword) {
			r.found = true
			r.gap(checks.ReasonUnreadable, v.Line, "whether this line applies to "+r.person.Name+" is not known")
		}
	}
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
