package proftpdconf_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"

	"hostaudit/checks/host/hosttest"
	"hostaudit/checks/internal/proftpdconf"
)

// drawn makes a random configuration below a directory of its own.
func drawn(r *rand.Rand, dir string) map[string]string {
	files := map[string]string{}
	g := &generator{Rand: r, dir: dir, files: files}
	files[dir+"/proftpd.conf"] = g.text(3+r.IntN(8), 0)
	return files
}

type generator struct {
	*rand.Rand
	in    string // the section around, "" = none
	dir   string
	files map[string]string
	count int
}

func (g *generator) one(list ...string) string { return list[g.IntN(len(list))] }

// text is some lines; most sections are closed, and most lines are sound.
func (g *generator) text(n, depth int) string {
	var b strings.Builder
	for range n {
		line := g.line(depth)
		if g.IntN(12) == 0 {
			line = "  " + strings.ReplaceAll(line, " ", " \t")
		}
		b.WriteString(line + g.one("\n", "\n", "\n", "\n", "\r\n", " \n", " # x\n", "\n\n# y \\\n"))
	}
	return b.String()
}

func (g *generator) line(depth int) string {
	if depth < 3 && g.IntN(5) == 0 {
		return g.block(depth)
	}
	if fitting := sound(g.in); fitting != nil && g.IntN(12) > 0 {
		return g.one(fitting...)
	}
	switch g.IntN(30) {
	case 0:
		return g.one("Bogus", "Ports 21", "SFTPEngine on", "BanEngine on", "Port", "Port 65536", "Port -2", "UseIPv6 maybe", "ServerType x",
			"</Global>", "</VirtualHost>", "</Limit>", "\"\" x", "<Global", "<Bogus>", "Limit x", "SocketBindTight", "ServerIdent x y", "TimeoutIdle")
	case 1, 2, 3:
		return g.include(depth)
	case 4:
		return g.one("LoadModule mod_ban.c", "LoadModule mod_core.c", "LoadModule mod_nothing.c", "LoadModule ban", "ModulePath /usr/lib/proftpd",
			"ModulePath lib", "LoadModule mod_ifversion.c", "LoadModule mod_ifsession.c")
	case 5:
		return g.one("Define A", "Define B", "SetEnv X 2121", "SetEnv X", "ServerName %{env:X}", "DefaultServer on", "DefaultServer off", "IncludeOptions AllowSymlinks", "IncludeOptions All")
	}
	return g.one("Port 2121", "Port 2122", "Port 0", "pORT 21x", "Port \"21\"", "Po\\\nrt 2121", "ServerName \"a \\\"b\"", "ServerType standalone", "UseIPv6 off", "UseIPv6 on",
		"DefaultAddress 127.0.0.1", "DefaultAddress ::1", "SocketBindTight on", "ServerAlias a b", "Umask 022", "TimeoutIdle 20", "RequireValidShell off",
		"AllowOverwrite on", "ServerIdent off", "MaxInstances 30", "UseReverseDNS off", "DisplayLogin welcome.msg", "TransferLog none", "Define C", "# comment", "Trace DEFAULT:0",
		"MasqueradeAddress 127.0.0.1", "PassivePorts 5000 6000", "PathDenyFilter x")
}

// sound are directives that a section takes.
func sound(section string) []string {
	switch section {
	case "virtualhost", "global":
		return []string{"Port 2121", "Port 2122", "Port 0", "Umask 022", "TimeoutIdle 20", "MasqueradeAddress 127.0.0.1", "RequireValidShell off", "AllowOverwrite on"}
	case "anonymous":
		return []string{"User ftp", "AllowOverwrite off", "RequireValidShell off", "# x"}
	case "limit":
		return []string{"DenyAll", "AllowAll", "Order deny,allow", "Allow from all"}
	case "directory":
		return []string{"AllowOverwrite off", "DenyAll", "Umask 022"}
	case "class":
		return []string{"From 10.0.0.0/8", "Satisfy any"}
	}
	return nil
}

func (g *generator) block(depth int) string {
	if g.in != "" && g.IntN(6) > 0 {
		return g.one("<Limit WRITE>\nDenyAll\n</Limit>", "<IfModule mod_ban.c>\nBogus\n</IfModule>")
	}
	opening := g.one("<VirtualHost 127.0.0.2>", "<VirtualHost 127.0.0.3 >", "<VirtualHost ::1>", "<VirtualHost 0.0.0.0>", "<Global>", "<Anonymous ~ftp>", "<Limit LOGIN>", "<Limit ALL SITE_CHMOD>",
		"<Directory /srv/"+strconv.Itoa(g.IntN(1000))+">", "<Class a>", "<IfModule mod_ban.c>", "<IfModule !mod_ban.c>", "<IfModule mod_core.c>", "<IfDefine A>", "<IfDefine !A>", "<IfVersion > 1.3.8>",
		"<IfUser a>", "<Anonymous ftp>", "<Directory x>", "<VirtualHost *>", "<Limit>", "<global>", "<ifmodule mod_tls.c>")
	name, _, _ := strings.Cut(strings.Trim(opening, "<>"), " ")
	ending := "</" + name + ">"
	switch g.IntN(25) {
	case 0:
		ending = ""
	case 1:
		ending += " "
	case 2:
		ending = " " + strings.ToUpper(ending)
	}
	outer := g.in
	switch word := strings.ToLower(name); {
	case !strings.HasPrefix(word, "if"):
		g.in = word
	case word == "ifuser":
		g.in = "virtualhost"
	}
	body := g.text(g.IntN(4), depth+1)
	g.in = outer
	return opening + "\n" + body + ending
}

