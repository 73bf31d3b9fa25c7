// Command testsum reads the events of `go test -json` and prints what a person wants to
// see of them: the line of each package as go test prints it, everything a failed test
// said, and every skipped test with its reason. Nothing that was skipped stays unseen.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
)

func main() {
	if err := summarize(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "testsum:", err)
		os.Exit(1)
	}
}

// event is one line of test2json (https://pkg.go.dev/cmd/test2json).
type event struct {
	Action  string
	Package string
	Test    string
	Output  string
}

// summarize copies from r to w what is worth reading. The verdict stays with go test:
// its exit status is the pipe's.
func summarize(r io.Reader, w io.Writer) error {
	said := map[[2]string][]string{} // package, test: its output so far
	skipped := 0
	in := bufio.NewReader(r)
	for {
		line, err := in.ReadString('\n')
		if line != "" {
			var e event
			if json.Unmarshal([]byte(line), &e) != nil {
				fmt.Fprint(w, line)
				continue
			}
			key := [2]string{e.Package, e.Test}
			switch {
			case e.Action == "build-output":
				fmt.Fprint(w, e.Output)
			case e.Action == "output" && e.Test == "":
				if e.Output != "PASS\n" {
					fmt.Fprint(w, e.Output)
				}
			case e.Action == "output":
				said[key] = append(said[key], e.Output)
			case e.Action == "fail" && e.Test != "":
				fmt.Fprint(w, strings.Join(said[key], ""))
			case e.Action == "skip" && e.Test != "":
				skipped++
				fmt.Fprintf(w, "skip %s %s: %s\n", e.Package, e.Test, reason(said[key]))
			}
			if e.Test != "" && (e.Action == "pass" || e.Action == "fail" || e.Action == "skip") {
				delete(said, key)
			}
		}
		if err == io.EOF {
			// A test that never ended (a crash, a timeout) said why; it must not be lost.
			for _, key := range slices.SortedFunc(maps.Keys(said), func(a, b [2]string) int {
				return slices.Compare(a[:], b[:])
			}) {
				fmt.Fprint(w, strings.Join(said[key], ""))
			}
			fmt.Fprintf(w, "%d tests skipped\n", skipped)
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// reason is what a test said when it skipped, without the lines the testing package adds.
func reason(output []string) string {
	var words []string
	for _, line := range output {
		text := strings.TrimSpace(line)
		if text == "" || strings.HasPrefix(text, "=== ") || strings.HasPrefix(text, "--- ") {
			continue
		}
		words = append(words, text)
	}
	if len(words) == 0 {
		return "no reason given"
	}
	return strings.Join(words, " ")
}
