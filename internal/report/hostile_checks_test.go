package report_test

import (
	"bytes"
	"encoding/json"
	"html"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	gmhtml "github.com/yuin/goldmark/renderer/html"
	"github.com/yuin/goldmark/text"

	"github.com/loggate/loggate/internal/build"
	"github.com/loggate/loggate/internal/report"
)

// ours is the HTML that a summary has of its own.
var ours = regexp.MustCompile(`^(?:<details><summary>(?:<code>[^<>]*</code>: )?[0-9a-z ,:]*</summary>|</details>|<code>|</code>|<br>)$`)

// linkable is what GitHub makes a link, an emoji or a formula of in text that
// is not code.
var linkable = regexp.MustCompile(`@\w|#\d|\bGH-\d|(?i:https?:|www\.|mailto:)|\b[0-9a-f]{7,40}\b|:[a-z]+:|\$`)

func checkMarkdown(t *testing.T, summary []byte, c hostileText) {
	t.Helper()
	md := goldmark.New(goldmark.WithExtensions(extension.GFM), goldmark.WithRendererOptions(gmhtml.WithUnsafe()))
	tables, rows := 0, 0
	var plain strings.Builder
	err := ast.Walk(md.Parser().Parse(text.NewReader(summary)), func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.Link, *ast.AutoLink, *ast.Image:
			t.Errorf("a %s in the %s", n.Kind(), n.Parent().Kind())
		case *ast.RawHTML:
			for i := range n.Segments.Len() {
				checkHTML(t, n.Segments.At(i), summary)
			}
		case *ast.HTMLBlock:
			for i := range n.Lines().Len() {
				checkHTML(t, n.Lines().At(i), summary)
			}
		case *ast.CodeSpan, *ast.FencedCodeBlock:
			return ast.WalkSkipChildren, nil
		case *ast.Text:
			plain.WriteString(html.UnescapeString(string(n.Segment.Value(summary))) + " ")
		}
		switch n.Kind().String() {
		case "Table":
			tables++
		case "TableRow":
			rows++
			if cells := n.ChildCount(); cells != 8 && cells != 6 {
				t.Errorf("a row of %d cells", cells)
			}
		case "Strikethrough", "TaskCheckBox":
			t.Errorf("a %s", n.Kind())
		}
		return ast.WalkContinue, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if tables != 3 || rows != 3+2+2 {
		t.Errorf("%d tables with %d rows, want 3 with 7", tables, rows)
	}
	if found := linkable.FindString(plain.String()); found != "" {
		t.Errorf("%q stands outside of code", found)
	}
	var rendered bytes.Buffer
	if err := md.Convert(summary, &rendered); err != nil {
		t.Fatal(err)
	}
	page := html.UnescapeString(regexp.MustCompile(`<[^>]*>`).ReplaceAllString(rendered.String(), ""))
	if squeeze := strings.Join(strings.Fields(page), " "); strings.Count(squeeze, c.seen) < 10 {
		t.Errorf("%q is seen %d times in:\n%s", c.seen, strings.Count(squeeze, c.seen), page)
	}
	if t.Failed() {
		t.Logf("%s", summary)
	}
}

func checkHTML(t *testing.T, s text.Segment, source []byte) {
	t.Helper()
	if line := strings.TrimSpace(string(s.Value(source))); line != "" && !ours.MatchString(line) {
		t.Errorf("foreign HTML: %s", line)
	}
}

// unprintable is what must never reach a terminal or a job's log.
var unprintable = regexp.MustCompile("[\x00-\x09\x0b-\x1f\x7f\u0080-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff\u00ad]")

// checkPlain wants lines of printable text that a CI system reads no command in.
func checkPlain(t *testing.T, shown []byte) {
	t.Helper()
	checkPrintable(t, shown)
	if ran := new(runner).run(string(shown)); len(ran) > 0 {
		t.Errorf("it runs %q", ran)
	}
}

func checkAccount(t *testing.T, shown []byte, c hostileText) {
	checkPlain(t, shown)
	if seen := inLog(c.seen); strings.Count(string(shown), seen) < 10 {
		t.Errorf("%q is seen %d times in\n%s", seen, strings.Count(string(shown), seen), shown)
	}
}

// colour is what the account colours its own words with.
var colour = regexp.MustCompile(`\x1b\[[0-9;]+m`)

// checkTerminal wants nothing but colours and harmless lines: paragraphs are
// broken there, so that the text can't be looked for.
func checkTerminal(t *testing.T, shown []byte, _ hostileText) {
	checkPlain(t, colour.ReplaceAll(shown, nil))
}

// command is an annotation as the runner reads it (actions/runner,
// ActionCommand.TryParseV2).
var command = regexp.MustCompile(`^::(error|warning|notice) title=([^,:]*)((?:,[a-z]+=[^,:]*)*)::(.*)$`)

func checkAnnotations(t *testing.T, shown []byte, c hostileText) {
	checkPrintable(t, shown)
	unescaped := strings.NewReplacer("%0D", "\r", "%0A", "\n", "%3A", ":", "%2C", ",", "%25", "%")
	lines := strings.Split(strings.TrimSuffix(string(shown), "\n"), "\n")
	if ran := new(runner).run(string(shown)); len(ran) != len(lines) || len(lines) < 3 {
		t.Errorf("%d lines run %q", len(lines), ran)
	}
	for _, line := range lines {
		m := command.FindStringSubmatch(line)
		if m == nil || m[3] != "" {
			t.Errorf("not an annotation without a file: %s", line)
			continue
		}
		if title, message := unescaped.Replace(m[2]), unescaped.Replace(m[4]); !strings.Contains(title+message, c.seen) || len(message) > 20_000 {
			t.Errorf("%q is not in %q, %.2000q", c.seen, title, message)
		}
	}
}

