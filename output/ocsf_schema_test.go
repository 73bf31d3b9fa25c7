package output

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/santhosh-tekuri/jsonschema/v5"
	validate "github.com/valllabh/ocsf-schema-golang/ocsfvalidate/1.2"
)

// OCSF publishes one JSON Schema for each class and release. The newest a Go module
// carries is that of release 1.2.0, which lacks one attribute of the events: release
// 1.3.0 has deprecated resource, an object, for resources, a list of the same
// objects. The tests below hold every event against that schema, with this one
// attribute added, and in which, unlike as published, no attribute may stand that is
// not declared. Against the releases from 1.3.0 on the events are held where their
// definitions are at hand: see TestOCSFReleases.

// ocsfModule has the schemas; validate, a package of it, is how the tests need it.
const ocsfModule = "github.com/valllabh/ocsf-schema-golang"

func ocsfSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", ocsfModule).Output()
	if err != nil {
		t.Fatalf("where is %s: %v", ocsfModule, err)
	}
	packed, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(dir)), "ocsfvalidate", "1.2", "jsonschema", "classes_compliance_finding.json.zst"))
	if err != nil {
		t.Fatal(err)
	}
	decoder, err := zstd.NewReader(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer decoder.Close()
	data, err := decoder.DecodeAll(packed, nil)
	if err != nil {
		t.Fatal(err)
	}
	var class map[string]any
	if err := json.Unmarshal(data, &class); err != nil {
		t.Fatal(err)
	}
	// The schema is of all profiles at once and so demands what only the profile
	// cloud does.
	class["required"] = slices.DeleteFunc(class["required"].([]any), func(name any) bool { return name == "cloud" })
	class["properties"].(map[string]any)["resources"] = map[string]any{
		"type": "array", "items": map[string]any{"$ref": "#/$defs/resource_details"},
	}
	class["additionalProperties"] = false
	for name, object := range class["$defs"].(map[string]any) {
		if name != "object" { // the type of unmapped
			object.(map[string]any)["additionalProperties"] = false
		}
	}
	if data, err = json.Marshal(class); err != nil {
		t.Fatal(err)
	}
	schema, err := jsonschema.CompileString("compliance_finding.json", string(data))
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// ocsfParsed are the events of a document.
func ocsfParsed(t *testing.T, document []byte) []map[string]any {
	t.Helper()
	var events []map[string]any
	decoder := json.NewDecoder(bytes.NewReader(document))
	decoder.UseNumber()
	if err := decoder.Decode(&events); err != nil {
		t.Fatalf("%v in %s", err, document)
	}
	return events
}

func TestOCSFSchema(t *testing.T) {
	schema := ocsfSchema(t)
	for _, f := range fixtures {
		t.Run(f.name, func(t *testing.T) {
			for _, event := range ocsfParsed(t, printed(t, "ocsf", f.report())) {
				if err := schema.Validate(event); err != nil {
					t.Errorf("%#v", err)
				}
				// As published, through the module's own validator.
				event["cloud"] = map[string]any{"provider": "none"}
				data, err := json.Marshal(event)
				if err != nil {
					t.Fatal(err)
				}
				if err := validate.Validate("compliance_finding", data); err != nil {
					t.Errorf("as published: %v", err)
				}
			}
		})
	}
	// The schema finds what is wrong.
	for name, spoil := range map[string]func(map[string]any){
		"unknown": func(e map[string]any) { e["nonsense"] = 1 },
		"deep":    func(e map[string]any) { e["finding_info"].(map[string]any)["nonsense"] = 1 },
		"missing": func(e map[string]any) { delete(e["compliance"].(map[string]any), "standards") },
		"enum":    func(e map[string]any) { e["severity_id"] = json.Number("7") },
		"type":    func(e map[string]any) { e["time"] = "2026" },
		"list":    func(e map[string]any) { e["resources"].([]any)[0].(map[string]any)["name"] = json.Number("1") },
	} {
		t.Run("spoiled-"+name, func(t *testing.T) {
			event := ocsfParsed(t, printed(t, "ocsf", badHost()))[0]
			if spoil(event); schema.Validate(event) == nil {
				t.Error("valid")
			}
		})
	}
}

// TestOCSFReleases holds the events against the definitions of releases: set
// HOSTAUDIT_OCSF_SCHEMA to directories, each with the files of one release of the
// repository ocsf-schema, separated by colons.
func TestOCSFReleases(t *testing.T) {
	dirs := filepath.SplitList(os.Getenv("HOSTAUDIT_OCSF_SCHEMA"))
	if len(dirs) == 0 {
		t.Skip("HOSTAUDIT_OCSF_SCHEMA names no definitions of a release of OCSF")
	}
	for _, dir := range dirs {
		release := ocsfRelease{t: t, dir: dir}
		version := release.read("version.json")["version"]
		t.Run(fmt.Sprint(version), func(t *testing.T) {
			release.t, release.dictionary = t, release.read("dictionary.json")
			if version == ocsfVersion {
				t.Log("this is the release the events name")
			}
			for _, f := range fixtures {
				for i, event := range ocsfParsed(t, printed(t, "ocsf", f.report())) {
					release.object("events/findings/compliance_finding", event, fmt.Sprintf("%s[%d]", f.name, i))
				}
			}
			spoiled := ocsfParsed(t, printed(t, "ocsf", badHost()))[0]
			delete(spoiled["device"].(map[string]any), "type_id")
			spoiled["compliance"].(map[string]any)["status"] = "Failed"
			spoiled["status_id"], spoiled["nonsense"] = json.Number("77"), true
			if n := release.errors(func() { release.object("events/findings/compliance_finding", spoiled, "spoiled") }); n != 4 {
				t.Errorf("%d of 4 mistakes found", n)
			}
		})
	}
}

// ocsfRelease checks values against definitions as they stand in the repository:
// attributes inherited along extends, mixed in by $include, of types named in a
// dictionary.
type ocsfRelease struct {
	t          *testing.T
	dir        string
	dictionary map[string]any
	counting   bool
	found      int
}

func (s *ocsfRelease) errors(run func()) int {
	s.counting, s.found = true, 0
	defer func() { s.counting = false }()
	run()
	return s.found
}

func (s *ocsfRelease) complain(format string, args ...any) {
	s.t.Helper()
	if s.found++; !s.counting {
		s.t.Errorf(format, args...)
	}
}

func (s *ocsfRelease) read(name string) map[string]any {
	s.t.Helper()
	data, err := os.ReadFile(filepath.Join(s.dir, name))
	if err != nil {
		s.t.Fatal(err)
	}
	var definition map[string]any
	if err := json.Unmarshal(data, &definition); err != nil {
		s.t.Fatalf("%s: %v", name, err)
	}
	return definition
}

// attributes are those of a class or object with what it inherits.
func (s *ocsfRelease) attributes(name string) map[string]map[string]any {
	definition, out := s.read(name+".json"), map[string]map[string]any{}
	if parent, ok := definition["extends"].(string); ok {
		for _, dir := range []string{filepath.Dir(name), "events", "objects"} {
			if _, err := os.Stat(filepath.Join(s.dir, dir, parent+".json")); err == nil {
				out = s.attributes(dir + "/" + parent)
				break
			}
		}
	}
	s.merge(out, definition["attributes"].(map[string]any), "")
	return out
}

func (s *ocsfRelease) merge(out map[string]map[string]any, attributes map[string]any, profile string) {
	if include, ok := attributes["$include"]; ok {
		names, ok := include.([]any)
		if !ok {
			names = []any{include}
		}
		for _, name := range names {
			mixin := s.read(name.(string))
			of := ""
			if mixin["meta"] == "profile" {
				of = mixin["name"].(string)
			}
			s.merge(out, mixin["attributes"].(map[string]any), of)
		}
	}
	for name, value := range attributes {
		if name == "$include" {
			continue
		}
		merged := map[string]any{}
		maps.Copy(merged, out[name])
		if _, there := out[name]; !there && profile != "" {
			merged["profile"] = profile
		}
		enum, _ := merged["enum"].(map[string]any)
		maps.Copy(merged, value.(map[string]any))
		if own, ok := value.(map[string]any)["enum"].(map[string]any); ok {
			enum = maps.Clone(enum)
			if enum == nil {
				enum = map[string]any{}
			}
			maps.Copy(enum, own)
			merged["enum"] = enum
		}
		out[name] = merged
	}
}

// object checks the value of a class or object.
func (s *ocsfRelease) object(name string, value any, at string) {
	object, ok := value.(map[string]any)
	if !ok {
		s.complain("%s: not an object", at)
		return
	}
	if name == "objects/object" {
		return
	}
	attributes := s.attributes(name)
	for key, attribute := range attributes {
		if profile := attribute["profile"]; attribute["requirement"] == "required" && (profile == nil || profile == "host") && object[key] == nil {
			s.complain("%s: %s is missing", at, key)
		}
	}
	for key, value := range object {
		attribute, ok := attributes[key]
		if !ok {
			s.complain("%s: %s is no attribute of %s", at, key, name)
			continue
		}
		if deprecated := attribute["@deprecated"]; deprecated != nil {
			s.complain("%s: %s is deprecated: %v", at, key, deprecated)
		}
		if profile := attribute["profile"]; profile != nil && profile != "host" {
			s.complain("%s: %s is of the profile %v", at, key, profile)
		}
		s.value(key, attribute, object, value, at+"."+key)
	}
}

func (s *ocsfRelease) value(key string, attribute, object map[string]any, value any, at string) {
	entry := s.dictionary["attributes"].(map[string]any)[key].(map[string]any)
	values := []any{value}
	if entry["is_array"] == true {
		list, ok := value.([]any)
		if !ok {
			s.complain("%s: not a list", at)
		}
		values = list
	}
	kind := entry["type"].(string)
	primitive, _ := s.dictionary["types"].(map[string]any)["attributes"].(map[string]any)[kind].(map[string]any)
	for _, v := range values {
		if primitive == nil && kind != "json_t" {
			s.object("objects/"+kind, v, at)
			continue
		}
		base := kind
		if of, ok := primitive["type"].(string); ok {
			base = of
		}
		_, isText := v.(string)
		number, isNumber := v.(json.Number)
		_, err := strconv.ParseInt(string(number), 10, 64)
		if want := map[string]bool{"string_t": isText, "integer_t": isNumber && err == nil, "long_t": isNumber && err == nil}; !want[base] && base != "json_t" {
			s.complain("%s: %v is not of the type %s", at, v, kind)
		}
	}
	s.enum(attribute, entry, key, object, value, at)
}

// enum checks a number of an enumeration, and that the caption beside it is its own.
func (s *ocsfRelease) enum(attribute, entry map[string]any, key string, object map[string]any, value any, at string) {
	known := map[string]any{}
	for _, from := range []map[string]any{entry, attribute} {
		if enum, ok := from["enum"].(map[string]any); ok {
			maps.Copy(known, enum)
		}
	}
	if _, isNumber := value.(json.Number); !isNumber || len(known) == 0 || strings.HasSuffix(key, "_uid") {
		return // the numbers of classes are computed; TestOCSFEvents knows them
	}
	member, ok := known[fmt.Sprint(value)].(map[string]any)
	if !ok {
		s.complain("%s: %v is not in the enumeration", at, value)
		return
	}
	sibling, _ := entry["sibling"].(string)
	if sibling == "" {
		sibling = strings.TrimSuffix(key, "_id")
	}
	if caption := object[sibling]; fmt.Sprint(value) != "99" && caption != member["caption"] {
		s.complain("%s: %v is called %v, not %v", at, value, member["caption"], caption)
	}
}
