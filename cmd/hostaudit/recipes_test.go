package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"hostaudit/output"
)

const recipesDir = "../../testdata/recipes"

// step is one script of a recipe. One that runs always runs after a failure too.
type step struct {
	script string
	always bool
}

// recipe is how a pipeline runs the program.
type recipe struct {
	name  string // of the file
	lang  string // of its block in the README
	steps func(t *testing.T, text string) []step
	docs  []string // what the pipeline picks up, whether the audit failed or not
	gone  []string // what it tidies away
}

var recipes = []recipe{
	{"github.yml", "yaml", githubSteps, []string{"reports/hostaudit.sarif", "reports/summary.md", "step-summary"}, nil},
	{"gitlab-ci.yml", "yaml", gitlabSteps, []string{"code-quality.json", "hostaudit.xml"}, nil},
	{"Jenkinsfile", "groovy", jenkinsSteps, []string{"hostaudit.xml", "hostaudit.html"}, []string{"rootfs"}},
	{"packer.pkr.hcl", "hcl", packerSteps, []string{"hostaudit.json", "hostaudit.html"}, []string{"tree"}},
	{"Containerfile", "dockerfile", containerSteps, []string{"report.json"}, nil},
}

// githubSteps are the run steps of a workflow.
func githubSteps(t *testing.T, text string) []step {
	var workflow struct {
		On   string
		Jobs map[string]struct {
			RunsOn string `yaml:"runs-on"`
			Steps  []struct {
				If, Run, Uses string
				With          map[string]string
			}
		}
		Permissions map[string]string
	}
	decode(t, text, &workflow)
	var steps []step
	for _, s := range workflow.Jobs["audit"].Steps {
		if (s.Run == "") == (s.Uses == "") {
			t.Errorf("a step runs something or uses something: %+v", s)
		}
		if s.Run != "" {
			steps = append(steps, step{s.Run, s.If == "${{ !cancelled() }}"})
		}
	}
	return steps
}

func gitlabSteps(t *testing.T, text string) []step {
	var pipeline map[string]struct {
		Image     string
		Script    []string
		Artifacts struct {
			When    string
			Reports map[string]string
		}
	}
	decode(t, text, &pipeline)
	if job := pipeline["audit"]; job.Artifacts.When != "always" {
		t.Error("the documents of a failed audit are lost")
	}
	return []step{{script: strings.Join(pipeline["audit"].Script, "\n")}}
}

// decode refuses keys that the structure does not know.
func decode(t *testing.T, text string, into any) {
	t.Helper()
	d := yaml.NewDecoder(strings.NewReader(text))
	d.KnownFields(true)
	if err := d.Decode(into); err != nil {
		t.Fatal(err)
	}
}

// jenkinsSteps are the sh steps of a declarative pipeline, which are strings in single
// quotes; those of post run always.
func jenkinsSteps(t *testing.T, text string) []step {
	balanced(t, text)
	stages, post, ok := strings.Cut(text, "post {")
	if !ok || !strings.HasPrefix(text, "pipeline {") {
		t.Fatal("not a declarative pipeline with a post section")
	}
	sh := regexp.MustCompile(`(?m)^\s+sh '([^'\\]*)'$`)
	var steps []step
	for _, m := range sh.FindAllStringSubmatch(stages, -1) {
		steps = append(steps, step{m[1], false})
	}
	for _, m := range sh.FindAllStringSubmatch(post, -1) {
		steps = append(steps, step{m[1], true})
	}
	if n := strings.Count(text, " sh "); n != len(steps) {
		t.Errorf("%d sh steps, %d of them understood", n, len(steps))
	}
	return steps
}

// packerSteps are the inline lines, which Packer makes one script of (sh -e).
func packerSteps(t *testing.T, text string) []step {
	balanced(t, text)
	_, rest, _ := strings.Cut(text, "inline = [\n")
	list, _, ok := strings.Cut(rest, "    ]\n")
	if !ok || strings.Contains(text, "${") || strings.Contains(text, "%{") {
		t.Fatal("no list of inline lines without templates")
	}
	var lines []string
	// Strings of HCL without templates are strings of JSON, which has no comma after the last.
	if err := json.Unmarshal([]byte("["+strings.TrimRight(list, ", \n")+"]"), &lines); err != nil {
		t.Fatal(err)
	}
	return []step{{script: strings.Join(lines, "\n")}}
}

