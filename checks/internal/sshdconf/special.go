package sshdconf

import (
	"slices"
	"strings"
)

// The checkers of keywords whose values have a form of their own.

func port(l Line, _ Build) Outcome {
	return one(func(arg string) Outcome {
		_, o := portNumber(arg)
		return o
	})(l, Build{})
}

func includePaths(l Line, _ Build) Outcome {
	if len(l.Args) == 0 {
		return refused("missing file name")
	}
	if slices.Contains(l.Args, "") {
		return refused("empty argument")
	}
	return Outcome{}
}

// rootLogin: prohibit-password is the word of 7.0 for without-password.
func rootLogin(l Line, b Build) Outcome {
	if len(l.Args) == 1 && b.Version.Before(7, 0) && lower(l.Args[0]) == "prohibit-password" {
		return tooOld(b, "a value that this version does not know")
	}
	return oneOf("yes", "no", "without-password", "prohibit-password", "forced-commands-only")(l, b)
}

// skey was given up before 8.5 and became an alias for ChallengeResponse in 8.5.
func skey(l Line, b Build) Outcome {
	if b.Version.AtLeast(8, 7) {
		return flag()(l, b)
	}
	return unsure("versions of OpenSSH differ about the keyword")
}

// keyFiles: newer versions want none to stand alone.
func keyFiles(l Line, b Build) Outcome {
	if len(l.Args) > 1 {
		for _, arg := range l.Args {
			if lower(arg) == "none" {
				return unsure("none beside file names")
			}
		}
	}
	return fileNames()(l, b)
}

// revokedKeys takes one file, several in newer versions.
func revokedKeys(l Line, b Build) Outcome {
	if len(l.Args) > 1 {
		return unsure("older versions take one file only")
	}
	return fileName()(l, b)
}

func subsystem(l Line, _ Build) Outcome {
	switch {
	case len(l.Args) == 0 || l.Args[0] == "":
		return refused("missing argument")
	case len(l.Args) == 1 || l.Args[1] == "":
		return refused("missing subsystem command")
	}
	return Outcome{}
}

func envName(arg string) Outcome {
	if strings.Contains(arg, "=") {
		return refused("a variable's name with =")
	}
	return Outcome{}
}

func setEnv(l Line, b Build) Outcome {
	args := l.Args
	if !b.Version.AtLeast(8, 7) {
		args = strings.Fields(l.Rest) // the one keyword whose words = did not end
		if strings.Contains(l.Rest, `"`) {
			return unsure("quotes")
		}
	}
	for _, arg := range args {
		if !strings.Contains(arg, "=") {
			return refused("no name=value")
		}
	}
	return list(anyWord)(l, b)
}

func channelTimeout(l Line, b Build) Outcome {
	return list(func(arg string) Outcome {
		if lower(arg) == "none" {
			if len(l.Args) > 1 {
				return refused("none must stand alone")
			}
			return Outcome{}
		}
		kind, value, ok := strings.Cut(arg, "=")
		if !ok || kind == "" || value == "" {
			return refused("no type=time")
		}
		return timeValue(value)
	})(l, b)
}

// fingerprintHash: digests of ssh_digest_alg_by_name() in digest-openssl.c.
func fingerprintHash(l Line, b Build) Outcome {
	return oneOf("md5", "sha1", "sha256", "sha384", "sha512")(l, b)
}

// unknownValue is for keywords that depend on the platform.
func unknownValue(Line, Build) Outcome { return unsure("a keyword that depends on the platform") }

// vendorList takes one list that only the vendor's build can judge.
func vendorList(l Line, _ Build) Outcome {
	if len(l.Args) == 0 {
		return refused("missing argument")
	}
	return Outcome{}
}

func ignoreRhosts(l Line, b Build) Outcome {
	if b.Version.AtLeast(8, 3) {
		return oneOf("yes", "no", "shosts-only")(l, b)
	}
	if o := flag()(l, b); o.Kind != Accepted {
		return unsure(o.Why)
	}
	return Outcome{}
}

func logVerbose(l Line, b Build) Outcome {
	return list(func(arg string) Outcome {
		if lower(arg) == "none" && len(l.Args) > 1 {
			return refused("none must stand alone")
		}
		return Outcome{}
	})(l, b)
}

