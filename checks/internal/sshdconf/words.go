package sshdconf

import (
	"slices"
	"strings"
)

// word is what is known of a keyword.
type word struct {
	since Version
	// inMatch tells from which version on the keyword may stand inside a Match
	// block: the zero Version = never, always = since Match exists.
	inMatch Version
	vendors []Vendor // who patched it in; nil = everyone has it
	check   checker  // nil = the value cannot be wrong
}

// always is older than everything looked at.
var always = Version{1, 0}

// words are the keywords of OpenSSH up to 10.x and of the distributions'
// patches (keywords[] in servconf.c).
var words = map[string]word{
	// what this package evaluates
	"port":                         {check: port},
	"listenaddress":                {check: listenAddress},
	"addressfamily":                {check: oneOf("any", "inet", "inet6")},
	"include":                      {since: Version{8, 2}, inMatch: always, check: includePaths},
	"match":                        {inMatch: always, check: matchLine},
	"permitrootlogin":              {inMatch: always, check: rootLogin},
	"usepam":                       {check: flag()},
	"passwordauthentication":       {inMatch: always, check: flag()},
	"kbdinteractiveauthentication": {inMatch: always, check: flag()},
	"challengeresponseauthentication": {
		inMatch: Version{8, 7}, check: flag(),
	},
	"skeyauthentication":      {inMatch: Version{8, 7}, check: skey},
	"pubkeyauthentication":    {inMatch: always, check: flag()},
	"dsaauthentication":       {check: flag()},
	"permitemptypasswords":    {inMatch: always, check: flag()},
	"authenticationmethods":   {inMatch: always, check: methods},
	"allowusers":              {inMatch: always, check: list(userPattern)},
	"denyusers":               {inMatch: always, check: list(userPattern)},
	"allowgroups":             {inMatch: always, check: list(anyWord)},
	"denygroups":              {inMatch: always, check: list(anyWord)},
	"refuseconnection":        {since: Version{9, 9}, inMatch: always, check: flag()},
	"authorizedkeysfile":      {inMatch: always, check: keyFiles},
	"authorizedkeyscommand":   {inMatch: always, check: command()},
	"trustedusercakeys":       {inMatch: always, check: fileName()},
	"hostbasedauthentication": {inMatch: always, check: flag()},
	"gssapiauthentication":    {inMatch: always, check: buildFlag()},
	"kerberosauthentication":  {inMatch: always, check: buildFlag()},
	"subsystem":               {inMatch: Version{9, 5}, check: subsystem},

	// the others: only whether sshd starts with them
	"acceptenv":                       {inMatch: always, check: list(envName)},
	"allowagentforwarding":            {inMatch: always, check: flag()},
	"allowstreamlocalforwarding":      {inMatch: always, check: oneOf("yes", "all", "no", "remote", "local")},
	"allowtcpforwarding":              {inMatch: always, check: oneOf("yes", "all", "no", "remote", "local")},
	"authorizedkeyscommanduser":       {inMatch: always, check: text()},
	"authorizedprincipalscommand":     {inMatch: always, check: command()},
	"authorizedprincipalscommanduser": {inMatch: always, check: text()},
	"authorizedprincipalsfile":        {inMatch: always, check: fileName()},
	"banner":                          {inMatch: always, check: fileName()},
	"casignaturealgorithms":           {since: Version{7, 9}, inMatch: always, check: keyType},
	"channeltimeout":                  {since: Version{9, 2}, inMatch: always, check: channelTimeout},
	"chrootdirectory":                 {inMatch: always, check: text()},
	"ciphers":                         {check: algorithms(ciphers...)},
	"clientalivecountmax":             {inMatch: always, check: number()},
	"clientaliveinterval":             {inMatch: always, check: duration()},
	"compression":                     {check: oneOf("yes", "delayed", "no")},
	"disableforwarding":               {since: Version{7, 4}, inMatch: always, check: flag()},
	"exposeauthinfo":                  {since: Version{7, 6}, inMatch: always, check: flag()},
	"fingerprinthash":                 {check: fingerprintHash},
	"forcecommand":                    {inMatch: always, check: restOfLine()},
	"gatewayports":                    {inMatch: always, check: oneOf("clientspecified", "yes", "no")},
	"gssapicleanupcredentials":        {check: buildFlag()},
	"gssapidelegatecredentials":       {since: Version{10, 1}, check: unknownValue},
	"gssapistrictacceptorcheck":       {check: buildFlag()},
	"hostbasedacceptedalgorithms":     {since: Version{8, 5}, inMatch: always, check: keyType},
	"hostbasedacceptedkeytypes":       {inMatch: always, check: keyType},
	"hostbasedusesnamefrompacketonly": {inMatch: always, check: flag()},
	"hostcertificate":                 {check: fileName()},
	"hostdsakey":                      {check: fileName()},
	"hostkey":                         {check: fileName()},
	"hostkeyagent":                    {check: fileName()},
	"hostkeyalgorithms":               {check: keyType},
	"ignorerhosts":                    {inMatch: Version{8, 3}, check: ignoreRhosts},
	"ignoreuserknownhosts":            {check: flag()},
	"ipqos":                           {inMatch: always, check: qos},
	"keepalive":                       {check: flag()},
	"kerberosgetafstoken":             {check: buildFlag()},
	"kerberosorlocalpasswd":           {check: buildFlag()},
	"kerberosticketcleanup":           {check: buildFlag()},
	"kexalgorithms":                   {check: keyExchange},
	"logingracetime":                  {check: duration()},
	"loglevel": {inMatch: Version{7, 8}, check: oneOf(
		"quiet", "fatal", "error", "info", "verbose", "debug", "debug1", "debug2", "debug3",
	)},
	"logverbose":                 {since: Version{8, 5}, inMatch: always, check: logVerbose},
	"macs":                       {check: algorithms(macs...)},
	"maxauthtries":               {inMatch: always, check: number()},
	"maxsessions":                {inMatch: always, check: number()},
	"maxstartups":                {check: maxStartups},
	"modulifile":                 {since: Version{8, 8}, check: fileName()},
	"pamservicename":             {since: Version{9, 8}, inMatch: always, check: text()},
	"permitlisten":               {since: Version{7, 8}, inMatch: always, check: permitOpen},
	"permitopen":                 {inMatch: always, check: permitOpen},
	"permittty":                  {inMatch: always, check: flag()},
	"permittunnel":               {inMatch: always, check: tunnel},
	"permituserenvironment":      {check: text()},
	"permituserrc":               {inMatch: always, check: flag()},
	"persourcemaxstartups":       {since: Version{8, 5}, check: perSource},
	"persourcenetblocksize":      {since: Version{8, 5}, check: one(netBlock)},
	"persourcepenalties":         {since: Version{9, 8}, check: penalties},
	"persourcepenaltyexemptlist": {since: Version{9, 8}, check: one(addressList)},
	"pidfile":                    {check: fileName()},
	"printlastlog":               {check: buildFlag()},
	"printmotd":                  {check: flag()},
	"pubkeyacceptedalgorithms":   {since: Version{8, 5}, inMatch: always, check: keyType},
	"pubkeyacceptedkeytypes":     {inMatch: always, check: keyType},
	"pubkeyauthoptions":          {since: Version{8, 2}, inMatch: always, check: pubkeyOptions},
	"rdomain":                    {since: Version{7, 8}, inMatch: always, check: unknownValue},
	"rekeylimit":                 {inMatch: always, check: rekey},
	"requiredrsasize":            {since: Version{9, 1}, inMatch: always, check: number()},
	"revokedkeys":                {inMatch: always, check: revokedKeys},
	"securitykeyprovider":        {since: Version{8, 2}, check: fileName()},
	"setenv":                     {since: Version{7, 8}, inMatch: always, check: setEnv},
	"sshdsessionpath":            {since: Version{9, 8}, check: fileName()},
	"streamlocalbindmask":        {inMatch: always, check: bindMask},
	"streamlocalbindunlink":      {inMatch: always, check: flag()},
	"strictmodes":                {check: flag()},
	"syslogfacility": {check: oneOf(
		"daemon", "user", "auth", "authpriv",
		"local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7",
	)},
	"tcpkeepalive":            {check: flag()},
	"unusedconnectiontimeout": {since: Version{9, 2}, inMatch: always, check: duration("none")},
	"usedns":                  {check: flag()},
	"versionaddendum":         {check: restOfLine()},
	"x11displayoffset":        {inMatch: always, check: number()},
	"x11forwarding":           {inMatch: always, check: flag()},
	"x11uselocalhost":         {inMatch: always, check: flag()},
	"xauthlocation":           {check: fileName()},

	// given up: a warning, whatever they say
	"afstokenpassing":            {},
	"authorizedkeysfile2":        {inMatch: always},
	"checkmail":                  {},
	"kerberostgtpassing":         {},
	"keyregenerationinterval":    {},
	"pamauthenticationviakbdint": {},
	"protocol":                   {check: protocol},
	"reversemappingcheck":        {},
	"rhostsauthentication":       {},
	"rhostsrsaauthentication":    {inMatch: always},
	"rsaauthentication":          {inMatch: always},
	"serverkeybits":              {},
	"uselogin":                   {check: useLogin},
	"useprivilegeseparation":     {check: useLogin},
	"verifyreversemapping":       {},

	// patched in by distributions
	"debianbanner":                  {vendors: []Vendor{Debian}, check: flag()},
	"gssapikeyexchange":             {vendors: []Vendor{Debian, RedHat, SUSE}, check: buildFlag()},
	"gssapistorecredentialsonrekey": {vendors: []Vendor{Debian, RedHat, SUSE}, check: buildFlag()},
	"gssapikexalgorithms":           {vendors: []Vendor{Debian, RedHat, SUSE}, check: vendorList},
	"gssapienablek5users":           {vendors: []Vendor{RedHat}, inMatch: always, check: buildFlag()},
	"gssapiindicators":              {vendors: []Vendor{RedHat}, inMatch: always, check: vendorList},
	"kerberosuniqueccache":          {vendors: []Vendor{RedHat}, inMatch: always, check: buildFlag()},
	"kerberosusekuserok":            {vendors: []Vendor{RedHat}, inMatch: always, check: buildFlag()},
	"rsaminsize":                    {vendors: []Vendor{RedHat}, inMatch: always, check: number()},
	"showpatchlevel":                {vendors: []Vendor{RedHat}, check: buildFlag()},
	"x11maxdisplays":                {vendors: []Vendor{RedHat}, inMatch: always, check: number()},
}

