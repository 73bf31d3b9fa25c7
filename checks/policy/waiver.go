package policy

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"hostaudit/checks"
)

// Waiver is one [[waive]]: a weakness, or something that cannot be examined, which
// the administrator accepts, and why. It covers the findings of a check, or with
// Gap its gaps of that reason; never both. Several kinds of finding can be about one
// object (root gets in by a key, and by a password), and be of different severity: Kind
// keeps a waiver of the one from covering the other.
type Waiver struct {
	Check   string    `toml:"check"`             // ID
	Object  Pattern   `toml:"object,omitempty"`  // on the subject as shown; absent = any
	Kind    Word      `toml:"kind,omitempty"`    // of the findings, as the report has it; absent = any
	Gap     Word      `toml:"gap,omitempty"`     // reason code of the gaps it covers
	Hosts   []Pattern `toml:"hosts,omitempty"`   // on the name of a running host, without regard to case; absent = all targets
	Reason  string    `toml:"reason"`            // why; it is shown
	Owner   string    `toml:"owner,omitempty"`   // who answers for it
	Expires Date      `toml:"expires,omitempty"` // the last day it covers, UTC; absent = never

	// Place is where the table stands, on the auditing host.
	Place checks.Location `toml:"-"`
}

// Date is a day, written YYYY-MM-DD (RFC 3339, full-date). Whatever else could be
// meant by a date is refused: 01/02/2027 is two days, and one of them is wrong.
type Date string

// UnmarshalTOML implements toml.Unmarshaler: a string, or a local date of TOML.
func (d *Date) UnmarshalTOML(v any) error {
	refused := errors.New("is not a date such as 2027-01-31")
	var text string
	switch v := v.(type) {
	case string:
		text = v
	case time.Time:
		if v.Location().String() != "date-local" { // the decoder's mark of a date without time
			return refused
		}
		text = v.Format(time.DateOnly)
	default:
		return refused
	}
	if _, err := time.Parse(time.DateOnly, text); err != nil {
		return refused
	}
	*d = Date(text)
	return nil
}

// before reports whether the day ended before now, in UTC. Dates of four-digit years
// compare as text.
func (d Date) before(now time.Time) bool {
	return d != "" && string(d) < now.UTC().Format(time.DateOnly)
}

// within reports whether the day ends within so many days from now.
func (d Date) within(now time.Time, days int) bool {
	return d != "" && !d.before(now) && string(d) <= now.UTC().AddDate(0, 0, days).Format(time.DateOnly)
}

// gapReasons are the reasons a gap can have: those of a verdict that does not apply
// are none.
func gapReasons() []checks.Reason {
	return slices.DeleteFunc(checks.Reasons(), func(r checks.Reason) bool {
		return r == checks.ReasonAbsent || r == checks.ReasonNotObservable || r == checks.ReasonNotAsked
	})
}

// invalid says what is wrong with a waiver, if anything, and at which key.
func (w Waiver) invalid(known []string) (key, msg string) {
	switch {
	case w.Check == "":
		return "", "names no check"
	case !slices.Contains(known, w.Check):
		return "check", fmt.Sprintf("no check is named %q", w.Check)
	case w.Gap != "" && !slices.Contains(gapReasons(), checks.Reason(w.Gap)):
		return "gap", fmt.Sprintf("%q is none of %s", w.Gap, listed(gapReasons()))
	case w.Kind != "" && !kindPattern().MatchString(string(w.Kind)):
		return "kind", fmt.Sprintf("%q is not the kind of a finding", w.Kind)
	case w.Kind != "" && w.Gap != "":
		return "kind", "is of findings, and gap is set"
	case w.Hosts != nil && len(w.Hosts) == 0:
		return "hosts", "names no host: leave the setting out for all hosts"
	case strings.TrimSpace(w.Reason) == "":
		return "", "has no reason"
	}
	return "", ""
}

func listed[T ~string](words []T) string {
	var list []string
	for _, w := range words {
		list = append(list, string(w))
	}
	return strings.Join(list, ", ")
}

// onHost reports whether the waiver is for the target. Host names are compared without
// regard to case (RFC 4343). A tree or an image has a name as well, but that is a file of
// it: it must not choose what is waived in it.
func (w Waiver) onHost(target checks.Target) bool {
	return w.Hosts == nil || target.Mode == "live" && slices.ContainsFunc(w.Hosts, func(p Pattern) bool {
		return Pattern(strings.ToLower(string(p))).Match(strings.ToLower(string(target.Hostname)))
	})
}

// covers reports whether the waiver is about an object and a kind of finding, "" of gaps.
func (w Waiver) covers(subject checks.Text, kind string) bool {
	return (w.Kind == "" || string(w.Kind) == kind) && (w.Object == "" || w.Object.Match(string(subject)))
}

// note is what findings and gaps carry of the waiver.
func (w Waiver) note() *checks.WaiverNote {
	return &checks.WaiverNote{Reason: checks.Clean(w.Reason), Owner: checks.Clean(w.Owner), Expires: string(w.Expires)}
}
