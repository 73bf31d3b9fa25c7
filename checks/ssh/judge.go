package ssh

import (
	"context"
	"errors"
	"math"
	"net/netip"
	"path"

	"hostaudit/checks"
	"hostaudit/checks/host"
	"hostaudit/checks/host/sshd"
	"hostaudit/checks/internal/dropbear"
	"hostaudit/checks/internal/sshdconf"
)

// judgement is how a check judges the servers: one function for each program.
type judgement struct {
	pass     string // the summary of a pass
	openssh  func(setup)
	dropbear func(setup)
}

// setup is one configuration of one server.
type setup struct {
	*sshd.Server
	conf    *sshdconf.Config  // of OpenSSH, else nil
	options *dropbear.Options // of Dropbear, else nil
	next    bool              // of the next start, not of the instance that runs
	rec     recorder
	left    *int                   // what evaluating for accounts may still cost, see maxEffort; nil = no limit
	files   map[string]readKeyFile // of one account, nil = not remembered
}

// maxEffort is what one check evaluates of one configuration, in the measure of
// sshdconf's Effort: all accounts of a large host with every sound configuration, and no
// more than some tenths of a second of a hostile one.
const maxEffort = 64 << 20

// afford takes cost from what is left; false = there is not enough.
func (s setup) afford(cost int) bool {
	switch {
	case s.left == nil:
		return true
	case *s.left < cost:
		*s.left = 0
		return false
	}
	*s.left -= cost
	return true
}

// run judges every server of the host and its containers.
func (j judgement) run(ctx context.Context, env *checks.Env, rec *checks.Recorder) {
	h := env.Host
	survey := sshd.Look(h)
	tell(survey, rec)
	if survey.Settled() {
		rec.NotApplicable(checks.ReasonAbsent, absent(survey))
		return
	}
	for i, g := range survey.Greet(ctx, h.Dial) {
		gap := greetingGap(survey, i, g)
		if g.SSH {
			gap.Reason, gap.Detail = checks.ReasonUnsupported, "an SSH server whose configuration is not known listens there"
		}
		rec.Gap(gap)
	}
	for i := range survey.Servers {
		j.server(&survey.Servers[i], rec)
	}
	rec.Pass(j.pass)
}

func (j judgement) server(srv *sshd.Server, rec recorder) {
	to := inside(srv, rec)
	troubles(srv, to)
	var all merged
	if srv.Program == sshd.Dropbear {
		for i, options := range []*dropbear.Options{srv.Dropbear, srv.DropbearAtBoot} {
			if options != nil {
				one := &merged{recorder: to, later: i == 1 && srv.PID != 0}
				j.dropbear(setup{Server: srv, options: options, next: i == 1 || srv.PID == 0, rec: one})
				all.add(one)
			}
		}
		all.flush(to)
		return
	}
	for _, s := range setups(srv, to) {
		one := &merged{recorder: to, later: s.next && srv.PID != 0}
		s.rec = one
		j.openssh(s)
		if len(one.findings) == 0 {
			s.notReloaded()
		}
		all.add(one)
	}
	all.flush(to)
}

// troubles records why something about a server is not known.
func troubles(srv *sshd.Server, rec recorder) {
	for _, p := range srv.Problems {
		rec.Gap(problemGap(p))
	}
	if srv.Conf == nil && srv.AtBoot == nil && srv.Dropbear == nil && srv.DropbearAtBoot == nil && len(srv.Problems) == 0 {
		rec.Gap(checks.Gap{
			Reason: checks.ReasonUnsupported, Subject: checks.Text(srv.Subject), Detail: "how it is configured is not known",
		})
	}
}

// setups returns the configurations of an sshd that can be evaluated, and records
// why others cannot.
func setups(srv *sshd.Server, rec recorder) []setup {
	var list []setup
	for i, conf := range []*sshdconf.Config{srv.Conf, srv.AtBoot} {
		if conf == nil {
			continue
		}
		left := maxEffort
		s := setup{Server: srv, conf: conf, next: i == 1 || srv.PID == 0, rec: rec, left: &left}
		if problems := conf.Problems(); len(problems) > 0 {
			s.refused(problems)
			continue
		}
		list = append(list, s)
	}
	return list
}

// absent says why there is nothing to judge.
func absent(s *sshd.Survey) string {
	if len(s.Notes) > 0 {
		return "no SSH server runs or starts at boot"
	}
	return "no SSH server is installed"
}

// tell records what could not be seen, and what is worth saying.
func tell(s *sshd.Survey, rec recorder) {
	for _, p := range s.Problems {
		rec.Gap(problemGap(p))
	}
	for _, n := range s.Notes {
		rec.Note(n.Subject, n.Detail)
	}
}

