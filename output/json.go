package output

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"hostaudit/checks"
)

// JSON prints the whole report: the layout of the Go types, which the schema
// hostaudit-1.schema.json publishes. The same report gives the same bytes.
func JSON(w io.Writer, r *checks.Report) error {
	c := clone(r)
	c.Schema = checks.Schema
	if c.Run != nil {
		c.Run.Started = c.Run.Started.UTC().Truncate(time.Second)
	}
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false) // & < > of a path stay readable; no browser is the reader
	enc.SetIndent("", "  ")
	if err := enc.Encode(c); err != nil {
		return fmt.Errorf("rendering json: %w", err)
	}
	return writeAll(w, buf.Bytes())
}
