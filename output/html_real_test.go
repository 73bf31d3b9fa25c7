package output

import (
	"encoding/json"
	"fmt"
	"html"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hostaudit/checks/host/hosttest"
)

// What a real Chromium makes of the pages, in a copy of Debian with no network but its own
// loopback interface. The layer "bookworm+browser" has the programs.

// shotsVariable names a directory that gets pictures of every page, to be looked at.
const shotsVariable = "HOSTAUDIT_TEST_SHOTS"

// lookScript runs in a page that holds the reports in frames, and says what it sees there.
// frames are kept apart from those that axe runs in: it needs pages without a policy.
const lookScript = `
const seen = {};
function look(frame) {
	const doc = frame.contentDocument, box = doc.scrollingElement;
	const all = [...doc.querySelectorAll("body *")];
	const over = all.filter(e => !e.closest(".vh, .symbols, .skip") && e.getBoundingClientRect().right > box.clientWidth + 1);
	return {
		styled: getComputedStyle(doc.body).boxSizing == "border-box",
		paper: getComputedStyle(doc.documentElement).backgroundColor,
		width: box.scrollWidth,
		over: over.map(e => e.outerHTML.slice(0, 200)),
		subjects: [...doc.querySelectorAll(".found .subject")].map(e => e.textContent),
		heading: doc.querySelector("h1").textContent,
		scripts: doc.scripts.length,
	};
}
async function run() {
	for (const frame of document.querySelectorAll("iframe.report"))
		seen[frame.id] = look(frame);
	for (const frame of document.querySelectorAll("iframe.axe")) {
		const found = await frame.contentWindow.axe.run(frame.contentDocument, {resultTypes: ["violations"], rules: {"target-size": {enabled: true}}});
		seen[frame.id] = {axe: found.violations.map(v => v.id + ": " + v.nodes.map(n => n.html + " " + n.failureSummary).join("; ").slice(0, 600)), rules: found.passes.length};
	}
	document.getElementById("seen").textContent = JSON.stringify(seen);
}
addEventListener("load", run);
`

// looked is what lookScript says of a frame.
type looked struct {
	Styled   bool
	Paper    string
	Width    int
	Over     []string
	Subjects []string
	Heading  string
	Scripts  int
	Axe      []string
	Rules    int
}

// browser is Chromium in a RealHost.
type browser struct {
	*hosttest.RealHost
	t *testing.T
}

// The screen that a page is for, as --blink-settings has it.
var schemes = map[string]string{"light": "1", "dark": "0"}

func (b browser) run(scheme string, arguments ...string) hosttest.Result {
	b.t.Helper()
	// It is root in namespaces of its own, where its sandbox has nothing left to take.
	command := append([]string{
		"chromium-headless-shell", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--allow-file-access-from-files",
		"--enable-logging=stderr", "--log-net-log=/tmp/net.json", "--virtual-time-budget=30000",
		"--blink-settings=preferredColorScheme=" + schemes[scheme],
	}, arguments...)
	res := b.Run(command...)
	if res.Exit != 0 {
		b.t.Fatalf("%q: exit status %d\n%s", command, res.Exit, res.Stderr)
	}
	return res
}

// complaints are what the console of the page would show, and what was asked of a network.
func (b browser) complaints(res hosttest.Result) (console, requests []string) {
	b.t.Helper()
	for line := range strings.Lines(res.Stderr) {
		if strings.Contains(line, "CONSOLE") {
			console = append(console, strings.TrimSpace(line))
		}
	}
	for _, m := range regexp.MustCompile(`"url":"([^"]*)"`).FindAllStringSubmatch(b.ReadFile("/tmp/net.json"), -1) {
		if !strings.HasPrefix(m[1], "file:") && !strings.HasPrefix(m[1], "data:") && !slices.Contains(requests, m[1]) {
			requests = append(requests, m[1])
		}
	}
	return console, requests
}

// sent is how many connections and datagrams the host has tried.
func (b browser) sent() string {
	b.t.Helper()
	out := b.MustRun("sh", "-c", `awk '/^Tcp:|^Udp:/ { print $1, $5, $6 }' /proc/net/snmp; awk '/Udp6OutDatagrams/' /proc/net/snmp6; cat /proc/net/dev`)
	return out
}