func problemGap(p sshd.Problem) checks.Gap {
	return checks.Gap{
		Reason: reasonOf(p.Err), Subject: checks.Text(p.Subject), Detail: checks.Text(p.Detail), Location: checks.At(p.File, p.Line),
	}
}

func greetingGap(s *sshd.Survey, i int, g sshd.Greeting) checks.Gap {
	l := s.Unsettled[i]
	return checks.Gap{
		Reason: reasonOf(g.Err), Subject: checks.Text(netip.AddrPortFrom(l.Addr, l.Port).String()), Detail: checks.Text(g.Why),
	}
}

func reasonOf(err error) checks.Reason {
	switch {
	case errors.Is(err, sshd.ErrUnsupported):
		return checks.ReasonUnsupported
	case errors.Is(err, sshd.ErrRefused):
		return checks.ReasonRefused
	case errors.Is(err, sshd.ErrNoMetadata):
		return checks.ReasonNoMetadata
	}
	return checks.ReasonOf(err)
}

// maxGaps is how many places of one configuration are named.
const maxGaps = 5

// refused says why a configuration cannot be evaluated. One refusal is enough: sshd
// does not start, whatever else is wrong.
func (s setup) refused(problems []sshdconf.Problem) {
	for i, p := range problems {
		if i == maxGaps {
			return
		}
		gap := checks.Gap{Reason: checks.ReasonUnsupported, Subject: checks.Text(s.Subject)}
		detail := "not evaluated: " + p.Why
		switch {
		case p.Kind == sshdconf.Refused:
			gap.Reason = checks.ReasonRefused
			detail = "sshd would not start with it: " + p.Why
		case p.Err != nil:
			gap.Reason = checks.ReasonOf(p.Err)
			detail = p.Why
		case !s.Build.Version.Known():
			gap.Reason = checks.ReasonNoMetadata
		}
		if path.IsAbs(p.File) {
			gap.Location = checks.At(p.File, p.Line)
		} else if p.File != "" {
			// Why may quote the option, and no command line is ever shown.
			detail = "an option of the command line is not evaluated"
			if p.Kind == sshdconf.Refused {
				detail = "sshd would not start with an option of the command line"
			}
		}
		gap.Detail = checks.Text(detail)
		s.rec.Gap(gap)
		if p.Kind == sshdconf.Refused {
			return
		}
	}
}

// gap records what could not be established, with its place.
func (s setup) gap(reason checks.Reason, at *sshdconf.Line, detail string) {
	s.rec.Gap(checks.Gap{Reason: reason, Subject: checks.Text(s.Subject), Detail: checks.Text(detail), Location: s.location(at)})
}

// evidence of a setting: the options of a process are what it runs with; a file is
// what it reads, or read, when it starts.
func (s setup) evidence(at *sshdconf.Line) checks.Evidence {
	if s.PID != 0 && !s.next && at != nil && !path.IsAbs(at.File) {
		return checks.Running
	}
	return checks.Configured
}

func (s setup) location(at *sshdconf.Line) checks.Location {
	switch {
	case at == nil && (s.File == "none" || s.File == ""):
		return checks.Location{}
	case at == nil:
		return checks.At(s.File, 0)
	case path.IsAbs(at.File):
		return checks.At(at.File, at.Line)
	case s.next && s.StartFile != "": // the command line of the next start
		return checks.At(s.StartFile, s.StartLine)
	}
	return checks.Location{}
}

// accounts are those of the host whose files the server uses.
func (s setup) accounts() *host.Accounts { return s.Host.Accounts() }

// cases divides the connections of an account; they also come in on the ports that
// others than sshd bind for it. Beyond what may be spent they are not complete.
func (s setup) cases(a sshdconf.Account) (list []sshdconf.Case, complete bool) {
	var ports []uint16
	for _, o := range s.Opens {
		ports = append(ports, o.Port)
	}
	for _, l := range s.Listeners {
		ports = append(ports, l.Port)
	}
	each := s.conf.Effort(a)
	if !s.afford(each) {
		return nil, false
	}
	list, complete, cost := s.conf.CasesAndEffort(a, ports...)
	s.afford(min(cost, s.remaining()))
	if most := s.remaining() / max(each, 1); len(list) > most {
		list, complete = list[:most], false
	}
	s.afford(len(list) * each) // they are looked at next
	return list, complete
}

func (s setup) remaining() int {
	if s.left == nil {
		return math.MaxInt
	}
	return *s.left
}
