package main

import (
	"hostaudit/checks"
	"hostaudit/output"
)

// reasonJSON explains why a check is not applicable, or unknown.
type reasonJSON struct {
	Reason  checks.Reason `json:"reason"`
	Status  string        `json:"status"`  // that it is a reason of
	Words   string        `json:"words"`   // as reports say it
	Meaning string        `json:"meaning"` // a sentence or two
	Advice  string        `json:"advice"`
}

// explainReason says what a reason means and what to do about it.
func explainReason(r checks.Reason) reasonJSON {
	e := reasonJSON{Reason: r, Status: "unknown", Words: output.ReasonWords(r), Advice: output.ReasonAdvice(r)}
	switch r {
	case checks.ReasonAbsent:
		e.Status = "not_applicable"
		e.Meaning = "What the check is about is not on this target: no such service, file or account, or no baseline yet."
		e.Advice = "nothing, unless it ought to be there"
	case checks.ReasonNotObservable:
		e.Status = "not_applicable"
		e.Meaning = "This mode or kind of target cannot show it: a tree of files has no sockets and no processes, a container no kernel of its own."
		e.Advice = "audit the running host; where the kind was taken for another one, say it with --kind"
	case checks.ReasonNotAsked:
		e.Status = "not_applicable"
		e.Meaning = "The selection or a setting leaves the question out, as a check that compares with a baseline on a run that keeps no state."
		e.Advice = "see --only, --skip and the configuration; run as root or name a --state-dir where a baseline is to be kept"
	case checks.ReasonNoPermission:
		e.Meaning = "The file, socket or process belongs to others than the auditor, so nothing is known of it."
	case checks.ReasonUnreadable:
		e.Meaning = "Reading failed, or what is there is no regular file, larger than is read (8 MiB), reached over too many links or damaged."
	case checks.ReasonRefused:
		e.Meaning = "With the configuration that was read the daemon would not start, so it tells nothing about what it will do. The gap names the file and the line."
	case checks.ReasonUnsupported:
		e.Meaning = "The file, option, hash or answer has a form that this version does not evaluate. Guessing what it means could pass a host that is not sound."
	case checks.ReasonTooCostly:
		e.Meaning = "A single step would take more time or memory than an audit may: one try of a hash with an absurd cost or that does not fit into the memory granted, or more entries than any host has."
	case checks.ReasonBudget:
		e.Meaning = "The time for this question or for the whole audit was used up before it was done. The guessing of passwords goes on in the next audit where this one stopped, if state is kept."
	case checks.ReasonDeadline:
		e.Meaning = "The check had not ended some seconds after the time of the audit was over. What it had found until then counts, the rest is not known."
	case checks.ReasonChangedMeanwhile:
		e.Meaning = "What was read changed under the audit, or a daemon runs with what a file said before it was changed; then reload or restart the daemon first."
	case checks.ReasonNoMetadata:
		e.Meaning = "What would tell is missing on this host: the list of packages, the version of a program whose defaults decide, the list of words to try."
	case checks.ReasonRemoteFileSystem:
		e.Meaning = "The file is on a network or FUSE file system, where opening it can hang for ever; --remote-files opens those too."
	case checks.ReasonInternal:
		e.Meaning = "The check itself failed, at the place the gap names. What it had found before counts, the rest is not known."
	}
	return e
}
