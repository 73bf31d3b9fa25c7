package pandoratest

import (
	"os"
	"strings"
	"testing"
)

// mod is a module of tags given as "name=value".
func mod(tags ...string) string {
	var b strings.Builder
	b.WriteString("<module>")
	for _, tag := range tags {
		name, value, _ := strings.Cut(tag, "=")
		b.WriteString("<" + name + ">" + value + "</" + name + ">")
	}
	b.WriteString("</module>")
	return b.String()
}

// proc is a sound module called name with more tags behind it.
func proc(name string, more ...string) string {
	return mod(append([]string{"name=" + name, "type=generic_proc", "data=1", "description=OK: a"}, more...)...)
}

// ours ends a module the way this program does.
var ours = []string{"module_group=Security", "status=NORMAL"}

// fragments are outputs of a plugin. Why is part of the oracle's answer, "" for
// those the server takes; strict are those that only this program's own rules
// refuse, so the oracle takes them.
var fragments = []struct {
	name, xml, why string
	strict         bool
}{
	{name: "one-module", xml: proc("a", ours...)},
	{name: "two-modules", xml: proc("a", ours...) + "\n" + proc("b", ours...)},
	{name: "numeric-references", xml: proc("&#60;&#38;&#xE9;", ours...)},
	{name: "interval", xml: proc("a", "module_interval=72", "module_group=Security", "status=CRITICAL")},

	{name: "other-order", xml: mod("type=generic_proc", "name=a", "data=1"), strict: true},
	{name: "other-tags", xml: proc("a", "unit=x", "min_critical=1", "tags=b"), strict: true},
	{name: "alert-templates-repeat", xml: proc("a", "alert_template=b", "alert_template=c"), strict: true},
	{name: "cdata", xml: proc("<![CDATA[a]]>", ours...), strict: true},
	{name: "cdata-split", xml: proc("a<![CDATA[]]]]><![CDATA[>]]>", ours...), strict: true},
	{name: "utf8", xml: proc("é", ours...), strict: true},
	{name: "c1-control", xml: proc("a", append([]string{"unit=x\u0085"}, ours...)...), strict: true},
	{name: "whitespace-only-between", xml: "\n\t " + proc("a") + "\r\n", strict: true},
	{name: "inventory-is-not-for-us", xml: "<inventory/>" + proc("a"), why: "beside the modules"},

	// What breaks the file.
	{name: "bare-ampersand", xml: proc("a & b", ours...), why: "BADXML"},
	{name: "bare-less-than", xml: proc("a < b", ours...), why: "BADXML"},
	{name: "undefined-entity", xml: proc("&eacute;", ours...), why: "BADXML"},
	{name: "truncated-tag", xml: proc("a", ours...) + "<module><na", why: "BADXML"},
	{name: "unclosed-module", xml: proc("a", ours...) + "<module>", why: "BADXML"},
	{name: "inner-declaration", xml: "<?xml version='1.0'?>" + proc("a", ours...), why: "BADXML"},
	{name: "comment-with-dashes", xml: "<!-- a -- b -->" + proc("a", ours...), why: "BADXML"},
	{name: "doctype", xml: "<!DOCTYPE a [<!ENTITY b 'c'>]>" + proc("a", ours...), why: "BADXML"},
	{name: "invalid-utf8", xml: proc("a\xff", ours...), why: "BADXML"},
	{name: "c0-control", xml: proc("a\x01", ours...), why: "BADXML"},
	{name: "c0-reference", xml: proc("a&#1;", ours...), why: "BADXML"},
	{name: "nul-byte", xml: proc("a\x00", ours...), why: "BADXML"},
	{name: "surrogate-bytes", xml: proc("a\xed\xa0\x80", ours...), why: "BADXML"},
	{name: "surrogate-reference", xml: proc("a&#xD800;", ours...), why: "BADXML"},
	{name: "noncharacter-fffe", xml: proc("a\ufffe", ours...), why: "BADXML"},
	{name: "noncharacter-ffff", xml: proc("a\uffff", ours...), why: "BADXML"},
	{name: "noncharacter-reference", xml: proc("a&#xFFFE;", ours...), why: "BADXML"},
	{name: "cdata-end-in-cdata", xml: proc("<![CDATA[a]]>]]>", ours...), why: "BADXML"},
	{name: "cdata-end-in-text", xml: proc("a]]>", ours...), why: "BADXML"},
	{name: "closes-envelope", xml: proc("a", ours...) + "</agent_data><agent_data>", why: "BADXML"},
	{name: "closes-root", xml: proc("a", ours...) + "</r><r>", why: "BADXML"},
	{name: "usage-text", xml: "usage: <integrity_file>\n", why: "BADXML"},

	// What the server drops, changes or confuses.
	{name: "nothing", xml: "", why: "no module"},
	{name: "text-before", xml: "warning: x\n" + proc("a", ours...), why: "text between modules"},
	{name: "text-after", xml: proc("a", ours...) + "done", why: "text between modules"},
	{name: "zero-between", xml: proc("a", ours...) + "0" + proc("b", ours...), why: "text between modules"},
	{name: "text-in-module", xml: "<module>x" + proc("a", ours...)[len("<module>"):], why: "text between tags"},
	{name: "empty-module", xml: "<module/>", why: "no <name>"},
	{name: "text-module", xml: "<module>a</module>", why: "no elements"},
	{name: "no-name", xml: mod("type=generic_proc", "data=1"), why: "no <name>"},
	{name: "no-type", xml: mod("name=a", "data=1"), why: "no <type>"},
	{name: "no-data", xml: mod("name=a", "type=generic_proc"), why: "no <data>"},
	{name: "empty-name", xml: proc("", ours...), why: "<name> is empty"},
	{name: "blank-name", xml: proc("  ", ours...), why: "<name> is"},
	{name: "leading-blank-name", xml: proc(" a", ours...), why: "outer blanks"},
	{name: "trailing-blank-name", xml: proc("a ", ours...), why: "outer blanks"},
	{name: "line-break-in-name", xml: proc("a\nb", ours...), why: "line break in the name"},
	{name: "line-break-reference", xml: proc("a&#10;b", ours...), why: "line break in the name"},
	{name: "carriage-return-reference", xml: proc("a&#13;b", ours...), why: "line break in the name"},
	{name: "long-name", xml: proc(strings.Repeat("a", 101), ours...), why: "longer than 100"},
	{name: "same-name", xml: proc("a", ours...) + proc("a", ours...), why: "is there twice"},
	{name: "same-name-other-case", xml: proc("Ab", ours...) + proc("aB", ours...), why: "is there twice"},
	{name: "empty-description", xml: mod("name=a", "type=generic_proc", "data=1", "description="), why: "<description> is empty"},
	{name: "empty-threshold", xml: proc("a", "min_critical="), why: "<min_critical> is empty"},
	{name: "repeated-tag", xml: proc("a", "status=NORMAL", "status=CRITICAL"), why: "<status> is repeated"},
	{name: "attribute-on-tag", xml: `<module><name x="y">a</name><type>generic_proc</type><data>1</data></module>`, why: "<name> is empty or has"},
	{name: "value-as-attribute", xml: `<module name="a"><type>generic_proc</type><data>1</data></module>`, why: "folded"},
	{name: "attribute-on-module", xml: `<module x="y">` + proc("a")[len("<module>"):], why: "attribute x"},
	{name: "children", xml: proc("a<b>c</b>", ours...), why: "<name> is empty or has"},
	{name: "datalist", xml: mod("name=a", "type=generic_data", "datalist=<data><value>1</value></data>"), why: "unknown tag"},
	{name: "unknown-tag", xml: proc("a", "extra=b"), why: "unknown tag <extra>"},
	{name: "tag-case", xml: "<module><Name>a</Name><type>generic_proc</type><data>1</data></module>", why: "unknown tag <Name>"},
	{name: "timestamp", xml: proc("a", "timestamp=2026/01/01 00:00:00"), why: "<timestamp>"},
	{name: "unknown-type", xml: mod("name=a", "type=boolean", "data=1"), why: "unknown type"},
	{name: "type-with-blank", xml: mod("name=a", "type=generic_proc ", "data=1"), why: "unknown type"},
	{name: "text-as-number", xml: mod("name=a", "type=generic_data", "data=many"), why: "not a number"},
	{name: "nan", xml: mod("name=a", "type=generic_data", "data=nan"), why: "not a number"},
	{name: "infinity", xml: mod("name=a", "type=generic_data", "data=inf"), why: "not a number"},
	{name: "empty-string-data", xml: mod("name=a", "type=generic_data_string", "data="), why: "<data> is empty"},
	{name: "out-of-range", xml: mod("name=a", "type=generic_data", "data=5", "min=0", "max=2"), why: "outside min and max"},
	{name: "unknown-status", xml: proc("a", "status=UNKNOWN"), why: "none of the three"},
	{name: "interval-zero", xml: proc("a", "module_interval=0"), why: "no multiple"},
	{name: "interval-as-duration", xml: proc("a", "module_interval=6h"), why: "no multiple"},
	{name: "unknown-group", xml: proc("a", "module_group=Safety"), why: "not in the default database"},
	{name: "four-byte-character", xml: proc("\U0001f600", ours...), why: "above U+FFFF"},
	{name: "four-byte-reference", xml: proc("&#x1F600;", ours...), why: "above U+FFFF"},
	{name: "long-description", xml: mod("name=a", "type=generic_proc", "data=1", "description="+strings.Repeat("&#60;", 11000)), why: "does not fit"},
}

