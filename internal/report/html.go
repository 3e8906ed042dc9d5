package report

import (
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"

	"github.com/loggate/loggate/internal/build"
)

//go:embed html
var htmlFiles embed.FS

// htmlScripts are the parts of the page's one script, in order.
var htmlScripts = []string{"html/log.js", "html/viewer.js", "html/controls.js"}

// WriteHTML writes r as report.html: one page that loads nothing, with verdict,
// builds, causes, timeline and findings in plain HTML, and a viewer of the
// logs that its script makes of the log's lines in it. A log that can't be read
// in o.Files is left out and said to be. Memory is bounded, whatever the logs'
// size. Its errors are w's.
func WriteHTML(w io.Writer, r *build.Report, o FormatOptions) error {
	if err := writeHTML(w, r, o); err != nil {
		return fmt.Errorf("writing report.html: %w", err)
	}
	return nil
}

func writeHTML(w io.Writer, r *build.Report, o FormatOptions) error {
	tmpl, err := template.ParseFS(htmlFiles, "html/page.html.tmpl")
	if err != nil {
		return err
	}
	dress, err := newHTMLDress()
	if err != nil {
		return err
	}
	logs := planLogs(r, o.Files)
	page := newHTMLPage(r, logs, o.Repository)
	page.htmlDress = dress
	if err := tmpl.ExecuteTemplate(w, "head", page); err != nil {
		return err
	}
	packer := newLogPacker(w)
	for i := range logs {
		if err := packer.pack(i, o.Files, &logs[i]); err != nil {
			return err
		}
	}
	return tmpl.ExecuteTemplate(w, "tail", page)
}

// htmlDress is the page's style and script, and the policy that lets the
// browser use these two and nothing else.
type htmlDress struct {
	Style  template.CSS
	Script template.JS
	Policy template.HTMLAttr
}

func newHTMLDress() (htmlDress, error) {
	style, err := htmlFiles.ReadFile("html/page.css")
	if err != nil {
		return htmlDress{}, err
	}
	script := []byte("\"use strict\";\n")
	for _, name := range htmlScripts {
		text, err := htmlFiles.ReadFile(name)
		if err != nil {
			return htmlDress{}, err
		}
		script = append(append(script, '\n'), text...)
	}
	policy := fmt.Sprintf("default-src 'none'; script-src 'sha256-%s'; style-src 'sha256-%s'; base-uri 'none'; form-action 'none'",
		hashOf(script), hashOf(style))
	// Own text without a quotation mark: nothing of a log is in it.
	return htmlDress{template.CSS(style), template.JS(script), template.HTMLAttr(`content="` + policy + `"`)}, nil
}

func hashOf(text []byte) string {
	sum := sha256.Sum256(text)
	return base64.StdEncoding.EncodeToString(sum[:])
}
