package crack

import (
	"time"
)

// KeptLedger returns the Ledger that an earlier process kept, and has save keep it. load
// gives the blob that save was given last, nil if there was none; save may be nil, where
// the Ledger is only read. damaged says that the blob could not be read: everything is
// tried again. When load fails, something is there that must not be replaced, and the
// Ledger ends with the process.
func KeptLedger(load func() ([]byte, error), save func(blob []byte) error, clock func() time.Time) (l *Ledger, damaged bool) {
	l = NewLedger(clock)
	blob, err := load()
	if err != nil {
		return l, false
	}
	if len(blob) > 0 {
		kept, err := OpenLedger(blob, clock)
		if err == nil {
			l = kept
		}
		damaged = err != nil
	}
	if save != nil {
		l.KeepBy(save)
	}
	return l, damaged
}
