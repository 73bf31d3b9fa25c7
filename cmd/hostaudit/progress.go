package main

import (
	"fmt"
	"sync"
	"time"

	"github.com/cheggaaa/pb/v3"
)

// progress shows how far password guessing is, on standard error and only for a
// person at a terminal. It never names what is being tried.
type progress struct {
	mu    sync.Mutex
	start func() *pb.ProgressBar // nil = show nothing
	bar   *pb.ProgressBar
	since time.Time
	over  bool
}

// quiet is how long guessing goes on before a bar appears: most audits are over
// by then.
const quiet = 500 * time.Millisecond

func (p *program) progress(s *settings) *progress {
	if s.agent || s.format.Name != "text" || !isTerminal(p.stderr) || !isTerminal(p.stdout) {
		return &progress{}
	}
	return &progress{start: func() *pb.ProgressBar {
		bar := pb.ProgressBarTemplate(`guessing passwords {{percent . }} {{bar . }} {{string . "left"}}`).New(0)
		return bar.SetWriter(p.stderr).SetMaxWidth(80).Set(pb.CleanOnFinish, true).Start()
	}}
}

// update may be called from any goroutine.
func (b *progress) update(done, total int64, left time.Duration) {
	if b.start == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.since.IsZero() {
		b.since = time.Now()
	}
	if b.over || b.bar == nil && time.Since(b.since) < quiet {
		return
	}
	if b.bar == nil {
		b.bar = b.start()
	}
	b.bar.SetTotal(total).SetCurrent(done).Set("left", about(left))
}

// finish removes the bar; an abandoned check cannot bring it back.
func (b *progress) finish() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.over = true
	if b.bar != nil {
		b.bar.Finish()
	}
}

// about is how long guessing goes on, in words: no more exact than it is known.
func about(left time.Duration) string {
	switch {
	case left < 10*time.Second:
		return "seconds left"
	case left < 2*time.Minute:
		return fmt.Sprintf("%d seconds left", left/(10*time.Second)*10)
	case left < 2*time.Hour:
		return fmt.Sprintf("%d minutes left", left.Round(time.Minute)/time.Minute)
	default:
		return fmt.Sprintf("%d hours left", left.Round(time.Hour)/time.Hour)
	}
}