// containerSteps is the RUN in exec form of the stage that audits, with the directory of
// the test in front of its paths, as its root directory is the stage's.
func containerSteps(t *testing.T, text string) []step {
	_, rest, _ := strings.Cut(text, "FROM scratch AS audit\n")
	stage, last, ok := strings.Cut(rest, "\nFROM ")
	if !ok || !strings.Contains(stage, "COPY --from=image / /rootfs/\n") || !strings.Contains(last, "COPY --from=audit ") {
		t.Fatal("the last stage must need the one that audits, or it is not built")
	}
	_, run, _ := strings.Cut(stage, "\nRUN ")
	var argv []string
	if err := json.Unmarshal([]byte(strings.TrimSpace(run)), &argv); err != nil || len(argv) == 0 || argv[0] != "/hostaudit" {
		t.Fatalf("exec form %q: %v", run, err)
	}
	argv[0] = "hostaudit"
	for i := range argv {
		argv[i] = strings.ReplaceAll(strings.Replace(argv[i], "=/", "=", 1), "/rootfs", "rootfs")
		argv[i] = "'" + argv[i] + "'"
	}
	return []step{{script: "docker export image | tar -x -C rootfs\n" + strings.Join(argv, " ")}}
}

// balanced holds that every brace and bracket is closed.
func balanced(t *testing.T, text string) {
	t.Helper()
	for _, pair := range []string{"{}", "[]", "()"} {
		if strings.Count(text, pair[:1]) != strings.Count(text, pair[1:]) {
			t.Errorf("%s are not balanced", pair)
		}
	}
}

// The programs of a pipeline, as far as the recipes use them. The image under test is
// the tree IMAGE.
var recipePrograms = map[string]string{
	"hostaudit": `exec "$HOSTAUDIT" "$@" --only password,accounts`, // whatever else the catalogue has
	"sudo":      `exec "$@"`,
	"docker": `case "$1" in
build | create | rm) ;;
export) exec tar -C "$IMAGE" -c . ;;
*) exit 64 ;;
esac`,
	"crane":        `test "$1" = export && test "$3" = - || exit 64; exec tar -C "$IMAGE" -c .`,
	"guestmount":   `test "$1 $2 $3" = "--ro -i -a" || exit 64; cp -r "$IMAGE/." "$5"`,
	"guestunmount": `find "$1" -mindepth 1 -delete`,
}

