package listeners

import (
	"regexp"
	"slices"
	"strings"
)

// A settled daemon listens outside only when its configuration says so, and a few
// words of that configuration are enough to tell. Only these words are looked for;
// what they are set to in detail is nobody's business here.
type settled struct {
	programs []string
	scripts  []string // names of services of other inits, and of their option files
	options  string   // that it may be started with, as getopt(3) writes them
	long     string   // pairs of a long option and the short one it is
	config   byte     // the option that names another configuration; 0 = none
	files    []string // patterns; the first file of the first pattern that has one is where it starts
	extra    []string // patterns read besides
	optional bool     // it runs without a configuration, on defaults that do not listen
	words    bool     // what is no option is a line of configuration
	named    bool     // what is no option is a configuration file
	numbered bool     // programs carry a version at the end of their names
	absolute bool     // what an include that is no absolute path names is not known
	word     string   // what it is given besides options
	comment  string   // characters a comment begins with
	include  *regexp.Regexp
	opens    func(line string) bool
}

func matching(pattern string) func(string) bool { return regexp.MustCompile(pattern).MatchString }

// settledDaemons is what is known of each: chrony.conf(5), rsyslog.conf(5),
// auditd.conf(5), ntpd.conf(5), resolved.conf(5), systemd.network(5), hostapd.conf,
// cupsd.conf(5), pandora_agent.conf, containerd-config.toml(5), and what display managers are told of
// XDMCP, VNC and X11 over TCP; php-fpm by its sapi/fpm/fpm (fpm_main.c, fpm_conf.c).
func settledDaemons() []settled {
	return []settled{
		{
			programs: []string{"rsyslogd"}, scripts: []string{"rsyslog", "rsyslogd"}, options: "nd46xACDSi:f:M:u:", config: 'f', files: []string{"/etc/rsyslog.conf"},
			comment: "#", include: regexp.MustCompile(`(?i)(?:\$includeconfig\s+|\binclude\s*\([^#)]*?\b(?:file|text)\s*=\s*)"?([^"\s)]+)|^\s*file\s*=\s*"?(/etc/[^"\s)]+)`), opens: rsyslogOpens,
		},
		{
			programs: []string{"chronyd"}, scripts: []string{"chrony", "chronyd"}, options: "46dnqQrRsxmF:f:l:L:P:p:t:u:U", config: 'f', words: true,
			files: []string{"/etc/chrony/chrony.conf", "/etc/chrony.conf"}, comment: "#!;%",
			include: regexp.MustCompile(`(?i)^\s*(?:include|confdir|sourcedir)\s+(.+)`), opens: chronyOpens,
		},
		{
			programs: []string{"auditd"}, scripts: []string{"auditd"}, options: "lns:", files: []string{"/etc/audit/auditd.conf"}, comment: "#",
			opens: matching(`(?i)^\s*tcp_listen_port\s*=\s*[0-9]`),
		},
		{
			programs: []string{"openntpd"}, scripts: []string{"openntpd"}, options: "dnsSvf:p:", config: 'f',
			files: []string{"/etc/openntpd/ntpd.conf", "/etc/ntpd.conf"}, comment: "#", opens: matching(`^\s*listen\b`),
		},
		{
			programs: []string{"hostapd"}, scripts: []string{"hostapd"}, options: "dKtBvSTP:f:e:g:G:i:u:", named: true, optional: true,
			files: []string{"/etc/hostapd/hostapd.conf", "/etc/hostapd.conf"}, comment: "#",
			opens: matching(`^\s*(radius_server_clients|radius_das_port|upnp_iface|multi_ap_dpp|dpp_controller)\s*=`),
		},
		{
			programs: []string{"systemd-resolved"}, files: []string{"/etc/systemd/resolved.conf", "/usr/lib/systemd/resolved.conf"}, optional: true, comment: "#;",
			extra: []string{"/etc/systemd/resolved.conf.d/*.conf", "/usr/lib/systemd/resolved.conf.d/*.conf", "/run/systemd/resolved.conf.d/*.conf"},
			opens: matching(`(?i)^\s*(dnsstublistenerextra\s*=\s*\S|(llmnr|multicastdns)\s*=\s*(y|t|1|on|res))`),
		},
		{
			programs: []string{"systemd-networkd"}, optional: true, comment: "#;",
			extra: []string{"/etc/systemd/network/*.network", "/etc/systemd/network/*.network.d/*.conf", "/run/systemd/network/*.network"},
			opens: matching(`(?i)^\s*dhcpserver\s*=\s*(y|t|1|on)`),
		},
		{
			programs: []string{"cupsd"}, scripts: []string{"cups", "cupsd"}, options: "flFhtc:s:", config: 'c', files: []string{"/etc/cups/cupsd.conf"}, comment: "#",
			include: regexp.MustCompile(`(?i)^\s*include\s+(\S+)`), opens: cupsOpens,
		},
		{
			programs: []string{"pandora_agent"}, scripts: []string{"pandora_agent_daemon", "pandorafms-agent", "pandora-agent"}, word: "/etc/pandora",
			files: []string{"/etc/pandora/pandora_agent.conf"}, comment: "#", include: regexp.MustCompile(`^\s*include\s+(\S+)`),
			opens: matching(`^\s*(udp_server|proxy_mode)\s+[^0\s]`),
		},
		{
			programs: []string{"containerd"}, scripts: []string{"containerd"}, options: "", files: []string{"/etc/containerd/config.toml"}, optional: true, comment: "#",
			include: regexp.MustCompile(`^\s*imports\s*=\s*\[([^\]]*)|^["']([^"']+)["']\s*,?\s*\]?$`),
			opens: func(line string) bool {
				return slices.ContainsFunc(containerdAddress.FindAllString(line, -1), func(setting string) bool {
					return !containerdLoopback.MatchString(setting)
				})
			},
		},
		{
			programs: []string{"php-fpm"}, numbered: true, options: "FDORec:d:g:y:", config: 'y', files: []string{"/etc/php-fpm.conf"}, comment: ";",
			long:    "nodaemonize=F daemonize=D force-stderr=O allow-to-run-as-root=R php-ini=c define=d pid=g fpm-config=y",
			include: regexp.MustCompile(`^include\s*=\s*(.+)`), absolute: true, opens: fpmOpens,
		},
		{
			programs: []string{"gdm", "gdm3", "lightdm", "sddm", "lxdm"}, scripts: []string{"gdm", "gdm3", "lightdm", "sddm", "lxdm"}, options: "", optional: true, comment: "#",
			extra: []string{"/etc/gdm3/*.conf", "/etc/gdm/*.conf", "/etc/lightdm/lightdm.conf", "/etc/lightdm/lightdm.conf.d/*.conf", "/etc/xdg/lightdm/lightdm.conf.d/*.conf", "/usr/share/lightdm/lightdm.conf.d/*.conf", "/etc/sddm.conf", "/etc/sddm.conf.d/*.conf", "/etc/lxdm/*.conf"},
			opens: matching(`(?i)^\s*(enabled?|xserver-allow-tcp|tcp_listen)\s*=\s*(t|y|1)|^\s*disallowtcp\s*=\s*(f|n|0)|[\s=]-listen\s+tcp`),
		},
	}
}

