package report_test

import (
	"net/url"
	"strings"
	"testing"
	"testing/fstest"

	"golang.org/x/net/html"

	"github.com/loggate/loggate/internal/report"
)

// pageElements are all elements that a page has, with the attributes that they have.
var pageElements = map[string]string{
	"html": "lang class", "head": "", "noscript": "", "meta": "charset http-equiv content name", "title": "", "style": "", "body": "", "div": "class id tabindex role aria-label",
	"main": "", "header": "class", "footer": "", "section": "class id aria-labelledby hidden", "h1": "", "h2": "id", "p": "class id role",
	"span": "class role aria-label", "strong": "", "code": "", "kbd": "", "br": "", "a": "class id href rel",
	"table": "role cellpadding", "thead": "role", "tbody": "role", "tr": "role class", "th": "role scope", "td": "role class data-before data-after",
	"ul": "class", "li": "class", "details": "class", "summary": "", "article": "class data-severity data-rank", "pre": "class role aria-label",
	"svg": "viewbox width height preserveaspectratio aria-hidden", "rect": "class x width height fill",
	"label": "class for", "select": "id", "output": "id for", "script": "type id data-build data-first",
	"input":  "id type placeholder autocomplete autocapitalize spellcheck aria-keyshortcuts aria-describedby",
	"button": "type id class hidden title aria-label aria-keyshortcuts aria-pressed data-severity",
}

func TestHostileTextInHTML(t *testing.T) {
	for _, c := range hostile {
		t.Run(c.name, func(t *testing.T) {
			r := tainted(c.text)
			files := fstest.MapFS{}
			for i, b := range r.Builds {
				b.Log.Path = ptr([]string{"logs/a.log", "logs/b.log", "logs/c.log"}[i])
				files[*b.Log.Path] = &fstest.MapFile{Data: []byte(c.text + "\n" + c.text)}
			}
			checkHTMLPage(t, page(t, r, files, report.Repository{}), c.seen)
		})
	}
}

func TestHostileLogPathInHTML(t *testing.T) {
	for _, c := range hostile {
		checkHTMLPage(t, page(t, tainted(c.text), fstest.MapFS{}, report.Repository{}), c.seen)
	}
}

// checkHTMLPage parses a page as a browser does.
func checkHTMLPage(t *testing.T, shown, seen string) {
	t.Helper()
	root, err := html.Parse(strings.NewReader(shown))
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	scripts := 0
	for n := range root.Descendants() {
		switch n.Type {
		case html.CommentNode:
			t.Errorf("a comment: %.100s", n.Data)
		case html.TextNode:
			if name := n.Parent.Data; name != "script" && name != "style" {
				text.WriteString(n.Data + " ")
			}
		case html.ElementNode:
			checkElement(t, n)
			if n.Data == "script" && attribute(n, "type") == "" {
				scripts++
			}
		}
	}
	if scripts != 1 {
		t.Errorf("%d scripts, want 1", scripts)
	}
	if found := unprintable.FindString(strings.ReplaceAll(text.String(), "\n", " ")); found != "" {
		t.Errorf("the text has %q", found)
	}
	if squeezed := strings.Join(strings.Fields(text.String()), " "); strings.Count(squeezed, seen) < 10 {
		t.Errorf("%q is seen %d times in:\n%s", seen, strings.Count(squeezed, seen), squeezed)
	}
}

func checkElement(t *testing.T, n *html.Node) {
	t.Helper()
	allowed, known := pageElements[n.Data]
	if !known {
		t.Errorf("an element %s", n.Data)
	}
	for _, a := range n.Attr {
		if !strings.Contains(" "+allowed+" ", " "+strings.ToLower(a.Key)+" ") {
			t.Errorf("an attribute %s of %s: %.100s", a.Key, n.Data, a.Val)
		}
	}
	if n.Data != "a" {
		return
	}
	href := attribute(n, "href")
	u, err := url.Parse(href)
	if err != nil {
		t.Fatalf("href %q: %v", href, err)
	}
	if href != "report.json" && !strings.HasPrefix(href, "#") && !strings.HasPrefix(href, "./logs/") || u.IsAbs() || u.Host != "" {
		t.Errorf("a link to %s", href)
	}
}

func attribute(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}
