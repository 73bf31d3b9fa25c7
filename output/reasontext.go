package output

import "hostaudit/checks"

// ReasonWords says a reason in plain words, as the formats do.
func ReasonWords(r checks.Reason) string { return reasonWords(r) }

// ReasonAdvice says what a person can do about a check that ended unknown for r.
func ReasonAdvice(r checks.Reason) string { return reasonAdvice(r) }
