// Hostaudit asks a Linux host a fixed list of hardening questions and answers
// each with pass, fail, not applicable or unknown, with evidence.
package main

import (
	"context"
	"os"
)

func main() {
	os.Exit(run(context.Background(), os.Args[1:], os.Environ(), os.Stdin, os.Stdout, os.Stderr))
}
