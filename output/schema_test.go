package output

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"hostaudit/checks"
)

// schema validates documents against a JSON Schema that uses a handful of
// keywords, and panics on any other: a keyword that is not checked would make the
// tests below say more than they know.
type schema struct {
	root map[string]any
}

func loadSchema(t testing.TB) schema {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "testdata", "schema", "hostaudit-1.schema.json"))
	if err != nil {
		t.Fatal(err)
	}
	var s schema
	if err := json.Unmarshal(data, &s.root); err != nil {
		t.Fatal(err)
	}
	return s
}

// validate returns the first violation in document.
func (s schema) validate(document []byte) error {
	var value any
	if err := json.Unmarshal(document, &value); err != nil {
		return err
	}
	return s.check(s.root, value, "report")
}

func (s schema) check(node map[string]any, value any, at string) error {
	for _, keyword := range slices.Sorted(maps.Keys(node)) {
		if err := s.keyword(keyword, node, value, at); err != nil {
			return err
		}
	}
	return nil
}

func (s schema) keyword(keyword string, node map[string]any, value any, at string) error {
	argument := node[keyword]
	object, isObject := value.(map[string]any)
	array, isArray := value.([]any)
	switch keyword {
	case "$schema", "$id", "$defs", "title", "description":
	case "$ref":
		name, ok := strings.CutPrefix(argument.(string), "#/$defs/")
		if !ok {
			panic("reference out of $defs: " + argument.(string))
		}
		return s.check(s.root["$defs"].(map[string]any)[name].(map[string]any), value, at)
	case "type":
		if got := typeOf(value); got != argument {
			return fmt.Errorf("%s: is of type %s, not %s", at, got, argument)
		}
	case "enum":
		if !slices.Contains(argument.([]any), value) {
			return fmt.Errorf("%s: %v is not one of %v", at, value, argument)
		}
	case "pattern":
		if text, ok := value.(string); ok && !regexp.MustCompile(argument.(string)).MatchString(text) {
			return fmt.Errorf("%s: %q does not match %s", at, text, argument)
		}
	case "required":
		for _, name := range argument.([]any) {
			if _, ok := object[name.(string)]; isObject && !ok {
				return fmt.Errorf("%s: no %s", at, name)
			}
		}
	case "properties":
		for _, name := range slices.Sorted(maps.Keys(argument.(map[string]any))) {
			if property, ok := object[name]; ok {
				if err := s.check(argument.(map[string]any)[name].(map[string]any), property, at+"."+name); err != nil {
					return err
				}
			}
		}
	case "additionalProperties":
		known, _ := node["properties"].(map[string]any)
		for _, name := range slices.Sorted(maps.Keys(object)) {
			if _, ok := known[name]; ok {
				continue
			}
			more, allowed := argument.(map[string]any)
			if !allowed {
				return fmt.Errorf("%s: unknown property %s", at, name)
			}
			if err := s.check(more, object[name], at+"."+name); err != nil {
				return err
			}
		}
	case "items":
		for i := range array {
			if err := s.check(argument.(map[string]any), array[i], fmt.Sprintf("%s[%d]", at, i)); isArray && err != nil {
				return err
			}
		}
	default:
		panic("the validator does not know the keyword " + keyword)
	}
	return nil
}

func typeOf(value any) string {
	switch v := value.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean"
	case string:
		return "string"
	case float64:
		if v == float64(int64(v)) {
			return "integer"
		}
		return "number"
	case []any:
		return "array"
	}
	return "object"
}

// Every report printed anywhere in the tests follows the published schema.
func TestSchemaHoldsForGoldens(t *testing.T) {
	s := loadSchema(t)
	files, err := filepath.Glob(filepath.Join("..", "testdata", "golden", "*.json"))
	if err != nil || len(files) < len(fixtures) {
		t.Fatalf("%d golden files, %v", len(files), err)
	}
	files = slices.DeleteFunc(files, func(file string) bool { // of formats that are JSON of their own
		return slices.ContainsFunc(Formats(), func(f Format) bool {
			return f.Name != "json" && strings.HasSuffix(file, "."+f.Extension)
		})
	})
	for _, file := range append(files, filepath.Join("..", "testdata", "report", "full.json")) {
		t.Run(filepath.Base(file), func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if err := s.validate(data); err != nil {
				t.Error(err)
			}
		})
	}
}

// The schema and the Go types name the same properties, both ways, and the
// schema's closed lists are those of the vocabulary.
func TestSchemaIsTheTypes(t *testing.T) {
	s := loadSchema(t)
	defs := s.root["$defs"].(map[string]any)
	node := func(path ...string) map[string]any {
		at := s.root
		for _, name := range path {
			at = at["properties"].(map[string]any)[name].(map[string]any)
		}
		return at
	}
	def := func(name string) map[string]any { return defs[name].(map[string]any) }
	for _, pair := range []struct {
		schema map[string]any
		value  any
	}{
		{s.root, checks.Report{}},
		{node("tool"), checks.Tool{}},
		{node("target"), checks.Target{}},
		{node("target", "os"), checks.OS{}},
		{node("run"), checks.RunInfo{}},
		{node("summary"), checks.Summary{}},
		{def("check"), checks.Result{}},
		{def("finding"), checks.Finding{}},
		{node("policy"), checks.PolicyInfo{}},
		{def("policynote"), checks.PolicyNote{}},
		{def("waiver"), checks.WaiverNote{}},
		{def("gap"), checks.Gap{}},
		{def("note"), checks.Note{}},
		{def("location"), checks.Location{}},
	} {
		typ := reflect.TypeOf(pair.value)
		t.Run(typ.Name(), func(t *testing.T) {
			var properties, required []string
			for field := range typ.Fields() {
				tag := field.Tag.Get("json")
				name, options, _ := strings.Cut(tag, ",")
				if name == "-" {
					continue
				}
				properties = append(properties, name)
				if !strings.Contains(options, "omit") {
					required = append(required, name)
				}
			}
			slices.Sort(properties)
			slices.Sort(required)
			if got := slices.Sorted(maps.Keys(pair.schema["properties"].(map[string]any))); !slices.Equal(got, properties) {
				t.Errorf("schema has %v, the type %v", got, properties)
			}
			var got []string
			list, _ := pair.schema["required"].([]any)
			for _, name := range list {
				got = append(got, name.(string))
			}
			slices.Sort(got)
			if !slices.Equal(got, required) {
				t.Errorf("schema requires %v, the type always prints %v", got, required)
			}
			if pair.schema["additionalProperties"] != false {
				t.Error("schema allows any property")
			}
		})
	}
	var reasons []any
	for _, r := range checks.Reasons() {
		reasons = append(reasons, string(r))
	}
	if got := def("reason")["enum"]; !reflect.DeepEqual(got, reasons) {
		t.Errorf("schema has reasons %v, the vocabulary %v", got, reasons)
	}
}
