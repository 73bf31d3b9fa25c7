// Package wordlists holds the embedded list of common passwords and reads the
// administrator's own. README.md tells where the words come from; regen makes
// the list. Words are bytes: nothing is decoded, folded or trimmed.
package wordlists

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	_ "embed" // common.txt
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
)

//go:embed common.txt
var common string

// The limits of an administrator's list.
const (
	MaxWords = 10_000
	MaxBytes = 1 << 10 // of one line, without its end
)

// Common returns the embedded list, likeliest first. The caller owns it.
func Common() [][]byte {
	return bytes.Split(bytes.TrimSuffix([]byte(common), []byte("\n")), []byte("\n"))
}

// Digest identifies a list: "sha256:" and 64 hexadecimal digits over the words
// in their order, each after its length, so that no two lists read the same.
func Digest(words [][]byte) string {
	h := sha256.New()
	var size [8]byte
	for _, w := range words {
		binary.BigEndian.PutUint64(size[:], uint64(len(w)))
		h.Write(size[:])
		h.Write(w)
	}
	return "sha256:" + hex.EncodeToString(h.Sum(nil))
}

// ErrLimit is wrapped by Read's errors about a list that is too large.
var ErrLimit = errors.New("over the limit of a word list")

// Read reads an administrator's list: one word a line, bytes as they are, LF or
// CRLF line ends. Empty lines and the "#!comment:" lines of John's lists are
// skipped. A line over MaxBytes or a word after MaxWords is an error that names
// the line; no error quotes a word. Repetitions stay; Merge removes them.
func Read(r io.Reader) ([][]byte, error) {
	in := bufio.NewReaderSize(r, MaxBytes+2)
	var words [][]byte
	for number := 1; ; number++ {
		line, err := in.ReadSlice('\n')
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			return nil, fmt.Errorf("line %d: longer than %d bytes: %w", number, MaxBytes, ErrLimit)
		case err != nil && !errors.Is(err, io.EOF):
			return nil, fmt.Errorf("line %d: %w", number, err)
		}
		last := err != nil
		if end := bytes.TrimSuffix(line, []byte("\n")); len(end) < len(line) {
			line = bytes.TrimSuffix(end, []byte("\r"))
		}
		switch {
		case len(line) > MaxBytes:
			return nil, fmt.Errorf("line %d: longer than %d bytes: %w", number, MaxBytes, ErrLimit)
		case len(line) == 0, bytes.HasPrefix(line, []byte("#!comment:")):
		case len(words) == MaxWords:
			return nil, fmt.Errorf("line %d: more than %d words: %w", number, MaxWords, ErrLimit)
		default:
			words = append(words, bytes.Clone(line))
		}
		if last {
			return words, nil
		}
	}
}

// Merge joins two lists without repetitions. The administrator's words come
// first: they are the organisation's own usual passwords, and a run that ends
// early shall have tried them.
func Merge(base, administrator [][]byte) [][]byte {
	out := make([][]byte, 0, len(base)+len(administrator))
	seen := make(map[string]bool, len(base)+len(administrator))
	for _, list := range [][][]byte{administrator, base} {
		for _, w := range list {
			if !seen[string(w)] {
				seen[string(w)] = true
				out = append(out, w)
			}
		}
	}
	return out
}
