package output

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"hostaudit/checks"
)

// sarifSchemaDigest is the SHA-256 of sarif-schema-2.1.0.json (2.1.0 with errata 01)
// in the repository of the OASIS committee, sarif-2.1/schema.
const sarifSchemaDigest = "c3b4bb2d6093897483348925aaa73af03b3e3f4bd4ca38cef26dcb4212a2682e"

// officialSARIFSchema compiles the schema of the standard, formats included. The
// parser that the tests use as a second reader carries it in its source.
func officialSARIFSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	dir, err := exec.CommandContext(t.Context(), "go", "list", "-f", "{{.Dir}}", "github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(strings.TrimSpace(string(dir)), "schema.go"), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var text string
	ast.Inspect(file, func(n ast.Node) bool {
		if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING && len(lit.Value) > len(text) {
			text, err = strconv.Unquote(lit.Value)
		}
		return err == nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if sum := sha256.Sum256([]byte(text)); hex.EncodeToString(sum[:]) != sarifSchemaDigest {
		t.Fatalf("the schema found is not the official one: SHA-256 %x", sum)
	}
	document, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	if err := compiler.AddResource("sarif.json", document); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("sarif.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

func validSARIF(schema *jsonschema.Schema, document []byte) error {
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(document))
	if err != nil {
		return err
	}
	return schema.Validate(value)
}

func TestSARIFSchema(t *testing.T) {
	schema := officialSARIFSchema(t)
	for _, f := range fixtures {
		for name, r := range map[string]*checks.Report{f.name: f.report(), f.name + "-redacted": Redact(f.report())} {
			t.Run(name, func(t *testing.T) {
				document := printed(t, "sarif", r)
				if err := validSARIF(schema, document); err != nil {
					t.Error(err)
				}
				read, err := sarif.FromBytes(document) // another program's parser
				if err != nil {
					t.Fatal(err)
				}
				if got, want := len(read.Runs[0].Results), len(ciFindings(r)); got != want {
					t.Errorf("%d results of %d findings", got, want)
				}
			})
		}
	}
}

// The validator refuses what is wrong, so the test above can fail.
func TestSARIFSchemaRefuses(t *testing.T) {
	schema := officialSARIFSchema(t)
	for name, change := range map[string][2]string{
		"unknown-level":       {`"level": "error"`, `"level": "severe"`},
		"unknown-property":    {`"ruleIndex":`, `"ruleNumber":`},
		"uri-not-encoded":     {`"uri": "etc/ssh/sshd_config"`, `"uri": "etc/ssh/sshd%config"`},
		"line-zero":           {`"startLine": 122`, `"startLine": 0`},
		"missing-message":     {`"message":`, `"properties":`},
		"unknown-suppression": {`"kind": "fail"`, `"kind": "failed"`},
		"time-without-zone":   {`"startTimeUtc": "2026-11-22T20:03:11Z"`, `"startTimeUtc": "22.11.2026"`},
	} {
		t.Run(name, func(t *testing.T) {
			document := string(printed(t, "sarif", badHost()))
			broken := strings.Replace(document, change[0], change[1], 1)
			if broken == document {
				t.Fatalf("nothing to replace: %s", change[0])
			}
			if err := validSARIF(schema, []byte(broken)); err == nil {
				t.Error("accepted")
			}
		})
	}
}

// parsedSARIF is what a printer wrote, read back.
func parsedSARIF(t *testing.T, r *checks.Report) sarifRun {
	t.Helper()
	var log sarifLog
	dec := json.NewDecoder(bytes.NewReader(printed(t, "sarif", r)))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&log); err != nil {
		t.Fatal(err)
	}
	if log.Version != "2.1.0" || len(log.Runs) != 1 {
		t.Fatalf("version %q, %d runs", log.Version, len(log.Runs))
	}
	return log.Runs[0]
}
