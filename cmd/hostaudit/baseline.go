package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"hostaudit/checks"
	"hostaudit/checks/audit"
	"hostaudit/checks/state"
	"hostaudit/output"
)

// blobBaselines holds the baselines of every check that has one, by check ID.
const blobBaselines = "baselines"

// openBaselines returns the baselines of the host the program runs on. nil: none
// are kept for this target. A state that should be there and cannot be used, and a
// baseline that was there and is damaged, leave the checks without an answer: a
// baseline that recorded itself anew would accept whatever is there now.
func (m *memory) openBaselines(f *flags, all []checks.Check) *checks.Baselines {
	if f.root != "" || m.store == nil && !m.failed {
		return nil
	}
	everything := func(why string) map[string]string {
		damaged := map[string]string{}
		for _, c := range all {
			if c.Needs.Baseline {
				damaged[c.ID] = why
			}
		}
		return damaged
	}
	if m.store == nil {
		return checks.NewBaselines(nil, everything("the state directory cannot be used"))
	}
	accepted, err := m.readBaselines()
	switch {
	case errors.Is(err, fs.ErrNotExist) && m.store.SetAside(blobBaselines):
		return checks.NewBaselines(nil, everything("the recorded baseline was damaged and set aside"))
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, state.ErrCloned):
		return checks.NewBaselines(nil, nil)
	case err != nil:
		m.warn("baseline", err)
		return checks.NewBaselines(nil, everything("the recorded baseline cannot be read"))
	}
	// A damaged one that was set aside held more, perhaps, than has been accepted
	// since.
	var damaged map[string]string
	if m.store.SetAside(blobBaselines) {
		damaged = everything("the recorded baseline was damaged and set aside")
		for id := range accepted {
			delete(damaged, id)
		}
	}
	return checks.NewBaselines(accepted, damaged)
}

func (m *memory) readBaselines() (map[string]checks.Baseline, error) {
	blob, _, err := m.store.Read(blobBaselines, 1)
	if err != nil {
		return nil, err
	}
	var accepted map[string]checks.Baseline
	return accepted, json.Unmarshal(blob, &accepted)
}

// recordBaselines keeps what a check saw in its first complete live run. A
// baseline that is there is never changed here.
func (m *memory) recordBaselines(b *checks.Baselines, selected []checks.Check, now time.Time) {
	if b == nil || !m.writable {
		return
	}
	recorded := map[string]checks.Baseline{}
	added := false
	for _, c := range selected {
		_, found, damaged := b.Accepted(c.ID)
		if entries, complete := b.Seen(c.ID); complete && !found && damaged == "" {
			recorded[c.ID] = checks.Baseline{Recorded: now.Format(time.RFC3339), Entries: entries}
			added = true
		}
	}
	if !added {
		return
	}
	earlier, err := m.readBaselines()
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		m.warn("baseline", err)
		return
	}
	maps.Copy(recorded, earlier) // what is there stays
	m.write(blobBaselines, recorded)
}

// baseline shows what was recorded, or accepts what is there now.
func (p *program) baseline(ctx context.Context, args []string, all []checks.Check) (int, error) {
	if len(args) == 0 {
		return exitUsage, usageError{"baseline takes show or accept"}
	}
	action, args := args[0], args[1:]
	var from string
	if action == "accept" {
		var err error
		if from, args, err = cutFrom(args); err != nil {
			return exitUsage, err
		}
	}
	f, err := parseFlags(args, ids(all))
	switch {
	case err != nil:
		return exitUsage, err
	case f.root != "" || f.format != "" || len(f.out) > 0 || f.baseline != "":
		return exitUsage, usageError{"baseline is of the host it runs on and takes no --root, --format, --out or --baseline"}
	}
	loaded, err := loadPolicy(f, ids(all))
	if err != nil {
		return exitUsage, err
	}
	s, err := resolve(f, loaded, false, all)
	if err != nil {
		return exitUsage, err
	}
	withBaseline := 0
	for _, c := range all {
		if c.Needs.Baseline {
			withBaseline++
		}
	}
	s.selected = slices.DeleteFunc(s.selected, func(c checks.Check) bool { return !c.Needs.Baseline })
	if len(s.selected) == 0 {
		return exitUsage, usageError{"the selection leaves no check with a baseline"}
	}
	mem := p.openMemory(f, loaded.Policy.StateDir)
	defer mem.close()
	if mem.store == nil {
		for _, w := range mem.warned() {
			fmt.Fprintf(p.stderr, "hostaudit: %s\n", w)
		}
		return exitUsage, errors.New("there is no state directory to keep a baseline in (run as root, or name one with --state-dir)")
	}
	switch action {
	case "show":
		return p.showBaseline(mem, s.selected)
	case "accept":
		return p.acceptBaseline(ctx, s, mem, from, len(s.selected) < withBaseline)
	}
	return exitUsage, usageError{fmt.Sprintf("unknown baseline action %q", action)}
}