// permitOpen takes any or none, or host:port words.
func permitOpen(l Line, _ Build) Outcome {
	switch {
	case len(l.Args) == 0 || l.Args[0] == "":
		return refused("missing argument")
	case l.Args[0] == "any" || l.Args[0] == "none":
		if len(l.Args) > 1 {
			return unsure("words beside any or none")
		}
		return Outcome{}
	}
	for _, arg := range l.Args {
		host, port, ok := strings.Cut(arg, ":")
		if l.Keyword == "permitlisten" && !ok {
			host, port = "*", arg
		}
		if host == "" || strings.ContainsAny(arg, "[]/") || strings.Count(arg, ":") > 1 {
			return unsure("an unusual form")
		}
		if port == "*" {
			continue
		}
		if port == "" {
			return refused("no port")
		}
		if n, digitsOnly := digits(port); !digitsOnly || n > 65535 || n == 0 {
			return unsure("a port in an unusual form")
		}
	}
	return Outcome{}
}

// tunnel takes its words in lower case only in some versions.
func tunnel(l Line, b Build) Outcome {
	o := oneOf("yes", "no", "point-to-point", "ethernet")(l, b)
	if o.Kind == Accepted && l.Args[0] != lower(l.Args[0]) {
		return unsure("capital letters")
	}
	return o
}

func perSource(l Line, b Build) Outcome {
	if len(l.Args) == 1 && l.Args[0] == "none" {
		return Outcome{}
	}
	return number()(l, b)
}

// penalties: yes or no alone, else words this package does not judge.
func penalties(l Line, _ Build) Outcome {
	switch {
	case len(l.Args) == 0:
		return refused("missing argument")
	case len(l.Args) == 1 && (lower(l.Args[0]) == "yes" || lower(l.Args[0]) == "no"):
		return Outcome{}
	}
	for _, arg := range l.Args {
		name, value, _ := strings.Cut(arg, ":")
		switch name {
		case "crash", "authfail", "noauth", "grace-exceeded", "max", "min":
			if value == "" {
				return unsure("a penalty without a time")
			}
			if o := timeValue(value); o.Kind != Accepted {
				return unsure(o.Why)
			}
		default:
			return unsure("a penalty that not every version knows")
		}
	}
	return Outcome{}
}

func pubkeyOptions(l Line, _ Build) Outcome {
	for _, arg := range l.Args {
		switch lower(arg) {
		case "none", "touch-required", "verify-required":
		default:
			return refused("unsupported option")
		}
	}
	return Outcome{}
}

// rekey takes an amount of data and, optionally, a time.
func rekey(l Line, _ Build) Outcome {
	if len(l.Args) == 0 || l.Args[0] == "" {
		return refused("missing argument")
	}
	if amount := l.Args[0]; amount != "default" {
		n, ok := digits(strings.TrimRight(amount, "kKmMgG"))
		if !ok || len(strings.TrimRight(amount, "kKmMgG")) < len(amount)-1 || n > 1<<30 {
			return unsure("an amount in an unusual form")
		}
		if n < 16 && n != 0 && strings.TrimRight(amount, "kKmMgG") == amount {
			return refused("amount too small")
		}
	}
	switch {
	case len(l.Args) > 2:
		return refused("extra arguments at the end of the line")
	case len(l.Args) == 1 || l.Args[1] == "none":
		return Outcome{}
	case l.Args[1] == "":
		return refused("missing time")
	}
	return timeValue(l.Args[1])
}

func bindMask(l Line, b Build) Outcome {
	return one(func(arg string) Outcome {
		if strings.Trim(arg, "01234567") != "" {
			return unsure("a mode in an unusual form")
		}
		if len(strings.TrimLeft(arg, "0")) > 3 {
			return refused("a mode above 0777")
		}
		return Outcome{}
	})(l, b)
}

// protocol is ignored from 7.6 on.
func protocol(l Line, b Build) Outcome {
	if b.Version.Before(7, 6) && !slices.Equal(l.Args, []string{"2"}) {
		return unsure("protocol 1, or an unusual form")
	}
	return Outcome{}
}

// useLogin and useprivilegeseparation are ignored from 7.5 on.
func useLogin(l Line, b Build) Outcome {
	if b.Version.Before(7, 5) {
		if o := flag()(l, b); o.Kind != Accepted {
			return unsure(o.Why)
		}
	}
	return Outcome{}
}
