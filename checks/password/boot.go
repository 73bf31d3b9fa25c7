package password

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"hostaudit/checks"
	"hostaudit/checks/crack"
	"hostaudit/checks/host"
	"hostaudit/checks/host/tree"
	"hostaudit/checks/internal/grubconf"
)

// boot are the passwords in GRUB's configuration. Whoever knows one changes the
// kernel's arguments and is root.
type boot struct {
	hashes []*entry
	clear  []clearText
	gaps   []checks.Gap
}

// clearText is a password that stands there as it is typed.
type clearText struct {
	entry *entry
	word  []byte
}

// bootPatterns are where people write them: what GRUB reads comes first, then what it
// is made of, so that a finding points to what counts now.
func bootPatterns() []string {
	var out []string
	for _, dir := range []string{"/boot/grub*", "/boot/efi/EFI/*", "/boot/EFI/*", "/efi/EFI/*"} {
		for _, name := range []string{"grub.cfg", "user.cfg", "custom.cfg"} {
			out = append(out, dir+"/"+name)
		}
	}
	return append(out, "/etc/grub.d/*", "/etc/default/grub", "/etc/default/grub.d/*.cfg")
}

// Bounds of what is read: a host has a dozen of these files.
const (
	maxBootFiles     = 256
	maxBootPasswords = 64
)

// findBoot reads the files. One that cannot be read is a gap where somebody is known to
// have set a password: in user.cfg, which holds nothing else, or where another file says so.
func findBoot(h *host.Host) *boot {
	b := &boot{}
	var unread []checks.Gap
	set := false
	seen := map[string]bool{}
	known := map[string]bool{}
	for _, pattern := range bootPatterns() {
		files, err := h.Tree.Glob(pattern)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			if g := bootGap(path.Dir(pattern), err); !slices.Contains(unread, g) {
				unread = append(unread, g)
			}
		}
		for _, file := range files {
			if seen[file] || len(seen) >= maxBootFiles || !counts(h.Tree, file) {
				continue
			}
			seen[file] = true
			data, err := h.Tree.ReadFile(file)
			switch {
			case errors.Is(err, fs.ErrNotExist), errors.Is(err, tree.ErrNotRegular):
				continue
			case err != nil:
				unread = append(unread, bootGap(file, err))
				set = set || path.Base(file) == "user.cfg"
				continue
			}
			set = b.add(file, grubconf.Parse(data), known) || set
		}
	}
	if set {
		b.gaps = append(b.gaps, unread...)
	}
	return b
}

// counts reports a file that is used: grub-mkconfig runs executable scripts alone.
func counts(t *tree.Tree, file string) bool {
	if path.Dir(file) != "/etc/grub.d" {
		return true
	}
	info, err := t.Stat(file)
	return err != nil || info.Mode.Perm()&0o111 != 0
}

func bootGap(file string, err error) checks.Gap {
	return checks.Gap{Reason: checks.ReasonOf(err), Detail: "the boot loader's passwords could not be read", Location: checks.At(file, 0)}
}

// add takes the passwords of one file; it reports that somebody set one. What Red Hat's
// own script says of superusers takes effect with user.cfg only.
func (b *boot) add(file string, f grubconf.File, known map[string]bool) (set bool) {
	redhat := false
	for _, p := range f.Passwords {
		if p.FromUserCfg() {
			redhat = true
			continue
		}
		set = true
		user := p.User
		switch {
		case user == "":
			user = "root"
		case strings.HasPrefix(user, "grub."):
			user = "?" // a hash in the wrong place, which is not to be printed
		}
		id := user + "\x00" + p.Secret
		if known[id] {
			continue
		}
		known[id] = true
		if len(b.hashes)+len(b.clear) >= maxBootPasswords {
			b.gaps = append(b.gaps, checks.Gap{Reason: checks.ReasonTooCostly, Detail: "there are more passwords of the boot loader than are tried", Location: checks.At(file, p.Line)})
			break
		}
		e := &entry{acc: host.Account{Name: user}, kind: ofBoot, standing: live, location: checks.At(file, p.Line)}
		switch p.Kind {
		case grubconf.Clear:
			b.clear = append(b.clear, clearText{e, []byte(p.Secret)})
			continue
		case grubconf.Variable:
			if path.Dir(file) != "/etc/grub.d" { // of a script, what it writes into grub.cfg counts
				b.unclear(e, "what holds the hash is not known")
			}
			continue
		}
		if e.form = crack.IdentifyGRUB(p.Secret); e.form.Class != crack.Hash {
			b.unclear(e, e.form.Why)
			continue
		}
		b.hashes = append(b.hashes, e)
	}
	return set || f.Superusers > 0 && !redhat
}

func (b *boot) unclear(e *entry, why string) {
	b.gaps = append(b.gaps, checks.Gap{
		Reason: checks.ReasonUnsupported, Subject: checks.Text(e.acc.Name), Location: e.location,
		Detail: checks.Text("the boot loader's password can not be tested: " + why),
	})
}

// bootloader tries the list and what is derived from the user's name on the boot loader's
// hashes, in what is left of the budget.
func (g *guesser) bootloader(entries []*entry) []crack.Verdict {
	o := g.options()
	o.Words = g.settings.Words
	if show := g.settings.Progress; show != nil {
		o.Progress = func(done, total int64, left time.Duration) { show(g.done+done, g.done+total, left) }
	}
	return g.paced(entries, o, func(ctx context.Context, entries []*entry, o crack.Options) []crack.Verdict {
		return crack.Run(ctx, g.jobs(entries), o)
	})
}

// testClear looks the passwords in clear up among the candidates. One that is none of
// them is worth a note: whoever reads the file knows it.
func (b *boot) testClear(env *checks.Env, rec *checks.Recorder, g *guesser, found weakOnes) {
	told := false
	for _, c := range b.clear {
		n := g.names(c.entry)
		candidates := slices.Concat(env.Passwords.Words, crack.Derive(n.Login, n.GECOS, n.Hostname, n.Now))
		if slices.ContainsFunc(candidates, func(w []byte) bool { return bytes.Equal(w, c.word) }) {
			found.add(rec, c.entry)
		} else if !told {
			told = true
			rec.Note("", "the boot loader's configuration holds a password in clear ("+place(c.entry.location)+"); grub-mkpasswd-pbkdf2 makes a hash of it")
		}
	}
}

func bootFinding(e *entry) checks.Finding {
	return checks.Finding{
		Kind: "bootloader-password", Subject: checks.Text(e.acc.Name), Severity: checks.SeverityMedium,
		Detail:   "the boot loader's password is on the list of common passwords or derived from its user's name",
		Evidence: checks.Configured, Location: e.location, Private: true,
	}
}
