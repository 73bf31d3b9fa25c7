package output

import (
	"math"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// pageColors returns the colours of the style sheet by their names, light and dark.
func pageColors(t *testing.T) (css string, light, dark map[string]string) {
	t.Helper()
	b, err := os.ReadFile("html/page.css")
	if err != nil {
		t.Fatal(err)
	}
	css = string(b)
	blocks := regexp.MustCompile(`(?s):root \{(.*?)\}`).FindAllStringSubmatch(css, -1)
	if len(blocks) != 2 {
		t.Fatalf("%d lists of colours, want one for light and one for dark", len(blocks))
	}
	read := func(block string) map[string]string {
		colors := map[string]string{}
		for _, m := range regexp.MustCompile(`--([a-z]+): (#[0-9a-f]{6});`).FindAllStringSubmatch(block, -1) {
			colors[m[1]] = m[2]
		}
		return colors
	}
	return css, read(blocks[0][1]), read(blocks[1][1])
}

// luminance is the relative luminance of WCAG 2.2.
func luminance(t *testing.T, color string) float64 {
	t.Helper()
	n, err := strconv.ParseUint(strings.TrimPrefix(color, "#"), 16, 32)
	if err != nil || len(color) != 7 {
		t.Fatalf("%q is no colour", color)
	}
	channel := func(v uint64) float64 {
		c := float64(v&255) / 255
		if c <= 0.04045 {
			return c / 12.92
		}
		return math.Pow((c+0.055)/1.055, 2.4)
	}
	return 0.2126*channel(n>>16) + 0.7152*channel(n>>8) + 0.0722*channel(n)
}

// contrast is the contrast ratio of WCAG 2.2: 1 to 21, the same either way.
func contrast(t *testing.T, a, b string) float64 {
	t.Helper()
	x, y := luminance(t, a), luminance(t, b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

func TestHTMLContrast(t *testing.T) {
	if got := contrast(t, "#000000", "#ffffff"); math.Abs(got-21) > 1e-9 {
		t.Fatalf("black on white is %f", got)
	}
	if got := contrast(t, "#777777", "#ffffff"); got > 4.5 || got < 4.4 {
		t.Fatalf("#777777 on white is %f", got)
	}
	css, light, dark := pageColors(t)
	for scheme, colors := range map[string]map[string]string{"light": light, "dark": dark} {
		t.Run(scheme, func(t *testing.T) {
			// Every text has one of these colours on the paper, or is of the paper's on one
			// of them (the squares of what failed).
			for name := range strings.FieldsSeq("ink soft link critical high medium low none unknown pass waived na") {
				if got := contrast(t, colors[name], colors["paper"]); got < 4.5 {
					t.Errorf("%s %s on %s: %.2f", name, colors[name], colors["paper"], got)
				}
			}
		})
	}
	if len(light) != len(dark) {
		t.Errorf("%d colours are light, %d dark", len(light), len(dark))
	}
	for _, m := range regexp.MustCompile(`var\(--([a-z]+)\)`).FindAllStringSubmatch(css, -1) {
		if m[1] != "tone" && light[m[1]] == "" {
			t.Errorf("no colour is called %s", m[1])
		}
	}
	for name := range light {
		if !strings.Contains(css, "var(--"+name+")") {
			t.Errorf("nothing has the colour %s", name)
		}
	}
}

// Nothing moves, so nobody has to ask for less of it; paper is never dark.
func TestHTMLStyle(t *testing.T) {
	css, _, _ := pageColors(t)
	if word := regexp.MustCompile(`animation|transition|@keyframes|smooth`).FindString(css); word != "" {
		t.Errorf("the style sheet has %s", word)
	}
	for _, want := range []string{"@media screen and (prefers-color-scheme: dark)", "@media print", ":focus-visible"} {
		if !strings.Contains(css, want) {
			t.Errorf("the style sheet lacks %s", want)
		}
	}
	if strings.Count(css, "prefers-color-scheme") != 1 {
		t.Error("the dark colours are not in one place")
	}
}
