package catalogue

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"hostaudit/checks"
)

// texts are all sentences of a check, by name.
func texts(c checks.Check) map[string]string {
	all := map[string]string{"title": c.Title, "rationale": c.Rationale, "verdict": c.Verdict, "remedy": c.Remedy, "breaks": c.Breaks}
	for i, r := range c.Remedies {
		all[fmt.Sprintf("remedy %d (%s)", i, strings.Join(r.Families, ", "))] = r.Text
	}
	return all
}

// Every format prints these texts as they are, and explain measures them in bytes.
func TestTextsAreOneLineOfASCII(t *testing.T) {
	const longest = 1300 // bytes; nobody reads more
	for _, c := range All() {
		for name, text := range texts(c) {
			if i := strings.IndexFunc(text, func(r rune) bool { return r < ' ' || r > '~' }); i >= 0 {
				t.Errorf("%s: %s: %q is no printable ASCII", c.ID, name, text[i:min(len(text), i+4)])
			}
			if strings.Contains(text, "  ") || strings.TrimSpace(text) != text || len(text) > longest {
				t.Errorf("%s: %s: double or outer blanks, or longer than %d bytes (%d)", c.ID, name, longest, len(text))
			}
			if strings.Count(text, "`")%2 != 0 {
				t.Errorf("%s: %s: a backquote has no partner", c.ID, name)
			}
		}
	}
}

// A verdict is some whole sentences that say when the check does not apply; remedies
// follow a colon.
func TestTextsAreSentences(t *testing.T) {
	end := regexp.MustCompile(`[.] [A-Z]`)
	for _, c := range All() {
		if c.Verdict == "" || !unicode.IsUpper(rune(c.Verdict[0])) || !strings.HasSuffix(c.Verdict, ".") {
			t.Errorf("%s: the verdict is no sentence: %q", c.ID, c.Verdict)
			continue
		}
		if n := 1 + len(end.FindAllString(c.Verdict, -1)); n < 2 || n > 6 {
			t.Errorf("%s: the verdict has %d sentences, want 2 to 6", c.ID, n)
		}
		for _, word := range []string{"unknown", "not applicable"} {
			if !strings.Contains(c.Verdict, word) {
				t.Errorf("%s: the verdict does not say when it is %s", c.ID, word)
			}
		}
		for name, text := range texts(c) {
			if strings.HasPrefix(name, "remedy") && (text == "" || unicode.IsUpper(rune(text[0])) && !strings.HasPrefix(text, "MariaDB") || strings.HasSuffix(text, ".")) {
				t.Errorf("%s: %s: %q has to begin small and end without a full stop", c.ID, name, text)
			}
		}
	}
}

// Each family of distributions is known and has one remedy of a check at most.
func TestRemediesNameKnownFamilies(t *testing.T) {
	var known []string
	for _, d := range checks.Distributions() {
		known = append(known, d.Name)
	}
	for _, c := range All() {
		seen := map[string]bool{}
		for _, r := range c.Remedies {
			if len(r.Families) == 0 {
				t.Errorf("%s: %q is for no family", c.ID, r.Text)
			}
			for _, family := range r.Families {
				if !slices.Contains(known, family) || seen[family] {
					t.Errorf("%s: family %q is unknown or there twice", c.ID, family)
				}
				seen[family] = true
			}
		}
	}
}

const (
	withSystemd = "debian ubuntu redhat suse arch"
	withShadow  = withSystemd + " alpine openwrt"
)

