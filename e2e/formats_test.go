package e2e

import (
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/loggate/loggate/internal/build"
	"github.com/loggate/loggate/internal/simulator"
)

// formatFiles are the files that the input formats chooses.
var formatFiles = []string{"report.html", "loggate.sarif", "junit.xml", "gl-code-quality-report.json"}

// Exactly the formats that are asked for are written, whole and summed, by a
// run as by a scan.
func TestFormatsAreWritten(t *testing.T) {
	t.Parallel()
	b := failed("api", badLog)
	server := serveBuilds(t, b)
	dir := t.TempDir()
	write(t, dir, "api.log", badLog)
	for _, test := range []struct {
		formats string
		want    []string
	}{
		{"none", nil},
		{"junit", formatFiles[2:3]},
		{"html,codequality,sarif,junit", formatFiles},
	} {
		for command, in := range map[string]invocation{
			"run":  against(server, []simulator.Build{b}, "--formats", test.formats),
			"scan": {args: []string{"scan", "--formats", test.formats, "--output-dir", "loggate-out", dir + "/api.log"}},
		} {
			r := run(t, in)
			r.expectCode(t, build.ExitFail)
			sums := r.read(t, "loggate-out/SHA256SUMS")
			for _, name := range formatFiles {
				there := slices.Contains(files(t, r.dir), "loggate-out/"+name)
				if want := slices.Contains(test.want, name); there != want || strings.Contains(sums, " "+name+"\n") != want {
					t.Errorf("%s with %s: is %s there? %v, and SHA256SUMS has\n%s", command, test.formats, name, there, sums)
				}
				if there {
					expectParses(t, name, r.read(t, "loggate-out/"+name))
				}
			}
		}
	}
}

// packedLog is a part of a log as report.html holds it.
var packedLog = regexp.MustCompile(`<script type="application/gzip"[^>]*>([A-Za-z0-9+/=]*)</script>`)

// packedLogs are the parts of logs in a page.
func packedLogs(t *testing.T, page string) []string {
	t.Helper()
	var parts []string
	for _, m := range packedLog.FindAllStringSubmatch(page, -1) {
		zip, err := gzip.NewReader(base64.NewDecoder(base64.StdEncoding, strings.NewReader(m[1])))
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(zip)
		if err != nil {
			t.Fatal(err)
		}
		parts = append(parts, string(text))
	}
	return parts
}

// expectParses wants a file to be whole, and to tell of something.
func expectParses(t *testing.T, name, text string) {
	t.Helper()
	var err error
	switch {
	case strings.HasSuffix(name, ".xml"):
		err = xml.Unmarshal([]byte(text), new(struct{ XMLName xml.Name }))
	case strings.HasSuffix(name, ".html"):
		if packed := packedLogs(t, text); len(packed) != 1 || packed[0] != strings.TrimSuffix(badLog, "\n") || !strings.HasSuffix(text, "</html>\n") {
			err = fmt.Errorf("the page isn't whole, or holds the logs %q", packed)
		}
	default:
		err = json.Unmarshal([]byte(text), new(any))
	}
	if err != nil {
		t.Errorf("%s: %v", name, err)
	}
	expectText(t, name, text, "undefined: totl")
}
