package sshdconf

// Default returns what a keyword (lower case, no alias) means where no line sets
// it: fill_default_server_options() of servconf.c, and what distributions changed
// in it. No words and known = the default is nothing (no list, no file).
func (b Build) Default(keyword string) (words []string, known bool) {
	switch keyword {
	case "permitrootlogin":
		return b.defaultRootLogin()
	case "usedns":
		// Since 6.8 no; RHEL 7 kept yes in its documentation, so there it is open.
		switch {
		case b.Version.Before(6, 8):
			return []string{"yes"}, true
		case !b.Version.Known(), b.Vendor == RedHat && b.Version.Before(8, 0):
			return nil, false
		}
		return []string{"no"}, true
	case "challengeresponseauthentication":
		if b.Version.AtLeast(8, 7) {
			return nil, true // an alias
		}
		return []string{"yes"}, true
	case "kbdinteractiveauthentication":
		if b.Version.Before(8, 7) {
			return []string{"no"}, true // turned on by ChallengeResponseAuthentication, see Setting
		}
		return []string{"yes"}, true
	case "gssapistrictacceptorcheck":
		// 7.1 turned it on; before, the default was a mistake.
		if b.Version.AtLeast(7, 5) {
			return []string{"yes"}, true
		}
		return nil, false
	case "ipqos", "ciphers", "macs", "kexalgorithms", "hostkeyalgorithms", "pubkeyacceptedalgorithms",
		"hostbasedacceptedalgorithms", "casignaturealgorithms", "hostkey", "persourcepenalties",
		"pidfile", "modulifile", "xauthlocation", "logverbose", "sshdsessionpath", "subsystem":
		// They depend on the version in ways no check needs, or on the build.
		return nil, keyword == "logverbose" || keyword == "subsystem"
	}
	words, known = defaults[keyword]
	return words, known
}

// defaultRootLogin: 7.0 made prohibit-password the default. Red Hat took that back
// in the 7.4 of RHEL 7, and SUSE in SLE 12 and 15 (allow_root_password_login.patch of
// its package, which was dropped before 8.9).
func (b Build) defaultRootLogin() ([]string, bool) {
	yes, prohibit := []string{"yes"}, []string{"prohibit-password"}
	switch v := b.Version; {
	case b.Vendor == RedHat && (b.Release == 6 || b.Release == 7):
		return yes, true
	case v.Before(7, 0), b.Vendor == SUSE && (b.Release == 12 || b.Release == 15) && v.Before(8, 9):
		return yes, true
	case b.Vendor == RedHat && !v.AtLeast(8, 0) && b.Release < 8:
		return nil, false // a relative of RHEL 7 that may carry the patch, or a version not known
	case b.Vendor == RedHat && b.Release >= 8:
		return prohibit, true
	case !v.Known(), b.Vendor == SUSE && v.Before(9, 0), b.Vendor == VendorUnknown && v.Before(9, 0):
		return nil, false
	}
	return prohibit, true
}

// defaults are those that all versions agree about.
var defaults = map[string][]string{
	"acceptenv":                       nil,
	"addressfamily":                   {"any"},
	"allowagentforwarding":            {"yes"},
	"allowgroups":                     nil,
	"allowstreamlocalforwarding":      {"yes"},
	"allowtcpforwarding":              {"yes"},
	"allowusers":                      nil,
	"authenticationmethods":           {"any"},
	"authorizedkeyscommand":           {"none"},
	"authorizedkeyscommanduser":       nil,
	"authorizedkeysfile":              {".ssh/authorized_keys", ".ssh/authorized_keys2"},
	"authorizedprincipalscommand":     {"none"},
	"authorizedprincipalscommanduser": nil,
	"authorizedprincipalsfile":        {"none"},
	"banner":                          {"none"},
	"channeltimeout":                  {"none"},
	"chrootdirectory":                 {"none"},
	"clientalivecountmax":             {"3"},
	"clientaliveinterval":             {"0"},
	"compression":                     {"delayed"},
	"debianbanner":                    {"yes"},
	"denygroups":                      nil,
	"denyusers":                       nil,
	"disableforwarding":               {"no"},
	"exposeauthinfo":                  {"no"},
	"fingerprinthash":                 {"sha256"},
	"forcecommand":                    {"none"},
	"gatewayports":                    {"no"},
	"gssapiauthentication":            {"no"},
	"gssapicleanupcredentials":        {"yes"},
	"gssapikeyexchange":               {"no"},
	"gssapistorecredentialsonrekey":   {"no"},
	"hostbasedauthentication":         {"no"},
	"hostbasedusesnamefrompacketonly": {"no"},
	"hostcertificate":                 nil,
	"hostkeyagent":                    {"none"},
	"ignorerhosts":                    {"yes"},
	"ignoreuserknownhosts":            {"no"},
	"kerberosauthentication":          {"no"},
	"kerberosgetafstoken":             {"no"},
	"kerberosorlocalpasswd":           {"yes"},
	"kerberosticketcleanup":           {"yes"},
	"listenaddress":                   nil, // see Listens
	"logingracetime":                  {"120"},
	"loglevel":                        {"INFO"},
	"maxauthtries":                    {"6"},
	"maxsessions":                     {"10"},
	"maxstartups":                     {"10:30:100"},
	"pamservicename":                  {"sshd"},
	"passwordauthentication":          {"yes"},
	"permitemptypasswords":            {"no"},
	"permitlisten":                    {"any"},
	"permitopen":                      {"any"},
	"permittty":                       {"yes"},
	"permittunnel":                    {"no"},
	"permituserenvironment":           {"no"},
	"permituserrc":                    {"yes"},
	"persourcemaxstartups":            {"none"},
	"persourcenetblocksize":           {"32:128"},
	"persourcepenaltyexemptlist":      {"none"},
	"port":                            {"22"},
	"printlastlog":                    {"yes"},
	"printmotd":                       {"yes"},
	"pubkeyauthentication":            {"yes"},
	"pubkeyauthoptions":               {"none"},
	"refuseconnection":                {"no"},
	"rekeylimit":                      {"default", "none"},
	"requiredrsasize":                 {"1024"},
	"revokedkeys":                     {"none"},
	"securitykeyprovider":             {"internal"},
	"setenv":                          nil,
	"streamlocalbindmask":             {"0177"},
	"streamlocalbindunlink":           {"no"},
	"strictmodes":                     {"yes"},
	"syslogfacility":                  {"AUTH"},
	"tcpkeepalive":                    {"yes"},
	"trustedusercakeys":               {"none"},
	"unusedconnectiontimeout":         {"none"},
	"usepam":                          {"no"},
	"versionaddendum":                 {"none"},
	"x11displayoffset":                {"10"},
	"x11forwarding":                   {"no"},
	"x11uselocalhost":                 {"yes"},
}
