package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"strings"
	"time"
)

// The time over which hosts spread their heavy work is so many audits of theirs,
// but no shorter and no longer than this: with audits every six hours the last of
// them begins its work on the fourth of a day.
const (
	slotAudits    = 24
	shortestCycle = 6 * time.Hour
	longestCycle  = 18 * time.Hour
)

// slotDelay is how long work on passwords that is first met at since waits for the
// host's slot, if the host is audited every interval. It is below 18 hours.
//
// Guests that were made of one image are audited in the same minute, and have new
// work in the same audit: the first one, or the first with a new word list. In each
// cycle every host has one moment, given by its machine-id, at which what has piled
// up may begin; from then on it goes on in every audit until it is done. Slots that
// close again would leave a slow host unfinished.
func slotDelay(machine string, since time.Time, interval time.Duration) time.Duration {
	cycle := min(max(slotAudits*min(interval, longestCycle), shortestCycle), longestCycle).Truncate(time.Second)
	// Whatever is made of a machine-id is made under a key: machine-id(5).
	mac := hmac.New(sha256.New, []byte(machine))
	mac.Write([]byte("hostaudit: slot of heavy work"))
	seconds := int64(cycle / time.Second)
	offset := int64(binary.BigEndian.Uint64(mac.Sum(nil)) % uint64(seconds))
	wait := (offset - since.Unix()%seconds + seconds) % seconds
	return time.Duration(wait) * time.Second
}

// slot is checks.PasswordSettings.Slot of this run: nil where somebody waits for the
// result, where nothing is remembered, and on a machine without an id.
func (p *program) slot(s *settings, clock func() time.Time) func(time.Duration) time.Duration {
	machine := strings.TrimSpace(s.machine)
	if !s.agent || machine == "" || s.verdicts == nil || s.verdicts.Save == nil {
		return nil
	}
	interval := max(p.agentInterval(), time.Duration(s.policy.Agent.MinInterval))
	return func(waiting time.Duration) time.Duration {
		return slotDelay(machine, clock().Add(-waiting), interval)
	}
}
