package sshdconf

import "strings"

// finish judges what sshd checks after it has read everything (main() of sshd.c).
func (c *Config) finish(set *settled) {
	switch o := c.outcome(); {
	case o.Kind == Refused:
		return
	}
	at, o := set.assemble(c.build)
	c.reject(at, o)
	for _, command := range []struct{ text, user, keyword string }{
		{set.commands.keys, set.commands.keysUser, "authorizedkeyscommand"},
		{set.commands.principals, set.commands.principalsUser, "authorizedprincipalscommand"},
	} {
		if command.text != "" && lower(command.text) != "none" && command.user == "" {
			c.reject(set.first[command.keyword], refused("the command is set without "+command.keyword+"user"))
		}
	}
	c.reject(set.first["authenticationmethods"], c.satisfiable(set.methods))
	listens, o := c.Listens()
	if o.Kind == Refused {
		c.reject(c.Global("listenaddress").Line, o)
	}
	for _, l := range listens {
		if !l.Addr.IsValid() && !hostName(l.Host) {
			c.reject(l.Line, unsure("neither an address nor a host name in ListenAddress"))
		}
	}
}

// satisfiable judges whether a list of AuthenticationMethods has all its methods
// enabled; sshd does not start if none has.
func (c *Config) satisfiable(lists []string) Outcome {
	if len(lists) == 0 || len(lists) == 1 && lists[0] == "any" {
		return Outcome{}
	}
	certain := true
	for _, list := range lists {
		switch c.enabledList(list) {
		case with:
			return Outcome{}
		case maybe:
			certain = false
		}
	}
	if !certain {
		return unsure("AuthenticationMethods asks for methods that may be disabled")
	}
	return refused("AuthenticationMethods asks for methods that are all disabled")
}

// enabledList says whether every method of one list is enabled in the global part.
func (c *Config) enabledList(list string) feature {
	result := with
	for method := range strings.SplitSeq(list, ",") {
		name, _, _ := strings.Cut(method, ":")
		on := maybe
		switch name {
		case "none":
			on = with
		case "publickey":
			on = c.enabled("pubkeyauthentication", "yes")
		case "password":
			on = c.enabled("passwordauthentication", "yes")
		case "hostbased":
			on = c.enabled("hostbasedauthentication", "no")
		case "gssapi-with-mic", "gssapi-keyex":
			if on = c.build.gssapi(); on == with {
				on = c.enabled("gssapiauthentication", "no")
			}
		case "keyboard-interactive":
			if c.build.Version.AtLeast(8, 7) {
				on = c.enabled("kbdinteractiveauthentication", "yes")
			} else if on = c.enabled("challengeresponseauthentication", "yes"); on == without {
				on = c.enabled("kbdinteractiveauthentication", "no")
			}
		}
		switch on {
		case without:
			return without
		case maybe:
			result = maybe
		}
	}
	return result
}

func (c *Config) enabled(keyword, fallback string) feature {
	if c.Global(keyword).Word(fallback) == "yes" {
		return with
	}
	return without
}
