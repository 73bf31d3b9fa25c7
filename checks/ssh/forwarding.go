package ssh

import (
	"context"
	"slices"

	"hostaudit/checks"
	"hostaudit/checks/host"
	"hostaudit/checks/internal/sshdconf"
)

func forwardingCheck() checks.Check {
	return checks.Check{
		ID:        "ssh.tcp-forwarding",
		Title:     "SSH forwards no TCP connections",
		Severity:  checks.SeverityLow,
		Since:     3,
		Rationale: "Who can log in can reach through the host into networks that are closed to him, and open ports on it that lead out, past every packet filter.",
		Verdict: "AllowTcpForwarding is evaluated as the installed release does (default yes), for every account that can log in and every connection that Match blocks tell apart. " +
			"Any other value than no is a finding, local and remote too, which names the line and its conditions; DisableForwarding yes counts as no. " +
			"Dropbear passes with -j and -k. A file that sshd refuses, Match blocks about groups that are not known and conditions that are not evaluated are unknown; without an SSH server the check is not applicable.",
		Remedy: "set AllowTcpForwarding no (or DisableForwarding yes) in sshd_config before any Match block, test with sshd -t, then reload the service; permit it in a Match block where it is needed",
		Remedies: settingRemedies("", "AllowTcpForwarding no (or DisableForwarding yes)",
			"`uci set dropbear.@dropbear[0].LocalPortForward=off` and `uci set dropbear.@dropbear[0].RemotePortForward=off`"),
		Breaks: "tunnels, jump hosts (ssh -J, ProxyJump) and editors that work on the host through one",
		References: map[string][]string{
			"cis_debian12": {"5.1.8"}, "cis_rhel9": {"5.1.10"}, "pci_dss_4.0.1": {"2.2.6"}, "ccn_stic_610a22": {"A.11.SEC-RHEL2"},
			"ens_rd311_2022": {"op.exp.2", "mp.com.1"}, "iso27001_2022": {"8.20"},
		},
		Run: func(ctx context.Context, env *checks.Env, rec *checks.Recorder) {
			judgement{pass: "TCP forwarding is off", openssh: tcpForwarding, dropbear: dropbearForwarding}.run(ctx, env, rec)
		},
	}
}

func tunnelCheck() checks.Check {
	return checks.Check{
		ID:        "ssh.tunnel",
		Title:     "SSH opens no tunnel devices",
		Severity:  checks.SeverityLow,
		Since:     3,
		Rationale: "A tunnel device joins two networks at the level of packets: whatever a firewall between them forbids passes.",
		Verdict: "PermitTunnel is evaluated as the installed release does (default no), for every account that can log in and every connection that Match blocks tell apart. " +
			"The values yes, point-to-point and ethernet are findings, which name the line and its conditions; DisableForwarding yes counts as no from OpenSSH 10.4 on. " +
			"Dropbear knows no tunnels and passes. A file that sshd refuses and conditions that are not evaluated are unknown; without an SSH server the check is not applicable.",
		Remedy:   "set PermitTunnel no in sshd_config before any Match block and in none of them, test with sshd -t, then reload the service",
		Remedies: settingRemedies("", "PermitTunnel no", ""),
		Breaks:   "virtual private networks made with ssh -w",
		References: map[string][]string{
			"cis_debian12": {"5.1.8"}, "cis_rhel9": {"5.1.10"}, "ens_rd311_2022": {"op.exp.2"}, "iso27001_2022": {"8.20"},
		},
		Run: func(ctx context.Context, env *checks.Env, rec *checks.Recorder) {
			judgement{pass: "tunnel devices are off", openssh: tunnel, dropbear: func(setup) {}}.run(ctx, env, rec)
		},
	}
}

func tcpForwarding(s setup) {
	s.offForAll("AllowTcpForwarding", "forwarding", func(eff *sshdconf.Effective) bool {
		return eff.Setting("DisableForwarding").Word() == "yes"
	})
}

