package output

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"hostaudit/checks"
)

// PandoraOptions say which modules exist and how they alarm. The modules follow
// from these options and the selected checks alone, never from what was found:
// one that comes and goes turns unknown on the server and alarms.
type PandoraOptions struct {
	Modules  string // "checks" (also ""): one module per check; "families"; "summary": the first two only
	Names    string // ""; "legacy": the names of the plugin basic_security_v2 where it had the check
	AlarmLow bool   // a finding of low severity is WARNING instead of NORMAL
	Full     bool   // name the accounts of private findings; otherwise they are counted (see Redact)

	// ModuleInterval is the multiple of the agent's interval at which the audit
	// runs (see IntervalMultiple); the server calls a module unknown when it is
	// silent for longer than twice that. 0 = every interval, tag omitted.
	ModuleInterval int

	Policy  string      // digest of the configuration in force; may be empty
	Problem checks.Text // what is wrong with the configuration, with file:line; makes the first module CRITICAL

	// Warning is what else went wrong around the audit (its state, a file it was to
	// write); makes the first module WARNING.
	Warning checks.Text

	// All lists the selected checks in order when the report may lack some (no
	// audit ran because the configuration is bad): they appear as not checked.
	All []PandoraCheck
}

// PandoraCheck names a check that has a module whether or not it is in the report.
type PandoraCheck struct{ ID, Title string }

// Names of the two modules that come first, before anything a failing database
// statement of the server could cut off.
const (
	statusModule   = "Host audit status"
	findingsModule = "Host audit findings"
)

// IntervalMultiple is the module_interval for an audit that runs once in every,
// under an agent with the given interval: the smallest multiple that is not
// shorter, 0 if one of them is not known.
func IntervalMultiple(every, agent time.Duration) int {
	if every <= 0 || agent <= 0 {
		return 0
	}
	return int((every-1)/agent) + 1
}

// Pandora prints modules for the agent of Pandora FMS, which pastes them into its
// data file: elements only, no declaration, no envelope.
//
// data and status are two things. data is 1 for a check that passed, does not
// apply or is waived, and 0 for one that failed or could not be checked; status
// says how loud that is, and the server lets it win over stored thresholds
// (PandoraFMS/DataServer.pm, process_module_data).
func Pandora(w io.Writer, r *checks.Report, o PandoraOptions) error {
	results := withMissing(r.Checks, o.All)
	first := []module{auditStatus(r, results, o), auditFindings(results, o)}
	if !o.Full {
		results = Redact(&checks.Report{Checks: results}).Checks
	}
	var rest []module
	switch o.Modules {
	case "", "checks":
		for i := range results {
			rest = append(rest, checkModule(&results[i], o))
		}
	case "families":
		rest = familyModules(results, o)
	case "summary":
	default:
		return fmt.Errorf("unknown set of modules %q", o.Modules)
	}
	if o.Names != "" && o.Names != "legacy" {
		return fmt.Errorf("unknown set of module names %q", o.Names)
	}
	var buf bytes.Buffer
	for _, m := range distinct(append(first, rest...)) {
		m.interval = o.ModuleInterval
		m.writeTo(&buf)
	}
	return writeAll(w, buf.Bytes())
}

// withMissing is the report's results, preceded in the order of all by an unknown
// one for each check the report does not hold.
func withMissing(results []checks.Result, all []PandoraCheck) []checks.Result {
	if len(all) == 0 {
		return results
	}
	byID := map[string]int{}
	for i := range results {
		byID[results[i].ID] = i
	}
	listed := map[string]bool{}
	var out []checks.Result
	for _, c := range all {
		listed[c.ID] = true
		if i, ok := byID[c.ID]; ok {
			out = append(out, results[i])
			continue
		}
		family, _, _ := strings.Cut(c.ID, ".")
		out = append(out, checks.Result{ID: c.ID, Title: c.Title, Family: family, Summary: "no audit ran"})
	}
	for i := range results {
		if !listed[results[i].ID] {
			out = append(out, results[i])
		}
	}
	return out
}

// distinct keeps one module per name, the louder one: the server takes two of a
// name (it ignores case) as two values of one module, whose state then flaps.
func distinct(modules []module) []module {
	var out []module
	at := map[string]int{}
	for _, m := range modules {
		key := strings.ToLower(m.name)
		i, seen := at[key]
		if !seen {
			at[key] = len(out)
			out = append(out, m)
		} else if loudness(m) > loudness(out[i]) {
			out[i] = m
		}
	}
	return out
}

