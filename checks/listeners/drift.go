package listeners

import (
	"context"
	"path"
	"slices"
	"strings"

	"hostaudit/checks"
	"hostaudit/checks/host"
	"hostaudit/checks/host/snapshot"
)

// driftID names the check and its baseline.
const driftID = "listeners.drift"

// Drift is listeners.drift.
func Drift() checks.Check {
	return checks.Check{
		ID:        driftID,
		Title:     "No listener was added, widened or changed hands since the accepted baseline",
		Severity:  checks.SeverityMedium,
		Since:     2,
		Needs:     checks.Needs{Live: true, Baseline: true},
		Rationale: "A port that opens, opens wider, or is served by something else than before is a change somebody made, and not always the administrator.",
		Verdict: "What listens now, with its program, package, unit and how far it can be reached, is held against the baseline. " +
			"A listener that the baseline lacks, one that reaches further than before, and a port that is in other hands are findings; one that is gone or narrower is a note, as is a new one on loopback of somebody's session. " +
			"Restarts, upgrades, socket activation, ports the kernel gives out and sockets of clients are no change. " +
			"The first complete audit records the baseline, not reviewed, and only `hostaudit baseline accept` changes it. " +
			"Owners that cannot be seen, tables that cannot be read and a damaged baseline are unknown. Without a baseline yet, and where no state is kept, the check is not applicable, as it is in an image.",
		Remedy:     "find out who changed it and why; undo it, or accept the present state with `hostaudit baseline accept`. Never stop the SSH server you are logged in by",
		Breaks:     "accepting takes what is there now for good: look at each listener first",
		References: references(),
		Run:        runDrift,
	}
}

func runDrift(ctx context.Context, env *checks.Env, rec *checks.Recorder) {
	if env.Baselines == nil {
		rec.NotApplicable(checks.ReasonNotAsked, "no state is kept for this target")
		return
	}
	if env.Host.Snapshot == nil {
		rec.Gap(checks.Gap{Reason: checks.ReasonInternal, Detail: "the sockets of the host were not collected"})
		return
	}
	runDriftWith(ctx, env, sourcesOf(env.Host), rec)
}

func runDriftWith(_ context.Context, env *checks.Env, src sources, rec *checks.Recorder) {
	now, complete := observe(env.Host, src, rec)
	if complete {
		entries := make([]string, len(now))
		for i, l := range now {
			entries[i] = l.String()
		}
		env.Baselines.Observe(driftID, entries)
	}
	rec.Fact("listeners", len(now))
	base, found, damaged := env.Baselines.Accepted(driftID)
	switch {
	case damaged != "":
		rec.Fact("baseline", "damaged")
		rec.Gap(checks.Gap{Reason: checks.ReasonUnreadable, Subject: "baseline", Detail: checks.Text("the baseline cannot be used: " + damaged + "; accept the present state anew")})
		return
	case !found:
		rec.Fact("baseline", "none")
		if complete {
			rec.NotApplicable(checks.ReasonAbsent, "no baseline yet; this run records one, not reviewed")
			rec.Note("", "no baseline yet; this run records one, not reviewed (hostaudit baseline show)")
		}
		return // else the gaps say why nothing is recorded
	}
	state := "accepted " + base.Recorded
	if !base.Reviewed {
		state = "recorded " + base.Recorded + ", not reviewed"
	}
	rec.Fact("baseline", state)
	before := make([]line, 0, len(base.Entries))
	for _, entry := range base.Entries {
		l, err := parseLine(entry)
		if err != nil {
			rec.Gap(checks.Gap{Reason: checks.ReasonUnreadable, Subject: "baseline", Detail: "an entry of the baseline is not understood; accept the present state anew"})
			continue
		}
		before = append(before, l)
	}
	compare(before, now, complete, rec)
	if base.Reviewed {
		rec.Pass("nothing was added, widened or changed hands since the accepted baseline")
		return
	}
	rec.Pass("nothing was added, widened or changed hands since the first audit, whose baseline nobody reviewed")
}

// observe returns what listens, and whether that is everything: what could not be
// seen is recorded as gaps. Sockets of clients are left out, and so is what
// listens in other network namespaces.
func observe(h *host.Host, src sources, rec *checks.Recorder) (now []line, complete bool) {
	tableGaps(h.Snapshot, rec)
	unseen := unseenGap(h, rec)
	complete = !missingTables(h) && !unseen
	ports := ephemeral(h.Snapshot)
	var seen []row
	hidden := map[string]bool{}
	for _, r := range attribute(h, src, true) {
		switch {
		case r.owner.hidden && clientSocket(r.Listener, ports) && stableUnit(r.owner.service) != "":
		case unseen && r.owner.container == "" && forwarders[path.Base(r.owner.program)]: // whose port it is comes from there
		case r.owner.hidden:
			complete = false
			hidden[lineOf(r, ports).proto+" "+lineOf(r, ports).portWord()] = true
		case client(r, ports), dhcpClient(r), clientSocket(r.Listener, ports) && !r.owner.published && !r.owner.kernel && !r.owner.inService():
			// what is neither packaged nor in a service, listeners.declared tells of
		default:
			seen = append(seen, r)
		}
	}
	subjects := make([]string, 0, len(hidden))
	for s := range hidden {
		subjects = append(subjects, s)
	}
	slices.Sort(subjects)
	for _, s := range subjects {
		rec.Gap(checks.Gap{Reason: checks.ReasonNoPermission, Subject: checks.Text(s), Detail: "who listens there could not be seen, so it is not compared"})
	}
	return linesOf(seen, ports), complete
}

