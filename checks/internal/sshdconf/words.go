package sshdconf

import "slices"

// word is what is known of a keyword.
type word struct {
	since  Version // the first version that knows it, zero = all looked at
	redHat Version // the first of Red Hat's that does, if it is older
	until  Version // the first that does not any more, zero = none
	given  span    // versions that only warn of it
	// inMatch tells from which version on the keyword may stand inside a Match
	// block: the zero Version = never, always = since Match exists.
	inMatch Version
	vendors []Vendor            // who patched it in; nil = everyone has it
	patch   func(Build) feature // the patch it came with
	feature func(Build) feature // what a build needs to do more than warn
	check   checker             // nil = only a warning, whatever the words
}

// span is a stretch of versions, to not among them.
type span struct{ from, to Version }

// always is older than everything looked at.
var always = Version{1, 0}

// words are the keywords of OpenSSH 7.4 to 10.6 and of the distributions' patches
// (keywords[] in servconf.c, SSHD_CONFIG_ENTRIES in servconf.h).
var words = map[string]word{
	"acceptenv":                       {inMatch: Version{6, 1}, check: list(envName)},
	"addressfamily":                   {check: oneOf("any", "inet", "inet6")},
	"allowagentforwarding":            {inMatch: always, check: flag},
	"allowgroups":                     {inMatch: Version{6, 1}, check: list(anyWord)},
	"allowstreamlocalforwarding":      {since: Version{6, 7}, inMatch: always, check: oneOf("yes", "all", "no", "remote", "local")},
	"allowtcpforwarding":              {inMatch: always, check: oneOf("yes", "all", "no", "remote", "local")},
	"allowusers":                      {inMatch: Version{6, 1}, check: list(userPattern)},
	"authenticationmethods":           {since: Version{6, 2}, inMatch: always, check: methods},
	"authorizedkeyscommand":           {since: Version{6, 2}, inMatch: always, check: command},
	"authorizedkeyscommanduser":       {since: Version{6, 2}, inMatch: always, check: commandUser},
	"authorizedkeysfile":              {inMatch: always, check: keyFiles},
	"authorizedprincipalscommand":     {since: Version{6, 9}, inMatch: always, check: command},
	"authorizedprincipalscommanduser": {since: Version{6, 9}, inMatch: always, check: commandUser},
	"authorizedprincipalsfile":        {inMatch: always, check: fileName("", false)},
	"banner":                          {inMatch: always, check: fileName("none", false)},
	"casignaturealgorithms":           {since: Version{7, 9}, inMatch: always, check: keyTypes},
	"challengeresponseauthentication": {inMatch: Version{8, 7}, check: flag},
	"channeltimeout":                  {since: Version{9, 2}, inMatch: always, check: channelTimeout},
	"chrootdirectory":                 {inMatch: always, check: one(anyWord)},
	"ciphers":                         {check: algorithms(ciphers)},
	"clientalivecountmax":             {inMatch: Version{7, 4}, check: number},
	"clientaliveinterval":             {inMatch: Version{7, 4}, check: duration},
	"compression":                     {check: oneOf("yes", "delayed", "no")},
	"denygroups":                      {inMatch: Version{6, 1}, check: list(anyWord)},
	"denyusers":                       {inMatch: Version{6, 1}, check: list(userPattern)},
	"disableforwarding":               {since: Version{7, 4}, inMatch: always, check: flag},
	"dsaauthentication":               {check: flag},
	"exposeauthinfo":                  {since: Version{7, 6}, inMatch: always, check: flag},
	"fingerprinthash":                 {since: Version{6, 8}, check: oneOf("md5", "sha1", "sha256", "sha384", "sha512")},
	"forcecommand":                    {inMatch: always, check: restOfLine},
	"gatewayports":                    {inMatch: always, check: oneOf("clientspecified", "yes", "no")},
	"hostbasedacceptedalgorithms":     {since: Version{8, 5}, inMatch: always, check: keyTypes},
	"hostbasedacceptedkeytypes":       {since: Version{6, 8}, inMatch: always, check: keyTypes},
	"hostbasedauthentication":         {inMatch: always, check: flag},
	"hostbasedusesnamefrompacketonly": {inMatch: always, check: flag},
	"hostcertificate":                 {check: fileName("none", true)},
	"hostdsakey":                      {check: fileName("none", true)},
	"hostkey":                         {check: fileName("none", true)},
	"hostkeyagent":                    {since: Version{6, 3}, check: fileName("none", false)},
	"hostkeyalgorithms":               {since: Version{7, 0}, check: keyTypes},
	"ignorerhosts":                    {inMatch: Version{8, 3}, check: ignoreRhosts},
	"ignoreuserknownhosts":            {check: flag},
	"include":                         {since: Version{8, 2}, inMatch: always, check: includePaths},
	"ipqos":                           {inMatch: always, check: qos},
	"kbdinteractiveauthentication":    {inMatch: always, check: flag},
	"keepalive":                       {check: keepAlive},
	"kexalgorithms":                   {check: algorithms(keyExchanges)},
	"listenaddress":                   {check: listenAddress},
	"logingracetime":                  {check: duration},
	"loglevel": {inMatch: Version{7, 6}, check: oneOf(
		"silent", "quiet", "fatal", "error", "info", "verbose", "debug", "debug1", "debug2", "debug3",
	)},
	"logverbose":                 {since: Version{8, 5}, inMatch: always, check: logVerbose},
	"macs":                       {check: algorithms(macs)},
	"match":                      {inMatch: always, check: matchLine},
	"maxauthtries":               {inMatch: always, check: number},
	"maxsessions":                {inMatch: always, check: number},
	"maxstartups":                {check: one(maxStartups)},
	"modulifile":                 {since: Version{8, 6}, check: fileName("none", false)},
	"pamservicename":             {since: Version{9, 8}, inMatch: always, check: one(anyWord)},
	"passwordauthentication":     {inMatch: always, check: flag},
	"permitemptypasswords":       {inMatch: always, check: flag},
	"permitlisten":               {since: Version{7, 8}, inMatch: always, check: permitOpen},
	"permitopen":                 {inMatch: always, check: permitOpen},
	"permitrootlogin":            {inMatch: always, check: rootLogin},
	"permittty":                  {since: Version{6, 5}, inMatch: always, check: flag},
	"permittunnel":               {inMatch: always, check: one(tunnel)},
	"permituserenvironment":      {check: one(userEnvironment)},
	"permituserrc":               {since: Version{6, 7}, inMatch: always, check: flag},
	"persourcemaxstartups":       {since: Version{8, 5}, check: perSource},
	"persourcenetblocksize":      {since: Version{8, 5}, check: one(netBlock)},
	"persourcepenalties":         {since: Version{9, 8}, check: penalties},
	"persourcepenaltyexemptlist": {since: Version{9, 8}, check: one(exemptList)},
	"pidfile":                    {check: fileName("none", false)},
	"port":                       {check: port},
	"printlastlog":               {check: flag, feature: lastlog},
	"printmotd":                  {check: flag},
	"pubkeyacceptedalgorithms":   {since: Version{8, 5}, inMatch: always, check: keyTypes},
	"pubkeyacceptedkeytypes":     {since: Version{6, 8}, inMatch: always, check: keyTypes},
	"pubkeyauthentication":       {inMatch: always, check: flag},
	"pubkeyauthoptions":          {since: Version{8, 2}, inMatch: always, check: pubkeyOptions},
	"rdomain":                    {since: Version{7, 7}, inMatch: always, check: routingDomain},
	"refuseconnection":           {since: Version{9, 9}, inMatch: always, check: flag},
	"rekeylimit":                 {since: Version{6, 3}, inMatch: always, check: rekey},
	"requiredrsasize":            {since: Version{9, 1}, redHat: Version{8, 7}, inMatch: always, check: number},
	"revokedkeys":                {inMatch: always, check: revokedKeys},
	"securitykeyprovider":        {since: Version{8, 2}, check: fileName("internal", false)},
	"setenv":                     {since: Version{7, 8}, inMatch: always, check: setEnv},
	"skeyauthentication":         {inMatch: Version{8, 7}, given: span{Version{7, 8}, Version{8, 7}}, check: flag},
	"sshdauthpath":               {since: Version{10, 0}, check: fileName("none", false)},
	"sshdsessionpath":            {since: Version{9, 8}, check: fileName("none", false)},
	"streamlocalbindmask":        {since: Version{6, 7}, inMatch: always, check: one(bindMask)},
	"streamlocalbindunlink":      {since: Version{6, 7}, inMatch: always, check: flag},
	"strictmodes":                {check: flag},
	"subsystem":                  {inMatch: Version{9, 5}, check: subsystem},
	"syslogfacility": {check: oneOf(
		"daemon", "user", "auth", "authpriv",
		"local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7",
	)},
	"tcpkeepalive":            {check: keepAlive},
	"trustedusercakeys":       {inMatch: always, check: fileName("none", false)},
	"unusedconnectiontimeout": {since: Version{9, 2}, inMatch: always, check: unusedTimeout},
	"usedns":                  {check: flag},
	"usepam":                  {check: flag, feature: pam},
	"versionaddendum":         {since: Version{6, 1}, check: versionAddendum},
	"x11displayoffset":        {inMatch: always, check: number},
	"x11forwarding":           {inMatch: always, check: flag},
	"x11uselocalhost":         {inMatch: always, check: flag},
	"xauthlocation":           {check: fileName("none", false)},

	// of builds with GSSAPI or Kerberos
	"gssapiauthentication":      {inMatch: always, check: flag, feature: Build.gssapi},
	"gssapicleanupcredentials":  {check: flag, feature: Build.gssapi},
	"gssapidelegatecredentials": {since: Version{10, 3}, check: flag, feature: Build.gssapi},
	"gssapistrictacceptorcheck": {since: Version{6, 9}, check: flag, feature: Build.gssapi},
	"kerberosauthentication":    {inMatch: always, check: flag, feature: Build.gssapi},
	"kerberosgetafstoken":       {check: flag, feature: afs},
	"kerberosorlocalpasswd":     {check: flag, feature: Build.gssapi},
	"kerberosticketcleanup":     {check: flag, feature: Build.gssapi},

	// given up: a warning, whatever they say
	"afstokenpassing":            {},
	"authorizedkeysfile2":        {inMatch: always},
	"checkmail":                  {},
	"kerberostgtpassing":         {},
	"keyregenerationinterval":    {},
	"pamauthenticationviakbdint": {until: Version{10, 4}},
	"protocol":                   {},
	"reversemappingcheck":        {},
	"rhostsauthentication":       {},
	"rhostsrsaauthentication":    {inMatch: always},
	"rsaauthentication":          {inMatch: always},
	"serverkeybits":              {},
	"uselogin":                   {},
	"useprivilegeseparation":     {given: span{Version{7, 5}, Version{99, 0}}, check: privilegeSeparation},
	"verifyreversemapping":       {},

	// patched in by distributions
	"debianbanner":                  {vendors: []Vendor{Debian, DebianGSSAPI}, check: flag},
	"gssapicleanupcreds":            {patch: Build.gssapiKex, check: flag},
	"gssapikeyexchange":             {patch: Build.gssapiKex, check: flag},
	"gssapikexalgorithms":           {patch: Build.gssapiKex, check: one(gssKeyExchanges)},
	"gssapistorecredentialsonrekey": {patch: Build.gssapiKex, check: flag},
	"gssapiusesessioncredcache":     {patch: Build.gssapiKex},
	"gssusesessionccache":           {patch: Build.gssapiKex},
	"permitblacklistedkeys":         {vendors: []Vendor{Debian, DebianGSSAPI}},
	"gssapienablek5users":           {vendors: []Vendor{RedHat}, inMatch: always, check: vendorWords},
	"gssapiindicators":              {vendors: []Vendor{RedHat}, inMatch: always, check: vendorWords},
	"kerberosuniqueccache":          {vendors: []Vendor{RedHat}, inMatch: always, check: vendorWords},
	"kerberosusekuserok":            {vendors: []Vendor{RedHat}, inMatch: always, check: vendorWords},
	"rsaminsize":                    {vendors: []Vendor{RedHat}, inMatch: always, check: vendorWords},
	"showpatchlevel":                {vendors: []Vendor{RedHat}, check: vendorWords},
	"x11maxdisplays":                {vendors: []Vendor{RedHat}, inMatch: always, check: vendorWords},
}

