package accounts

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"hostaudit/checks"
	"hostaudit/checks/host"
)

// UID0 is accounts.uid0. The kernel knows no names: whoever has user ID 0 is
// root (credentials(7)), and passwd(5) may hold more than one such line.
func UID0() checks.Check {
	return checks.Check{
		ID:        "accounts.uid0",
		Title:     "Only root has user ID 0",
		Severity:  checks.SeverityCritical,
		Since:     1,
		Rationale: "A second account with user ID 0 is root under another name and escapes every rule made for root.",
		Verdict: "Read is every line of /etc/passwd, as the C library reads it (00 and +0 are 0, a broken number is no account), and what nsswitch.conf and the system add to it (extrausers, altfiles, user records of systemd). " +
			"Every account with user ID 0 that is not named root is a finding, also a line that an earlier one of the same name hides. " +
			"A line that one C library ignores and another may read as 0 is a note, and unknown on a system of musl. " +
			"Files and stores that cannot be read or are not evaluated are unknown; accounts of directories are not examined, and named. Without /etc/passwd the check is not applicable.",
		Remedy: "with a session of root kept open, remove the account's line from /etc/passwd and /etc/shadow in an editor (its user record from /etc/userdb), or give it a free user ID there, " +
			"and leave root's own line alone; userdel -r would take root's files with it, and usermod -u refuses while root runs processes",
		Remedies: []checks.Remedy{{
			Families: []string{"debian", "redhat", "suse", "arch"},
			Text: "with a session of root kept open, remove the account's line or give it a free user ID (`vipw`, and `vipw -s` for its line in shadow; user records are in /etc/userdb), " +
				"and leave root's own line alone; not `userdel -r`, which would take root's files with it, and `usermod -u` refuses while root runs processes",
		}},
		Breaks: "jobs and logins that use the account to act as root",
		References: map[string][]string{
			"cis_debian12": {"5.4.2.1"}, "cis_rhel9": {"5.4.2.1"}, "stig_rhel9": {"RHEL-09-411100"}, "pci_dss_4.0.1": {"8.2.1"},
			"ens_rd311_2022": {"op.acc.1"}, "iso27001_2022": {"5.16"},
		},
		Run: runUID0,
	}
}

func runUID0(_ context.Context, env *checks.Env, rec *checks.Recorder) {
	accounts := env.Host.Accounts()
	for _, store := range accounts.Unevaluated {
		if store.Identities {
			rec.Gap(storeGap(store))
		}
	}
	noPasswd := errors.Is(accounts.PasswdErr, fs.ErrNotExist)
	if noPasswd && len(accounts.List) == 0 {
		rec.NotApplicable(checks.ReasonAbsent, "there is no /etc/passwd")
		return
	}
	if accounts.PasswdErr != nil && !noPasswd {
		rec.Gap(checks.Gap{Reason: checks.ReasonOf(accounts.PasswdErr), Detail: "/etc/passwd could not be read", Location: checks.At("/etc/passwd", 0)})
		return
	}
	if len(accounts.NotExamined) > 0 {
		rec.Fact("not_examined", accounts.NotExamined)
	}
	// A repeated line is out of reach by its name, not by its number.
	for _, acc := range accounts.List {
		if acc.UID == 0 && acc.Name != "root" {
			rec.Finding(second(acc))
		}
	}
	for _, acc := range accounts.Duplicates {
		if acc.UID == 0 {
			rec.Finding(second(acc))
		}
	}
	for _, line := range accounts.Invalid {
		if path.Base(line.File) == "passwd" && couldBeZero(line.ID) {
			recordInvalid(rec, line, accounts.Musl)
		}
	}
	rec.Pass("no other account has it")
}

func second(acc host.Account) checks.Finding {
	return checks.Finding{
		Kind:     "second-root",
		Subject:  checks.Text(acc.Name),
		Detail:   "has user ID 0, as root has",
		Evidence: checks.Configured,
		Location: checks.At(acc.File, acc.Line),
	}
}

// recordInvalid: glibc passes the line over, musl reads digits up to the first
// other byte and lets them overflow, so there it may be root.
func recordInvalid(rec *checks.Recorder, line host.BadLine, musl bool) {
	if musl {
		rec.Gap(checks.Gap{
			Reason: checks.ReasonUnsupported, Subject: checks.Text(line.Name),
			Detail:   "an invalid line whose user ID musl may read as 0",
			Location: checks.At(line.File, line.Line),
		})
		return
	}
	rec.Note(line.Name, fmt.Sprintf("%s:%d is ignored (%s); another reader might take its user ID for 0", line.File, line.Line, line.Problem))
}

// couldBeZero reports an ID that some reader takes for 0: digits of 0 behind
// blanks and signs, in any notation or too large for 32 bits, or none at all.
func couldBeZero(id string) bool {
	digits := strings.TrimLeft(id, " \t+-")
	var n uint32
	i := 0
	for ; i < len(digits) && '0' <= digits[i] && digits[i] <= '9'; i++ {
		n = n*10 + uint32(digits[i]-'0') // overflows as in musl's reader
	}
	return n == 0 && (i > 0 || digits == "")
}

func storeGap(store host.AccountStore) checks.Gap {
	g := checks.Gap{Reason: checks.ReasonUnsupported, Subject: checks.Text(store.Name), Location: checks.At(store.File, 0)}
	g.Detail = "accounts kept elsewhere are not evaluated"
	if store.Problem != "" {
		g.Detail = checks.Text(store.Problem)
	}
	if store.Err != nil {
		g.Reason, g.Detail = checks.ReasonOf(store.Err), "whether accounts are kept here could not be read"
	}
	return g
}
