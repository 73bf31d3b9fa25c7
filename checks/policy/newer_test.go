package policy

import (
	"errors"
	"strings"
	"testing"
)

func TestNewer(t *testing.T) {
	for _, tc := range []struct {
		name, text string
		want       string // "" = not newer
	}{
		{"says-nothing", "fail_on = \"low\"\n", ""},
		{"this-one", "version = 1\ncatalogue = 4\n", ""},
		{"older", "catalogue = 1\n", ""},
		{"format", "\nversion = 2\n", "/c.toml:2: made for a newer version of hostaudit: version 2 of the configuration, this program reads 1"},
		{"format-with-new-settings", "[new]\nx = 1\n[newer]\n", ""}, // nothing says so: a misspelt word
		{"new-settings-and-format", "version = 9\nnew = 1\nfail_on = \"some\"\n", "/c.toml:1: made for a newer version"},
		{"catalogue", "fail_on = \"low\"\n\ncatalogue = 5\n", "/c.toml:3: made for a newer version of hostaudit: catalogue 5, this program's is 4"},
		{"catalogue-with-new-checks", "catalogue = 5\nrequire = [\"new.check\"]\n", "/c.toml:1: made for a newer version"},
		{"no-number", "version = \"2\"\ncatalogue = \"x\"\n", ""},
		{"not-toml", "version = 2\n[", ""},
		{"other-case", "VERSION = 2\n", ""},
		{"huge", "catalogue = 9223372036854775807\n", "/c.toml:1: made for a newer version"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			l, loadErr := FromFiles([]File{{"/a.toml", nil}, {"/c.toml", []byte(tc.text)}}, known)
			err := l.Newer(4)
			if tc.want == "" {
				if err != nil {
					t.Errorf("newer: %v", err)
				}
				return
			}
			e, ok := errors.AsType[*Error](err)
			if !ok || !e.Newer || !strings.HasPrefix(err.Error(), tc.want) {
				t.Errorf("%v, want %s", err, tc.want)
			}
			if e, ok := errors.AsType[*Error](loadErr); strings.Contains(tc.want, "version 2 of") && (!ok || !e.Newer) {
				t.Errorf("loading says %v", loadErr)
			}
		})
	}
}
