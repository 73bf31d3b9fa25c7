package ssh

import (
	"context"
	"net/netip"
	"slices"
	"strings"

	"hostaudit/checks"
	"hostaudit/checks/host"
	"hostaudit/checks/host/snapshot"
	"hostaudit/checks/host/units"
	"hostaudit/checks/internal/sshdconf"
)

func rootLoginCheck() checks.Check {
	return checks.Check{
		ID:        "ssh.root-login",
		Title:     "Root cannot log in over SSH",
		Severity:  checks.SeverityHigh,
		Since:     1,
		Rationale: "A login as root names no person, and root is the one account name every attacker knows.",
		Remedy:    "set PermitRootLogin no in sshd_config before any Match block and in none of them, then reload the service",
		Breaks:    "backups, configuration management and people that log in as root. Make sure another account can log in and become root first.",
		Run:       runRootLogin,
	}
}

func runRootLogin(ctx context.Context, env *checks.Env, rec *checks.Recorder) {
	h := env.Host
	s, inside := look(h), lookInside(h)
	s.settlePublished(h, inside)
	for _, g := range s.gaps {
		rec.Gap(g)
	}
	for _, note := range s.notes {
		rec.Note("sshd", note)
	}
	if s.settled() && len(inside) == 0 {
		rec.NotApplicable(checks.ReasonAbsent, absent(s))
		return
	}
	greetings, cancel := context.WithTimeout(ctx, greetingTimeAll)
	defer cancel()
	for _, l := range s.unsettled {
		if s.socket == units.Enabled && slices.Contains(l.PIDs, 1) {
			continue // systemd listens for the sshd judged below
		}
		otherServer(greetings, h, l, rec)
	}
	s.judgeRoot(h, rec)
	for _, in := range inside {
		to := within{rec, in.container.Name}
		in.tell(to)
		in.judgeRoot(in.container.Host, to)
	}
	rec.Pass("PermitRootLogin is no")
}

// judgeRoot judges the servers whose files are h's.
func (s survey) judgeRoot(h *host.Host, rec recorder) {
	if len(s.dropbear) > 0 {
		rec.Gap(checks.Gap{Reason: checks.ReasonUnsupported, Subject: "dropbear", Detail: "whom Dropbear lets in is not evaluated"})
	}
	roots := rootAccounts(h)
	var judged []server
	for _, srv := range s.servers {
		if !srv.evaluate || slices.ContainsFunc(judged, srv.same) {
			continue
		}
		judged = append(judged, srv)
		judgeServer(h, srv, roots, rec)
	}
}

// otherServer: something unknown on port 22 may be an SSH server that lets root
// in.
func otherServer(ctx context.Context, h *host.Host, l snapshot.Listener, rec *checks.Recorder) {
	isSSH, reason, why := greets(ctx, h.Dial, l)
	if isSSH {
		reason, why = checks.ReasonUnsupported, "an SSH server whose configuration is not known listens there"
	}
	rec.Gap(checks.Gap{Reason: reason, Subject: checks.Text(netip.AddrPortFrom(l.Addr, l.Port).String()), Detail: checks.Text(why)})
}

// judge holds what judging one server needs.
type judge struct {
	h     *host.Host
	srv   server
	conf  *sshdconf.Config
	view  sshdconf.View
	roots roots
	rec   recorder
}

func judgeServer(h *host.Host, srv server, roots roots, rec recorder) {
	conf := load(h, srv)
	if problems := conf.Problems(); len(problems) > 0 {
		for _, g := range problemGaps(srv, problems) {
			rec.Gap(g)
		}
		return
	}
	j := judge{h, srv, conf, conf.View(roots.names...), roots, rec}
	j.rootLogin()
}

// gap records a form that is not evaluated yet, with its place.
func (j judge) gap(reason checks.Reason, at *sshdconf.Line, detail string) {
	g := checks.Gap{Reason: reason, Subject: checks.Text(j.srv.subject), Detail: checks.Text(detail)}
	g.Location = j.location(at)
	j.rec.Gap(g)
}

// evidence of a setting: the options of a process are what it runs with; a file
// is what it reads, or read, when it starts.
func (j judge) evidence(at *sshdconf.Line) checks.Evidence {
	if j.srv.pid != 0 && at != nil && !strings.HasPrefix(at.File, "/") {
		return checks.Running
	}
	return checks.Configured
}

func (j judge) location(at *sshdconf.Line) checks.Location {
	switch {
	case at == nil:
		return checks.At(configFile(j.srv), 0)
	case !strings.HasPrefix(at.File, "/"): // the command line
		return checks.Location{}
	}
	return checks.At(at.File, at.Line)
}