// commands are those that remedies may name, and the families that have them, alone or
// by a package the remedy names.
func commands() map[string]string {
	return map[string]string{
		"hostaudit": withShadow,
		"systemctl": withSystemd, "rc-service": "alpine", "rc-update": "alpine", "service": "openwrt", "/etc/init.d/dropbear": "openwrt",
		"uci": "openwrt",
		"apt": "debian ubuntu", "dnf": "redhat", "zypper": "suse", "pacman": "arch", "apk": "alpine",
		"dpkg": "debian ubuntu", "rpm": "redhat suse",
		"ufw": "ubuntu", "firewall-cmd": "redhat suse", "semanage": "redhat suse", "restorecon": "redhat",
		"authselect": "redhat", "pam-config": "suse",
		"sshd": withSystemd + " alpine", "ssh-keygen": withSystemd + " alpine",
		"passwd": withShadow, "gpasswd": withSystemd + " alpine", "chage": withSystemd, "vipw": withSystemd, "userdel": withSystemd, "usermod": withSystemd,
		"chmod": withShadow, "chown": withShadow,
		"update-grub": "debian ubuntu", "grub-mkpasswd-pbkdf2": "debian ubuntu arch alpine", "grub-mkconfig": "arch alpine",
		"grub2-setpassword": "redhat", "grub2-mkpasswd-pbkdf2": "suse", "grub2-mkconfig": "suse",
		"mariadb": withSystemd + " alpine", "mysql": "debian ubuntu redhat",
		"ss": withSystemd, "netstat": "alpine openwrt",
	}
}

// foreign reports the families of a remedy that lack a command.
func foreign(command string, r checks.Remedy) (lacking []string) {
	has := strings.Fields(commands()[command])
	for _, family := range r.Families {
		if !slices.Contains(has, family) {
			lacking = append(lacking, family)
		}
	}
	return lacking
}

// A remedy of a distribution names no command that this one lacks.
func TestRemediesNameCommandsOfTheirFamily(t *testing.T) {
	// Outside backquotes only names that are no words of the language or of daemons.
	var telling []string
	for command, families := range commands() {
		if families != withShadow && !slices.Contains([]string{"service", "mysql", "mariadb", "sshd", "ss", "apt"}, command) {
			telling = append(telling, regexp.QuoteMeta(command))
		}
	}
	slices.Sort(telling)
	outside := regexp.MustCompile(`(?:^|[^A-Za-z0-9/._-])(` + strings.Join(telling, "|") + `)(?:$|[^A-Za-z0-9/._-])`)
	spans := 0
	for _, c := range All() {
		for _, r := range c.Remedies {
			for i, part := range strings.Split(r.Text, "`") {
				if i%2 == 1 {
					spans++
					command, _, _ := strings.Cut(part, " ")
					if lacking := foreign(command, r); len(lacking) > 0 {
						t.Errorf("%s: %v have no command %q, or the list of this test lacks it", c.ID, lacking, command)
					}
					continue
				}
				for _, m := range outside.FindAllStringSubmatch(part, -1) {
					t.Errorf("%s: the command %q of %v is not in backquotes", c.ID, m[1], r.Families)
				}
			}
		}
		if c.Remedy != "" {
			for _, only := range []string{"systemctl", "rc-service", "apt ", "dnf ", "zypper", "authselect"} {
				if strings.Contains(c.Remedy, only) {
					t.Errorf("%s: the general remedy names %q, which not every distribution has", c.ID, only)
				}
			}
		}
	}
	if spans < 100 {
		t.Errorf("only %d commands were seen", spans)
	}
}