func (g *generator) include(depth int) string {
	g.count++
	if depth > 2 || g.count > 6 {
		return "Include " + g.dir + "/nothing"
	}
	name := fmt.Sprintf("%s/d%d/%s.conf", g.dir, g.count, g.one("a", "b", ".c"))
	if _, found := g.files[name]; !found {
		g.files[name] = ""
		g.files[name] = g.text(1+g.IntN(4), depth+1)
	}
	if g.IntN(4) == 0 {
		g.files[path.Dir(name)+"/z.conf"] = g.text(1+g.IntN(3), 3)
	}
	return "Include " + g.one(name, path.Dir(name), path.Dir(name)+"/", path.Dir(name)+"/*.conf", path.Dir(name)+"/?.conf", g.dir+"/d[0-9]/a.conf", "proftpd.conf", path.Dir(name)+"/x/*")
}

// TestDifferential asks each tree's ProFTPD which of some hundred random configurations
// it refuses (proftpd -t). HOSTAUDIT_DIFFERENTIAL is their number (150 unless set) and
// HOSTAUDIT_DIFFERENTIAL_SEED the first seed.
func TestDifferential(t *testing.T) {
	eachProFTPD(t, func(t *testing.T, h *hosttest.RealHost, build proftpdconf.Build) {
		count, seed := setNumber(t, "HOSTAUDIT_DIFFERENTIAL", 150), setNumber(t, "HOSTAUDIT_DIFFERENTIAL_SEED", 1)
		configs := make([]map[string]string, count)
		for n := range configs {
			configs[n] = drawn(rand.New(rand.NewPCG(uint64(seed+n), 1)), fmt.Sprintf("/tmp/c/%d", n))
		}
		said := asked(h, configs)
		var refused, unsure int
		for n, files := range configs {
			m := memory{files: files, root: h.FS()}
			c := proftpdconf.Load(m, fmt.Sprintf("/tmp/c/%d/proftpd.conf", n), proftpdconf.CommandLine{}, build)
			switch kind := c.Outcome().Kind; {
			case kind == proftpdconf.Unsure:
				unsure++
			case (kind == proftpdconf.Refused) != (said[n] != 0):
				t.Errorf("seed %d: exit %d, read as %+v\n%s\n%s", seed+n, said[n], c.Problems(), show(files), why(h, n))
			}
			if said[n] != 0 {
				refused++
			}
		}
		t.Logf("ProFTPD %v: of %d refuses %d, unsure %d", build.Version, count, refused, unsure)
		if refused*100 < 20*count || refused*100 > 85*count || unsure*4 > count {
			t.Errorf("the generator tests one side only, or too little is settled: of %d refused %d, unsure %d", count, refused, unsure)
		}
	})
}

// asked returns the exit statuses of proftpd -t.
func asked(h *hosttest.RealHost, configs []map[string]string) []int {
	files := map[string]string{}
	for _, config := range configs {
		for name, text := range config {
			files[strings.TrimPrefix(name, "/tmp/c/")] = text
		}
	}
	h.Replace("/tmp/c", files)
	ask := fmt.Sprintf("for ((n = 0; n < %d; n++)); do timeout 10 /usr/sbin/proftpd -t -c /tmp/c/$n/proftpd.conf >/dev/null 2>&1; echo $?; done", len(configs))
	var said []int
	for word := range strings.FieldsSeq(h.MustRun("/bin/bash", "-c", ask)) {
		n, err := strconv.Atoi(word)
		if err != nil {
			panic(err)
		}
		said = append(said, n)
	}
	return said
}

func why(h *hosttest.RealHost, n int) string {
	res := h.Run("/usr/sbin/proftpd", "-t", "-c", fmt.Sprintf("/tmp/c/%d/proftpd.conf", n))
	return res.Stdout + res.Stderr
}

func show(files map[string]string) string {
	var b strings.Builder
	for _, name := range slices.Sorted(func(yield func(string) bool) {
		for name := range files {
			if !yield(name) {
				return
			}
		}
	}) {
		fmt.Fprintf(&b, "-- %s --\n%s", name, files[name])
	}
	return b.String()
}

func setNumber(t *testing.T, name string, fallback int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return fallback
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("%s is no number above 0", name)
	}
	return n
}