// loudness orders modules by status, and within one by bad data first.
func loudness(m module) int {
	bad := 0
	if m.data == "0" {
		bad = 1
	}
	return 2*slices.Index([]string{statusNormal, statusWarning, statusCritical}, m.status) + bad
}

// legacyName is the module name basic_security_v2 gave the check, for servers that have
// history and alerts under it; the ID where it had none.
func legacyName(id string) string {
	switch id {
	case "ssh.port":
		return "SEC[ssh_port]"
	case "ftp.port":
		return "SEC[ftp_port]"
	case "ssh.root-login":
		return "SEC[ssh_allow_root]"
	case "mysql.root-password":
		return "SEC[mysql_without_pass]"
	case "mysql.bind":
		return "SEC[mysql_bind]"
	case "password.dictionary":
		return "SEC[password_audit]"
	}
	return id
}

// checkModule is the module of one check. Its name is the ID, which is forever.
func checkModule(r *checks.Result, o PandoraOptions) module {
	name := r.ID
	if o.Names == "legacy" {
		name = legacyName(r.ID)
	}
	return module{
		name: moduleName(name), kind: "generic_proc", data: procData(judge(r)),
		description: describe(r), status: status(r, o),
	}
}

// familyModules has one module per family, in the order of the report.
func familyModules(results []checks.Result, o PandoraOptions) []module {
	byFamily := map[string][]checks.Result{}
	var order []string
	for _, r := range results {
		if byFamily[r.Family] == nil {
			order = append(order, r.Family)
		}
		byFamily[r.Family] = append(byFamily[r.Family], r)
	}
	var out []module
	for _, family := range order {
		members := byFamily[family]
		verdict := together(members)
		slices.SortStableFunc(members, func(a, b checks.Result) int { return cmp.Compare(judge(&b), judge(&a)) })
		d := description{head: prefix(verdict)}
		for i := range members {
			if v := judge(&members[i]); v == verdict || v > passed {
				d.items = append(d.items, familyItem(&members[i]))
			}
		}
		out = append(out, module{
			name: moduleName("Host audit " + family), kind: "generic_proc", data: procData(verdict),
			description: d, status: loudest(members, o),
		})
	}
	return out
}

// familyItem is one check in the description of its family.
func familyItem(r *checks.Result) string {
	switch judge(r) {
	case failed:
		items := findingItems(r)
		if len(items) > 3 {
			items = append(items[:3:3], fmt.Sprintf("%d more", len(items)-3))
		}
		return idOf(r) + " failed: " + strings.Join(items, ", ")
	case notChecked:
		return idOf(r) + " not checked: " + shown(r.Summary)
	case inProgress:
		return idOf(r) + " in progress"
	case waived:
		return idOf(r) + " waived"
	case notApplicable:
		return idOf(r) + " not applicable"
	}
	return idOf(r)
}

// together is the verdict of several checks: the worst.
func together(results []checks.Result) verdict {
	v := notApplicable
	for i := range results {
		v = max(v, judge(&results[i]))
	}
	return v
}

// loudest is the status of several checks.
func loudest(results []checks.Result, o PandoraOptions) string {
	rank := []string{statusNormal, statusWarning, statusCritical}
	highest := 0
	for i := range results {
		highest = max(highest, slices.Index(rank, status(&results[i], o)))
	}
	return rank[highest]
}

// status says how loud a check is. What the configuration took from the gate is no
// alarm either: findings of the earlier report, checks younger than the catalogue.
func status(r *checks.Result, o PandoraOptions) string {
	switch judge(r) {
	case failed:
		switch s := r.Gating(); {
		case s >= checks.SeverityHigh:
			return statusCritical
		case s == checks.SeverityMedium, s == checks.SeverityLow && o.AlarmLow:
			return statusWarning
		}
		if openBesideQuiet(r) && !unfinished(r) {
			return statusWarning
		}
	case notChecked:
		if !r.Ungated {
			return statusWarning
		}
	}
	return statusNormal
}

// procData is the value of a boolean module.
func procData(v verdict) string {
	if v <= waived {
		return "1"
	}
	return "0"
}
