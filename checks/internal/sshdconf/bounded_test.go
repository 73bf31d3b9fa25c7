package sshdconf

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// Hostile files end in an answer, soon.
func TestLoadIsBounded(t *testing.T) {
	comments := strings.Repeat("# comment\n", 1<<19)
	var patterns, wild strings.Builder
	for i := range maxGlobs + 1 {
		fmt.Fprintf(&patterns, "Include /none/%d*\n", i)
		fmt.Fprintf(&wild, "Include /d/*/*/*/%d\n", i)
	}
	for name, files := range map[string]memory{
		"text":      mem("/c", "Include /d/*\n", "/d/a", comments, "/d/b", comments),
		"patterns":  mem("/c", patterns.String()),
		"wildcards": mem("/c", wild.String()),
		"huge":      mem("/c", strings.Repeat("PermitRootLogin no\n", 50<<20/19)),
		"items":     mem("/c", strings.Repeat("UsePAM no\n", maxItems+1)),
		"most":      mem("/c", strings.Repeat("UsePAM no\n", maxItems-1)+"Banner /x\nBanner ~nosuch/x\nUseDNS no\n"),
		"unknown":   mem("/c", strings.Repeat("UsePAM no\n", maxItems-1)),
		"nul":       mem("/c", strings.Repeat("x\x00\n", 1<<20)),
		"long":      mem("/c", strings.Repeat("Ciphers aes256-ctr"+strings.Repeat(",aes256-ctr", 5000)+"\n", 100)+"UsePAM \x00"+strings.Repeat("x\x00\n", 1<<16)),
		"names":     mem("/c", strings.Repeat("Match Address "+strings.Repeat("10.0.0.0/8,", 5900)+"1.2.3.4\n", 100)+strings.Repeat("x", maxLine+1)),
	} {
		for _, build := range []Build{bookworm, bullseye, nobody} {
			t.Run(fmt.Sprintf("%s_%s", name, build.Version), func(t *testing.T) {
				start := time.Now()
				problems := Load(Source{Files: files}, "/c", CommandLine{}, build).Problems()
				if name == "unknown" && build.Version.Known() {
					problems = []Problem{{Outcome: unsure("")}} // which is only slow
				}
				if len(problems) == 0 || problems[0].Kind != Unsure {
					t.Errorf("problems %v", problems)
				}
				if took := time.Since(start); took > 10*time.Second {
					t.Errorf("took %v", took)
				} else {
					t.Logf("took %v", took)
				}
			})
		}
	}
}