// only returns the one value a setting has for every connection of root. ok is
// false, and a gap is recorded, where Match blocks make it differ.
func (j judge) only(keyword, fallback string) (word string, ok bool) {
	values := j.view.Values(keyword)
	word = values[0].Word(fallback)
	for _, v := range values[1:] {
		if v.Word(fallback) != word {
			j.gap(checks.ReasonUnsupported, values[0].Line, keyword+" differs between connections (Match); this is not evaluated")
			return "", false
		}
	}
	return word, true
}

// restricting are settings that can shut root out although PermitRootLogin lets
// it in. They are not evaluated yet.
var restricting = []string{"AllowUsers", "DenyUsers", "AllowGroups", "DenyGroups", "AuthenticationMethods", "RefuseConnection"}

func (j judge) rootLogin() {
	values := j.view.Values("PermitRootLogin")
	fallback := defaultRootLogin(j.srv.build, j.h.OS)
	words := make([]string, len(values))
	for i, v := range values {
		words[i] = strings.Replace(v.Word(fallback), "without-password", "prohibit-password", 1)
	}
	for i := range words {
		if words[i] != words[0] {
			j.gap(checks.ReasonUnsupported, values[0].Line,
				"PermitRootLogin differs between connections (Match): "+words[0]+" here, else "+words[i]+"; this is not evaluated")
			return
		}
	}
	at := values[0].Line
	switch words[0] {
	case "no":
		return // the caller passes unless something else is recorded
	case "":
		j.gap(checks.ReasonNoMetadata, nil, "PermitRootLogin is not set, and the version of OpenSSH that knows its default is not known")
		return
	}
	for _, keyword := range restricting {
		for _, v := range j.view.All(keyword) {
			if w := v.Word(""); keyword == "AuthenticationMethods" && w == "any" || keyword == "RefuseConnection" && w == "no" {
				continue
			}
			j.gap(checks.ReasonUnsupported, v.Line, "PermitRootLogin is "+words[0]+", and whether "+keyword+" shuts root out is not evaluated")
			return
		}
	}
	byPassword := false
	if words[0] == "yes" {
		var ok bool
		if byPassword, ok = j.passwords(); !ok {
			return
		}
	}
	setting := "PermitRootLogin is " + words[0]
	if at == nil {
		setting = "PermitRootLogin is not set, which means " + words[0]
	}
	f := checks.Finding{
		Subject: checks.Text(j.srv.subject), Evidence: j.evidence(at), Location: j.location(at),
		Kind: "password", Severity: checks.SeverityHigh, Detail: checks.Text(setting + ": root can log in with a password"),
	}
	if !byPassword {
		key, ok := j.keys(words[0] == "forced-commands-only")
		if !ok {
			return
		}
		f.Kind, f.Severity = "key", checks.SeverityLow
		if key.possible {
			f.Severity = checks.SeverityMedium
		}
		f.Detail = checks.Text(setting + ": no password, but " + key.detail)
	}
	j.rec.Finding(f)
}

// passwords reports whether sshd takes passwords: by itself, or by asking PAM
// through keyboard-interactive.
func (j judge) passwords() (taken, ok bool) {
	password, ok := j.only("PasswordAuthentication", "yes")
	if !ok {
		return false, false
	}
	if password == "yes" {
		return true, true
	}
	if j.conf.Global("UsePAM").Word("no") == "no" {
		return false, true
	}
	return j.interactive()
}

// interactive reports whether keyboard-interactive is on. Until 8.6
// ChallengeResponseAuthentication was a setting of its own, on unless set, and
// turned the other one on; from 8.7 it is another name for it.
func (j judge) interactive() (on, ok bool) {
	const keyword, alias = "KbdInteractiveAuthentication", "ChallengeResponseAuthentication"
	word, ok := j.only(keyword, "yes")
	if !ok || j.srv.build.Version.AtLeast(8, 7) {
		return word == "yes", ok
	}
	aliasWord, ok := j.only(alias, "yes")
	if !ok {
		return false, false
	}
	set, aliasSet := j.view.Values(keyword)[0].Line != nil, j.view.Values(alias)[0].Line != nil
	old := aliasWord == "yes" || set && word == "yes"
	if j.srv.build.Version.Known() {
		return old, true
	}
	differs := set && aliasSet && word != aliasWord // then the order decides from 8.7 on
	recent := word == "yes"
	if aliasSet {
		recent = aliasWord == "yes"
	}
	if differs || recent != old {
		j.gap(checks.ReasonNoMetadata, j.view.Values(keyword)[0].Line,
			"whether keyboard-interactive asks for a password depends on the version of OpenSSH, which is not known")
		return false, false
	}
	return old, true
}
