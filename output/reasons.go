package output

import "hostaudit/checks"

// reasonWords says a reason in plain words.
func reasonWords(r checks.Reason) string {
	switch r {
	case checks.ReasonAbsent:
		return "not there"
	case checks.ReasonNotObservable:
		return "cannot be observed on this kind of target"
	case checks.ReasonNotAsked:
		return "left out by the selection or a setting"
	case checks.ReasonNoPermission:
		return "no permission to read it"
	case checks.ReasonUnreadable:
		return "it could not be read"
	case checks.ReasonRefused:
		return "the daemon would refuse its own configuration"
	case checks.ReasonUnsupported:
		return "a form this version does not evaluate"
	case checks.ReasonTooCostly:
		return "one try alone would cost too much"
	case checks.ReasonBudget:
		return "the time granted ran out"
	case checks.ReasonDeadline:
		return "stopped at the hard deadline"
	case checks.ReasonChangedMeanwhile:
		return "it changed while it was read"
	case checks.ReasonNoMetadata:
		return "what would tell is missing on this host"
	case checks.ReasonRemoteFileSystem:
		return "on a network or FUSE file system, which is not opened"
	case checks.ReasonInternal:
		return "a defect of this program"
	}
	return "no reason was given"
}

// reasonAdvice says what a person can do about a check that ended unknown.
func reasonAdvice(r checks.Reason) string {
	switch r {
	case checks.ReasonNoPermission:
		return "run the audit as root with all capabilities"
	case checks.ReasonUnreadable:
		return "see that it is a regular file of sound content that can be read"
	case checks.ReasonRefused:
		return "correct the configuration; the daemon's own syntax check names the line"
	case checks.ReasonTooCostly:
		return "check it by hand, or lower the cost the setting asks for"
	case checks.ReasonBudget:
		return "give the audit more time with --deadline"
	case checks.ReasonDeadline:
		return "give the audit more time with --deadline; --timings shows where it went"
	case checks.ReasonChangedMeanwhile:
		return "run the audit again"
	case checks.ReasonRemoteFileSystem:
		return "audit the machine that holds the files"
	case checks.ReasonInternal:
		return "please report it, with the output of --debug"
	}
	return "check it by hand"
}