// askForMore are keywords that look for another word after the first and, before
// 8.7, took an empty one for an answer.
var askForMore = []string{"listenaddress", "rekeylimit", "ipqos"}

// judge says what sshd makes of a directive: its keyword, place and values.
func judge(l Line, b Build, inMatch bool) Outcome {
	if l.Outcome.Kind == Refused && b.Version.Known() {
		return l.Outcome
	}
	w, ok := words[l.Keyword]
	switch {
	case l.Keyword == "" || l.Outcome.Kind != Accepted:
		return l.Outcome
	case !ok:
		return refused("unknown keyword")
	case w.vendors != nil && b.Vendor == VendorUnknown:
		return unsure("a keyword that only some distributions' builds know")
	case w.vendors != nil && !slices.Contains(w.vendors, b.Vendor):
		return refused("a keyword of another distribution's build")
	case w.since.Known() && !b.Version.Known():
		return unsure("a keyword that older versions do not know, and the version is not known")
	case l.Keyword == "requiredrsasize" && b.Vendor == RedHat && b.Version.AtLeast(8, 7):
		// RHEL 9 took it into its 8.7; the system-wide crypto policy sets it.
	case w.since.Known() && b.Version.Before(w.since.Major, w.since.Minor):
		return tooOld(b, "a keyword that this version does not know")
	}
	if inMatch {
		switch {
		case !w.inMatch.Known():
			return refused("not allowed within a Match block")
		case w.inMatch != always && !b.Version.Known():
			return unsure("older versions do not allow it within a Match block, and the version is not known")
		case b.Version.Before(w.inMatch.Major, w.inMatch.Minor):
			return tooOld(b, "not allowed within a Match block by this version")
		}
	}
	switch {
	case w.check == nil:
		return Outcome{}
	case inMatch && l.Keyword == "subsystem" && len(l.Args) == 1:
		return unsure("a subsystem without command, which some versions accept within a Match block")
	case inMatch && !b.Version.AtLeast(8, 7) && strings.HasSuffix(l.Keyword, "command") && w.check(l, b).Kind == Refused:
		return unsure("a command that is no absolute path, which some versions accept within a Match block")
	case !b.Version.AtLeast(8, 7) && slices.Contains(askForMore, l.Keyword) && strings.Contains(l.Rest, `"`):
		return unsure("quotes, after which versions before 8.7 find an empty word")
	}
	return w.check(l, b)
}

// tooOld is refused, unless the vendor moves features to older versions.
func tooOld(b Build, why string) Outcome {
	if b.Vendor == Debian || b.Vendor == Upstream {
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
	case "dsaauthentication":
		return "pubkeyauthentication"
	}
	return l.Keyword
}
