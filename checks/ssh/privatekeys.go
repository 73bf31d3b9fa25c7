package ssh

import (
	"path"

	"hostaudit/checks"
	"hostaudit/checks/host"
	"hostaudit/checks/internal/authkeys"
)

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
	if isAbsent(err) || err == nil && (!info.Mode.IsRegular() || info.Size > maxPrivateSize) {
		return // a link that leads nowhere, a socket of an agent: no key
	}
	var data []byte
	if err == nil {
		data, err = k.Host.Tree.ReadFile(name)
	}
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