// known says whether the build knows the keyword.
func (w word) known(b Build) Outcome {
	switch {
	case w.vendors != nil && b.Vendor == VendorUnknown:
		return unsure("a keyword that only some distributions' builds know")
	case w.vendors != nil && !slices.Contains(w.vendors, b.Vendor):
		return refused("a keyword of another distribution's build")
	case w.patch != nil && w.patch(b) == maybe:
		return unsure("a keyword that only some distributions' builds know")
	case w.patch != nil && w.patch(b) == without:
		return refused("a keyword of another distribution's build")
	case w.until.Known() && b.Version.AtLeast(w.until.Major, w.until.Minor):
		return refused("a keyword that this version does not know any more")
	case b.Vendor == RedHat && w.redHat.Known() && b.Version.AtLeast(w.redHat.Major, w.redHat.Minor):
	case b.Version.Before(w.since.Major, w.since.Minor):
		return tooOld(b, "a keyword that this version does not know")
	}
	return Outcome{}
}

// inside says whether the build lets the keyword stand within a Match block.
func (w word) inside(b Build) Outcome {
	switch {
	case !w.inMatch.Known():
		return refused("not allowed within a Match block")
	case b.Version.Before(w.inMatch.Major, w.inMatch.Minor):
		return tooOld(b, "not allowed within a Match block by this version")
	}
	return Outcome{}
}