// The table is what makes the oracle worth asking: it must refuse each row that
// loses something on the server, and for the reason meant.
func TestOracle(t *testing.T) {
	server := FindServer(t)
	for _, f := range fragments {
		t.Run(f.name, func(t *testing.T) {
			got := server.Fragment(t, []byte(f.xml))
			if f.why == "" && got != "" || !strings.Contains(got, f.why) || f.why != "" && got == "" {
				t.Errorf("oracle says %q, want %q in\n%s", got, f.why, f.xml)
			}
		})
	}
	t.Run("another-root", func(t *testing.T) {
		if os.Geteuid() != 0 {
			t.Skip("changing the root takes root")
		}
		if server.root == "" {
			server.root = "/"
		}
		if got := server.Fragment(t, []byte(proc("a", ours...)+"x")); !strings.Contains(got, "text between modules") {
			t.Errorf("oracle says %q", got)
		}
	})
	t.Run("data-file", func(t *testing.T) {
		file := "<?xml version='1.0' encoding='ISO-8859-1'?><agent_data agent_name='x'>" + proc("&#xE9;", ours...) + "</agent_data>"
		if got := server.DataFile(t, []byte(file)); got != "" {
			t.Errorf("sound data file: %s", got)
		}
		if got := server.DataFile(t, []byte(file+"x")); !strings.Contains(got, "BADXML") {
			t.Errorf("text behind the root: %q", got)
		}
	})
}

// Check refuses what the oracle refuses, and more.
func TestCheck(t *testing.T) {
	for _, f := range fragments {
		t.Run(f.name, func(t *testing.T) {
			modules, err := Check([]byte(f.xml))
			if sound := f.why == "" && !f.strict; sound != (err == nil) {
				t.Errorf("Check: %v, %d modules, sound: %t\n%s", err, len(modules), sound, f.xml)
			}
		})
	}
	modules, err := Check([]byte(proc("&#60;a", ours...)))
	if err != nil || len(modules) != 1 || modules[0]["name"] != "<a" {
		t.Errorf("modules %v, error %v", modules, err)
	}
	long := mod("name=a", "type=generic_proc", "data=1", "description="+strings.Repeat("&#60;", 820), ours[0], ours[1])
	if _, err := Check([]byte(long)); err == nil {
		t.Error("a description of 4100 encoded bytes is taken")
	}
}
