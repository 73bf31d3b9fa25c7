package ssh

import (
	"context"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"hostaudit/checks"
	"hostaudit/checks/host/sshd"
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
		Verdict: "The files of keys are read of every account that sshd_config, evaluated as for ssh.root-login, lets in by key on some connection; of Dropbear those its options lead to. " +
			"Low are keys below today's strength (DSA, RSA under 2048 bits), keys and files that the server does not use (refused kinds, StrictModes), a key that several accounts share, and private keys in root's .ssh that no passphrase guards. " +
			"Medium are files that others can write where the server takes them all the same. " +
			"Files that cannot be read, lines that are not evaluated and keys that AuthorizedKeysCommand prints are unknown; certificates are noted only. Without an SSH server the check is not applicable.",
		Remedy: "add one Ed25519 key for each person and log in with it before removing weak and shared ones, give .ssh and authorized_keys to the account alone (chmod go-w, chown), and guard private keys by a passphrase (ssh-keygen -p)",
		Remedies: []checks.Remedy{
			{Families: []string{"redhat"}, Text: "add one Ed25519 key for each person and log in with it before removing weak and shared ones; give .ssh and authorized_keys to the account alone (`chmod go-w`, `chown`) and their SELinux label (`restorecon -R`), and guard private keys by a passphrase (`ssh-keygen -p -f FILE`)"},
		},
		Breaks: "logins with the keys that are replaced; add the new key and try it before removing the old one. Jobs cannot type a passphrase: confine what their key opens instead (from=, command=).",
		Run:    runUserKeys,
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
	uid     uint32
	file    string
	line    int
}

// keyring gathers what is judged across accounts.
type keyring struct {
	setup
	holders map[[32]byte][]holder
	held    int // keys in holders
	gaps    int
	told    map[string]bool
	homes   map[string][]uint32 // user IDs by home directory

	common   []sshdconf.Case // of every account, where they are alike
	complete bool
}

// maxHeld bounds the keys that are compared, maxFileGaps the files that are named
// because they could not be read.
const (
	maxHeld     = 1 << 18
	maxFileGaps = 100
)

func newKeyring(s setup) *keyring {
	k := &keyring{setup: s, holders: map[[32]byte][]holder{}, told: map[string]bool{}, homes: map[string][]uint32{}}
	for _, a := range s.accounts().List {
		home := path.Clean(a.Home)
		k.homes[home] = append(k.homes[home], a.UID)
	}
	return k
}

// others reports a file that sshd does not use for the account because it is that of
// another account with the same home directory, as operator has root's on some systems.
func (k *keyring) others(p person, f keyFile) bool {
	return f.owner != p.UID && slices.Contains(k.homes[path.Clean(p.Home)], f.owner)
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
	if store := unreadStore(s.Host); store != "" {
		s.unread(store)
	}
	if more := s.accounts().NotExamined; len(more) > 0 {
		s.rec.Note(s.Subject, "keys of accounts that only directories know are not examined: "+strings.Join(more, ", "))
	}
}