var (
	rsyslogModule      = regexp.MustCompile(`(?i)(?:\$modload\s+|\bload\s*[=:]\s*)["']?(?:[^\s"')]*/)?(?:lm)?(im[a-z0-9_]+)`)
	containerdAddress  = regexp.MustCompile(`(?:^|[\s.{,"'])(tcp_address|address|stream_server_address)["']?\s*=\s*["'][^"'/]+["']`)
	fpmLoopback        = regexp.MustCompile(`^(127\.[0-9.]+|\[::1\]):[0-9]+$`)
	containerdLoopback = regexp.MustCompile(`=\s*["'](127\.|\[?::1|localhost)`)
)

// rsyslogQuiet are the input modules that do not listen on a network; any other is
// taken to.
var rsyslogQuiet = set("imuxsock imklog imkmsg immark imjournal imfile impstats imbatchreport imsolaris imdocker imkafka imhiredis improg")

func rsyslogOpens(line string) bool {
	for _, m := range rsyslogModule.FindAllStringSubmatch(line, -1) {
		if !rsyslogQuiet[strings.TrimSuffix(strings.ToLower(m[1]), "_so")] {
			return true
		}
	}
	return false
}

// chronyOpens: chronyd serves time only with "allow", opens the same port for a peer
// or to broadcast (ntp_core.c), and its command port is on
// loopback unless it is bound elsewhere.
func chronyOpens(line string) bool {
	f := strings.Fields(strings.ToLower(line))
	switch {
	case len(f) == 0:
		return false
	case f[0] == "allow", f[0] == "ptpport", f[0] == "peer", f[0] == "broadcast":
		return true
	case f[0] == "bindcmdaddress" && len(f) > 1:
		return !strings.HasPrefix(f[1], "127.") && f[1] != "::1" && !strings.HasPrefix(f[1], "/")
	}
	return false
}

// fpmOpens: an address is a port, or a host and a port, or else a unix socket
// (fpm_sockets_domain_from_address). Every pool has one.
func fpmOpens(line string) bool {
	key, value, isSetting := strings.Cut(line, "=")
	if !isSetting || !strings.EqualFold(strings.TrimSpace(key), "listen") {
		return false
	}
	value, _, _ = strings.Cut(value, ";")
	value = strings.ToLower(strings.Trim(strings.TrimSpace(value), `"'`))
	host, _, isAddress := strings.Cut(value, ":")
	switch {
	case strings.Contains(value, "$"): // of the environment
		return true
	case !isAddress:
		return strings.Trim(value, "0123456789") == ""
	}
	return host != "localhost" && !fpmLoopback.MatchString(value)
}

// cupsOpens: Port listens on every address, Listen on what it says.
func cupsOpens(line string) bool {
	f := strings.Fields(strings.ToLower(line))
	switch {
	case len(f) < 2:
		return false
	case f[0] == "port", f[0] == "sslport":
		return true
	case f[0] == "listen", f[0] == "ssllisten":
		host := f[1]
		return host != "localhost" && !strings.HasPrefix(host, "localhost:") && !strings.HasPrefix(host, "127.") &&
			!strings.HasPrefix(host, "[::1]") && !strings.HasPrefix(host, "/")
	}
	return false
}
