package authkeys

import "strings"

// refusing reports whether the options are those with which cloud images answer a login
// as root: cloud-init's disable_root_opts (ssh_util.py DISABLE_USER_OPTS, since 0.7.9
// with "exit 142", before without), which Ubuntu, Debian, Fedora, the CentOS family,
// Oracle Linux, SUSE and Amazon Linux ship with other names in it, and the copies of it
// in IBM's templates, which sleep for 5 seconds or have a blank before "exit".
//
// Without no-port-forwarding the key still opens connections from the host for as long
// as its owner likes (ssh -N), whatever the command is: such a line is not refusing. That
// is also true of the first images of Amazon and Ubuntu, which had the command alone.
func (o Options) refusing() bool {
	return o.HasCommand && o.NoPortForwarding && !o.Tunnel && !o.Environment && refusingCommand(o.Command)
}

// refusingCommand recognises the whole command, to the letter: two names and a number of
// seconds are all that may differ.
func refusingCommand(command string) bool {
	rest, ok := strings.CutPrefix(command, "echo 'Please login as the ")
	if !ok {
		return false
	}
	message, rest, ok := strings.Cut(rest, "'")
	if !ok || !refusingMessage(message) {
		return false
	}
	rest, ok = strings.CutPrefix(rest, ";echo;sleep ")
	if !ok {
		return false
	}
	seconds := rest
	if i := strings.IndexByte(rest, ';'); i >= 0 {
		seconds = rest[:i]
		if end := rest[i:]; end != ";exit 142" && end != "; exit 142" {
			return false
		}
	}
	return seconds == "10" || seconds == "5"
}

// refusingMessage knows today's wording, and that of cloud-init before 0.6.
func refusingMessage(message string) bool {
	if rest, ok := strings.CutPrefix(message, `user "`); ok {
		name, rest, ok := strings.Cut(rest, `" rather than the user "`)
		other, end, found := strings.Cut(rest, `"`)
		return ok && found && end == "." && accountName(name) && accountName(other)
	}
	name, ok := strings.CutSuffix(message, " user rather than root user.")
	return ok && accountName(name)
}

// accountName accepts names of accounts, and the two variables as they stand in
// cloud-init's template.
func accountName(s string) bool {
	if s == "$USER" || s == "$DISABLE_USER" {
		return true
	}
	for i := range len(s) {
		c := s[i]
		if !(c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' || c == '_' || i > 0 && (c == '-' || c == '.')) {
			return false
		}
	}
	return s != "" && len(s) <= 32
}