// checkJSON wants the very text back, as far as it is UTF-8.
func checkJSON(t *testing.T, shown []byte, c hostileText) {
	var r build.Report
	if err := json.Unmarshal(shown, &r); err != nil {
		t.Fatal(err)
	}
	want := strings.ToValidUTF8(strings.ReplaceAll(c.text, "\xff\xfe", "\ufffd\ufffd"), "\ufffd")
	if f := r.Builds[0].Findings[0]; f.Message != want || f.Excerpt[0] != want || r.Builds[0].Name != want {
		t.Errorf("%q became %q", want, f.Message)
	}
}

// checkEnv wants lines that a dotenv reader takes literally.
func checkEnv(t *testing.T, shown []byte, _ hostileText) {
	checkPrintable(t, shown)
	lines := strings.Split(strings.TrimSuffix(string(shown), "\n"), "\n")
	if len(lines) != 7 || len(shown) > 4096 {
		t.Errorf("%d lines, %d bytes", len(lines), len(shown))
	}
	for _, line := range lines {
		key, value, _ := strings.Cut(line, "=")
		if !strings.HasPrefix(key, "LOGGATE_RESULT_") || strings.ContainsAny(value, "$`") || strings.HasPrefix(value, `"`) || strings.HasPrefix(value, "'") ||
			strings.TrimSpace(value) != value {
			t.Errorf("a dotenv reader doesn't take this literally: %s", line)
		}
	}
}

// checkOutputs reads the file as the runner does: a line whose first mark is =
// is an output, one whose first mark is << begins a text of several lines.
func checkOutputs(t *testing.T, shown []byte, c hostileText) {
	checkPrintable(t, shown)
	var names []string
	values := map[string]string{}
	for line := range strings.Lines(string(shown)) {
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
		if strings.Contains(name, "<<") {
			t.Errorf("a text of several lines begins: %s", line)
		}
		names, values[name] = append(names, name), value
	}
	if want := []string{"verdict", "failed-builds", "error-count", "warning-count", "root-cause", "output-dir", "report"}; !slices.Equal(names, want) {
		t.Errorf("the outputs are %q", names)
	}
	if len(c.text) < 1000 && !strings.Contains(values["root-cause"], strings.TrimSpace(printable(c.text))) {
		t.Errorf("the root cause is %q", values["root-cause"])
	}
}

// printable is text in one line; an output keeps what a report's message has.
func printable(text string) string { return build.Printable(text, build.MaxMessage) }

// runner reads a job's log as GitHub's runner does (actions/runner,
// ActionCommandManager and ActionCommand): a command is ::name …:: at a line's
// start after blanks, or ##[name …] anywhere in it.
type runner struct{ token string }

var (
	commandV2 = regexp.MustCompile(`^\s*::([^\s:]+)[^:]*?(?:\s.*?)?::(.*)$`)
	commandV1 = regexp.MustCompile(`##\[([^\s\]]+)[^\]]*\](.*)`)
)

// run returns the names of the commands that are executed.
func (r *runner) run(log string) []string {
	var ran []string
	for _, line := range strings.FieldsFunc(log, func(c rune) bool { return c == '\n' || c == '\r' }) {
		m := commandV2.FindStringSubmatch(line)
		if m == nil {
			m = commandV1.FindStringSubmatch(line)
		}
		switch {
		case m == nil:
		case r.token != "":
			if m[1] == r.token {
				r.token = ""
			}
		case m[1] == "stop-commands":
			r.token = m[2]
		default:
			ran = append(ran, m[1])
		}
	}
	return ran
}

// section is GitLab's mark of a section (gitlab, lib/gitlab/ci/ansi2json).
var section = regexp.MustCompile(`section_(?:start|end):\d+:[a-zA-Z0-9_.-]+(?:\[[^\]]*\])?\r\x1b\[0K`)

// checkJobLog wants nothing but the commands and sections of loggate's own: two
// folds.
func checkJobLog(dialect report.Dialect) func(*testing.T, []byte, hostileText) {
	return func(t *testing.T, shown []byte, c hostileText) {
		t.Helper()
		checkJobLogIn(t, dialect, string(shown))
		if lines, seen := string(shown), inLog(c.seen); strings.Count(lines, seen) < 15 {
			t.Errorf("%q is seen %d times in\n%.5000s", seen, strings.Count(lines, seen), lines)
		}
		if len(shown) > 100_000 {
			t.Errorf("%d bytes", len(shown))
		}
	}
}

// inLog is text as a job's log shows it, in which ##[ would be a command.
func inLog(text string) string { return strings.ReplaceAll(text, "##[", `##\[`) }

func checkJobLogIn(t *testing.T, dialect report.Dialect, shown string) {
	t.Helper()
	sections := 0
	if dialect == report.GitLabLog {
		sections = 4
	}
	if n := len(section.FindAllString(shown, -1)); n != sections {
		t.Errorf("%d sections, want %d:\n%q", n, sections, shown)
	}
	if found := unprintable.FindString(section.ReplaceAllString(shown, "")); found != "" {
		t.Errorf("it has %q", found)
	}
	if dialect != report.GitHubLog {
		return
	}
	gh := new(runner)
	if ran := strings.Join(gh.run(shown), " "); ran != "group endgroup group endgroup" {
		t.Errorf("runs %q, want group and endgroup twice:\n%s", ran, shown)
	}
	if gh.token != "" {
		t.Error("commands are still stopped at the end")
	}
}
