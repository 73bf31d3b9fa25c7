package authkeys

import (
	"strconv"
	"strings"
)

const (
	maxPermits      = 4096 // SSH_AUTHOPT_PERMIT_MAX
	maxEnvironments = 1024 // SSH_AUTHOPT_ENV_MAX
	maxHostName     = 1025 // NI_MAXHOST

	// maxList bounds the lists of from= and principals=, which sshd does not.
	maxList = 4096
)

// optionParser is one run of sshauthopt_parse (auth-options.c).
type optionParser struct {
	rest string
	opts ParseOptions
	out  Options
	verdict
	permitopens, permitlistens, environments int
}

// parseOptions reads the options of a line. They are refused where sshd of the version
// would refuse the line for them.
func parseOptions(text string, opts ParseOptions) (Options, verdict) {
	p := &optionParser{rest: text, opts: opts}
	for p.rest != "" && p.rest[0] != ' ' && p.rest[0] != '\t' {
		before := p.rest
		if p.rest[0] != ',' && !p.flag() {
			p.valued()
		}
		if p.refused != "" {
			break
		}
		if p.rest == "" || p.rest[0] == ' ' || p.rest[0] == '\t' {
			break
		}
		if p.rest[0] != ',' {
			if name := optionName(before); opts.newer() && len(p.rest) == len(before) && name != "" {
				p.doubt("an option that releases of OpenSSH up to the newest known here do not have")
				break
			}
			p.refuse("an option that sshd does not know")
			break
		}
		p.rest = p.rest[1:]
	}
	p.out.Refusing = p.out.refusing()
	return p.out, p.verdict
}

// optionName returns the name at the front of text if it could be one of an option.
func optionName(text string) string {
	end := 0
	for end < len(text) && (text[end] == '-' || text[end]|0x20 >= 'a' && text[end]|0x20 <= 'z' || text[end] >= '0' && text[end] <= '9') {
		end++
	}
	if end < len(text) && text[end] != ',' && text[end] != '=' || end == 0 || text[0] == '-' {
		return ""
	}
	return text[:end]
}

func hasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && equalFoldASCII(s[:len(prefix)], prefix)
}

func equalFoldASCII(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range len(a) {
		x, y := a[i], b[i]
		if x >= 'A' && x <= 'Z' {
			x |= 0x20
		}
		if y >= 'A' && y <= 'Z' {
			y |= 0x20
		}
		if x != y {
			return false
		}
	}
	return true
}

// flag takes an option without a value (opt_flag): what follows the name is looked at
// later, and anything but a comma or the end is refused then.
func (p *optionParser) flag() bool {
	take := func(name string, negatable bool) (on, ok bool) {
		rest, on := p.rest, true
		if negatable && hasPrefixFold(rest, "no-") {
			rest, on = rest[3:], false
		}
		if !hasPrefixFold(rest, name) {
			return false, false
		}
		p.rest = rest[len(name):]
		return on, true
	}
	if _, ok := take("restrict", false); ok {
		p.out.Restrict, p.out.NoPortForwarding, p.out.NoPTY = true, true, true
		return true
	}
	if _, ok := take("cert-authority", false); ok {
		p.out.Authority = true
		return true
	}
	if on, ok := take("port-forwarding", true); ok {
		p.out.NoPortForwarding = !on
		return true
	}
	if on, ok := take("pty", true); ok {
		p.out.NoPTY = !on
		return true
	}
	for _, name := range []string{"agent-forwarding", "x11-forwarding", "user-rc"} {
		if _, ok := take(name, true); ok {
			return true
		}
	}
	if _, ok := take("touch-required", true); ok {
		p.require(p.opts.since(8, 2), "touch-required, which sshd before 8.2 refuses")
		return true
	}
	if _, ok := take("verify-required", true); ok {
		p.require(p.opts.since(8, 4), "verify-required, which sshd before 8.4 refuses")
		return true
	}
	return false
}

