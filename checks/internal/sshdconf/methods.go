package sshdconf

import "strings"

// listEnabled says whether every method of one list is enabled in the global
// part: always, never, or not established.
func (c *Config) listEnabled(list string) reach {
	result := everyone
	for method := range strings.SplitSeq(list, ",") {
		name, _, _ := strings.Cut(method, ":")
		on := ""
		switch name {
		case "publickey":
			on = c.Global("pubkeyauthentication").Word("yes")
		case "password":
			on = c.Global("passwordauthentication").Word("yes")
		case "hostbased":
			on = c.Global("hostbasedauthentication").Word("no")
		case "keyboard-interactive":
			on = c.keyboardInteractive()
		}
		switch on {
		case "yes":
		case "no":
			return never
		default:
			result = some
		}
	}
	return result
}

func (c *Config) keyboardInteractive() string {
	if c.build.Version.AtLeast(8, 7) {
		return c.Global("kbdinteractiveauthentication").Word("yes")
	}
	return ""
}
