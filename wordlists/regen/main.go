// Command regen makes the embedded word list from its sources and prints it:
//
//	go run ./wordlists/regen -john password.lst -zxcvbn frequency_lists.js \
//		-zxcvbn-ts passwords.json -vendor wordlists/regen/vendor.txt > wordlists/common.txt
//
// It reads the files it is given and nothing else. README.md beside the list
// tells where they come from.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

// size is the number of words of the list.
const size = 500

// damping is the usual constant of reciprocal rank fusion: it keeps the first
// places of one source from outweighing agreement between sources.
const damping = 60

// ranking is a list of words, most frequent first, and what its vote weighs.
type ranking struct {
	words  []string
	weight float64
}

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "regen:", err)
		os.Exit(1)
	}
}

func run(args []string, out io.Writer) error {
	flags := flag.NewFlagSet("regen", flag.ContinueOnError)
	john := flags.String("john", "", "`file` password.lst of Debian's john-data")
	zxcvbn := flags.String("zxcvbn", "", "`file` lib/frequency_lists.js of the npm package zxcvbn")
	zxcvbnTS := flags.String("zxcvbn-ts", "", "`file` src/passwords.json of @zxcvbn-ts/language-common")
	vendor := flags.String("vendor", "", "`file` vendor.txt")
	if err := flags.Parse(args); err != nil {
		return err
	}
	var rankings []ranking
	for _, source := range []struct {
		file   string
		parse  func([]byte) ([]string, error)
		weight float64
	}{
		{*john, parseLines, 1},
		// The two lists share their origin: of the first 500 words 398 are in
		// both. Together they have one vote.
		{*zxcvbn, parseFrequencyLists, 0.5},
		{*zxcvbnTS, parseJSON, 0.5},
		{*vendor, parseLines, 1},
	} {
		data, err := os.ReadFile(source.file)
		if err != nil {
			return err
		}
		words, err := source.parse(data)
		if err != nil {
			return fmt.Errorf("%s: %w", source.file, err)
		}
		rankings = append(rankings, ranking{words, source.weight})
	}
	words := merge(rankings)
	if len(words) < size {
		return fmt.Errorf("only %d words", len(words))
	}
	_, err := fmt.Fprintln(out, strings.Join(words[:size], "\n"))
	return err
}

// merge gives each word the sum of weight/(damping+rank) over the rankings that
// have it, and sorts by that, then bytewise. Words with bytes other than
// printable ASCII are left out.
func merge(rankings []ranking) []string {
	score := map[string]float64{}
	for _, r := range rankings {
		seen := map[string]bool{}
		for i, w := range r.words {
			if !usable(w) || seen[w] {
				continue
			}
			seen[w] = true
			score[w] += r.weight / float64(damping+i+1)
		}
	}
	words := make([]string, 0, len(score))
	for w := range score {
		words = append(words, w)
	}
	slices.SortFunc(words, func(a, b string) int {
		switch {
		case score[a] > score[b]:
			return -1
		case score[a] < score[b]:
			return 1
		}
		return strings.Compare(a, b)
	})
	return words
}

func usable(w string) bool {
	return w != "" && !strings.ContainsFunc(w, func(r rune) bool { return r <= ' ' || r >= 0x7f })
}

// parseLines reads one word a line after "#!comment:" lines.
func parseLines(data []byte) ([]string, error) {
	var words []string
	for l := range strings.Lines(string(data)) {
		if l = strings.TrimRight(l, "\r\n"); l != "" && !strings.HasPrefix(l, "#!comment:") {
			words = append(words, l)
		}
	}
	return words, nil
}

// parseFrequencyLists takes the string after "passwords:" of zxcvbn's module,
// words between commas.
func parseFrequencyLists(data []byte) ([]string, error) {
	_, rest, ok := bytes.Cut(data, []byte(`passwords: "`))
	list, _, closed := bytes.Cut(rest, []byte(`"`))
	if !ok || !closed {
		return nil, errors.New("no string of passwords")
	}
	return strings.Split(string(list), ","), nil
}

// parseJSON reads an array of strings.
func parseJSON(data []byte) ([]string, error) {
	var words []string
	err := json.Unmarshal(data, &words)
	return words, err
}