// ignored reports whether the build only warns of the keyword.
func (w word) ignored(b Build) bool {
	return w.given.from.Known() && b.Version.AtLeast(w.given.from.Major, w.given.from.Minor) &&
		b.Version.Before(w.given.to.Major, w.given.to.Minor)
}

// needs says whether the build has what the keyword is for.
func (w word) needs(b Build) feature {
	if w.feature == nil {
		return with
	}
	return w.feature(b)
}

// afs is a feature nobody builds in; pam and lastlog are some vendors'.
func afs(b Build) feature {
	if b.IsDebian() {
		return without
	}
	return maybe
}

func pam(b Build) feature {
	if b.IsDebian() || b.Vendor == RedHat || b.Vendor == SUSE {
		return with
	}
	return maybe
}

func lastlog(b Build) feature {
	if b.IsDebian() {
		return with
	}
	return maybe
}

// tooOld is refused, unless the vendor moves features to older versions.
func tooOld(b Build, why string) Outcome {
	if !b.backports() {
		return refused(why)
	}
	return unsure(why + ", unless the distribution patched it in")
}

// Canonical returns the keyword that l sets: aliases resolved. build matters
// where a word was an alias only in some versions: until 8.6
// ChallengeResponseAuthentication was a setting of its own.
func (l Line) Canonical(build Build) string {
	switch l.Keyword {
	case "challengeresponseauthentication", "skeyauthentication":
		if build.Version.AtLeast(8, 7) {
			return "kbdinteractiveauthentication"
		}
		if l.Keyword == "skeyauthentication" && build.Version.Before(7, 8) {
			return "challengeresponseauthentication"
		}
	case "dsaauthentication":
		return "pubkeyauthentication"
	case "hostbasedacceptedkeytypes":
		return "hostbasedacceptedalgorithms"
	case "pubkeyacceptedkeytypes":
		return "pubkeyacceptedalgorithms"
	case "hostdsakey":
		return "hostkey"
	case "keepalive":
		return "tcpkeepalive"
	}
	return l.Keyword
}
