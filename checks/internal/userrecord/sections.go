package userrecord

import (
	"slices"
	"strings"
)

// dispositions are those of USER_RECORD; none of them keeps anybody from logging in.
func dispositions() []string {
	return []string{"intrinsic", "system", "dynamic", "regular", "container", "foreign", "reserved"}
}

// section reads the fields that may stand at the top level, in perMachine and in
// binding, over what earlier sections said.
func (f *fields) section(r *Record, n node) {
	text := func(dst *string, name string) {
		if v := n.get(name); !v.omitted {
			*dst = f.str(v, name)
		}
	}
	text(&r.RealName, "realName")
	text(&r.Home, "homeDirectory")
	text(&r.Shell, "shell")
	text(&r.Disposition, "disposition")
	if v := n.get("disposition"); !v.omitted && !slices.Contains(dispositions(), r.Disposition) {
		f.fail(v, "disposition", "an unknown word")
	}
	if v := n.get("uid"); !v.omitted {
		r.Line = v.line
	}
	r.UID = f.id(n.get("uid"), "uid", r.UID)
	r.GID = f.id(n.get("gid"), "gid", r.GID)
	r.Locked = f.bool(n.get("locked"), "locked", r.Locked)
	for _, t := range []struct {
		dst  *Time
		name string
	}{
		{&r.NotBefore, "notBeforeUSec"},
		{&r.NotAfter, "notAfterUSec"},
		{&r.LastChange, "lastPasswordChangeUSec"},
		{&r.Min, "passwordChangeMinUSec"},
		{&r.Max, "passwordChangeMaxUSec"},
		{&r.Warn, "passwordChangeWarnUSec"},
		{&r.Inactive, "passwordChangeInactiveUSec"},
	} {
		*t.dst = f.time(n.get(t.name), t.name, *t.dst)
	}
	r.Signed = r.Signed || len(f.list(n.get("signature"), "signature")) > 0
}

// relevant are the names section reads, but for what only a top level has.
func relevant() []string {
	return []string{
		"realName", "homeDirectory", "shell", "disposition", "uid", "gid", "locked", "notBeforeUSec", "notAfterUSec",
		"lastPasswordChangeUSec", "passwordChangeMinUSec", "passwordChangeMaxUSec", "passwordChangeWarnUSec", "passwordChangeInactiveUSec",
	}
}

// perMachine reads the entries that are for this machine: by its ID or its name,
// or by not being another one.
func (f *fields) perMachine(r *Record, n node, on Machine) {
	for _, entry := range f.list(n, "perMachine") {
		f.object(entry, "perMachine")
		all, _ := entry.value.(members)
		if !slices.ContainsFunc(all, func(m member) bool { return slices.Contains(relevant(), m.name) }) {
			continue
		}
		is, unsure := false, false
		for _, rule := range []struct {
			name, own string
			not       bool
		}{
			{"matchMachineId", on.ID, false},
			{"matchHostname", on.Hostname, false},
			{"matchNotMachineId", on.ID, true},
			{"matchNotHostname", on.Hostname, true},
		} {
			v := entry.get(rule.name)
			if v.omitted {
				continue
			}
			if rule.own == "" {
				unsure = true
				continue
			}
			named := slices.ContainsFunc(f.strings(v, rule.name), func(s string) bool { return strings.EqualFold(s, rule.own) })
			is = is || named != rule.not
		}
		switch {
		case is:
			f.section(r, entry)
		case unsure:
			f.fail(entry, "perMachine", "the machine's own ID and name are not known")
		}
	}
}

// binding reads what binds the record to this machine; if that is not known, and the
// record is bound to one machine only, it is that one.
func (f *fields) binding(r *Record, n node, on Machine) {
	all, _ := f.object(n, "binding").value.(members)
	for _, m := range all {
		if m.name == on.ID || on.ID == "" && len(all) == 1 {
			f.section(r, f.object(m.value, "binding"))
		}
	}
	if on.ID == "" && len(all) > 1 {
		f.fail(n, "binding", "the machine's own ID is not known")
	}
}

// privileged reads the section that only root and the account itself may see.
func (f *fields) privileged(r *Record, root node) {
	n := f.object(root.get("privileged"), "privileged")
	for _, h := range f.list(n.get("hashedPassword"), "hashedPassword") {
		r.Hashes = append(r.Hashes, Hash{Text: f.str(h, "hashedPassword"), Line: h.line, Second: h.second})
	}
	for _, name := range []string{"pkcs11EncryptedKey", "fido2HmacSalt"} {
		r.Token = r.Token || len(f.list(n.get(name), name)) > 0
	}
	r.ClearText = len(f.list(f.object(root.get("secret"), "secret").get("password"), "password")) > 0
}