// account judges the files of one account, of every connection that takes keys.
func (k *keyring) account(p person) {
	k.files = map[string]readKeyFile{}
	cases, complete := k.casesOf(p)
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

// casesOf divides the connections of an account. Where the configuration makes no
// difference between accounts that is done once for all.
func (k *keyring) casesOf(p person) (list []sshdconf.Case, complete bool) {
	if k.conf.AsksForAccounts() {
		return k.cases(p.conn)
	}
	if k.common == nil {
		k.common, k.complete = k.cases(p.conn)
	}
	for _, c := range k.common {
		c.Conn.Account = p.conn
		list = append(list, c)
	}
	return list, k.complete
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
	for _, keyword := range []string{"AuthorizedKeysCommand", "TrustedUserCAKeys"} {
		if v := eff.Setting(keyword); v.Unknown && v.Line != nil {
			k.once("unknown "+keyword, func() {
				k.gap(checks.ReasonUnreadable, v.Line, "to which accounts this line applies is not known")
			})
		}
	}
	if v := eff.Setting("TrustedUserCAKeys"); len(v.Words) > 0 && v.Word() != "none" {
		k.once("authority", func() {
			k.rec.Note(k.Subject, "certificates of TrustedUserCAKeys let accounts in ("+place(v.Line)+"); they are not examined")
		})
	}
}

func (k *keyring) file(p person, eff *sshdconf.Effective, f keyFile) {
	if f.err != nil || f.unclear != "" {
		k.once("gap "+f.name, func() {
			switch k.gaps++; {
			case k.gaps <= maxFileGaps:
				k.rec.Gap(gapOf(k.Subject, f))
			case k.gaps == maxFileGaps+1:
				k.gap(checks.ReasonOf(f.err), nil, "more files of keys could not be read than are named")
			}
		})
		return
	}
	if len(f.entries) == 0 && len(f.problems) == 0 {
		return
	}
	at := checks.At(f.name, 0)
	switch {
	case (f.refused.culprit != "" || f.hidden) && k.others(p, f):
		return
	case f.refused.culprit != "" && k.Program == sshd.Dropbear:
		k.finding("key-rights", p, f, at, fmt.Sprintf("Dropbear does not use the keys of %s: %s %s", p.Name, f.refused.culprit, f.refused.why), 0)
		return
	case f.writable.culprit != "" && k.Program == sshd.Dropbear:
		k.finding("key-rights", p, f, at, fmt.Sprintf("others can add keys of %s, which Dropbear takes or not by its version: %s %s", p.Name, f.writable.culprit, f.writable.why), checks.SeverityMedium)
	case f.refused.culprit != "":
		k.finding("key-rights", p, f, at, fmt.Sprintf("sshd does not use the keys of %s: StrictModes, %s %s", p.Name, f.refused.culprit, f.refused.why), 0)
		return
	case f.hidden:
		k.finding("key-rights", p, f, at, p.Name+" cannot read the file, so sshd does not use it", 0)
		return
	case f.writable.culprit != "":
		k.finding("key-rights", p, f, at, fmt.Sprintf("others can add keys of %s: %s %s, and StrictModes is off", p.Name, f.writable.culprit, f.writable.why), checks.SeverityMedium)
	}
	for _, e := range f.entries {
		k.key(p, eff, f, e)
	}
	for _, problem := range f.problems {
		if problem.DSA {
			detail := "this sshd does not take the key of " + p.Name + ": ssh-dss"
			if problem.Unsure {
				detail = "the key of " + p.Name + " is weak, where this sshd takes it at all: ssh-dss"
			}
			k.finding("refused-key", p, f, checks.At(f.name, problem.Line), detail, 0)
			continue
		}
		if problem.Short && !problem.Unsure {
			k.finding("refused-key", p, f, checks.At(f.name, problem.Line), "this sshd does not take the key of "+p.Name+": an RSA key of fewer than 1024 bits", 0)
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
		k.finding("refused-key", p, f, at, "this sshd does not take the key of "+p.Name+": "+strengthOf(e), 0)
		return
	case weakKey:
		k.finding("weak-key", p, f, at, "the key of "+p.Name+" is weak: "+strengthOf(e), 0)
	}
	list := k.holders[e.Digest]
	switch n := len(list); {
	case e.Options.Authority, n > 0 && list[n-1].account == p.Name: // accounts come one after the other
	case k.held == maxHeld:
		k.once("held", func() {
			k.gap(checks.ReasonTooCostly, nil, "more keys than are compared with each other")
		})
	default:
		k.held++
		k.holders[e.Digest] = append(list, holder{p.Name, p.UID, f.name, e.Line})
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

// persons drops holders that are one and the same under two names: the same user ID by
// the same file. The rest is sorted by account.
func persons(list []holder) []holder {
	type self struct {
		uid  uint32
		file string
	}
	slices.SortStableFunc(list, func(a, b holder) int { return strings.Compare(a.account, b.account) })
	seen := map[self]bool{}
	return slices.DeleteFunc(list, func(h holder) bool {
		was := seen[self{h.uid, h.file}]
		seen[self{h.uid, h.file}] = true
		return was
	})
}

// shared records the accounts that a key lets in which lets others in as well.
func (k *keyring) shared() {
	type sharing struct {
		at     holder
		others map[string]bool // at most a few of each key's
		more   bool
	}
	found := map[string]*sharing{}
	for _, list := range k.holders {
		if list = persons(list); len(list) < 2 {
			continue
		}
		for i, h := range list {
			s := found[h.account]
			if s == nil {
				s = &sharing{at: h, others: map[string]bool{}}
				found[h.account] = s
			}
			if h.file < s.at.file || h.file == s.at.file && h.line < s.at.line {
				s.at = h
			}
			for j := range min(len(list), maxNames+1) {
				if j != i {
					s.others[list[j].account] = true
				}
			}
			s.more = s.more || len(list) > maxNames+1
		}
	}
	for _, account := range slices.Sorted(maps.Keys(found)) {
		s := found[account]
		names := slices.Sorted(maps.Keys(s.others))
		if s.more || len(names) > maxNames {
			names = append(names[:min(len(names), maxNames):maxNames], "others")
		}
		k.once("shared "+account, func() {
			k.rec.Finding(checks.Finding{
				Kind: "shared-key", Subject: checks.Text(account),
				Detail:   checks.Text("a key of " + account + " lets others in as well: " + strings.Join(names, ", ")),
				Evidence: checks.Configured, Location: checks.At(s.at.file, s.at.line), Private: true,
			})
		})
	}
}
