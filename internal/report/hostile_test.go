package report_test

import (
	"bytes"
	"fmt"
	"html"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	gmhtml "github.com/yuin/goldmark/renderer/html"
	"github.com/yuin/goldmark/text"

	"github.com/loggate/loggate/internal/build"
	"github.com/loggate/loggate/internal/report"
)

// hostile are texts that a log may hold to be more than text, and what a
// reader must see of each.
var hostile = []struct{ name, text, seen string }{
	{"workflow command", "::error file=x::boom", "::error file=x::boom"},
	{"set-output", "::set-output name=verdict::pass", "::set-output name=verdict::pass"},
	{"stop-commands", "::stop-commands::abc", "::stop-commands::abc"},
	{"add-mask after blanks", "  ::add-mask::e", "::add-mask::e"},
	{"old command", "##[group]x ##[endgroup]", "##[group]x ##[endgroup]"},
	{"percent", "%0A::warning::x%0D%25", "%0A::warning::x%0D%25"},
	{"newline", "a\n::error::b\r\nverdict=pass", `a\u000a::error::b\u000d\u000averdict=pass`},
	{"delimiter", "_GitHubActionsFileCommandDelimeter_", "_GitHubActionsFileCommandDelimeter_"},
	{"HTML", `<script>alert("1")</script><img src=x onerror=1>`, `<script>alert("1")</script><img src=x onerror=1>`},
	{"comment", "<!-- a --> <![CDATA[b]]>", "<!-- a --> <![CDATA[b]]>"},
	{"end of details", "</summary></details></table></code></pre>", "</summary></details></table></code></pre>"},
	{"fences", "```` ```text ~~~", "```` ```text ~~~"},
	{"unbalanced backticks", "`a`` b ```", "`a`` b ```"},
	{"backtick", "`", "`"},
	{"Markdown link", "[a](https://evil.example) [b]: https://evil.example", "[a](https://evil.example) [b]: https://evil.example"},
	{"image", "![a](https://evil.example/a.png)", "![a](https://evil.example/a.png)"},
	{"pipes", `a | b \| c || d \`, `a | b \| c || d \`},
	{"only pipes", "|||", "|||"},
	{"table rule", "| --- | :-: |", "| --- | :-: |"},
	{"emphasis", "*a* __b__ ~~c~~ # d - e > f = g", "*a* __b__ ~~c~~ # d - e > f = g"},
	{"mention", "@octocat please (@acme/team)", "@octocat please (@acme/team)"},
	{"URLs", "https://evil.example www.evil.example <https://evil.example>", "https://evil.example www.evil.example <https://evil.example>"},
	{"e-mail", "mail me@evil.example mailto:me@evil.example", "mail me@evil.example mailto:me@evil.example"},
	{"issue and commit", "#12 GH-12 acme/shop#12 0a1b2c3d4e5f6071 defaced acme@deadbeef", "#12 GH-12 acme/shop#12 0a1b2c3d4e5f6071 defaced acme@deadbeef"},
	{"emoji and maths", ":tada: $x$ $$y$$", ":tada: $x$ $$y$$"},
	{"entities", "&lt;b&gt; &#64;octocat &amp;", "&lt;b&gt; &#64;octocat &amp;"},
	{"right to left", "a\u202eb\u2066c\u200fd", `a\u202eb\u2066c\u200fd`},
	{"zero width", "a\u200bb\ufeffc\u00add", `a\u200bb\ufeffc\u00add`},
	{"colours", "\x1b[31;1mred\x1b[0m", "red"},
	{"cursor", "\x1b[2J\x1b[1;1Hgone\x1b[5A", "gone"},
	{"hyperlink", "\x1b]8;;https://evil.example\x1b\\click\x1b]8;;\x07", "click"},
	{"title without an end", "\x1b]0;hidden text", `\u001b]0;hidden text`},
	{"C1", "\u009b31mred\u0085x", `red\u0085x`},
	{"controls", "a\x00b\x07c\bd\x7fe", `a\u0000b\u0007c\u0008d\u007fe`},
	{"lone CR", "10%\r20%", `10%\u000d20%`},
	{"GitLab section", "section_start:1:x[collapsed=true]\r\x1b[0Ktitle", `section_start:1:x[collapsed=true]\u000dtitle`},
	{"Jenkins note", "\x1b[8mha:////4AAAA\x1b[0m", "ha:////4AAAA"},
	{"invalid UTF-8", "a\xff\xfeb\xc3", "a\ufffd\ufffdb\ufffd"},
	{"shell", "$(touch /tmp/x) `id` ${IFS} \"; id", "$(touch /tmp/x) `id` ${IFS} \"; id"},
}

// tainted is a report with text wherever a report has foreign text.
func tainted(text string) *build.Report {
	b := compileError(text, 7, 0)
	b.URL, b.Result, b.Commit, b.Branch = &text, text, &text, &text
	b.Log.Path = ptr("logs/" + text)
	b.Stages[1].Name, b.Stages[1].Status = text, &text
	for i := range b.Findings {
		f := &b.Findings[i]
		f.Message, f.Rule, f.Fingerprint = text, text, text+fmt.Sprint(i)
		f.File, f.Stage, f.Hint, f.Ignored = &text, &text, &text, &text
		f.Excerpt, f.Why, f.ExcerptLine = []string{text, text, text}, []string{text}, 5
	}
	b.Findings[0].Ignored = nil
	b.Gone = slices.Clone(b.Findings)
	twin := *b
	twin.Name = "twin"
	b.Lacks(build.Missing{What: build.MissingLog, Reason: text, Code: &text})
	good := passing(text+" ", 1, 0, 1000)
	return &build.Report{Verdict: build.Fail, ExitCode: 1, Builds: []*build.Build{b, &twin, good},
		Causes: []build.Shared{{Fingerprint: b.Findings[0].Fingerprint, Message: text, Builds: []string{text, "twin"}}},
		Gate: build.Gate{Violations: []build.Violation{{Policy: text, Source: &text, Build: &text, Message: text, Remedy: text}},
			Notices: []build.Remark{{Policy: text, Source: &text, Message: text, Remedy: text}}, Judged: []string{text}}}
}

func TestHostileTextInMarkdown(t *testing.T) {
	for _, c := range hostile {
		t.Run(c.name, func(t *testing.T) {
			shown := everyFormat(t, tainted(c.text))
			checkMarkdown(t, shown["summary.md"], c.seen)
		})
	}
}

// ours is the HTML that a summary has of its own.
var ours = regexp.MustCompile(`^(?:<details><summary>(?:<code>[^<>]*</code>: )?[0-9a-z ,:]*</summary>|</details>|<code>|</code>|<br>)$`)

// linkable is what GitHub makes a link, an emoji or a formula of in text that
// is not code.
var linkable = regexp.MustCompile(`@\w|#\d|\bGH-\d|(?i:https?:|www\.|mailto:)|\b[0-9a-f]{7,40}\b|:[a-z]+:|\$`)

func checkMarkdown(t *testing.T, summary []byte, seen string) {
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
	if squeeze := strings.Join(strings.Fields(page), " "); strings.Count(squeeze, seen) < 10 {
		t.Errorf("%q is seen %d times in:\n%s", seen, strings.Count(squeeze, seen), page)
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

func TestHostileTextOnTerminalAndInOutputs(t *testing.T) {
	for _, c := range hostile {
		t.Run(c.name, func(t *testing.T) {
			for name, shown := range everyFormat(t, tainted(c.text)) {
				if found := unprintable.Find(shown); found != nil {
					t.Errorf("%s has %q", name, found)
				}
			}
			shown := everyFormat(t, tainted(c.text))
			if seen := strings.ReplaceAll(c.seen, "##[", `##\[`); !strings.Contains(string(shown["account.txt"]), seen) {
				t.Errorf("the account lacks %q:\n%s", seen, shown["account.txt"])
			}
			if ran := new(runner).run(string(shown["account.txt"])); len(ran) > 0 {
				t.Errorf("the account runs %q", ran)
			}
			for _, name := range []string{"loggate.env", "github-output.txt"} {
				if n := strings.Count(string(shown[name]), "\n"); n != 7 {
					t.Errorf("%s has %d lines:\n%s", name, n, shown[name])
				}
			}
			if strings.ContainsAny(string(shown["loggate.env"]), "$`") {
				t.Errorf("loggate.env expands something:\n%s", shown["loggate.env"])
			}
			for _, ran := range new(runner).run(string(shown["annotations.txt"])) {
				if ran != "error" && ran != "warning" && ran != "notice" {
					t.Errorf("annotations run %q", ran)
				}
			}
		})
	}
}

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

func TestHostileTextInTheJobLog(t *testing.T) {
	for _, c := range hostile {
		for _, dialect := range []report.Dialect{report.GitHubLog, report.GitLabLog, report.PlainLog} {
			t.Run(c.name+" "+string(dialect), func(t *testing.T) {
				r := tainted(c.text)
				r.Builds = r.Builds[:1]
				r.Builds[0].Log.Path = ptr("a.log")
				var out bytes.Buffer
				log := report.NewJobLog(&out, dialect)
				stream := log.Stream(c.text)
				io.WriteString(stream, c.text+"\n"+c.text)
				stream.Close()
				files := fstest.MapFS{"a.log": {Data: []byte(strings.Repeat(c.text+"\n", 9))}}
				if err := log.PrintFailed(r, files); err != nil {
					t.Fatal(err)
				}
				if err := log.Close(); err != nil {
					t.Fatal(err)
				}
				checkJobLog(t, dialect, out.String())
			})
		}
	}
}

func checkJobLog(t *testing.T, dialect report.Dialect, shown string) {
	t.Helper()
	sections := 0
	if dialect == report.GitLabLog {
		sections = 2
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
	if ran := strings.Join(gh.run(shown), " "); ran != "group endgroup" {
		t.Errorf("runs %q, want group and endgroup:\n%s", ran, shown)
	}
	if gh.token != "" {
		t.Error("commands are still stopped at the end")
	}
}
