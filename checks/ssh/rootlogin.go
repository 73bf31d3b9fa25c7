package ssh

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	"hostaudit/checks"
	"hostaudit/checks/host"
	"hostaudit/checks/internal/sshdconf"
)

func rootLoginCheck() checks.Check {
	return checks.Check{
		ID:        "ssh.root-login",
		Title:     "Root cannot log in over SSH",
		Severity:  checks.SeverityHigh,
		Since:     1,
		Rationale: "A login as root names no person, and root is the one account name every attacker knows.",
		Verdict: "The file sshd_config is evaluated as the installed release does, with Include, Match blocks, the command line and the default of the version, for every account with user ID 0 and every connection the file tells apart; Dropbear is judged by its options. " +
			"A password that lets root in is high, and medium if root has none that is usable today. " +
			"By key only it is medium if a usable key, a certificate authority or a command that prints keys is there or cannot be excluded, and low if not. " +
			"It passes where PermitRootLogin is no on all connections, where Allow and Deny lists or a lack of methods shut root out all the same (a note says so), and for a server that does not run as root. " +
			"A file that sshd would refuse or that cannot be read, and a default that hangs on an unknown version, are unknown. Without an SSH server the check is not applicable.",
		Remedy: "log in as another account in a second session and become root there; only then set PermitRootLogin no in sshd_config before any Match block and in none of them, test with sshd -t, and reload the service",
		Remedies: settingRemedies(
			"log in as another account in a second session and become root there; only when that works ", "PermitRootLogin no",
			"root is the only account there is, so let it in by key alone: install a key, log in with it in a second session, and only when that works `uci set dropbear.@dropbear[0].RootPasswordAuth=off`",
		),
		Breaks: "backups, configuration management, cluster nodes and people that log in as root. Make sure another account can log in and become root first.",
		References: map[string][]string{
			"cis_debian12": {"5.1.20"}, "cis_rhel9": {"5.1.20"}, "stig_rhel9": {"RHEL-09-255045"}, "pci_dss_4.0.1": {"2.2.6", "8.6.1"}, "anssi_bp28": {"R33"},
			"ccn_stic_610a22": {"A.6.SEC-RHEL4"}, "ens_rd311_2022": {"op.acc.4", "op.acc.6", "op.exp.2"}, "iso27001_2022": {"8.2", "8.5"},
		},
		Run: runRootLogin,
	}
}

func runRootLogin(ctx context.Context, env *checks.Env, rec *checks.Recorder) {
	judgement{pass: "root is not let in", openssh: rootLogin, dropbear: dropbearRootLogin}.run(ctx, env, rec)
	lockoutBreaks(env.Host, rec)
}

// entry is how a root account gets in on some connections.
type entry struct {
	forced bool // by key with a forced command only
	keyed  bool // a public key is needed, whatever else is
	at     *sshdconf.Line
	word   string // the value of PermitRootLogin
	eff    *sshdconf.Effective
	person person
	when   []*sshdconf.Line // the conditions; empty = none
	out    string           // what keeps root out all the same, a clause
}

// rootLogin judges PermitRootLogin and what else decides with it, for every
// connection of every account with user ID 0.
func rootLogin(s setup) {
	if s.notOfRoot() {
		return
	}
	people, known := roots(s.Host)
	l := rootLogins{setup: s, known: known}
	for i, p := range people {
		if i == maxRoots {
			l.open(nil, checks.ReasonTooCostly, "more accounts with user ID 0 than are evaluated")
			break
		}
		l.person(p)
	}
	l.others()
	l.record()
}

// notOfRoot reports a server of the host that does not run as root: it cannot make
// anybody root. In a container root may look like an ordinary account from outside.
func (s setup) notOfRoot() bool {
	if s.AsRoot || s.Container != nil {
		return false
	}
	s.rec.Note(s.Subject, "does not run as root, so it lets nobody in as root")
	return true
}

// maxRoots is how many accounts with user ID 0 are looked at.
const maxRoots = 64

// others keeps the verdict open where there may be root accounts of whom nothing is
// known, and PermitRootLogin is not no for all names.
func (l *rootLogins) others() {
	reason, where := checks.ReasonUnsupported, ""
	all := l.accounts()
	switch {
	case !l.known && all != nil:
		reason, where = checks.ReasonOf(all.PasswdErr), "/etc/passwd"
	case l.known:
		if where = unreadStore(l.Host); where == "" {
			return
		}
	}
	if l.never(person{conn: sshdconf.Account{Any: true, GroupsUnknown: true}}) || len(l.passwords)+len(l.keys) > 0 {
		return
	}
	if l.gaps++; l.gaps == 1 {
		l.rec.Gap(checks.Gap{
			Reason: reason, Subject: checks.Text(l.Subject), Location: checks.At(where, 0),
			Detail: "PermitRootLogin lets root in, and who else has user ID 0 and may not be shut out is not known",
		})
	}
}