// tunnel: DisableForwarding reaches tunnel devices from 10.4 on (server_request_tun()
// of serverloop.c).
func tunnel(s setup) {
	s.offForAll("PermitTunnel", "tunnel", func(eff *sshdconf.Effective) bool {
		return s.Build.Version.AtLeast(10, 4) && eff.Setting("DisableForwarding").Word() == "yes"
	})
}

// offForAll judges a setting that must be no for every account that can log in.
func (s setup) offForAll(keyword, kind string, disabled func(*sshdconf.Effective) bool) {
	if !s.conf.AsksForAccounts() {
		s.offFor(sshdconf.Account{User: "root", GroupsUnknown: true}, keyword, kind, disabled)
		return
	}
	if anyone := (sshdconf.Account{Any: true, GroupsUnknown: true}); !slices.ContainsFunc(s.conf.May(anyone, keyword), on) {
		return // whoever it is
	}
	accounts, ok := people(s.Host)
	if !ok {
		s.gap(checks.ReasonOf(s.accounts().PasswdErr), nil, "the accounts could not be read, and with them whom Match blocks are about")
		return
	}
	for _, p := range accounts {
		if !s.afford(s.conf.Effort(p.conn)) {
			s.gap(checks.ReasonTooCostly, nil, "there are more accounts and conditions than are evaluated")
			return
		}
		if !s.offFor(p.conn, keyword, kind, disabled) {
			return // one finding tells it
		}
	}
	elsewhere := slices.ContainsFunc(s.accounts().Unevaluated, func(a host.AccountStore) bool { return a.Identities })
	if elsewhere || len(s.accounts().NotExamined) > 0 {
		s.offElsewhere(keyword, kind)
	}
}

// offFor looks at every connection of one account; it is false when something was recorded.
func (s setup) offFor(a sshdconf.Account, keyword, kind string, disabled func(*sshdconf.Effective) bool) bool {
	if !slices.ContainsFunc(s.conf.May(a, keyword), on) {
		return true
	}
	cases, complete := s.cases(a)
	for _, c := range cases {
		eff := s.conf.Effective(c.Conn)
		v := eff.Setting(keyword)
		if !on(v) || disabled(eff) || eff.Admission().Refused {
			continue
		}
		if v.Unknown {
			s.notKnown(v, keyword)
			return false
		}
		s.turnedOn(v, keyword, kind, c.When)
		return false
	}
	if !complete {
		s.gap(checks.ReasonUnsupported, nil, "not every combination of conditions on connections could be evaluated")
	}
	return complete
}

// offElsewhere looks at the accounts of directories, of whom nothing is known.
func (s setup) offElsewhere(keyword, kind string) {
	for _, v := range s.conf.May(sshdconf.Account{Any: true, GroupsUnknown: true}, keyword) {
		switch {
		case v.Unknown:
			s.notKnown(v, keyword)
			return
		case on(v) && s.conf.Global("DisableForwarding").Word("no") != "yes":
			s.turnedOn(v, keyword, kind, nil)
			return
		}
	}
}

// on reports a value that is, or may be, another one than no.
func on(v sshdconf.Setting) bool { return v.Unknown || v.Word() != "no" }

func (s setup) notKnown(v sshdconf.Setting, keyword string) {
	s.gap(checks.ReasonNoMetadata, v.Line, "what "+keyword+" is depends on what is not known: the version of OpenSSH, or groups")
}

func (s setup) turnedOn(v sshdconf.Setting, keyword, kind string, when []*sshdconf.Line) {
	detail := keyword + " is " + v.Word()
	if v.Line == nil {
		detail = keyword + " is not set, which means " + v.Word()
	}
	when = distinct(slices.Concat(s.conf.Around(v.Line), when))
	s.rec.Finding(checks.Finding{
		Kind: kind, Subject: checks.Text(s.Subject), Evidence: s.evidence(v.Line), Location: s.location(v.Line),
		Detail: checks.Text(detail + condition(when)),
	})
}

// distinct drops lines that stand twice.
func distinct(lines []*sshdconf.Line) []*sshdconf.Line {
	var list []*sshdconf.Line
	for _, l := range lines {
		if !slices.Contains(list, l) {
			list = append(list, l)
		}
	}
	return list
}