// Advice that locks the administrator out is worse than the weakness.
func TestRemediesLockNobodyOut(t *testing.T) {
	rules := []struct {
		name     string
		when     *regexp.Regexp // what the advice says
		first    string         // what has to stand before it
		anywhere bool           // first may stand behind it
	}{
		{name: "root-login", when: regexp.MustCompile(`PermitRootLogin no`), first: "second session"},
		{name: "sshd-test", when: regexp.MustCompile(`systemctl (reload|restart) sshd?[` + "`" + ` ]|rc-service sshd`), first: "sshd -t"},
		{name: "move-port-firewall", when: regexp.MustCompile(`Port NUMBER|Port=NUMBER`), first: "open the new port"},
		{name: "move-port-login", when: regexp.MustCompile(`Port NUMBER|Port=NUMBER`), first: "before you close this session", anywhere: true},
		{name: "socket", when: regexp.MustCompile(`restart ssh\.socket`), first: "systemctl daemon-reload"},
		{name: "lock-password", when: regexp.MustCompile(`lock the password`), first: "second session", anywhere: true},
		{name: "lock-account", when: regexp.MustCompile(`passwd -l`), first: "set a"},
		{name: "lock-whose", when: regexp.MustCompile(`lock accounts`), first: "that nobody", anywhere: true},
		{name: "nullok", when: regexp.MustCompile(`nullok`), first: "session of root kept open"},
		{name: "user-id-0", when: regexp.MustCompile(`user ID there|free user ID`), first: "session of root kept open"},
		{name: "root-of-the-database", when: regexp.MustCompile(`unix_socket`), first: "keep that session open", anywhere: true},
		{name: "stop-services", when: regexp.MustCompile(`what is not needed`), first: "logged in by", anywhere: true},
	}
	for _, rule := range rules {
		t.Run(rule.name, func(t *testing.T) {
			met := 0
			for _, c := range All() {
				for name, text := range texts(c) {
					at := rule.when.FindStringIndex(text)
					if at == nil || !strings.HasPrefix(name, "remedy") {
						continue
					}
					met++
					if before := strings.Index(text, rule.first); before < 0 || before > at[0] && !rule.anywhere {
						t.Errorf("%s: %s: %q without %q before it: %s", c.ID, name, text[at[0]:at[1]], rule.first, text)
					}
				}
			}
			if met == 0 {
				t.Error("no remedy says anything of the kind")
			}
		})
	}
	// Red Hat and SUSE: a port without its label keeps sshd from starting.
	for _, c := range All() {
		for _, r := range c.Remedies {
			if i := strings.Index(r.Text, "set Port NUMBER"); i >= 0 && (slices.Contains(r.Families, "redhat") || slices.Contains(r.Families, "suse")) && !strings.Contains(r.Text[:i], "semanage port -a -t ssh_port_t") {
				t.Errorf("%s: no SELinux label before the port is moved: %s", c.ID, r.Text)
			}
		}
	}
}

// References are numbers of benchmarks that are named with their version, and house rules
// go under none of CIS and STIG.
func TestReferencesAreOfKnownBenchmarks(t *testing.T) {
	number := map[string]*regexp.Regexp{
		"cis_debian12": regexp.MustCompile(`^\d+(\.\d+){2,4}$`), "cis_rhel9": regexp.MustCompile(`^\d+(\.\d+){2,4}$`),
		"stig_rhel9": regexp.MustCompile(`^RHEL-09-\d{6}$`), "pci_dss_4.0.1": regexp.MustCompile(`^\d+\.\d+\.\d+$`),
		"anssi_bp28": regexp.MustCompile(`^R\d+$`), "ccn_stic_610a22": regexp.MustCompile(`^A\.\d+\.SEC-RHEL\d$`),
		"ens_rd311_2022": regexp.MustCompile(`^(op|mp)\.[a-z]+\.\d+$`), "iso27001_2022": regexp.MustCompile(`^[5-8]\.\d+$`),
		"cwe": regexp.MustCompile(`^CWE-\d+$`),
	}
	key := regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`) // of output's reader
	var keys []string
	for _, b := range checks.Benchmarks() {
		if !key.MatchString(b.Key) || b.Title == "" || number[b.Key] == nil {
			t.Errorf("benchmark %q: no key of a report, no title, or this test does not know its numbers", b.Key)
		}
		keys = append(keys, b.Key)
	}
	for _, c := range All() {
		for _, k := range slices.Sorted(maps.Keys(c.References)) {
			if !slices.Contains(keys, k) || len(c.References[k]) == 0 {
				t.Errorf("%s: %q is no benchmark, or has no number", c.ID, k)
				continue
			}
			for _, n := range c.References[k] {
				if !number[k].MatchString(n) {
					t.Errorf("%s: %q is no number of %s", c.ID, n, k)
				}
			}
		}
	}
	for _, id := range []string{"ssh.port", "ftp.port", "password.dictionary", "mysql.root-password"} {
		i := slices.IndexFunc(All(), func(c checks.Check) bool { return c.ID == id })
		for _, k := range []string{"cis_debian12", "cis_rhel9", "stig_rhel9"} {
			if _, has := All()[i].References[k]; has {
				t.Errorf("%s is a rule of this house, and has numbers of %s", id, k)
			}
		}
	}
}