// rootLogins gathers the ways in for root.
type rootLogins struct {
	setup
	known     bool // the accounts could be read
	passwords []entry
	keys      []entry
	permitted []entry          // PermitRootLogin lets root in, something else does not
	kept      []*sshdconf.Line // conditions of connections on which root is kept out
	gaps      int
}

func (l *rootLogins) person(p person) {
	if l.never(p) {
		return
	}
	cases, complete := l.cases(p.conn)
	before := len(l.passwords) + len(l.keys)
	for _, c := range cases {
		in := len(l.passwords) + len(l.keys)
		l.connection(p, c)
		if len(l.kept) == 0 && len(l.passwords)+len(l.keys) == in {
			l.kept = c.When
		}
	}
	if !complete && len(l.passwords)+len(l.keys) == before {
		l.open(nil, checks.ReasonUnsupported, "not every combination of conditions on connections could be evaluated")
	}
}

// never reports that PermitRootLogin is no whatever the connection.
func (l *rootLogins) never(p person) bool {
	for _, v := range l.conf.May(p.conn, "PermitRootLogin") {
		if v.Unknown || v.Word() != "no" {
			return false
		}
	}
	return true
}

func (l *rootLogins) connection(p person, c sshdconf.Case) {
	eff := l.conf.Effective(c.Conn)
	permit := eff.Setting("PermitRootLogin")
	if !permit.Unknown && permit.Word() == "no" {
		return
	}
	if permit.Unknown {
		l.open(nil, checks.ReasonNoMetadata, "PermitRootLogin is not set, and the version of OpenSSH that knows its default is not known")
		return
	}
	e := entry{at: permit.Line, word: rootWord(permit.Word()), eff: eff, person: p, when: c.When}
	admission := eff.Admission()
	if e.out = l.shutOut(p, eff); e.out != "" {
		l.permitted = append(l.permitted, e)
		return
	}
	switch {
	case admission.Refused:
		e.out = admission.By.Keyword + " shuts root out all the same (" + place(admission.By) + ")"
		l.permitted = append(l.permitted, e)
		return
	case admission.Unknown:
		l.open(admission.By, checks.ReasonUnreadable, "PermitRootLogin is "+e.word+", and the groups that decide whether root is shut out are not known")
		return
	}
	ways, _, unknown := eff.Ways(true)
	if unknown && !slices.ContainsFunc(ways, sshdconf.Way.ByPassword) {
		l.open(e.at, checks.ReasonNoMetadata, "PermitRootLogin is "+e.word+", and which ways in are on depends on the version of OpenSSH, which is not known")
		return
	}
	if len(ways) == 0 {
		e.out = "no method to log in that it leaves is on"
		l.permitted = append(l.permitted, e)
	}
	if slices.ContainsFunc(ways, sshdconf.Way.ByPassword) {
		l.passwords = append(l.passwords, e) // what else is asked for adds nothing
		return
	}
	for _, way := range ways {
		e.keyed, e.forced = slices.Contains(way.Methods, "publickey"), way.Forced
		l.keys = append(l.keys, e)
	}
}

// shutOut says what of the account itself makes sshd turn it away: without PAM a locked
// password does (allowed_user() of auth.c).
func (s setup) shutOut(p person, eff *sshdconf.Effective) string {
	if pam := eff.Setting("UsePAM"); pam.Unknown || pam.Word() == "yes" || s.accounts() == nil {
		return ""
	}
	field, _, _, err := s.accounts().Password(p.Account)
	if err == nil && strings.HasPrefix(field, "!") {
		return "the account " + p.Name + " is locked, and sshd does not ask PAM"
	}
	return ""
}

// open records what keeps the verdict open; once is enough.
func (l *rootLogins) open(at *sshdconf.Line, reason checks.Reason, detail string) {
	if l.gaps++; l.gaps == 1 {
		l.gap(reason, at, detail)
	}
}

func rootWord(word string) string {
	if word == "without-password" {
		return "prohibit-password"
	}
	return word
}

