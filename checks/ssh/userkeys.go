package ssh

import (
	"context"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"hostaudit/checks"
	"hostaudit/checks/host"
	"hostaudit/checks/internal/authkeys"
	"hostaudit/checks/internal/sshdconf"
)

func userKeysCheck() checks.Check {
	return checks.Check{
		ID:        "ssh.user-keys",
		Title:     "Keys that let accounts in are sound",
		Severity:  checks.SeverityLow,
		Since:     3,
		Rationale: "A short key can be computed, a file that others can write lets them in under the account's name, and a key in several accounts names nobody.",
		Remedy:    "replace weak and shared keys by one Ed25519 key for each person, and give .ssh and authorized_keys to the account alone (chmod go-w, chown)",
		Breaks:    "logins with the keys that are replaced; add the new key and try it before removing the old one",
		References: map[string][]string{
			"cis_debian12": {"7.2.10"}, "pci_dss": {"8.2.2", "8.3.2"},
		},
		Run: runUserKeys,
	}
}

func runUserKeys(ctx context.Context, env *checks.Env, rec *checks.Recorder) {
	judgement{
		pass:     "every key that lets an account in is sound",
		openssh:  func(s setup) { s.userKeys(ctx) },
		dropbear: func(s setup) { s.dropbearUserKeys(ctx) },
	}.run(ctx, env, rec)
}

// holder is an account with a key of its files.
type holder struct {
	account string
	file    string
	line    int
}

// keyring gathers what is judged across accounts.
type keyring struct {
	setup
	holders map[[32]byte][]holder
	told    map[string]bool
}

func newKeyring(s setup) *keyring {
	return &keyring{setup: s, holders: map[[32]byte][]holder{}, told: map[string]bool{}}
}

// userKeys judges the files of keys of every account that sshd lets in by key.
func (s setup) userKeys(ctx context.Context) {
	list, ok := people(s.Host)
	if !ok {
		s.gap(checks.ReasonOf(s.accounts().PasswdErr), nil, "the accounts could not be read, and with them whose keys there are")
		return
	}
	k := newKeyring(s)
	for _, p := range list {
		if ctx.Err() != nil {
			s.gap(checks.ReasonBudget, nil, "the time for reading keys ran out")
			break
		}
		k.account(p)
	}
	k.shared()
	k.privateKeys(list)
}

// account judges the files of one account, of every connection that takes keys.
func (k *keyring) account(p person) {
	cases, complete := k.cases(p.conn)
	for _, c := range cases {
		eff := k.conf.Effective(c.Conn)
		ways, _, unknown := eff.Ways(p.UID == 0)
		takes := slices.ContainsFunc(ways, func(w sshdconf.Way) bool { return slices.Contains(w.Methods, "publickey") })
		if eff.Admission().Refused || !takes && !unknown || k.shutOut(p, eff) != "" {
			continue
		}
		for _, f := range k.keyFiles(eff, p.Account) {
			k.file(p, eff, f)
		}
		k.command(eff)
	}
	if !complete {
		k.once("incomplete", func() {
			k.gap(checks.ReasonUnsupported, nil, "not every combination of conditions on connections could be evaluated")
		})
	}
}

func (k *keyring) once(what string, do func()) {
	if !k.told[what] {
		k.told[what] = true
		do()
	}
}

// command: keys that a program prints are not in any file.
func (k *keyring) command(eff *sshdconf.Effective) {
	if v := eff.Setting("AuthorizedKeysCommand"); len(v.Words) > 0 && v.Word() != "none" {
		k.once("command", func() {
			k.gap(checks.ReasonUnsupported, v.Line, "AuthorizedKeysCommand prints keys when it is asked; they are not examined")
		})
	}
	if v := eff.Setting("TrustedUserCAKeys"); len(v.Words) > 0 && v.Word() != "none" {
		k.once("authority", func() {
			k.rec.Note(k.Subject, "certificates of TrustedUserCAKeys let accounts in ("+place(v.Line)+"); they are not examined")
		})
	}
}

func (k *keyring) file(p person, eff *sshdconf.Effective, f keyFile) {
	if f.err != nil || f.unclear != "" {
		k.once("gap "+f.name, func() { k.rec.Gap(gapOf(k.Subject, f)) })
		return
	}
	if len(f.entries) == 0 && len(f.problems) == 0 {
		return
	}
	at := checks.At(f.name, 0)
	switch {
	case f.refused.culprit != "":
		k.finding("rights", p, f, at, fmt.Sprintf("sshd does not use the keys of %s: StrictModes, %s %s", p.Name, f.refused.culprit, f.refused.why), 0)
		return
	case f.hidden:
		k.finding("rights", p, f, at, p.Name+" cannot read the file, so sshd does not use it", 0)
		return
	case f.writable.culprit != "":
		k.finding("rights", p, f, at, fmt.Sprintf("others can add keys of %s: %s %s, and StrictModes is off", p.Name, f.writable.culprit, f.writable.why), checks.SeverityMedium)
	}
	for _, e := range f.entries {
		k.key(p, eff, f, e)
	}
	for _, problem := range f.problems {
		if problem.Short && !problem.Unsure {
			k.finding("refused", p, f, checks.At(f.name, problem.Line), "this sshd does not take the key of "+p.Name+": an RSA key of fewer than 1024 bits", 0)
		}
		if problem.Unsure {
			k.once("unsure "+f.name, func() {
				k.rec.Gap(checks.Gap{
					Reason: checks.ReasonUnsupported, Subject: checks.Text(k.Subject), Location: checks.At(f.name, problem.Line),
					Detail: checks.Text("a line that may be a key is not evaluated: " + problem.Why),
				})
			})
			break
		}
	}
}

