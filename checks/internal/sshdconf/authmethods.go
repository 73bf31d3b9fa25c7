package sshdconf

import "strings"

// methods judges AuthenticationMethods. How it looks at lines that do not count changed
// with 8.7 and with 9.7.
func methods(d *directive) Outcome {
	v := d.build.Version
	before := len(d.set.methods)
	if !v.AtLeast(8, 7) {
		d.done = true
		if before > 0 {
			return Outcome{} // not looked at
		}
	}
	var list []string
	sawAny, certain := false, true
	for _, arg := range d.listed(d.next) {
		switch {
		case arg == "any":
			// Until 9.6 the methods in force were asked for, not those of the line.
			earlier := len(list)
			if !v.AtLeast(9, 7) {
				earlier = before
				if d.active && before == 0 {
					earlier = len(list)
				}
			}
			if earlier > 0 {
				return refused("any must stand alone")
			}
			sawAny = true
		case sawAny:
			return refused("any must stand alone")
		default:
			switch d.build.knowsMethods(arg) {
			case without:
				return refused("unknown authentication method")
			case maybe:
				certain = false
			}
		}
		list = append(list, arg)
	}
	switch {
	case len(list) == 0:
		return refused("missing argument")
	case !certain:
		return unsure("a method that not every build knows")
	}
	if d.active && before == 0 {
		d.set.methods = list
		d.set.first[d.Keyword] = &d.Line
	}
	return Outcome{}
}

// knowsMethods is auth2_methods_valid() in auth2-methods.c for one list.
func (b Build) knowsMethods(list string) feature {
	result := with
	for method := range strings.SplitSeq(list, ",") {
		name, _, _ := strings.Cut(method, ":")
		known := without
		switch name {
		case "publickey", "password", "keyboard-interactive", "hostbased", "none":
			known = with
		case "gssapi-with-mic":
			known = b.gssapi()
		case "gssapi-keyex":
			known = b.gssapiKex()
		}
		switch {
		case known == without:
			return without
		case known == maybe:
			result = maybe
		}
	}
	return result
}
