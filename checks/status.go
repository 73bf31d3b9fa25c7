package checks

import (
	"errors"
	"fmt"
	"slices"
)

// Status is a check's verdict. The zero value is StatusUnknown, so that a
// forgotten assignment is never a pass.
type Status int

// The four verdicts.
const (
	StatusUnknown       Status = iota // could not be established; a Reason says why
	StatusPass                        // the weakness was established to be absent
	StatusFail                        // the weakness was established to be present
	StatusNotApplicable               // the question does not arise; a Reason says why
)

var statusWords = [...]string{"unknown", "pass", "fail", "not_applicable"}

// String returns the word used in reports.
func (s Status) String() string { return word(statusWords[:], int(s)) }

// MarshalText implements encoding.TextMarshaler.
func (s Status) MarshalText() ([]byte, error) { return marshalWord(statusWords[:], int(s)) }

// UnmarshalText implements encoding.TextUnmarshaler.
func (s *Status) UnmarshalText(b []byte) error {
	return unmarshalWord("status", statusWords[:], (*int)(s), b)
}

// Severity says how much a finding matters. The zero value is SeverityNone.
type Severity int

// Severities in rising order; they compare with < and >.
const (
	SeverityNone Severity = iota
	SeverityLow
	SeverityMedium
	SeverityHigh
	SeverityCritical
)

var severityWords = [...]string{"none", "low", "medium", "high", "critical"}

// String returns the word used in reports.
func (s Severity) String() string { return word(severityWords[:], int(s)) }

// MarshalText implements encoding.TextMarshaler.
func (s Severity) MarshalText() ([]byte, error) { return marshalWord(severityWords[:], int(s)) }

// UnmarshalText implements encoding.TextUnmarshaler.
func (s *Severity) UnmarshalText(b []byte) error {
	return unmarshalWord("severity", severityWords[:], (*int)(s), b)
}

// Reason says why a verdict is unknown or not applicable, or why a gap exists.
// The list is closed: reports and policies rely on it.
type Reason string

// Reasons of a not applicable verdict.
const (
	ReasonAbsent        Reason = "absent"         // the thing is not there
	ReasonNotObservable Reason = "not_observable" // cannot exist in this mode or kind of target
	ReasonNotAsked      Reason = "not_asked"      // the selection or a setting leaves it out
)

// Reasons of an unknown verdict and of gaps.
const (
	ReasonNoPermission     Reason = "no_permission"      // the auditor may not read it
	ReasonUnreadable       Reason = "unreadable"         // reading failed, or it is no regular file, or too large
	ReasonRefused          Reason = "refused"            // the daemon would refuse its configuration
	ReasonUnsupported      Reason = "unsupported"        // a form this version does not evaluate
	ReasonTooCostly        Reason = "too_costly"         // one try alone would cost too much
	ReasonBudget           Reason = "budget"             // the time granted ran out
	ReasonDeadline         Reason = "deadline"           // the check was abandoned at the hard deadline
	ReasonChangedMeanwhile Reason = "changed_meanwhile"  // it changed while it was read
	ReasonNoMetadata       Reason = "no_metadata"        // what would tell is missing (package lists, version)
	ReasonRemoteFileSystem Reason = "remote_file_system" // on a network or FUSE file system, not opened
	ReasonInternal         Reason = "internal"           // a defect of this program
)

// Reasons returns the closed list, not applicable first.
func Reasons() []Reason {
	return []Reason{
		ReasonAbsent, ReasonNotObservable, ReasonNotAsked,
		ReasonNoPermission, ReasonUnreadable, ReasonRefused, ReasonUnsupported,
		ReasonTooCostly, ReasonBudget, ReasonDeadline, ReasonChangedMeanwhile,
		ReasonNoMetadata, ReasonRemoteFileSystem, ReasonInternal,
	}
}

// notApplicable reports whether r explains a not applicable verdict.
func (r Reason) notApplicable() bool {
	return r == ReasonAbsent || r == ReasonNotObservable || r == ReasonNotAsked
}

// explainsUnknown reports whether r explains an unknown verdict.
func (r Reason) explainsUnknown() bool {
	if slices.Contains(Reasons(), r) {
		return !r.notApplicable()
	}
	return false
}

// Evidence says where a finding was seen. When the running daemon and its
// configuration differ, both are reported: running decides about now,
// configured about the next restart.
type Evidence string

// The two kinds of evidence.
const (
	Running    Evidence = "running"    // a socket, a process, an answer of the daemon
	Configured Evidence = "configured" // a file
)

var errUnknownWord = errors.New("unknown word")

func word(words []string, i int) string {
	if i < 0 || i >= len(words) {
		return fmt.Sprintf("invalid(%d)", i)
	}
	return words[i]
}

func marshalWord(words []string, i int) ([]byte, error) {
	if i < 0 || i >= len(words) {
		return nil, fmt.Errorf("%w: number %d", errUnknownWord, i)
	}
	return []byte(words[i]), nil
}

func unmarshalWord(what string, words []string, dst *int, b []byte) error {
	for i, w := range words {
		if w == string(b) {
			*dst = i
			return nil
		}
	}
	return fmt.Errorf("%s %q: %w", what, b, errUnknownWord)
}
