package proftpdconf

import "strings"

// decides reports a directive, in lower case, that has a part in what is bound.
func decides(name string) bool {
	switch name {
	case "port", "defaultaddress", "<virtualhost>", "</virtualhost>", "servertype", "useipv6", "socketbindtight",
		"defaultserver", "serveralias", "servername", "include", "includeoptions", "define",
		"<ifdefine>", "<ifmodule>", "<ifversion>", "loadmodule", "loadfile", "modulepath", "moduleorder",
		"<global>", "<class>", "sftpengine", "tlsengine", "tlsoptions":
		return true
	}
	return false
}

// apply does what the handler of a directive does beyond what admit has checked. It
// returns the fault for which ProFTPD gives up the file.
func (w *walker) apply(a at, name string, args []string) string {
	if strings.HasPrefix(name, "<") {
		return w.applySection(a, name, args)
	}
	switch name {
	case "port":
		return w.setPort(a, args[0])
	case "defaultaddress":
		return w.setDefaultAddress(a, args)
	case "servertype":
		switch strings.ToLower(args[0]) {
		case "inetd":
			w.c.inetd = true
		case "standalone":
			w.c.inetd = false
		default:
			return "a ServerType that there is not"
		}
	case "useipv6":
		w.ipv6, _ = parseBool(args[0])
	case "socketbindtight":
		w.tight, _ = parseBool(args[0])
	case "defaultserver":
		return w.setDefaultServer(args[0])
	case "serveralias":
		if len(w.blocks) == 0 {
			for _, alias := range args {
				w.server().alias(alias)
			}
		}
	case "servername":
		w.server().name = args[0]
	case "include":
		return w.include(a, args[0])
	case "includeoptions":
		clear(w.includeOpts)
		for _, o := range args {
			switch o {
			case "AllowSymlinks", "IgnoreTempFiles", "IgnoreWildcards":
				w.includeOpts[o] = true
			default:
				return "an IncludeOptions that there is not"
			}
		}
	case "define":
		w.defines[args[0]] = true
	case "setenv":
		if w.context() == 'R' {
			w.env[args[0]] = &args[1]
		}
	case "unsetenv":
		w.env[args[0]] = nil
	case "loadmodule":
		return w.loadModule(a, args[0])
	case "modulepath":
		return w.setModulePath(a, args[0])
	case "loadfile", "moduleorder":
		w.unsure(a, "a library or an order of modules that is not evaluated")
	case "sftpengine", "tlsengine":
		on, _ := parseBool(args[0])
		target := &w.scope().sftp
		if name == "tlsengine" {
			target = &w.scope().tls
		}
		value := 0
		if on {
			value = 1
		}
		target.first(value, a.file, a.line)
	case "tlsoptions":
		return w.setTLSOptions(a, args)
	}
	return ""
}

// setTLSOptions is TLSOptions of mod_tls.c. A server has the options of all its TLSOptions
// and of those of all <Global> blocks, so that one that does not say UseImplicitSSL takes
// nothing back.
func (w *walker) setTLSOptions(a at, args []string) string {
	v := w.build.Version
	for _, option := range args {
		known := false
		switch option {
		case "AllowClientRenegotiation", "AllowClientRenegotiations", "AllowDotLogin", "AllowPerUser", "CommonNameRequired",
			"EnableDiags", "ExportCertData", "NoEmptyFragments", "NoSessionReuseRequired", "StdEnvVars", "dNSNameRequired",
			"iPAddressRequired":
			known = true
		case "UseImplicitSSL":
			known = true
			w.scope().implicit.first(1, a.file, a.line)
		case "NoCertRequest":
			known = v.before(8)
		case "AllowWeakDH":
			known = !v.before(6) || v.Level > 1 // not yet in 1.3.5a
		case "NoAutoECDH":
			known = !v.before(6)
		case "IgnoreSNI":
			known = !v.before(7)
		case "AllowWeakSecurity":
			known = !v.before(8)
		}
		switch {
		case known, strings.Contains(option, "%{env:"): // which is unsure already
		case !v.before(10):
			w.unsure(a, "a TLSOptions that later versions may have")
		default:
			return "a TLSOptions that there is not"
		}
	}
	return ""
}

// setPort keeps the first port for versions from 1.3.8 on, which look for it at the end,
// and the last for those before.
func (w *walker) setPort(a at, arg string) string {
	port := atoi(arg)
	if port < 0 || port > 65535 {
		return "a port that is none"
	}
	w.scope().port.first(port, a.file, a.line)
	if c := w.context(); c == 'R' || c == 'V' {
		s := w.server()
		s.port = setting{true, port, a.file, a.line}
		w.events = append(w.events, event{server: w.index(s), port: port})
	}
	return ""
}

func (w *walker) index(s *server) int {
	for i := len(w.servers) - 1; i > 0; i-- {
		if w.servers[i] == s {
			return i
		}
	}
	return 0
}

func (s *server) alias(name string) {
	if len(s.aliases) < maxNotes {
		s.aliases = append(s.aliases, strings.ToLower(name))
	}
}

// resolve takes an address of a server.
func (w *walker) resolve(a at, arg string) (address, string) {
	addr, refused := resolve(arg, w.ipv6, w.build.Debian)
	switch w.addresses++; {
	case refused:
		return address{}, "an address that cannot be resolved"
	case w.addresses > maxServers:
		w.stop(a, "more addresses than are read", nil)
	case !addr.known():
		w.unsure(a, "a name that only the resolver knows")
	}
	return addr, ""
}

func (w *walker) setDefaultAddress(a at, args []string) string {
	main := w.servers[0]
	for i, arg := range args {
		addr, why := w.resolve(a, arg)
		switch {
		case why != "" || w.halted:
			return why
		case i == 0:
			main.addr = addr
		case len(w.blocks) == 0:
			main.binds = append(main.binds, addr)
		}
	}
	return ""
}

func (w *walker) setDefaultServer(arg string) string {
	if on, _ := parseBool(arg); !on {
		return ""
	}
	for _, s := range w.servers {
		if s.isDefault {
			return "a second DefaultServer"
		}
	}
	if len(w.blocks) == 0 {
		w.server().isDefault = true
	}
	return ""
}

func (w *walker) setModulePath(a at, dir string) string {
	if !strings.HasPrefix(dir, "/") {
		return "a ModulePath that is not absolute"
	}
	kind, err := w.files.Stat(dir)
	switch {
	case absent(err) || err == nil && kind != Directory:
		return "a ModulePath that is no directory"
	case err != nil:
		w.problem(Problem{File: a.file, Line: a.line, Outcome: Outcome{Unsure, "a directory that cannot be looked up"}, Err: err})
	}
	w.modules.path = dir
	return ""
}