func TestRealBrowser(t *testing.T) {
	t.Parallel()
	b := browser{hosttest.NewRealHostOf(t, "bookworm+browser"), t}
	axe := b.Run("test", "-f", "/opt/report/axe.min.js").Exit == 0
	policy := regexp.MustCompile(`<meta http-equiv="Content-Security-Policy" [^>]*>`)
	var frames strings.Builder
	for _, f := range fixtures {
		page := string(printed(t, "html", f.report()))
		b.WriteFile("/report/"+f.name+".html", page, 0o644)
		for _, width := range []int{360, 1280} {
			fmt.Fprintf(&frames, `<iframe class="report" id="%s-%d" src="report/%[1]s.html" width="%[2]d" height="900"></iframe>`, f.name, width)
		}
		if axe {
			page = strings.Replace(policy.ReplaceAllString(page, ""), "</body>", `<script src="/opt/report/axe.min.js"></script></body>`, 1)
			b.WriteFile("/report/axe-"+f.name+".html", page, 0o644)
			fmt.Fprintf(&frames, `<iframe class="axe" id="axe-%s" src="report/axe-%[1]s.html" width="1280" height="900"></iframe>`, f.name)
		}
	}
	b.WriteFile("/look.html", `<!DOCTYPE html><meta charset="utf-8"><style>iframe { border: 0 }</style><pre id="seen"></pre>`+frames.String()+
		"<script>"+lookScript+"</script>", 0o644)

	for scheme, paper := range map[string]string{"light": "rgb(255, 255, 255)", "dark": "rgb(17, 21, 26)"} {
		t.Run(scheme, func(t *testing.T) {
			b := browser{b.RealHost, t}
			before := b.sent()
			res := b.run(scheme, "--window-size=1400,1000", "--dump-dom", "file:///look.html")
			if after := b.sent(); after != before {
				t.Errorf("packets were sent: before\n%s\nafter\n%s", before, after)
			}
			if console, requests := b.complaints(res); len(console)+len(requests) > 0 {
				t.Errorf("console %q, requests %q", console, requests)
			}
			_, said, _ := strings.Cut(res.Stdout, `<pre id="seen">`)
			said, _, _ = strings.Cut(said, "</pre>")
			seen := map[string]looked{}
			if err := json.Unmarshal([]byte(html.UnescapeString(said)), &seen); err != nil {
				t.Fatalf("%v in what the page says: %s", err, res.Stdout[:min(len(res.Stdout), 2000)])
			}
			for _, f := range fixtures {
				if axe {
					if l := seen["axe-"+f.name]; len(l.Axe) > 0 || l.Rules < 10 {
						t.Errorf("%s: axe, after %d rules that hold: %s", f.name, l.Rules, strings.Join(l.Axe, "\n"))
					}
				}
				for _, width := range []int{360, 1280} {
					l, ok := seen[fmt.Sprintf("%s-%d", f.name, width)]
					if !ok || !l.Styled || l.Paper != paper || l.Scripts != 0 {
						t.Errorf("%s at %d: %+v, want paper %s", f.name, width, l, paper)
					}
					if l.Width > width || len(l.Over) > 0 {
						t.Errorf("%s at %d is %d wide: %q", f.name, width, l.Width, l.Over)
					}
					sees(t, f, l)
				}
			}
		})
	}
	t.Run("print", func(t *testing.T) { browser{b.RealHost, t}.prints() })
	t.Run("control", func(t *testing.T) { browser{b.RealHost, t}.control() })
	if dir := os.Getenv(shotsVariable); dir != "" {
		b.shots(dir)
	}
}

// sees compares the text of a page with the report.
func sees(t *testing.T, f fixture, l looked) {
	t.Helper()
	r := f.report()
	if want := htmlTarget(r.Target); l.Heading != want {
		t.Errorf("%s: the heading is %q, want %q", f.name, l.Heading, want)
	}
	var want []string
	for _, res := range r.Checks {
		for _, finding := range res.Findings {
			if finding.Subject != "" {
				want = append(want, string(finding.Subject))
			}
		}
	}
	slices.Sort(want)
	slices.Sort(l.Subjects)
	if diff := cmp.Diff(want, l.Subjects); diff != "" && len(want)+len(l.Subjects) > 0 {
		t.Errorf("%s: subjects (-report +page):\n%s", f.name, diff)
	}
}

// prints holds the pages on paper to: everything is open, black on white, also for a
// reader whose screen is dark.
func (b browser) prints() {
	for name, want := range map[string][]string{
		"bad":     {"6 of 9 checks failed", "tcp/30044", "OpenSSH_9.2p1", "ALTER USER", " 1/"},
		"clean":   {"No weakness was found.", "accounts 31", "op.acc.5"},
		"hostile": {"]]>", "</description></module>"},
		"policy":  {"waiver expired 2026-10-31", "the firewall lets only the bastion in"},
		"unknown": {"Nothing was established", "no permission"},
	} {
		b.run("dark", "--no-pdf-header-footer", "--print-to-pdf=/tmp/"+name+".pdf", "file:///report/"+name+".html")
		text := strings.Join(strings.Fields(b.MustRun("pdftotext", "-layout", "/tmp/"+name+".pdf", "-")), " ")
		for _, w := range want {
			if !strings.Contains(text, w) {
				b.t.Errorf("%s on paper does not say %q", name, w)
			}
		}
		b.MustRun("pdftoppm", "-r", "20", "-f", "1", "-l", "1", "-singlefile", "/tmp/"+name+".pdf", "/tmp/"+name)
		if picture := b.ReadFile("/tmp/" + name + ".ppm"); !strings.HasPrefix(picture, "P6") || !strings.HasSuffix(picture, "\xff\xff\xff") {
			b.t.Errorf("%s: the paper is not white", name)
		}
	}
}