// record makes one finding of the passwords and one of the keys. What is true of
// every connection stands for what is true of some.
func (l *rootLogins) record() {
	if e, ok := leading(l.passwords); ok {
		f := l.finding(e, "password", checks.SeverityHigh)
		detail := l.setting(e) + ": " + who(l.passwords) + " can log in with a password"
		if !l.usablePassword(l.passwords) {
			f.Severity = checks.SeverityMedium
			detail = l.setting(e) + ": " + who(l.passwords) + " could log in with a password, and has none that is usable today"
		}
		f.Detail = checks.Text(detail + l.condition(e))
		l.rec.Finding(f)
	}
	if e, ok := leading(l.keys); ok {
		way := l.keyWay(l.keys)
		f := l.finding(e, "key", checks.SeverityLow)
		if way.possible {
			f.Severity = checks.SeverityMedium
		}
		f.Detail = checks.Text(l.setting(e) + ": no password for " + who(l.keys) + ", but " + way.detail + l.condition(e))
		l.rec.Finding(f)
	}
	if len(l.passwords)+len(l.keys) > 0 || l.gaps > 0 || len(l.permitted) == 0 {
		return
	}
	e := l.permitted[0]
	l.rec.Note(l.Subject, l.setting(e)+"; "+e.out)
}

// who names the accounts: root, and others with user ID 0.
func who(list []entry) string {
	var names []string
	for _, e := range list {
		if !slices.Contains(names, e.person.Name) {
			names = append(names, e.person.Name)
		}
	}
	slices.Sort(names)
	text := strings.Join(names, " and ")
	if text != "root" {
		text += " (user ID 0)"
	}
	return text
}

// leading returns the entry a finding tells of: one without condition if there is one.
func leading(list []entry) (entry, bool) {
	if len(list) == 0 {
		return entry{}, false
	}
	for _, e := range list {
		if len(e.when) == 0 {
			return e, true
		}
	}
	return list[0], true
}

func (l *rootLogins) finding(e entry, kind string, severity checks.Severity) checks.Finding {
	return checks.Finding{
		Kind: kind, Subject: checks.Text(l.Subject), Severity: severity, Evidence: l.evidence(e.at), Location: l.location(e.at),
	}
}

func (l *rootLogins) setting(e entry) string {
	if e.at == nil {
		return "PermitRootLogin is not set, which means " + e.word
	}
	return "PermitRootLogin is " + e.word
}

// condition says for which connections something holds, in the words of the file.
func (l *rootLogins) condition(e entry) string {
	if len(e.when) == 0 && len(l.kept) > 0 {
		return "; unless the connection meets " + conditions(l.kept)
	}
	return condition(e.when)
}

func condition(when []*sshdconf.Line) string {
	if len(when) == 0 {
		return ""
	}
	return "; for connections that meet " + conditions(when)
}

// maxQuoted is how many bytes of a line are shown.
const maxQuoted = 120

func conditions(lines []*sshdconf.Line) string {
	var parts []string
	for _, line := range lines {
		text := line.Raw
		if !strings.HasPrefix(line.File, "/") {
			text = line.Keyword
		}
		if len(text) > maxQuoted {
			text = strings.ToValidUTF8(text[:maxQuoted], "") + "…"
		}
		parts = append(parts, text+" ("+place(line)+")")
	}
	return strings.Join(parts, ", ")
}

// place names a line of a file; the command line is never shown.
func place(line *sshdconf.Line) string {
	if !strings.HasPrefix(line.File, "/") {
		return "command line"
	}
	return line.File + ":" + strconv.Itoa(line.Line)
}

// usablePassword reports that some account has a password, or that none can be
// excluded: PAM may ask elsewhere than shadow, so this grades and never acquits.
func (l *rootLogins) usablePassword(list []entry) bool {
	if !l.known {
		return true
	}
	return slices.ContainsFunc(list, func(e entry) bool {
		return hasPassword(l.accounts(), e.person.Account, e.eff.Setting("PermitEmptyPasswords").Word() == "yes")
	})
}

// hasPassword reports that an account has a password to type, or that it cannot be
// excluded.
func hasPassword(all *host.Accounts, a host.Account, empty bool) bool {
	field, _, _, err := all.Password(a)
	switch {
	case all.ShadowErr != nil && err != nil:
		return true // no shadow file is no evidence
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, host.ErrInvalidEntry):
		return false
	case err != nil:
		return true
	case field == "":
		return empty
	}
	return field[0] != '!' && field[0] != '*'
}
