package proftpdconf_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"hostaudit/checks/internal/proftpdconf"
)

func FuzzLoad(f *testing.F) {
	for _, c := range slices.Concat(realCases, cryptoCases) {
		f.Add(c.files, uint8(8), true)
	}
	f.Add("Include /etc/proftpd/[a-\n-- a --\n\"\\", uint8(7), false)
	f.Add("Include /etc/proftpd/*\n<Global>\nPort 1", uint8(9), true)
	f.Fuzz(func(t *testing.T, text string, patch uint8, isDebian bool) {
		if len(text) > 1<<14 {
			t.Skip("large")
		}
		build := proftpdconf.Build{Version: proftpdconf.Version{Major: 1, Minor: 3, Patch: 5 + int(patch)%5}, Debian: isDebian}
		m := archive(text)
		m.files["/usr/lib/proftpd/mod_sftp.so"], m.files["/usr/lib/proftpd/mod_tls.so"] = "", ""
		began := time.Now()
		c := proftpdconf.Load(m, mainFile, proftpdconf.CommandLine{}, build)
		if took := time.Since(began); took > 5*time.Second {
			t.Fatalf("took %v", took)
		}
		refused := c.Outcome().Kind == proftpdconf.Refused
		if refused && len(c.Listens()) > 0 || c.Inetd() && len(c.Listens()) > 0 {
			t.Fatalf("binds %v and does not", c.Listens())
		}
		for _, l := range c.Listens() {
			if l.Port == 0 || l.Addr.IsValid() && l.Host != "" || l.Line < 0 || (l.Line > 0) != (l.File != "") {
				t.Fatalf("listen %+v", l)
			}
			if l.File != "" && strings.Count(m.files[l.File], "\n")+1 < l.Line {
				t.Fatalf("listen %+v behind the end", l)
			}
		}
		for _, p := range c.Problems() {
			if p.Why == "" || p.Kind == proftpdconf.Accepted || p.Line < 0 {
				t.Fatalf("problem %+v", p)
			}
		}
		for _, i := range c.Items() {
			if !slices.Contains(c.Files(), i.File) || i.Line < 1 || strings.Count(m.files[i.File], "\n")+1 < i.Line {
				t.Fatalf("item %+v", i)
			}
		}
		// A comment and an empty line in front change nothing but positions.
		if _, ok := m.files[mainFile]; ok && c.Outcome().Kind != proftpdconf.Unsure {
			m.files[mainFile] = "# x\n\n" + m.files[mainFile]
			again := proftpdconf.Load(m, mainFile, proftpdconf.CommandLine{}, build)
			if bound(again.Listens()) != bound(c.Listens()) || again.Outcome().Kind != c.Outcome().Kind {
				t.Fatalf("with a comment: %v %+v, without: %v %+v", again.Listens(), again.Problems(), c.Listens(), c.Problems())
			}
		}
	})
}

// Hostile input ends soon, and as Unsure where a limit was reached.
func TestBounds(t *testing.T) {
	many := func(s string, n int) string { return strings.Repeat(s, n) }
	tests := map[string]memory{
		"bytes":      {files: map[string]string{mainFile: many("# comment\n", 1<<20)}},
		"directives": {files: map[string]string{mainFile: many("Umask 022\n", 60_000)}},
		"servers":    {files: map[string]string{mainFile: many("<VirtualHost 1.2.3.4>\n</VirtualHost>\n", 5000)}},
		"addresses":  {files: map[string]string{mainFile: many("DefaultAddress 1.2.3.4\n", 5000)}},
		"sections":   {files: map[string]string{mainFile: many("<Limit ALL>\n", 5000)}},
		"includes":   {files: map[string]string{mainFile: many("Include /etc/proftpd/a\n", 5000), "/etc/proftpd/a": "Umask 022\n"}},
		"tree":       {files: map[string]string{mainFile: many("Include /etc/proftpd/a\n", 20), "/etc/proftpd/a": many("Include /etc/proftpd/b\n", 100), "/etc/proftpd/b": many("Include /etc/proftpd/a\n", 100)}},
		"line":       {files: map[string]string{mainFile: many("x\\\n", 1<<20)}},
	}
	for name, m := range tests {
		t.Run(name, func(t *testing.T) {
			began := time.Now()
			c := proftpdconf.Load(m, mainFile, proftpdconf.CommandLine{}, debian)
			if took := time.Since(began); took > 5*time.Second {
				t.Errorf("took %v", took)
			}
			if kind := c.Outcome().Kind; kind == proftpdconf.Accepted || kind == proftpdconf.Refused && name != "sections" {
				t.Errorf("%+v", c.Problems())
			}
		})
	}
}