// Each recipe runs, as its pipeline would run it, on a sound image, on one with a weak
// password and on one that is empty; it must succeed on the first alone and leave its
// documents in any case.
func TestRecipes(t *testing.T) {
	program, err := exec.LookPath("hostaudit")
	if err != nil {
		t.Fatal(err)
	}
	programs := t.TempDir()
	for name, script := range recipePrograms {
		if err := os.WriteFile(filepath.Join(programs, name), []byte("#!/bin/sh\n"+script+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	const passwd, shadow = "-- etc/passwd --\nroot:x:0:0:root:/root:/bin/sh\nalice:x:1000:1000::/home/alice:/bin/sh\n", "-- etc/shadow --\nroot:*:19000:0:99999:7:::\n"
	const sound = `alice:!:19000:0:99999:7:::` + "\n"
	const weak = `alice:$6$rounds=1000$saltsalt$feZmm8z/E1fjlBx97.mIeOr/Xez9yKySeh0vuHIoC654nLqV9O6yRnqDuoNShKmXbRy4ZkJxnMfr2GAyYXsZT.:19000:0:99999:7:::` + "\n"
	images := []struct {
		name, archive string
		exit          int
	}{
		{"sound", passwd + shadow + sound, exitClean},
		{"weak", passwd + shadow + weak, exitFindings},
		{"empty", "-- .keep --\n", exitIncomplete},
	}
	for _, r := range recipes {
		text, err := os.ReadFile(filepath.Join(recipesDir, r.name))
		if err != nil {
			t.Fatal(err)
		}
		for _, image := range images {
			t.Run(r.name+"-"+image.name, func(t *testing.T) {
				if missing := missingFormats(string(text)); len(missing) > 0 {
					t.Fatalf("the program has no format %q", missing)
				}
				dir := t.TempDir()
				if r.name == "Containerfile" {
					if err := os.Mkdir(filepath.Join(dir, "rootfs"), 0o755); err != nil {
						t.Fatal(err)
					}
				}
				env := []string{
					"PATH=" + programs + ":" + os.Getenv("PATH"), "HOSTAUDIT=" + program, "IMAGE=" + unpack(t, image.archive),
					"GITHUB_STEP_SUMMARY=" + filepath.Join(dir, "step-summary"),
					"CI_REGISTRY_IMAGE=registry.example.org/app", "CI_COMMIT_SHA=0123", "BUILD_TAG=jenkins-app-1",
				}
				exit := 0
				for _, s := range r.steps(t, string(text)) {
					if exit != 0 && !s.always {
						continue
					}
					c := exec.Command("sh", "-ec", s.script)
					c.Dir, c.Env = dir, env
					out, _ := c.CombinedOutput()
					switch code := c.ProcessState.ExitCode(); {
					case exit == 0:
						exit = code
					case code != 0:
						t.Errorf("%s: exit %d\n%s", s.script, code, out)
					}
					t.Logf("%s\n%s", s.script, out)
				}
				if exit != image.exit {
					t.Errorf("exit %d, want %d", exit, image.exit)
				}
				for _, name := range r.docs {
					if document, err := os.ReadFile(filepath.Join(dir, name)); err != nil || len(document) == 0 {
						t.Errorf("%s: %d bytes, %v", name, len(document), err)
					}
				}
				for _, name := range r.gone {
					if _, err := os.Lstat(filepath.Join(dir, name)); err == nil {
						t.Errorf("%s is left over", name)
					}
				}
			})
		}
	}
}

// missingFormats are the formats that a recipe names and the program does not know.
func missingFormats(text string) []string {
	var missing []string
	for _, m := range regexp.MustCompile(`--(?:out|format)["', ]+([a-z]+)`).FindAllStringSubmatch(text, -1) {
		if _, err := output.Lookup(m[1]); err != nil && !slices.Contains(missing, m[1]) {
			missing = append(missing, m[1])
		}
	}
	return missing
}

// The README shows the recipes as they are tested; -update writes them into it. Each is
// short, or nobody reads it.
func TestReadmeShowsTheRecipes(t *testing.T) {
	const file = "../../README.md"
	readme, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	text := string(readme)
	files, err := os.ReadDir(recipesDir)
	if err != nil || len(files) != len(recipes) {
		t.Errorf("%d files in %s, %d recipes: %v", len(files), recipesDir, len(recipes), err)
	}
	for _, r := range recipes {
		want, err := os.ReadFile(filepath.Join(recipesDir, r.name))
		if err != nil {
			t.Fatal(err)
		}
		if lines := strings.Count(string(want), "\n"); lines > 15 {
			t.Errorf("%s has %d lines", r.name, lines)
		}
		begin, end := fmt.Sprintf("<!-- recipe: %s -->\n```%s\n", r.name, r.lang), "```\n<!-- end -->\n"
		before, rest, ok := strings.Cut(text, begin)
		shown, after, ok2 := strings.Cut(rest, end)
		switch {
		case !ok || !ok2:
			t.Errorf("the README has lost the marks around %s", r.name)
		case shown == string(want):
		case *update:
			text = before + begin + string(want) + end + after
		default:
			t.Errorf("the README shows another %s (go test ./cmd/hostaudit -run Readme -update)", r.name)
		}
	}
	if text != string(readme) {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
