package units_test

import (
	"path/filepath"
	"strings"

	"golang.org/x/tools/txtar"
)

// putAll makes the files and links of an archive in testdata/real, which explains itself.
func (r *release) putAll(archive string) {
	r.t.Helper()
	a, err := txtar.ParseFile(filepath.Join("testdata/real", archive+".txtar"))
	if err != nil {
		r.t.Fatal(err)
	}
	short := strings.NewReplacer(
		"E/", "etc/systemd/system/", "R/", "run/systemd/system/",
		"L/", "usr/local/lib/systemd/system/", "U/", "usr/lib/systemd/system/",
	)
	for _, f := range a.Files {
		name, target, link := strings.Cut(f.Name, " -> ")
		if len(name) > 2 && name[1] == '/' {
			name = short.Replace(name[:2]) + name[2:]
		}
		if link {
			r.put(name, "-> "+target)
		} else {
			r.put(name, string(f.Data))
		}
	}
}

// badNames are no units or not in any directory.
func badNames() []string {
	return []string{
		"hm-none.service", "hm-t@not.service", "hm-d@other.service", "hm@a@b.service", "hm-x.foo", "@.service",
		"@x.service", "hm-none@.timer", "hm-" + strings.Repeat("n", 260) + ".service", "hm-di@x.service",
	}
}

// verbs are commands of systemctl over the archive byhand.
func verbs() []string {
	return []string{
		"enable hm-v-plain.service", "enable --runtime hm-v-rt.service", "enable hm-t@verb.service", "enable hm-d@.service",
		"enable hm-v-also.service", "enable hm-v-alias.service", "enable /opt/hm/hm-v-out.service", "link /opt/hm/hm-v-linked.service",
		"link --runtime /opt/hm/hm-v-linkedrt.service", "mask hm-v-masked.service", "mask --runtime hm-v-maskedrt.service",
		"add-wants multi-user.target hm-v-added.service", "add-requires multi-user.target hm-v-addedr.service",
		"disable hm-w-plain.service", "disable hm-t@a.service", "unmask hm-m-link.service", "disable hm-w-alias.service",
		"preset hm-v-preset.service", "revert hm-di-on.service", "reenable hm-w-requires.service", "set-default multi-user.target",
		"enable hm-v-socket.socket", "enable hm-v-timer.timer", "disable ssh.service", "mask cron.service",
	}
}