// cutFrom takes --from REPORT out of the arguments.
func cutFrom(args []string) (from string, rest []string, err error) {
	for i := 0; i < len(args); i++ {
		name, value, joined := strings.Cut(args[i], "=")
		if name != "--from" && name != "-from" {
			rest = append(rest, args[i])
			continue
		}
		if !joined {
			if i++; i == len(args) {
				return "", nil, usageError{"--from takes a JSON report"}
			}
			value = args[i]
		}
		if value == "" || from != "" {
			return "", nil, usageError{"--from takes one JSON report"}
		}
		from = value
	}
	return from, rest, nil
}

func (p *program) showBaseline(mem *memory, selected []checks.Check) (int, error) {
	accepted, err := mem.readBaselines()
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return exitUsage, err
	}
	var b strings.Builder
	for _, c := range selected {
		base, found := accepted[c.ID]
		switch {
		case !found:
			fmt.Fprintf(&b, "%s: none recorded\n", c.ID)
			continue
		case base.Reviewed:
			fmt.Fprintf(&b, "%s: accepted %s\n", c.ID, base.Recorded)
		default:
			fmt.Fprintf(&b, "%s: recorded %s, not reviewed\n", c.ID, base.Recorded)
		}
		for _, e := range base.Entries {
			fmt.Fprintf(&b, "  %s\n", checks.Clean(e))
		}
	}
	_, err = fmt.Fprint(p.stdout, b.String())
	return exitClean, err
}

// acceptBaseline looks at the host and keeps what it sees as reviewed. With a
// report only what that report told of may be new: what came after it was not
// looked at by whoever accepts it.
//
// Partial says that there are checks with a baseline that are not accepted now.
func (p *program) acceptBaseline(ctx context.Context, s *settings, mem *memory, from string, partial bool) (int, error) {
	if !mem.writable {
		return exitUsage, errors.New("another run of hostaudit is at work on the state directory")
	}
	var reviewed *checks.Report
	if from != "" {
		var err error
		if reviewed, err = readReport(from); err != nil {
			return exitUsage, err
		}
	}
	seen := checks.NewBaselines(nil, nil) // whatever there was: this replaces it
	if reviewed != nil {
		seen = mem.openBaselines(s.flags, s.selected)
		for _, c := range s.selected {
			if _, found, _ := seen.Accepted(c.ID); !found {
				return exitUsage, fmt.Errorf("%s: no usable baseline was recorded, so a report cannot tell what came after it; accept without --from", c.ID)
			}
		}
	}
	s.stateDir = mem.dir
	report, interrupted, err := p.examine(ctx, s, nil, seen)
	if err != nil {
		return exitUsage, err
	}
	if interrupted {
		fmt.Fprintln(p.stderr, "hostaudit: interrupted, nothing was accepted")
		return exitIncomplete, nil
	}
	if unseen := notReviewed(report, reviewed); len(unseen) > 0 {
		return exitUsage, fmt.Errorf("nothing was accepted: %s does not tell of %s", from, strings.Join(unseen, "; "))
	}
	// What is there but cannot be read is replaced: that is what accepting anew is for.
	accepted, err := mem.readBaselines()
	if err != nil && partial && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, state.ErrDamaged) && !errors.Is(err, state.ErrCloned) {
		return exitUsage, fmt.Errorf("%w; nothing was accepted: without --only and --skip all baselines can be accepted anew", err)
	}
	if accepted == nil || err != nil {
		accepted = map[string]checks.Baseline{}
	}
	code := exitClean
	var told strings.Builder
	for _, r := range report.Checks {
		entries, complete := seen.Seen(r.ID)
		if !complete {
			fmt.Fprintf(p.stderr, "hostaudit: %s was not accepted: %s\n", r.ID, r.Summary)
			code = exitIncomplete
			continue
		}
		accepted[r.ID] = checks.Baseline{
			Recorded: report.Run.Started.Format(time.RFC3339), Reviewed: true, Entries: entries,
		}
		fmt.Fprintf(&told, "%s: accepted, %d entries\n", r.ID, len(entries))
	}
	blob, err := json.Marshal(accepted)
	if err == nil {
		err = mem.store.Write(blobBaselines, 1, blob)
	}
	if err != nil {
		return exitUsage, err
	}
	_, err = fmt.Fprint(p.stdout, told.String())
	return code, err
}

// notReviewed lists the drift that is there now and that the report does not hold.
func notReviewed(now, reviewed *checks.Report) []string {
	if reviewed == nil {
		return nil
	}
	var unseen []string
	for _, change := range audit.Compare(reviewed, now).Added {
		unseen = append(unseen, fmt.Sprintf("%s: %s", change.CheckID, change.Finding.Subject))
	}
	for _, r := range now.Checks {
		// What a check counts as "added" is more than its findings tell.
		if n := r.Facts["added"]; n != "" {
			unseen = append(unseen, fmt.Sprintf("%s: all of the %s added", r.ID, n))
		}
	}
	return unseen
}

// readReport reads a JSON report from a regular file or a pipe.
func readReport(file string) (*checks.Report, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	r, err := output.ReadJSON(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return r, nil
}
