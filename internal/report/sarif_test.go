package report_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/loggate/loggate/internal/build"
	"github.com/loggate/loggate/internal/report"
)

// shownIn writes r in the format of that name.
func shownIn(t testing.TB, name string, r *build.Report, repo report.Repository) []byte {
	t.Helper()
	formats := report.Formats()
	i := slices.IndexFunc(formats, func(f report.Format) bool { return f.Name == name })
	if i < 0 {
		t.Fatalf("there is no format %s", name)
	}
	var out bytes.Buffer
	if err := formats[i].Write(&out, r, report.FormatOptions{Repository: repo}); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// checkout is a repository with the given files, which are empty.
func checkout(t testing.TB, files ...string) report.Repository {
	t.Helper()
	root := t.TempDir()
	for _, file := range files {
		path := filepath.Join(root, filepath.FromSlash(file))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return report.Repository{Root: root}
}

// schemaOf compiles testdata/name.
func schemaOf(t testing.TB, name string) *jsonschema.Schema {
	t.Helper()
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	schema, err := compiler.Compile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

func checkSchema(t testing.TB, schema *jsonschema.Schema, shown []byte) {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(shown))
	if err != nil {
		t.Fatal(err)
	}
	if err := schema.Validate(doc); err != nil {
		t.Error(err)
	}
}

// sarifFile is what readers of SARIF look at.
type sarifFile struct {
	Runs []struct {
		AutomationDetails struct{ ID string }
		Invocations       []struct {
			ExecutionSuccessful        bool
			ToolExecutionNotifications []struct{ Message struct{ Text string } }
		}
		Results []sarifResult
		Tool    struct {
			Driver struct {
				Rules []struct {
					ID                   string
					ShortDescription     struct{ Text string }
					HelpURI              string
					DefaultConfiguration struct{ Level string }
				}
			}
		}
	}
}

type sarifResult struct {
	RuleID              string
	RuleIndex           int
	Level               string
	BaselineState       string
	OccurrenceCount     int
	Message             struct{ Text string }
	PartialFingerprints map[string]string
	Properties          struct{ Rank int }
	Locations           []struct {
		PhysicalLocation struct {
			ArtifactLocation struct{ URI string }
			Region           struct{ StartLine, StartColumn int }
		}
	}
}

// place is the result's place in the repository.
func (r sarifResult) place() string {
	at := r.Locations[0].PhysicalLocation
	return fmt.Sprintf("%s:%d:%d", at.ArtifactLocation.URI, at.Region.StartLine, at.Region.StartColumn)
}

func readSARIF(t testing.TB, shown []byte) sarifFile {
	t.Helper()
	var file sarifFile
	if err := json.Unmarshal(shown, &file); err != nil {
		t.Fatal(err)
	}
	if len(file.Runs) != 1 || file.Runs[0].AutomationDetails.ID != "loggate/" {
		t.Fatalf("the runs are %+v", file.Runs)
	}
	return file
}

func TestSARIF(t *testing.T) {
	shown := shownIn(t, "sarif", sample(), checkout(t, "src/main/java/Shop.java", ".loggate.yml"))
	checkSchema(t, schemaOf(t, "sarif-schema-2.1.0.json"), shown)
	golden(t, "loggate.sarif", shown)
	run := readSARIF(t, shown).Runs[0]
	for _, result := range run.Results {
		if rule := run.Tool.Driver.Rules[result.RuleIndex]; rule.ID != result.RuleID || rule.HelpURI == "" || rule.ShortDescription.Text == "" {
			t.Errorf("the rule of %s is %+v", result.RuleID, rule)
		}
	}
}

func TestSARIFWithoutFindings(t *testing.T) {
	schema := schemaOf(t, "sarif-schema-2.1.0.json")
	for _, verdict := range []build.Verdict{build.Pass, build.Incomplete} {
		shown := shownIn(t, "sarif", &build.Report{Verdict: verdict}, report.Repository{})
		checkSchema(t, schema, shown)
		run := readSARIF(t, shown).Runs[0]
		if run.Results == nil || len(run.Results) != 0 {
			t.Errorf("%s: results are %v, want []", verdict, run.Results)
		}
		if run.Invocations[0].ExecutionSuccessful != (verdict == build.Pass) {
			t.Errorf("%s: the run's success is %v", verdict, run.Invocations[0].ExecutionSuccessful)
		}
	}
}

func TestSARIFPlacesEveryResult(t *testing.T) {
	repo := checkout(t, "src/a b%.c", "dir/x.c")
	repo.Strip = []*regexp.Regexp{regexp.MustCompile(`^/build/[^/]+/`)}
	configured := checkout(t, ".loggate.yml")
	nowhere := report.Repository{Strip: repo.Strip}
	for _, c := range []struct {
		file string
		repo report.Repository
		want string
	}{
		{"dir/x.c", repo, "dir/x.c:3:9"},
		{"./dir/../dir/x.c", repo, "dir/x.c:3:9"},
		{"/build/1/dir/x.c", repo, "dir/x.c:3:9"},
		{"src/a b%.c", repo, "src/a%20b%25.c:3:9"},
		{"dir", repo, "README.md:1:0"},
		{"missing.c", repo, "README.md:1:0"},
		{"/etc/passwd", repo, "README.md:1:0"},
		{"../../etc/passwd", repo, "README.md:1:0"},
		{"missing.c", configured, ".loggate.yml:1:0"},
		{"dir/x.c", nowhere, "dir/x.c:3:9"},
		{"a:b.c", nowhere, "README.md:1:0"},
		{"/build/1/missing.c", nowhere, "missing.c:3:9"},
		{"/usr/include/stdio.h", nowhere, "README.md:1:0"},
		{"../x.c", nowhere, "README.md:1:0"},
		{".", nowhere, "README.md:1:0"},
		{"", nowhere, "README.md:1:0"},
		{"<stdin>", nowhere, "README.md:1:0"},
		{"webpack://shop/a.js", nowhere, "README.md:1:0"},
		{`C:\src\a.c`, nowhere, "README.md:1:0"},
		{"a\u202eb.c", nowhere, "README.md:1:0"},
		{strings.Repeat("a/", 600), nowhere, "README.md:1:0"},
	} {
		r := sample()
		r.Builds = r.Builds[1:2]
		r.Builds[0].Findings = r.Builds[0].Findings[:1]
		r.Builds[0].Findings[0].File, r.Builds[0].Findings[0].FileLine = &c.file, ptr(3)
		result := readSARIF(t, shownIn(t, "sarif", r, c.repo)).Runs[0].Results[0]
		if got := result.place(); got != c.want {
			t.Errorf("%q is placed at %s, want %s", c.file, got, c.want)
		}
		if !strings.Contains(result.Message.Text, "line 6 of the log of api") {
			t.Errorf("the message doesn't say where in the log: %s", result.Message.Text)
		}
		if _, hash := result.PartialFingerprints["primaryLocationLineHash"]; hash == strings.HasSuffix(c.want, ":3:9") {
			t.Errorf("%q has the fingerprints %v", c.file, result.PartialFingerprints)
		}
	}
}

// TestSARIFOddNumbers gives what only a report of another program may have.
func TestSARIFOddNumbers(t *testing.T) {
	r := sample()
	f := &r.Builds[1].Findings[0]
	f.FileLine, f.Column, f.Count, f.Severity = ptr(-3), ptr(0), -1, "dire"
	shown := shownIn(t, "sarif", r, checkout(t, "src/main/java/Shop.java"))
	checkSchema(t, schemaOf(t, "sarif-schema-2.1.0.json"), shown)
	if got := readSARIF(t, shown).Runs[0].Results[0].place(); got != "src/main/java/Shop.java:1:0" {
		t.Errorf("it is placed at %s", got)
	}
}

func TestSARIFTellsAFindingOnce(t *testing.T) {
	r := sample()
	r.Builds[3].Findings[2].New = ptr(true) // not known in this build
	run := readSARIF(t, shownIn(t, "sarif", r, report.Repository{})).Runs[0]
	var got []string
	for _, result := range run.Results {
		got = append(got, fmt.Sprint(result.RuleID, " ", result.OccurrenceCount, " ", result.BaselineState))
	}
	want := []string{"maven.compile-error 4 new", "jest.failed-test 1 ", "maven.deprecated 8 new"}
	if !slices.Equal(got, want) {
		t.Errorf("results are %q, want %q", got, want)
	}
	if text := run.Results[0].Message.Text; !strings.Contains(text, "(line 6 of the log of api, and in 1 more build)") {
		t.Errorf("the message is %q", text)
	}
}

// TestSARIFFingerprints are the same in the next run, whatever the line, and
// differ where findings have nothing in common.
func TestSARIFFingerprints(t *testing.T) {
	unexplained := func(line int64, no int) *build.Report {
		r := &build.Report{Verdict: build.Fail}
		for _, name := range []string{"api", "web"} {
			b := passing(name, no, 0, 1000)
			b.Findings = []build.Finding{
				{Rank: 1, Rule: build.LastLines, Severity: build.Error, Fingerprint: "0123456789abcdef", Line: line, Message: "last lines"},
				{Rank: 2, Rule: "a.b", Severity: build.Error, Line: line, Message: "of " + name},
				{Rank: 3, Rule: "a.c", Severity: build.Error, Fingerprint: "from another program: " + name, Line: line},
			}
			r.Builds = append(r.Builds, b)
		}
		return r
	}
	prints := func(r *build.Report) []string {
		var all []string
		for _, result := range readSARIF(t, shownIn(t, "sarif", r, report.Repository{})).Runs[0].Results {
			all = append(all, result.PartialFingerprints["loggate/v1"])
		}
		return all
	}
	today, tomorrow := prints(unexplained(7, 1)), prints(unexplained(9, 2))
	if !slices.Equal(today, tomorrow) {
		t.Errorf("today they are %q, tomorrow %q", today, tomorrow)
	}
	slices.Sort(today)
	if len(slices.Compact(today)) != 6 {
		t.Errorf("they aren't 6 different ones: %q", today)
	}
}

func TestSARIFHoldsTheBestFindings(t *testing.T) {
	r := &build.Report{Verdict: build.Fail}
	for i := range 100 {
		b := passing(fmt.Sprint("b", i), 1, 0, 1000)
		for rank := 1; rank <= 60; rank++ {
			b.Findings = append(b.Findings, build.Finding{Rank: rank, Rule: "a.b", Severity: build.Error, Fingerprint: fmt.Sprint(i, "-", rank)})
		}
		b.FindingsDropped = 2
		r.Builds = append(r.Builds, b)
	}
	run := readSARIF(t, shownIn(t, "sarif", r, report.Repository{})).Runs[0]
	if len(run.Results) != 5000 {
		t.Fatalf("%d results", len(run.Results))
	}
	for i, result := range run.Results {
		if want := i/100 + 1; result.Properties.Rank != want {
			t.Fatalf("result %d has rank %d, want %d", i, result.Properties.Rank, want)
		}
	}
	notes := run.Invocations[0].ToolExecutionNotifications
	if len(notes) != 1 || notes[0].Message.Text != "1,200 findings left out" {
		t.Errorf("the notifications are %v", notes)
	}
}

// sarifLink is an embedded link of a plain text message, section 3.11.6 of
// the specification.
var sarifLink = regexp.MustCompile(`\[(?:[^\[\]\\]|\\[\[\]\\])*\]\([^)]*\)`)

// viewed is a plain text message as a viewer shows it.
func viewed(t testing.TB, text string) string {
	t.Helper()
	if link := sarifLink.FindString(text); link != "" {
		t.Errorf("the message has the link %s", link)
	}
	single := strings.NewReplacer("{{", "", "}}", "").Replace(text)
	if strings.ContainsAny(single, "{}") {
		t.Errorf("the message has a brace that isn't doubled: %s", text)
	}
	return strings.NewReplacer("{{", "{", "}}", "}").Replace(text)
}

func checkHostileSARIF(t *testing.T, shown []byte, c hostileText) {
	checkSchema(t, schemaOf(t, "sarif-schema-2.1.0.json"), shown)
	checkPrintable(t, shown)
	run := readSARIF(t, shown).Runs[0]
	if len(run.Results) != 1 {
		t.Fatalf("%d results", len(run.Results))
	}
	seen := strings.ReplaceAll(c.seen, "](", `]\(`)
	if text := viewed(t, run.Results[0].Message.Text); strings.Count(text, seen) < 2 {
		t.Errorf("%q is not twice in %q", seen, text)
	}
	if rule := run.Tool.Driver.Rules[0]; !strings.Contains(rule.ID, c.seen) {
		t.Errorf("the rule is %q", rule.ID)
	}
}

func checkPrintable(t testing.TB, shown []byte) {
	t.Helper()
	if found := unprintable.Find(shown); found != nil {
		t.Errorf("it has %q", found)
	}
}

// TestHugeTextInFormats shows that a line of any length is cut everywhere.
func TestHugeTextInFormats(t *testing.T) {
	huge := strings.Repeat("]]>\x00日", 1<<20)
	for _, f := range report.Formats() {
		if shown := shownIn(t, f.Name, tainted(huge), report.Repository{}); len(shown) > 250_000 {
			t.Errorf("%s has %d bytes", f.Name, len(shown))
		}
	}
}

// TestFormatsSayWhatFailed shows that a full disk isn't taken for success.
func TestFormatsSayWhatFailed(t *testing.T) {
	for _, f := range report.Formats() {
		err := f.Write(fullDisk{}, sample(), report.FormatOptions{})
		if err == nil || !strings.HasPrefix(err.Error(), "writing "+f.File+": ") {
			t.Errorf("%s: the error is %v", f.Name, err)
		}
	}
}

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, os.ErrDeadlineExceeded }