// control holds the test itself to: a page that loads, runs and is too wide is noticed.
func (b browser) control() {
	page := string(printed(b.t, "html", fixtureNamed(b.t, "clean")))
	b.WriteFile("/bad.html", strings.Replace(page, "<body>", `<body style="color:red"><script>alert(1)</script><img src="http://10.9.9.1/x" alt="">`, 1), 0o644)
	console, requests := b.complaints(b.run("light", "--dump-dom", "file:///bad.html"))
	if len(console) < 3 || len(requests) > 0 {
		b.t.Errorf("the policy was to refuse a style, a script and an image: console %q, requests %q", console, requests)
	}
	b.WriteFile("/worse.html", `<!DOCTYPE html><title>x</title><img src="http://10.9.9.1/x" alt="">`, 0o644)
	before := b.sent()
	if _, requests := b.complaints(b.run("light", "--dump-dom", "file:///worse.html")); len(requests) != 1 || before == b.sent() {
		b.t.Errorf("a page without a policy was to ask for an image: requests %q, packets %v", requests, before != b.sent())
	}
}

// shots takes pictures of every page in both schemes, at the width of a phone, and on paper.
func (b browser) shots(dir string) {
	b.t.Helper()
	take := func(name string, scheme string, arguments ...string) {
		b.run(scheme, append(arguments, "--screenshot=/tmp/shot.png")...)
		if err := os.WriteFile(filepath.Join(dir, name+".png"), []byte(b.ReadFile("/tmp/shot.png")), 0o644); err != nil {
			b.t.Fatal(err)
		}
	}
	for _, f := range fixtures {
		page := "file:///report/" + f.name + ".html"
		take(f.name+"-light", "light", "--window-size=1280,1800", page)
		take(f.name+"-dark", "dark", "--window-size=1280,1800", page)
		b.WriteFile("/phone.html", `<!DOCTYPE html><body style="margin:0"><iframe src="report/`+f.name+`.html" style="border:0;width:360px;height:2600px"></iframe>`, 0o644)
		take(f.name+"-phone", "light", "--window-size=360,2600", "file:///phone.html")
		b.run("light", "--no-pdf-header-footer", "--print-to-pdf=/tmp/shot.pdf", page)
		b.MustRun("pdftoppm", "-r", "60", "-png", "-f", "1", "-l", "1", "-singlefile", "/tmp/shot.pdf", "/tmp/paper")
		if err := os.WriteFile(filepath.Join(dir, f.name+"-paper.png"), []byte(b.ReadFile("/tmp/paper.png")), 0o644); err != nil {
			b.t.Fatal(err)
		}
	}
}

// TestRealChecker runs the W3C's checker of HTML and CSS over every page.
func TestRealChecker(t *testing.T) {
	t.Parallel()
	h := hosttest.NewRealHostOf(t, "bookworm+browser")
	if h.Run("test", "-f", "/opt/report/vnu.jar").Exit != 0 {
		t.Skip("the layer has no checker: npm could not fetch it when the layer was built")
	}
	command := []string{"java", "-Xss8m", "-XX:TieredStopAtLevel=1", "-jar", "/opt/report/vnu.jar", "--format", "json", "--stdout", "--exit-zero-always"}
	for _, f := range fixtures {
		h.WriteFile("/report/"+f.name+".html", string(printed(t, "html", f.report())), 0o644)
		command = append(command, "/report/"+f.name+".html")
	}
	const control = "/report/control.html"
	h.WriteFile(control, "<!DOCTYPE html><html lang=en><title>x</title><p><div></p>", 0o644)
	var said struct {
		Messages []struct{ Type, SubType, URL, Message, Extract string }
	}
	out := h.MustRun(append(command, control)...)
	if err := json.Unmarshal([]byte(out), &said); err != nil {
		t.Fatalf("%v in %s", err, out)
	}
	controlled := false
	for _, m := range said.Messages {
		switch {
		case strings.HasSuffix(m.URL, control):
			controlled = controlled || m.Type == "error"
		case strings.HasPrefix(m.Message, "Inline style violates Content Security Policy"):
			// It takes no digest for an answer; the browser does.
		case strings.HasPrefix(m.Message, "Text run is not in Unicode Normalization Form C"):
			// A name of the host is shown as it is.
		default:
			t.Errorf("%s: %s: %s (%s)", m.URL, m.Type, m.Message, m.Extract)
		}
	}
	if !controlled {
		t.Error("the checker finds nothing wrong in a page that is")
	}
}
