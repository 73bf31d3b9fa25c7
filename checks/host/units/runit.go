package units

// runit finds the service directories of runit, daemontools and s6: those with a
// program "run" and no file "down" (runsv(8), s6-supervise). They mean nothing
// where no supervisor is installed: packages ship them for those who have one.
func (g *gatherer) runit() {
	var supervisors []string
	for _, dir := range []string{"/bin", "/sbin", "/usr/bin", "/usr/sbin", "/usr/local/bin", "/command"} {
		for _, name := range []string{"runsvdir", "svscan", "s6-svscan"} {
			supervisors = append(supervisors, dir+"/"+name)
		}
	}
	if !g.isThere(supervisors...) {
		return
	}
	seen := map[string]bool{}
	for _, dir := range []string{
		"/etc/runit/runsvdir/current", "/etc/runit/runsvdir/default",
		"/etc/service", "/var/service", "/service", "/etc/s6/services",
	} {
		for _, name := range g.names(dir) {
			service := dir + "/" + name
			if name[0] == '.' || seen[name] {
				continue
			}
			if info, ok := g.stat(service); !ok || !info.Mode.IsDir() {
				continue
			}
			if !g.runs(service+"/run") || g.isThere(service+"/down") {
				continue
			}
			seen[name] = true
			g.add(Entry{Kind: KindRunit, Name: name, Program: service + "/run", Place: Place{service, 0}})
		}
	}
}
