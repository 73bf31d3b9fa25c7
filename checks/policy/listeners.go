package policy

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"hostaudit/checks"
	"hostaudit/checks/host/snapshot"
)

// Listeners are the listeners that belong to the host.
type Listeners struct {
	Declare []Declare `toml:"declare,omitempty"`
}

// Declare is one [[listeners.declare]]: at least one of program, package, unit and
// port, and every one that is set must fit.
type Declare struct {
	Program  Word   `toml:"program,omitempty"`  // absolute path, or a name without slash
	Package  Word   `toml:"package,omitempty"`  // without version and architecture
	Unit     Word   `toml:"unit,omitempty"`     // "ssh.service", "x@.service" for every instance
	Port     Ports  `toml:"port,omitempty"`     // 22 or "8000-8100"
	Protocol Word   `toml:"protocol,omitempty"` // tcp, udp, sctp, udplite
	Scope    Word   `toml:"scope,omitempty"`    // loopback, address, everywhere (default): the widest permitted
	Reason   string `toml:"reason,omitempty"`   // for whoever reads the file
}

// Word is a text that is not empty where it is set: program = "" would narrow
// nothing, and look as if it did.
type Word string

// UnmarshalText implements encoding.TextUnmarshaler.
func (w *Word) UnmarshalText(b []byte) error {
	if strings.TrimSpace(string(b)) == "" {
		return errors.New("is empty: leave the setting out to permit any")
	}
	*w = Word(b)
	return nil
}

// Ports is one port or a range of them.
type Ports struct{ Low, High uint16 }

// UnmarshalText implements encoding.TextUnmarshaler.
func (p *Ports) UnmarshalText(b []byte) error {
	low, high, isRange := strings.Cut(string(b), "-")
	if !isRange {
		high = low
	}
	l, err1 := strconv.ParseUint(strings.TrimSpace(low), 10, 16)
	h, err2 := strconv.ParseUint(strings.TrimSpace(high), 10, 16)
	if errors.Join(err1, err2) != nil || l == 0 || h < l {
		return fmt.Errorf("%q is not a port such as 22 or a range such as 8000-8100", b)
	}
	p.Low, p.High = uint16(l), uint16(h)
	return nil
}

// MarshalText implements encoding.TextMarshaler.
func (p Ports) MarshalText() ([]byte, error) {
	if p.Low == p.High {
		return strconv.AppendUint(nil, uint64(p.Low), 10), nil
	}
	return fmt.Appendf(nil, "%d-%d", p.Low, p.High), nil
}

// scopes are the words of a declaration's scope.
func scopes() []string { return []string{"loopback", "address", "everywhere"} }

// invalid says what is wrong with a declaration, if anything, and at which key.
func (d Declare) invalid() (key, msg string) {
	every := d.Port == Ports{} || d.Port == Ports{1, 65535}
	switch {
	case d.Program == "" && d.Package == "" && d.Unit == "" && every:
		return "", "names no program, package, unit or port: it would permit every listener"
	case strings.Contains(string(d.Program), "/") && !strings.HasPrefix(string(d.Program), "/"):
		return "program", "must be an absolute path or a name without slash"
	case d.Unit != "" && !strings.Contains(string(d.Unit), "."):
		return "unit", fmt.Sprintf("%q is no unit name: it ends in .service or .socket", d.Unit)
	case d.Protocol != "" && !slices.Contains([]Word{"tcp", "udp", "sctp", "udplite"}, d.Protocol):
		return "protocol", fmt.Sprintf("%q is none of tcp, udp, sctp, udplite", d.Protocol)
	case d.Scope != "" && !slices.Contains(scopes(), string(d.Scope)):
		return "scope", fmt.Sprintf("%q is none of %s", d.Scope, strings.Join(scopes(), ", "))
	}
	return "", ""
}

// Declarations returns the declared listeners and those of the roles, in the words of
// the checks.
func (p Policy) Declarations() []checks.Declaration {
	declared := p.declared()
	list := make([]checks.Declaration, 0, len(declared))
	for _, d := range declared {
		scope := snapshot.ScopeEverywhere
		switch d.Scope {
		case "loopback":
			scope = snapshot.ScopeLoopback
		case "address":
			scope = snapshot.ScopeAddress
		}
		list = append(list, checks.Declaration{
			Program: string(d.Program), Package: string(d.Package), Unit: string(d.Unit), Protocol: string(d.Protocol),
			Low: d.Port.Low, High: d.Port.High, Scope: scope, Reason: d.Reason,
		})
	}
	return list
}

// declared are the tables of the files, then those of the roles, each once.
func (p Policy) declared() []Declare {
	list := slices.Clone(p.Listeners.Declare)
	for _, role := range p.roles() {
		for _, d := range role.declare {
			if d.Reason = "role " + role.name + ": " + d.Reason; !slices.Contains(list, d) {
				list = append(list, d)
			}
		}
	}
	return list
}
