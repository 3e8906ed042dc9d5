package report_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/loggate/loggate/internal/build"
	"github.com/loggate/loggate/internal/report"
)

// hostileText is a text that a log may hold to be more than text, and what a
// reader must see of it.
type hostileText struct{ name, text, seen string }

var hostile = []hostileText{
	{"harmless", "some harmless words", "some harmless words"},
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
	{"no characters of XML", "a\ufffe\uffff\x0bb]]>", `a\ufffe\uffff\u000bb]]>`},
	{"placeholders", `{0} {{1}} ${{ x }} }{`, `{0} {{1}} ${{ x }} }{`},
	{"a very long line", strings.Repeat("</td> | ::error::x ` ", 256<<10/21), "</td> | ::error::x ` </td> | ::error::x"},
	{"double quotes", `"a" b`, `"a" b`},
	{"single quotes", `'a' b`, `'a' b`},
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
	b.Findings[2].Rule = build.Unlike
	twin := *b
	twin.Name = "twin"
	b.Lacks(build.Missing{What: build.MissingLog, Reason: text, Code: &text})
	good := passing(text+" ", 1, 0, 1000)
	return &build.Report{Verdict: build.Fail, ExitCode: 1, Builds: []*build.Build{b, &twin, good},
		Causes: []build.Shared{{Fingerprint: b.Findings[0].Fingerprint, Message: text, Builds: []string{text, "twin"}}},
		Gate: build.Gate{Violations: []build.Violation{{Policy: text, Source: &text, Build: &text, Message: text, Remedy: text}},
			Notices: []build.Remark{{Policy: text, Source: &text, Message: text, Remedy: text}}, Judged: []string{text}}}
}

// keep has the table's files kept, for formats/, which reads them with the
// programs of others.
var keep = flag.String("keep", "", "write what becomes of hostile text into this directory")

// hostileFormats is every way of showing a report, of a report full of one
// text, and what there is to be checked of each: that the text arrives, as text.
var hostileFormats = []struct {
	name  string
	show  func(t *testing.T, text string) []byte
	check func(t *testing.T, shown []byte, c hostileText)
}{
	{"summary.md", showReport(func(w io.Writer, r *build.Report) error {
		return report.WriteSummary(w, r, report.SummaryOptions{})
	}), checkMarkdown},
	{"annotations.txt", showReport(func(w io.Writer, r *build.Report) error {
		log := report.NewJobLog(w, report.GitHubLog)
		log.Annotate(report.Annotations(r, 10, report.Repository{}))
		return log.Close()
	}), checkAnnotations},
	{"account.txt", showReport(func(w io.Writer, r *build.Report) error {
		return report.WriteAccount(w, r, report.AccountOptions{Explain: true, OutputDir: "loggate-out"})
	}), checkAccount},
	{"terminal.txt", showReport(func(w io.Writer, r *build.Report) error {
		return report.WriteAccount(w, r, report.AccountOptions{Explain: true, Color: true, Width: 60})
	}), checkTerminal},
	{"joblog-github.txt", showJobLog(report.GitHubLog), checkJobLog(report.GitHubLog)},
	{"joblog-gitlab.txt", showJobLog(report.GitLabLog), checkJobLog(report.GitLabLog)},
	{"joblog-plain.txt", showJobLog(report.PlainLog), checkJobLog(report.PlainLog)},
	{"report.json", showReport(report.WriteJSON), checkJSON},
	{"report.html", showHTML, func(t *testing.T, shown []byte, c hostileText) { checkHTMLPage(t, string(shown), c.seen) }},
	{"loggate.sarif", showFormat("sarif"), checkHostileSARIF},
	{"junit.xml", showFormat("junit"), checkHostileJUnit},
	{"gl-code-quality-report.json", showFormat("codequality"), checkHostileCodeQuality},
	{"loggate.env", showReport(func(w io.Writer, r *build.Report) error { return report.OutputsOf(r, r.Builds[0].Name).WriteEnv(w) }), checkEnv},
	{"github-output.txt", showOutputs, checkOutputs},
}

