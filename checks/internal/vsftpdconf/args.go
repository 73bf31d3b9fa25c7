package vsftpdconf

import "strings"

// Step is what one argument of the command line does: a file to read, or a setting.
// Steps are taken in order, the later over the earlier.
type Step struct {
	// File is to be read, as written; a relative name counts from the directory vsftpd
	// is started in. One that is missing, no regular file or not of the user vsftpd runs
	// as ends it. Links are followed.
	File string
	// Default: no file is named and the build's own is read, after all settings, if it
	// is there. File is "" where it is not known.
	Default bool
	Setting *Setting // not nil = no file
}

// Problems that the command line can have.
const (
	OnlyVersion = "an option that only prints the version"
	BadOption   = "an unknown option"
)

// ParseArgs reads the arguments of vsftpd(8), without the program's name: what begins
// with a dash is an option, -o with its setting in the same argument, -v or another
// letter, all of which end it; the rest are files. A problem has no position.
func ParseArgs(b Build, args []string) (steps []Step, problem *Problem) {
	named := false
	for _, arg := range args {
		arg, _, _ = strings.Cut(arg, "\x00") // where an argument of a process ends
		option, dashed := strings.CutPrefix(arg, "-")
		switch {
		case !dashed:
			named = true
			steps = append(steps, Step{File: arg})
		case strings.HasPrefix(option, "v"):
			return steps, &Problem{What: OnlyVersion}
		case !strings.HasPrefix(option, "o"):
			return steps, &Problem{What: BadOption}
		default:
			set, bad := ParseOptionAs(b, option[1:])
			if bad != nil && !bad.Unsure {
				return steps, bad
			}
			if problem == nil {
				problem = bad
			}
			if set.Kind != UnknownKey {
				steps = append(steps, Step{Setting: &set})
			}
		}
	}
	if !named {
		steps = append(steps, Step{File: b.DefaultFile, Default: true})
	}
	return steps, problem
}
