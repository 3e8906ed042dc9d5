package report_test

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/loggate/loggate/internal/build"
	"github.com/loggate/loggate/internal/report"
)

// page is report.html of r with the logs of files.
func page(t testing.TB, r *build.Report, files fs.FS, repo report.Repository) string {
	t.Helper()
	var out bytes.Buffer
	if err := report.WriteHTML(&out, r, report.FormatOptions{Repository: repo, Files: files}); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// block is a data block of a page; its groups are the build's index, the first
// line's number and the packed lines.
var block = regexp.MustCompile(`<script type="application/gzip" data-build="(\d+)" data-first="(\d+)">([A-Za-z0-9+/=]*)</script>\n`)

// held is what a page holds of the log of a build, with each block's first
// line's number before it.
func held(t testing.TB, page string, index int) map[string][]string {
	t.Helper()
	blocks := map[string][]string{}
	for _, m := range block.FindAllStringSubmatch(page, -1) {
		if m[1] == fmt.Sprint(index) {
			blocks[m[2]] = strings.Split(unpacked(t, m[3]), "\n")
		}
	}
	return blocks
}

func unpacked(t testing.TB, packed string) string {
	t.Helper()
	zip, err := gzip.NewReader(base64.NewDecoder(base64.StdEncoding, strings.NewReader(packed)))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(zip)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// sampleLogs are the logs of sample's builds, but for one.
func sampleLogs() fstest.MapFS {
	maven := "cd /build\r\n[INFO] Compiling\n\n[WARNING] uses deprecated API\n[INFO] Compiling 12 source files\n" +
		"[ERROR] /build/src/main/java/Shop.java:[23,9] cannot find symbol\n[ERROR]   symbol: class Basket | Cart\n[INFO] BUILD FAILURE\nFinished: FAILURE"
	return fstest.MapFS{
		"logs/api.log":    {Data: []byte(maven)},
		"logs/worker.log": {Data: []byte(maven)},
		"logs/docs.log":   {Data: []byte("\x1b[32m✓\x1b[0m done\n")},
		"logs/网站.log":     {Data: nil},
	}
}

func TestHTML(t *testing.T) {
	shown := page(t, sample(), sampleLogs(), report.Repository{})
	shown = regexp.MustCompile(`(?s)<style>.*</style>`).ReplaceAllString(shown, "<style>…</style>")
	shown = regexp.MustCompile(`(?s)<script>.*</script>`).ReplaceAllString(shown, "<script>…</script>")
	shown = regexp.MustCompile(`sha256-[A-Za-z0-9+/=]*`).ReplaceAllString(shown, "sha256-…")
	shown = block.ReplaceAllStringFunc(shown, func(s string) string {
		m := block.FindStringSubmatch(s)
		return fmt.Sprintf("(build %s from line %s)\n%q\n", m[1], m[2], unpacked(t, m[3]))
	})
	golden(t, "report.html", []byte(shown))
}

func TestEmptyHTML(t *testing.T) {
	if shown := page(t, &build.Report{Verdict: build.Pass}, nil, report.Repository{}); !strings.Contains(shown, `<span class="tally">0 builds, none failed`) {
		t.Errorf("no verdict in:\n%s", shown)
	}
}

// The browser runs the page's script and uses its style only if the policy
// has their hashes.
func TestHTMLPolicy(t *testing.T) {
	shown := page(t, sample(), nil, report.Repository{})
	for _, name := range []string{"style", "script"} {
		m := regexp.MustCompile(`(?s)<`+name+`>(.*?)</`+name+`>`).FindAllStringSubmatch(shown, -1)
		if len(m) != 1 {
			t.Fatalf("%d elements %s without a type, want 1", len(m), name)
		}
		sum := sha256.Sum256([]byte(m[0][1]))
		if want := name + "-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"; !strings.Contains(shown, want) {
			t.Errorf("the policy lacks %s", want)
		}
	}
	if found := regexp.MustCompile(`<[^>]*\s(?:style|on\w+)=`).FindString(shown[:strings.Index(shown, "<style>")] + shown[strings.Index(shown, "</style>"):strings.Index(shown, "<script>")]); found != "" {
		t.Errorf("an inline style or handler: %s", found)
	}
}

func TestHTMLLinksFiles(t *testing.T) {
	const file = "src/main/java/Shop.java"
	r := sample()
	root := t.TempDir()
	if err := os.MkdirAll(filepath.Join(root, filepath.Dir(file)), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, file), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	repo := report.Repository{Root: root, URL: "https://github.com/acme/shop", Commit: "0a1b"}
	if shown, want := page(t, r, nil, repo), `<a href="https://github.com/acme/shop/blob/0a1b/`+file+`#L23"`; !strings.Contains(shown, want) {
		t.Errorf("no %s", want)
	}
	repo.URL = "javascript:alert(1)//"
	if shown := page(t, r, nil, repo); strings.Contains(shown, "javascript:") || strings.Contains(shown, "ZgotmplZ") {
		t.Error("a link to a script")
	}
}
