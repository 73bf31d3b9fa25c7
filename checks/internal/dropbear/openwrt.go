package dropbear

import (
	"fmt"
	"strconv"
	"strings"
)

// Instance is a "config dropbear" of OpenWrt's /etc/config/dropbear: one Dropbear.
type Instance struct {
	Name    string // of the section; "@dropbear[0]" counts those without a name
	Line    int
	Enabled bool // "option enable" says so, or nothing
	Options Options
	// Outcome is Refused where the init script does not start it: its validation
	// (validate_data of ubox) fails, or Dropbear ends.
	Outcome Outcome
	// Needs are files that the validation wants to be there as regular files. Where one
	// is missing the instance is not started.
	Needs []Need
}

// Need is a file that an option names.
type Need struct {
	Path string
	Line int
}

// ParseOpenWrt reads /etc/config/dropbear as /etc/init.d/dropbear of OpenWrt does: one
// instance for every section of type dropbear. A file without such a section, like none,
// starts nothing.
//
// script is that init script. An option it does not name it does not read:
// LocalPortForward, DirectInterface and others came over the years. nil = one that names
// all of them.
//
// DirectInterface binds every address on the device of that network, Interface the
// addresses the network has when the script runs; in either case Listen has the
// network's name and no address. A network of Interface without any address makes recent
// scripts listen on all of them.
func ParseOpenWrt(data, script []byte) []Instance {
	sections, bad := ParseUCI(data)
	var instances []Instance
	index := -1
	for _, s := range sections {
		if s.Type != "dropbear" {
			continue
		}
		index++
		name := s.Name
		if name == "" {
			name = fmt.Sprintf("@dropbear[%d]", index)
		}
		u := uciReader{section: s, script: string(script)}
		i := u.instance()
		i.Name, i.Line = name, s.Line
		if len(bad) > 0 && i.Outcome.Kind != Unsure {
			i.Outcome = Outcome{Kind: Unsure, Line: bad[0].Line, Why: "the file has " + bad[0].Problem}
		}
		instances = append(instances, i)
	}
	return instances
}

// uciReader reads one section.
type uciReader struct {
	section Section
	script  string
	out     Outcome
}

func (u *uciReader) instance() Instance {
	i := Instance{Enabled: u.bool("enable", true)}
	o := &i.Options
	o.NoPasswords = !u.bool("PasswordAuth", true)
	o.NoRootPassword = !u.bool("RootPasswordAuth", true)
	o.NoRoot = !u.bool("RootLogin", true)
	o.GatewayPorts = u.bool("GatewayPorts", false)
	o.NoLocalForward = !u.bool("LocalPortForward", true)
	o.NoRemoteForward = !u.bool("RemotePortForward", true)
	u.bool("mdns", true) // validated, of no matter here
	_, o.ForcedCommand = u.get("ForceCommand")
	if banner, found := u.get("BannerFile"); found {
		o.Banner = banner.Values[0]
		i.Needs = append(i.Needs, Need{o.Banner, banner.Line})
	}
	for _, name := range []string{"rsakeyfile", "dsskeyfile", "keyfile"} {
		files, _ := u.get(name)
		for _, file := range files.Values {
			i.Needs = append(i.Needs, Need{file, files.Line})
		}
	}
	for _, name := range []string{"SSHKeepAlive", "IdleTimeout", "MaxAuthTries", "RecvWindowSize"} {
		if number, found := u.get(name); found {
			if _, err := strconv.ParseUint(number.Values[0], 10, 32); err != nil || len(number.Values) > 1 {
				u.unsure(number, "a number that is none")
			}
		}
	}
	if user, found := u.get("RunAsUser"); found {
		o.User = user.Values[0]
		if o.User != "root" { // the script adds -g and -w
			o.NoRoot, o.NoRootPassword = true, true
		}
	}
	o.Listens = u.listens()
	i.Outcome = u.out
	if i.Outcome.Kind == Refused {
		i.Options = Options{}
	}
	return i
}

// listens are the networks, each with the port.
func (u *uciReader) listens() []Listen {
	port := UCIOption{Values: []string{"22"}}
	if told, found := u.get("Port"); found {
		port = told
	}
	networks, where := []string{""}, 0
	if direct := u.networks("DirectInterface"); len(direct.Values) > 0 {
		networks, where = direct.Values[:1], direct.Line // further ones are not looked at
	} else if told := u.networks("Interface"); len(told.Values) > 0 {
		networks, where = told.Values, told.Line
	}
	var values []string
	for _, v := range port.Values {
		values = append(values, strings.Fields(v)...)
	}
	if len(values) > 1 {
		// Old scripts took a list; those that validate give Dropbear one word of it.
		u.unsure(port, "several ports in one section")
	}
	if len(values) == 0 {
		u.refuse(port, "a port that is none")
	}
	var listens []Listen
	for _, value := range values {
		n, err := strconv.ParseUint(value, 10, 16)
		if err != nil {
			u.refuse(port, "a port that is none")
		}
		line := port.Line
		if line == 0 {
			line = where
		}
		for _, network := range networks {
			listens = append(listens, Listen{Port: uint16(n), Interface: network, Line: line})
		}
	}
	return listens
}

// networks returns the names of networks of an option: words of it and of its list.
func (u *uciReader) networks(name string) UCIOption {
	o, _ := u.get(name)
	var words []string
	for _, value := range o.Values {
		words = append(words, strings.Fields(value)...)
	}
	o.Values = words
	return o
}

// get returns an option that the script reads.
func (u *uciReader) get(name string) (UCIOption, bool) {
	o, found := u.section.Get(name)
	if !found || u.script != "" && !hasWord(u.script, name) {
		return UCIOption{}, false
	}
	return o, true
}

// bool reads a truth value. The validation takes any case, but hands on the lower case
// only; what the script makes of nothing is not known.
func (u *uciReader) bool(name string, unset bool) bool {
	o, found := u.get(name)
	if !found {
		return unset
	}
	if len(o.Values) > 1 {
		u.unsure(o, "several truth values")
		return unset
	}
	switch value := o.Values[0]; value {
	case "1", "on", "true", "yes", "enabled":
		return true
	case "0", "off", "false", "no", "disabled":
		return false
	default:
		switch strings.ToLower(value) {
		case "on", "true", "yes", "enabled", "off", "false", "no", "disabled":
			u.unsure(o, "a truth value in upper case")
		default:
			u.refuse(o, "a truth value that is none")
		}
	}
	return unset
}

func (u *uciReader) refuse(o UCIOption, why string) {
	u.out.settle(Outcome{Kind: Refused, Line: o.Line, Why: why})
}

func (u *uciReader) unsure(o UCIOption, why string) {
	u.out.settle(Outcome{Kind: Unsure, Line: o.Line, Why: why})
}

// hasWord reports whether a word stands in a text, letters and digits not touching it.
func hasWord(text, word string) bool {
	for from := 0; ; {
		i := strings.Index(text[from:], word)
		if i < 0 {
			return false
		}
		start, end := from+i, from+i+len(word)
		if (start == 0 || !uciName(text[start-1:start])) && (end == len(text) || !uciName(text[end:end+1])) {
			return true
		}
		from = end
	}
}
