package ssh

import (
	"slices"

	"hostaudit/checks"
	"hostaudit/checks/host/sshd"
)

// recorder is what judging one server records with.
type recorder interface {
	Finding(f checks.Finding)
	Gap(g checks.Gap)
	Note(subject, detail string)
}

// within records what is true of a container: every subject says in which.
type within struct {
	recorder
	name string
}

// inside returns the recorder for a server: that of its container, if it is in one.
func inside(srv *sshd.Server, rec recorder) recorder {
	if srv.Container == nil {
		return rec
	}
	return within{rec, srv.Container.Name}
}

func (w within) subject(s string) string {
	if s == "" {
		return "container " + w.name
	}
	return "container " + w.name + ": " + s
}

// Finding implements recorder.
func (w within) Finding(f checks.Finding) {
	f.Subject = checks.Text(w.subject(string(f.Subject)))
	w.recorder.Finding(f)
}

// Gap implements recorder.
func (w within) Gap(g checks.Gap) {
	g.Subject = checks.Text(w.subject(string(g.Subject)))
	w.recorder.Gap(g)
}

// Note implements recorder.
func (w within) Note(subject, detail string) { w.recorder.Note(w.subject(subject), detail) }

// quiet records nothing.
type quiet struct{}

func (quiet) Finding(checks.Finding) {}
func (quiet) Gap(checks.Gap)         {}
func (quiet) Note(_, _ string)       {}

// merged holds the findings about one server back, so that what is true of the
// instance that runs and of the next start is told once, in its graver form.
type merged struct {
	recorder
	later    bool // of the next start, while another instance runs
	findings []checks.Finding
	gaps     map[checks.Gap]bool // recorded so far
}

// Gap implements recorder: each is told once, however many accounts it is about.
func (m *merged) Gap(g checks.Gap) {
	if m.gaps == nil {
		m.gaps = map[checks.Gap]bool{}
	}
	if !m.gaps[g] {
		m.gaps[g] = true
		m.recorder.Gap(g)
	}
}

// Finding implements recorder.
func (m *merged) Finding(f checks.Finding) {
	if m.later {
		f.Detail += " (when it is started next)"
	}
	m.findings = append(m.findings, f)
}

// add takes the findings of another configuration of the server.
func (m *merged) add(other *merged) {
	for _, f := range other.findings {
		i := slices.IndexFunc(m.findings, func(g checks.Finding) bool {
			return f.Kind == g.Kind && f.Subject == g.Subject && f.Key == g.Key && f.Evidence == g.Evidence
		})
		switch {
		case i < 0:
			m.findings = append(m.findings, f)
		case f.Severity > m.findings[i].Severity:
			m.findings[i] = f
		}
	}
}

func (m *merged) flush(rec recorder) {
	for _, f := range m.findings {
		rec.Finding(f)
	}
}
