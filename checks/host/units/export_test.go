package units

// OtherStarters lets tests look at what is not systemd's by itself.
func OtherStarters(s *System) ([]Entry, []Problem) { return otherStarters(s) }
