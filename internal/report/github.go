package report

import (
	"bytes"
	"fmt"
	"io"
	"os"

	"github.com/sethvargo/go-githubactions"

	"github.com/loggate/loggate/internal/build"
)

// GitHub writes the files that GitHub's runner reads after a step. Where the
// environment names no such file (anywhere but in a step) it writes nothing.
type GitHub struct {
	env    map[string]string
	action *githubactions.Action
}

// NewGitHub finds the runner's files in env: GITHUB_OUTPUT, GITHUB_STEP_SUMMARY.
func NewGitHub(env map[string]string) *GitHub {
	getenv := func(key string) string { return env[key] }
	return &GitHub{env: env, action: githubactions.New(githubactions.WithGetenv(getenv), githubactions.WithWriter(io.Discard))}
}

// WriteOutputs appends o to GITHUB_OUTPUT. Each value is one line, so the form
// name=value does: the library's SetOutput would mark a value's end by a word
// that everyone knows and a log can hold.
func (g *GitHub) WriteOutputs(o Outputs) error {
	if g.env["GITHUB_OUTPUT"] == "" {
		return nil
	}
	values, err := o.github()
	if err != nil {
		return err
	}
	var lines bytes.Buffer
	for i, v := range values {
		if i > 0 {
			lines.WriteByte('\n')
		}
		lines.WriteString(v.name + "=" + build.Printable(v.value, 0))
	}
	return issue(func() {
		g.action.IssueFileCommand(&githubactions.Command{Name: "output", Message: lines.String()})
	})
}

// WriteSummary appends r's summary to GITHUB_STEP_SUMMARY, within what is left
// there of GitHub's limit.
func (g *GitHub) WriteSummary(r *build.Report, o SummaryOptions) error {
	path := g.env["GITHUB_STEP_SUMMARY"]
	if path == "" {
		return nil
	}
	limit := int64(SummaryLimit)
	if info, err := os.Stat(path); err == nil {
		limit -= info.Size()
	}
	limit -= 2 // the newlines before and after
	if limit <= 0 {
		return nil
	}
	o.Limit = limit
	var text bytes.Buffer
	if err := WriteSummary(&text, r, o); err != nil {
		return err
	}
	return issue(func() { g.action.AddStepSummary("\n" + text.String()) })
}

// issue runs a call of githubactions, which panics where it can't write.
func issue(call func()) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("telling GitHub: %v", p)
		}
	}()
	call()
	return nil
}
