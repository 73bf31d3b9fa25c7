package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSummarize(t *testing.T) {
	in := `{"Action":"start","Package":"p"}
{"Action":"run","Package":"p","Test":"TestGood"}
{"Action":"output","Package":"p","Test":"TestGood","Output":"=== RUN   TestGood\n"}
{"Action":"output","Package":"p","Test":"TestGood","Output":"    a_test.go:3: chatter\n"}
{"Action":"pass","Package":"p","Test":"TestGood"}
{"Action":"output","Package":"p","Test":"TestLeft","Output":"=== RUN   TestLeft\n"}
{"Action":"output","Package":"p","Test":"TestLeft","Output":"    a_test.go:9: not root\n"}
{"Action":"output","Package":"p","Test":"TestLeft","Output":"--- SKIP: TestLeft (0.00s)\n"}
{"Action":"skip","Package":"p","Test":"TestLeft"}
{"Action":"output","Package":"p","Test":"TestBad","Output":"    a_test.go:12: 1 is not 2\n"}
{"Action":"output","Package":"p","Test":"TestBad","Output":"--- FAIL: TestBad (0.00s)\n"}
{"Action":"fail","Package":"p","Test":"TestBad"}
{"Action":"output","Package":"p","Output":"FAIL\tp\t0.01s\n"}
{"Action":"fail","Package":"p"}
{"ImportPath":"q","Action":"build-output","Output":"q.go:1:1: syntax error\n"}
{"Action":"output","Package":"r","Test":"TestCrash","Output":"panic: crash\n"}
not json
`
	want := `skip p TestLeft: a_test.go:9: not root
    a_test.go:12: 1 is not 2
--- FAIL: TestBad (0.00s)
FAIL	p	0.01s
q.go:1:1: syntax error
not json
panic: crash
1 tests skipped
`
	var out strings.Builder
	if err := summarize(strings.NewReader(in), &out); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("summary (-want +got):\n%s", diff)
	}
}

func TestReasonMissing(t *testing.T) {
	if got := reason([]string{"=== RUN   TestX\n", "--- SKIP: TestX (0.00s)\n"}); got != "no reason given" {
		t.Errorf("got %q", got)
	}
}
