package ssh

import (
	"context"
	"errors"
	"io/fs"
	"path"

	"hostaudit/checks"
	"hostaudit/checks/internal/sshdconf"
)

func bannerCheck() checks.Check {
	return checks.Check{
		ID:        "ssh.banner",
		Title:     "SSH shows a warning before the login",
		Severity:  checks.SeverityLow,
		Since:     3,
		Rationale: "Who was told that the system is closed to him cannot say he did not know; some laws and most security schemes ask for it.",
		Verdict: "Banner is evaluated as the installed release does, over all Match blocks, since it is shown before anybody has a name. " +
			"It fails where some connection has no Banner or none, or where its file is missing, empty, no regular file or larger than 1 MiB; of Dropbear, without -b or with a file above 2000 bytes. " +
			"What the text says is not judged. A file that cannot be examined, a path relative to where the server was started and a configuration that sshd refuses are unknown; without an SSH server the check is not applicable.",
		Remedy: "write the warning to /etc/issue.net, without naming the system or its versions, set Banner /etc/issue.net in sshd_config before any Match block, test with sshd -t, then reload the service",
		Remedies: settingRemedies("write the warning to /etc/issue.net, without naming the system or its versions; ", "Banner /etc/issue.net",
			"write the warning to /etc/dropbear/banner, without naming the system or its versions, and `uci set dropbear.@dropbear[0].BannerFile=/etc/dropbear/banner`"),
		Breaks: "programs that read what ssh prints on standard error",
		References: map[string][]string{
			"cis_debian12": {"5.1.5", "1.6.3"}, "cis_rhel9": {"5.1.8"}, "stig_rhel9": {"RHEL-09-255025"},
			"ccn_stic_610a22": {"A.11.SEC-RHEL4", "A.11.SEC-RHEL8"}, "iso27001_2022": {"8.5"},
		},
		Run: func(ctx context.Context, env *checks.Env, rec *checks.Recorder) {
			judgement{pass: "a warning is shown before the login", openssh: banner, dropbear: dropbearBanner}.run(ctx, env, rec)
		},
	}
}

// maxBanner is what auth2_read_banner() of auth2.c takes.
const maxBanner = 1 << 20

// banner judges every banner a connection may meet. It is shown before the login, so
// whoever connects counts, under whatever name.
func banner(s setup) {
	for _, v := range s.conf.May(sshdconf.Account{Any: true, GroupsUnknown: true}, "Banner") {
		f := checks.Finding{
			Kind: "no-banner", Subject: checks.Text(s.Subject), Evidence: s.evidence(v.Line), Location: s.location(v.Line),
		}
		switch {
		case v.Unknown || len(v.Words) == 0 || v.Word() == "none":
			f.Detail = "Banner is not set"
			if v.Line != nil {
				f.Detail = "Banner is none"
			}
		default:
			why, gap := s.bannerFile(v.Words[0], maxBanner, v.Line)
			if gap {
				continue
			}
			if why == "" {
				continue
			}
			f.Kind, f.Detail = "empty-banner", checks.Text(why)
		}
		f.Detail += checks.Text(condition(s.conf.Around(v.Line)))
		s.rec.Finding(f)
		return // one is enough: the remedy is the same
	}
}

// bannerFile says why a file gives no banner; gap says that this was recorded as not
// known.
func (s setup) bannerFile(name string, limit int64, at *sshdconf.Line) (why string, gap bool) {
	if !path.IsAbs(name) {
		s.gap(checks.ReasonUnsupported, at, "the file of the banner is relative to where the server was started")
		return "", true
	}
	info, err := s.Host.Tree.Stat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "the file of the banner does not exist: " + name, false
	case err != nil:
		s.rec.Gap(checks.Gap{
			Reason: checks.ReasonOf(err), Subject: checks.Text(s.Subject), Location: checks.At(name, 0),
			Detail: "the file of the banner could not be examined",
		})
		return "", true
	case info.Mode.IsDir(), info.Mode.IsRegular() && info.Size == 0:
		return "the file of the banner is empty: " + name, false
	case !info.Mode.IsRegular():
		return "the banner is no regular file: " + name, false
	case info.Size > limit:
		return "the file of the banner is too large to be shown: " + name, false
	}
	return "", false
}