// valued takes an option with a value in quotes (opt_match, opt_dequote).
func (p *optionParser) valued() {
	name, ok := "", false
	for _, name = range []string{
		"command", "principals", "from", "expiry-time", "environment", "permitopen", "permitlisten", "tunnel",
	} {
		if ok = len(p.rest) > len(name) && p.rest[len(name)] == '=' && hasPrefixFold(p.rest, name); ok {
			break
		}
	}
	if !ok {
		return
	}
	value, rest, ok := dequote(p.rest[len(name)+1:])
	if !ok {
		p.refuse("the value of an option is not in quotes")
		return
	}
	p.rest = rest
	again := func(set bool) {
		if set {
			p.require(flip(p.opts.since(7, 7)), "an option that stands twice")
		}
	}
	switch name {
	case "command":
		again(p.out.HasCommand)
		p.out.Command, p.out.HasCommand = value, true
	case "principals":
		again(p.out.HasPrincipals)
		p.out.Principals, p.out.HasPrincipals = p.principals(value), true
	case "from":
		// Twice: before 7.7 both must admit, which is not what one list can say.
		if again(p.out.HasFrom); p.out.HasFrom {
			p.doubt("from= stands twice")
		}
		p.from(value)
	case "expiry-time":
		p.require(p.opts.since(7, 7), "expiry-time=, which sshd before 7.7 refuses")
		p.expires(value)
	case "environment":
		p.out.Environment = true
		p.environment(value)
	case "permitopen":
		if p.permitopens++; p.permitopens > maxPermits+1 {
			p.require(flip(p.opts.since(8, 1)), "more permitopen= than sshd takes")
		}
		p.permit(value)
	case "permitlisten":
		p.require(p.opts.since(7, 8), "permitlisten=, which sshd before 7.8 refuses")
		if p.permitlistens++; p.permitlistens > maxPermits+1 {
			p.require(flip(p.opts.since(8, 1)), "more permitlisten= than sshd takes")
		}
		if !strings.Contains(value, ":") {
			value = "*:" + value
		}
		p.permit(value)
	case "tunnel":
		p.out.Tunnel = true
		if n, ok := strtonum(value, 0x7fffffff-2); !equalFoldASCII(value, "any") && (!ok || n < 0) {
			p.refuse("the device of tunnel= is none")
		}
	}
}

// dequote reads a value in quotes, in which \" stands for a quote and nothing else is
// special.
func dequote(text string) (value, rest string, ok bool) {
	if text == "" || text[0] != '"' {
		return "", "", false
	}
	var b strings.Builder
	for i := 1; i < len(text); i++ {
		switch {
		case text[i] == '"':
			return b.String(), text[i+1:], true
		case text[i] == '\\' && i+1 < len(text) && text[i+1] == '"':
			i++
		}
		b.WriteByte(text[i])
	}
	return "", "", false
}

// principals splits the list, of which sshd reads what is before the first empty name
// (match_list in match.c, match_principals_option since 10.3).
func (p *optionParser) principals(value string) (names []string) {
	if strings.Count(value, ",") >= maxList {
		p.doubt("principals= is longer than this program reads")
		return nil
	}
	for name := range strings.SplitSeq(value, ",") {
		if name == "" {
			break
		}
		names = append(names, name)
	}
	return names
}

// environment: since 7.7 a value needs a name, of letters and digits, since 7.8 of
// underscores too. Before, anything did.
func (p *optionParser) environment(value string) {
	const bad = "environment= that not every sshd takes"
	if p.environments++; p.environments > maxEnvironments {
		p.doubt("more environment= than every sshd takes")
	}
	name, _, ok := strings.Cut(value, "=")
	letters, underscores := ok, ok
	for i := range len(name) {
		c := name[i]
		alnum := c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9'
		letters = letters && alnum
		underscores = underscores && (alnum || c == '_')
	}
	underscores = underscores && name != ""
	in77 := p.opts.Major == 7 && p.opts.Minor == 7
	switch {
	case p.opts.since(7, 7) == no || letters && underscores:
	case p.opts.Major == 0:
		p.doubt(bad)
	case in77 && !letters || !in77 && !underscores:
		p.refuse(bad)
	}
}

// permit checks the host and port of permitopen= and permitlisten= (handle_permit).
func (p *optionParser) permit(value string) {
	host, port, ok := splitHost(value)
	if !ok || len(host) >= maxHostName {
		p.refuse("the host or port of permitopen= or permitlisten= is none")
		return
	}
	n, number := strtonum(port, 65535)
	switch {
	case port == "*" || number && n > 0:
	case number && n <= 0 || port == "" || strings.Trim(port, "0123456789") == "":
		p.refuse("the port of permitopen= or permitlisten= is none")
	default:
		p.doubt("the port of permitopen= or permitlisten= is a name, which sshd looks up")
	}
}

// splitHost is hpdelim2: a host, in brackets if it has colons, up to a colon or slash.
func splitHost(s string) (host, rest string, ok bool) {
	end := 0
	if strings.HasPrefix(s, "[") {
		if end = strings.IndexByte(s, ']') + 1; end == 0 {
			return "", "", false
		}
	} else if end = strings.IndexAny(s, ":/"); end < 0 {
		return "", "", false
	}
	if end == len(s) || s[end] != ':' && s[end] != '/' {
		return "", "", false
	}
	return s[:end], s[end+1:], true
}

// strtonum reads a number from 0 to most as strtonum(3) does: white space and a sign may
// stand before it.
func strtonum(s string, most int64) (int64, bool) {
	s = strings.TrimLeft(s, "\t\n\v\f\r ")
	digits := strings.TrimLeft(strings.TrimPrefix(s, "+"), "0")
	if s == "" || s == "+" || strings.Trim(strings.TrimPrefix(strings.TrimPrefix(s, "+"), "-"), "0123456789") != "" ||
		len(digits) > 18 {
		return 0, false
	}
	n, err := strconv.ParseInt(strings.TrimPrefix(s, "+"), 10, 64)
	return n, err == nil && n >= 0 && n <= most && !strings.HasPrefix(s, "+-")
}
