package main

import (
	"bufio"
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"hostaudit/output"
)

// agentInterval is the agent's default interval, pandora_agent.conf.
const agentInterval = 300 * time.Second

// underAgent reports whether the agent's environment is there; the agent sets
// PANDORA_AGENT to its name.
func (p *program) underAgent() bool { return p.env["PANDORA_AGENT"] != "" }

// pandoraOptions are the settings of the agent's document.
func (p *program) pandoraOptions(s *settings) output.PandoraOptions {
	o := output.PandoraOptions{
		Modules: s.policy.Agent.Modules, AlarmLow: s.policy.Agent.Alarm == "low",
		Policy: s.digest,
		Full:   s.privacy == "full",
	}
	if s.policy.Agent.Names == "legacy" {
		o.Names = "legacy"
	}
	if every := time.Duration(s.policy.Agent.MinInterval); every > 0 {
		o.ModuleInterval = output.IntervalMultiple(every, p.agentInterval())
	}
	for _, c := range s.selected {
		o.All = append(o.All, output.PandoraCheck{ID: c.ID, Title: c.Title})
	}
	return o
}

// agentInterval reads the agent's interval from its configuration, which the
// agent names in PANDORA_HOME; whatever cannot be read means the default.
func (p *program) agentInterval() time.Duration {
	home := p.env["PANDORA_HOME"]
	if !filepath.IsAbs(home) {
		return agentInterval
	}
	f, err := os.OpenFile(filepath.Join(home, "pandora_agent.conf"), os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return agentInterval
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return agentInterval
	}
	text, err := io.ReadAll(io.LimitReader(f, 1<<20))
	if err != nil {
		return agentInterval
	}
	return parseAgentInterval(text)
}

// parseAgentInterval finds the last "interval SECONDS" line.
func parseAgentInterval(text []byte) time.Duration {
	interval := agentInterval
	for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
		fields := strings.Fields(lines.Text())
		if len(fields) < 2 || fields[0] != "interval" {
			continue
		}
		if n, err := strconv.Atoi(fields[1]); err == nil && n >= 1 && n <= 7*24*3600 {
			interval = time.Duration(n) * time.Second
		}
	}
	return interval
}