// maxCompared bounds how many pairs of lines are held against each other: any
// account can listen with thousands of programs on ports the kernel gives out.
const maxCompared = 4 << 20

// compare records what differs between the baseline and now.
func compare(before, now []line, complete bool, rec *checks.Recorder) {
	type exactly struct {
		portKey
		hands hands
	}
	index, exact := map[portKey][]int{}, map[exactly]int{}
	for i, l := range before {
		key := portKey{l.proto, l.port}
		index[key] = append(index[key], i)
		exact[exactly{key, l.hands}] = i
	}
	left := maxCompared
	met := make([]bool, len(before))
	present := map[portKey]reach{}
	var strangers []line
	for _, l := range now {
		key := portKey{l.proto, l.port}
		present[key] = present[key].union(l.reach)
		was, known := reach{}, false
		if i, same := exact[exactly{key, l.hands}]; same {
			if met[i] = true; !widened(before[i].reach, l.reach) && !narrowed(before[i].reach, l.reach) {
				continue
			}
		}
		if left -= len(index[key]); left < 0 {
			rec.Gap(checks.Gap{Reason: checks.ReasonTooCostly, Subject: checks.Text(l.proto + " " + l.portWord()), Detail: "too many programs share these ports to compare them all"})
			return
		}
		for _, i := range index[key] {
			if sameHands(before[i].hands, l.hands) {
				was, known, met[i] = was.union(before[i].reach), true, true
			}
		}
		switch {
		case !known:
			strangers = append(strangers, l)
		case widened(was, l.reach):
			record(rec, "widened", l, "it reaches further than before: was "+was.String())
		case narrowed(was, l.reach):
			rec.Note(l.String(), "it reaches less far than before: was "+was.String())
		}
	}
	for _, l := range strangers {
		key := portKey{l.proto, l.port}
		var gone []string
		for _, i := range index[key] {
			if !met[i] {
				gone = append(gone, before[i].hands.String())
			}
		}
		switch {
		case len(gone) > 0 && l.port != 0:
			record(rec, "changed-hands", l, "the port changed hands: was "+strings.Join(gone, "; "))
		case len(index[key]) > 0 && l.port != 0:
			record(rec, "added", l, "another one on a port that was in use before")
		case l.reach.v4 <= classLoopback && l.reach.v6 <= classLoopback && l.hands.unit == "" && l.hands.socket == "" && l.hands.container == "":
			rec.Note(l.String(), "new, on loopback, of somebody's session")
		default:
			record(rec, "added", l, "it was not there before")
		}
	}
	for i, l := range before {
		if _, there := present[portKey{l.proto, l.port}]; !met[i] && complete && (!there || l.port == 0) {
			rec.Note(l.String(), "it is gone")
		}
	}
}

// record is a finding whose subject is the line itself, by which a report is
// accepted.
func record(rec *checks.Recorder, kind string, l line, detail string) {
	rec.Finding(checks.Finding{Kind: kind, Subject: checks.Text(l.String()), Detail: checks.Text(detail), Severity: checks.SeverityMedium, Evidence: checks.Running})
}

func missingTables(h *host.Host) bool {
	return slices.ContainsFunc(h.Snapshot.Missing, func(m snapshot.Missing) bool {
		return m.What == snapshot.PartTCP || m.What == snapshot.PartUDP
	})
}

// acceptedLines are those of a baseline that an administrator accepted, by port.
func acceptedLines(b *checks.Baselines) map[portKey][]line {
	base, found, damaged := b.Accepted(driftID)
	if !found || !base.Reviewed || damaged != "" {
		return nil
	}
	lines := map[portKey][]line{}
	for _, entry := range base.Entries {
		if l, err := parseLine(entry); err == nil {
			key := portKey{l.proto, l.port}
			lines[key] = append(lines[key], l)
		}
	}
	return lines
}

// acceptedBefore reports whether the same hands had the port, as wide at least.
func acceptedBefore(accepted map[portKey][]line, now line) bool {
	was, known := reach{}, false
	for _, l := range accepted[portKey{now.proto, now.port}] {
		if sameHands(l.hands, now.hands) {
			was, known = was.union(l.reach), true
		}
	}
	return known && !widened(was, now.reach)
}
