package checks

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
)

// Location is a place in a file of the target. File is the path as the target
// sees it ("/etc/ssh/sshd_config"); Line counts from 1, 0 means the whole file.
type Location struct {
	File Text `json:"file,omitempty"`
	Line int  `json:"line,omitempty"`
}

// At is a Location from a raw path.
func At(file string, line int) Location { return Location{File: Text(file), Line: line} }

// Finding is one weakness that was established.
//
// A check fills the fields with raw strings of the host; the Recorder escapes
// them. Subject names the object (an account, a listener, a file), Detail is one
// sentence that says what is wrong with it; pids, ages and other things that
// change from run to run go to Fact. Private marks a finding whose subject must
// not leave the host (an account with a weak password).
type Finding struct {
	Kind        string      `json:"kind"`    // a fixed word of the check, e.g. "port-22"; part of the identity
	Subject     Text        `json:"subject"` // stable name of the object; part of the identity
	Detail      Text        `json:"detail,omitempty"`
	Severity    Severity    `json:"severity"` // none = the check's default
	Evidence    Evidence    `json:"evidence"`
	Location    Location    `json:"location,omitzero"`
	Fingerprint string      `json:"fingerprint"` // set by the Recorder
	Private     bool        `json:"private,omitempty"`
	Waiver      *WaiverNote `json:"waiver,omitempty"`
	// Expired is the waiver that covered the finding until its last day passed; it
	// covers nothing any more.
	Expired *WaiverNote `json:"expired,omitempty"`
	// Known marks a finding that the report named by --baseline has as well: it is
	// reported and not gated.
	Known bool `json:"known,omitempty"`

	// Key is a further part of the identity where kind and subject do not tell
	// two findings apart. Never a line, pid, version, or derived from a secret.
	Key string `json:"-"`
}

// WaiverNote says under which waiver a finding or a gap stands.
type WaiverNote struct {
	Reason  Text   `json:"reason"`
	Owner   Text   `json:"owner,omitempty"`
	Expires string `json:"expires,omitempty"` // YYYY-MM-DD, the last day it covers (UTC)
}

// Gap is something that could not be examined. It is never silent: while a
// check has a gap and no finding, its verdict is unknown.
type Gap struct {
	Reason   Reason   `json:"reason"`
	Subject  Text     `json:"subject,omitempty"`
	Detail   Text     `json:"detail,omitempty"`
	Location Location `json:"location,omitzero"`

	// Waiver covers the gap: it stays visible and decides nothing.
	Waiver  *WaiverNote `json:"waiver,omitempty"`
	Expired *WaiverNote `json:"expired,omitempty"` // as of a Finding
}

// Note is worth saying and changes no status.
type Note struct {
	Subject Text `json:"subject,omitempty"`
	Detail  Text `json:"detail"`
}

// Fingerprint identifies a finding across runs and hosts of one image: "v1:" and
// 16 hex digits of SHA-256 over check ID, evidence, kind, subject and key, each
// preceded by its length so that no two lists of fields collide.
func Fingerprint(checkID string, evidence Evidence, kind string, subject Text, key string) string {
	h := sha256.New()
	for _, field := range []string{checkID, string(evidence), kind, string(subject), key} {
		var n [8]byte
		binary.BigEndian.PutUint64(n[:], uint64(len(field)))
		h.Write(n[:])
		h.Write([]byte(field))
	}
	return "v1:" + hex.EncodeToString(h.Sum(nil)[:8])
}
