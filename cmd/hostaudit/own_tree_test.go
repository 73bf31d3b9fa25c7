package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// The audited tree never configures its own audit: with /etc/hostaudit, a state
// directory and a word list in it every byte of every document is the same.
func TestTreeDoesNotConfigureItsAudit(t *testing.T) {
	program, err := exec.LookPath("hostaudit") // TestMain's, which is this binary
	if err != nil {
		t.Fatal(err)
	}
	dir := exitFiles(t)
	root := filepath.Join(dir, "keyed")
	passwd, err := os.ReadFile(filepath.Join(dir, "weak/etc/passwd"))
	if err != nil {
		t.Fatal(err)
	}
	shadow, err := os.ReadFile(filepath.Join(dir, "weak/etc/shadow"))
	if err != nil {
		t.Fatal(err)
	}
	write := func(name string, text []byte) {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("etc/passwd", passwd)
	write("etc/shadow", shadow)
	audit := func(args ...string) (string, int) {
		cmd := exec.Command(program, append([]string{"--root", root, "--reproducible"}, args...)...)
		cmd.Env = []string{"PATH=" + os.Getenv("PATH")}
		var errs bytes.Buffer
		cmd.Stderr = &errs
		out, err := cmd.Output()
		code := exitCodeOf(err)
		if code == exitUsage || code < 0 {
			t.Fatalf("%q exits %d: %s", args, code, &errs)
		}
		return string(out), code
	}
	formats := []string{"json", "text", "pandora"}
	without := map[string]string{}
	code := 0
	for _, format := range formats {
		without[format], code = audit("--format", format)
		if format == "json" && code != exitFindings {
			t.Fatalf("exit %d: the tree has nothing to waive", code)
		}
	}
	all := []byte("skip = [\"password\"]\nfail_on = \"never\"\nprofile = \"fleet\"\ncatalogue = 1\nprivacy = \"full\"\n" +
		"state_dir = \"/var/lib/hostaudit\"\n[passwords]\nlist = \"/etc/hostaudit/passwords\"\n")
	for _, id := range []string{"password.dictionary", "password.scheme", "ssh.port", "ssh.root-login", "ssh.root-keys"} {
		all = append(all, "[[waive]]\ncheck = \""+id+"\"\nreason = \"the image says so\"\n"...)
	}
	write("etc/hostaudit/hostaudit.toml", all)
	write("etc/hostaudit/conf.d/10.toml", []byte("fail_no = \"high\"\n"))
	write("etc/hostaudit/passwords", []byte("nothing\n"))
	write("etc/hostaudit/baseline.json", []byte(without["json"]))
	write("var/lib/hostaudit/config", all)
	write("var/lib/hostaudit/verdicts", []byte("{}"))
	for _, format := range formats {
		with, _ := audit("--format", format)
		if with != without[format] {
			t.Errorf("%s: the tree changed its own audit:\n%s\nwithout:\n%s", format, with, without[format])
		}
	}
	if _, with := audit("--format", "json"); with != exitFindings {
		t.Errorf("exit %d with the tree's configuration, want %d", with, exitFindings)
	}
}