func (k *keyring) key(p person, eff *sshdconf.Effective, f keyFile, e authkeys.Entry) {
	if e.Options.Refusing {
		k.once("refusing "+f.name, func() {
			k.rec.Note(f.name, "holds a key of a cloud image that lets nobody in: it only tells which account to use")
		})
		return
	}
	at := checks.At(f.name, e.Line)
	switch k.weak(e, eff) {
	case refusedKey:
		k.finding("refused", p, f, at, "this sshd does not take the key of "+p.Name+": "+strengthOf(e), 0)
		return
	case weakKey:
		k.finding("weak", p, f, at, "the key of "+p.Name+" is weak: "+strengthOf(e), 0)
	}
	h := holder{p.Name, f.name, e.Line}
	if list := k.holders[e.Digest]; !e.Options.Authority && !slices.ContainsFunc(list, func(o holder) bool { return o.account == h.account }) {
		k.holders[e.Digest] = append(list, h)
	}
}

func strengthOf(e authkeys.Entry) string {
	if e.Bits == 0 {
		return e.Type
	}
	return fmt.Sprintf("%s, %d bits", e.Type, e.Bits)
}

// finding records one weakness of a kind for each account and file.
func (k *keyring) finding(kind string, p person, f keyFile, at checks.Location, detail string, severity checks.Severity) {
	k.once(kind+" "+p.Name+" "+f.name, func() {
		k.rec.Finding(checks.Finding{
			Kind: kind, Subject: checks.Text(p.Name), Key: f.name, Detail: checks.Text(detail),
			Evidence: checks.Configured, Location: at, Severity: severity, Private: true,
		})
	})
}

// maxNames bounds how many accounts one finding names.
const maxNames = 8

// shared records keys that let several accounts in: one finding for each set of accounts.
func (k *keyring) shared() {
	type group struct {
		holders []holder
		keys    int
	}
	groups := map[string]*group{}
	for _, list := range k.holders {
		if len(list) < 2 {
			continue
		}
		slices.SortFunc(list, func(a, b holder) int { return strings.Compare(a.account, b.account) })
		var names []string
		for _, h := range list {
			names = append(names, h.account)
		}
		key := strings.Join(names, "\x00")
		if g := groups[key]; g == nil {
			groups[key] = &group{list, 1}
		} else {
			g.keys++
			if list[0].line < g.holders[0].line {
				g.holders = list
			}
		}
	}
	for _, key := range slices.Sorted(maps.Keys(groups)) {
		g := groups[key]
		names := strings.Split(key, "\x00")
		if more := len(names) - maxNames; more > 0 {
			names = append(names[:maxNames:maxNames], fmt.Sprintf("%d more", more))
		}
		first := g.holders[0]
		k.once("shared "+key, func() {
			k.rec.Finding(checks.Finding{
				Kind: "shared", Subject: checks.Text(strings.Join(names, ", ")), Key: key,
				Detail:   "one key lets several accounts in",
				Evidence: checks.Configured, Location: checks.At(first.file, first.line), Private: true,
			})
		})
	}
}

// maxPrivate bounds the files of one .ssh directory that are looked into, and their
// size in bytes.
const (
	maxPrivate     = 256
	maxPrivateSize = 64 << 10
)

// privateKeys records private keys of root that no passphrase guards: whoever copies
// the disk or a backup of it can go wherever they lead.
func (k *keyring) privateKeys(list []person) {
	seen := map[string]bool{}
	for _, p := range list {
		dir := path.Join(p.Home, ".ssh")
		if p.UID != 0 || p.Home == "" || seen[dir] {
			continue
		}
		seen[dir] = true
		names, err := k.Host.Tree.ReadDir(dir)
		if isAbsent(err) {
			continue
		}
		if err != nil {
			k.rec.Gap(checks.Gap{Reason: checks.ReasonOf(err), Subject: checks.Text(p.Name), Location: checks.At(dir, 0), Detail: "whether private keys lie there could not be seen"})
			continue
		}
		for i, name := range names {
			if i == maxPrivate {
				k.rec.Gap(checks.Gap{Reason: checks.ReasonTooCostly, Subject: checks.Text(p.Name), Location: checks.At(dir, 0), Detail: "more files than are searched for private keys"})
				break
			}
			k.privateKey(p.Account, path.Join(dir, name))
		}
	}
}

func (k *keyring) privateKey(a host.Account, name string) {
	info, err := k.Host.Tree.Stat(name)
	if err != nil || !info.Mode.IsRegular() || info.Size > maxPrivateSize {
		return // a link that leads nowhere, a socket of an agent: no key
	}
	data, err := k.Host.Tree.ReadFile(name)
	if err != nil {
		k.rec.Gap(checks.Gap{Reason: checks.ReasonOf(err), Subject: checks.Text(a.Name), Location: checks.At(name, 0), Detail: "whether it is a private key could not be seen"})
		return
	}
	private, is := authkeys.ParsePrivate(data)
	if !is {
		return
	}
	switch private.Guarded {
	case authkeys.Yes:
	case authkeys.No:
		k.once("private "+name, func() {
			k.rec.Finding(checks.Finding{
				Kind: "private-key", Subject: checks.Text(name), Key: a.Name, Evidence: checks.Configured, Location: checks.At(name, 0), Private: true,
				Detail: checks.Text("a private key of " + a.Name + " has no passphrase"),
			})
		})
	default:
		k.rec.Gap(checks.Gap{Reason: checks.ReasonUnsupported, Subject: checks.Text(a.Name), Location: checks.At(name, 0), Detail: "whether a passphrase guards the private key is not known"})
	}
}