func TestHostileTextInEveryFormat(t *testing.T) {
	for i, c := range hostile {
		t.Run(c.name, func(t *testing.T) {
			for _, f := range hostileFormats {
				shown := f.show(t, c.text)
				t.Run(f.name, func(t *testing.T) { f.check(t, shown, c) })
				// A scan bounds the messages of its report.
				if *keep != "" && (f.name != "report.json" || len(c.text) < build.MaxMessage) {
					keepFile(t, fmt.Sprintf("%02d", i), f.name, shown)
				}
			}
			if *keep != "" {
				told, _ := json.Marshal(map[string]string{"name": c.name, "seen": c.seen})
				keepFile(t, fmt.Sprintf("%02d", i), "case.json", told)
				keepFile(t, fmt.Sprintf("%02d", i), "hostile.log", []byte(c.text+"\nerror: "+c.text+"\nsrc/a.c:3:5: error: "+c.text+"\n"))
			}
		})
	}
}

func keepFile(t *testing.T, dir, name string, shown []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Join(*keep, dir), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(*keep, dir, name), shown, 0o644); err != nil {
		t.Fatal(err)
	}
}

// No format of the input formats is forgotten.
func TestHostileFormatsAreAll(t *testing.T) {
	for _, f := range report.Formats() {
		known := false
		for _, h := range hostileFormats {
			known = known || h.name == f.File
		}
		if !known {
			t.Errorf("%s isn't among the formats that hostile text is pushed through", f.File)
		}
	}
}

func showReport(write func(io.Writer, *build.Report) error) func(*testing.T, string) []byte {
	return func(t *testing.T, text string) []byte {
		t.Helper()
		var out bytes.Buffer
		if err := write(&out, tainted(text)); err != nil {
			t.Fatal(err)
		}
		return out.Bytes()
	}
}

func showFormat(name string) func(*testing.T, string) []byte {
	return func(t *testing.T, text string) []byte {
		t.Helper()
		r := tainted(text)
		for _, b := range r.Builds[:2] {
			b.Findings[0].File = ptr("src/a.c") // Code Quality has no others
		}
		return shownIn(t, name, r, report.Repository{})
	}
}

func showHTML(t *testing.T, text string) []byte {
	r := tainted(text)
	files := fstest.MapFS{}
	for i, b := range r.Builds {
		b.Log.Path = ptr([]string{"logs/a.log", "logs/b.log", "logs/c.log"}[i])
		files[*b.Log.Path] = &fstest.MapFile{Data: []byte(text + "\n" + text)}
	}
	return []byte(page(t, r, files, report.Repository{}))
}

func showOutputs(t *testing.T, text string) []byte {
	path := filepath.Join(t.TempDir(), "output")
	if err := report.NewGitHub(map[string]string{"GITHUB_OUTPUT": path}).WriteOutputs(report.OutputsOf(tainted(text), text)); err != nil {
		t.Fatal(err)
	}
	shown, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return shown
}

// showJobLog streams a log, prints the failing stage, a fold and an account.
func showJobLog(dialect report.Dialect) func(*testing.T, string) []byte {
	return func(t *testing.T, text string) []byte {
		r := tainted(text)
		r.Builds = r.Builds[:1]
		r.Builds[0].Log.Path = ptr("a.log")
		var out bytes.Buffer
		log := report.NewJobLog(&out, dialect)
		stream := log.Stream(text)
		io.WriteString(stream, text+"\n"+text)
		stream.Close()
		if err := log.PrintFailed(r, fstest.MapFS{"a.log": {Data: []byte(strings.Repeat(text+"\n", 9))}}); err != nil {
			t.Fatal(err)
		}
		log.Fold(text, slices.Values([]string{text}))
		if err := log.Print(func(w io.Writer) error { return report.WriteAccount(w, r, report.AccountOptions{}) }); err != nil {
			t.Fatal(err)
		}
		if err := log.Close(); err != nil {
			t.Fatal(err)
		}
		return out.Bytes()
	}
}
