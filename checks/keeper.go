package checks

// Keeper keeps one blob from run to run, whole or not at all; what it means is
// the business of who asks.
type Keeper struct {
	// Load returns what the last Save of an earlier run was given, nil if there was
	// none. An error means that something is there that this run cannot use and
	// must not replace; it has been told.
	Load func() ([]byte, error)
	// Save replaces the blob. nil means that another run does that; this one only
	// reads. It may be called from several goroutines, until the program ends.
	Save func([]byte) error
}
