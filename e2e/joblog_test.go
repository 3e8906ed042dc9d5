package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/loggate/loggate/internal/build"
	"github.com/loggate/loggate/internal/simulator"
)

// hostileLines try to be read as a command by a CI system or a terminal.
var hostileLines = []string{
	"::error::owned-by-the-log", "::set-output name=verdict::pass", "::add-mask::loggate", "##[group]owned", "##[endgroup]", "##[error]owned",
	"\r::warning::owned-after-cr", "\x1b]0;owned-title\x07\x1b[2J", "\x1b[31m::error::owned-in-colour", "%0A::error::owned-encoded",
	"::endgroup::", "::stop-commands::owned", "section_end:1:loggate_x_1\r\x1b[0K", "\x1b[0Ksection_start:1:owned\r\x1b[0Kowned",
	"\u202eowned\u2066", "orders/orders.go:12:9: undefined: ::error::owned%0A::error::owned", "<script>alert(1)</script>", "`rm -rf $HOME`",
	"[owned](https://example.com/owned) | owned |",
}

// hostile is a failed build whose log has all of them, with CodeArts' prefix and without.
func hostile() simulator.Build {
	log := codearts("INFO", append([]string{"[Go构建:official_shell_go] : 该步骤开始执行"}, hostileLines...)...) + strings.Join(hostileLines, "\n") + "\n" +
		codearts("INFO", "Finished: FAILURE")
	b := failed("hostile", log)
	b.Branch, b.Result = "main\n::error::owned-by-the-branch", "FAILURE\n::error::owned-by-the-word"
	b.Stages = []simulator.Stage{{Name: "Go构建\r\n::error::owned-by-the-stage", Execution: "official_shell_go", Status: "FAILURE"}}
	return b
}

// runner reads a job's output as GitHub's runner does. It returns the commands
// that it would carry out, "name:text", and the other lines among which it
// would have carried commands out.
func runner(t *testing.T, output string) (commands, watched []string) {
	t.Helper()
	stopped := ""
	command := regexp.MustCompile(`^\s*::([a-zA-Z-]+)(?: [^:]*)?::(.*)$|##\[([a-z]+)[^\]]*\](.*)$`)
	resume := regexp.MustCompile(`^\s*::([0-9A-Za-z-]+)::\s*$`)
	for line := range strings.FieldsFuncSeq(output, func(r rune) bool { return r == '\n' || r == '\r' }) {
		if stopped != "" {
			if m := resume.FindStringSubmatch(line); m != nil && m[1] == stopped {
				stopped = ""
			}
			continue
		}
		m := command.FindStringSubmatch(line)
		if m == nil {
			watched = append(watched, line)
			continue
		}
		if m[1] == "stop-commands" {
			stopped = m[2]
			if len(stopped) < 20 {
				t.Errorf("the token %q can be guessed", stopped)
			}
			continue
		}
		commands = append(commands, m[1]+m[3]+":"+m[2]+m[4])
	}
	if stopped != "" {
		t.Error("the runner reads no commands any more")
	}
	return commands, watched
}

func TestGitHubReadsNoCommandOfALog(t *testing.T) {
	for _, print := range []string{"none", "failed", "all"} {
		t.Run(print, func(t *testing.T) {
			t.Parallel()
			server := serveBuilds(t, hostile())
			in := against(server, []simulator.Build{hostile()}, "--print-log", print, "--log-level", "debug")
			in.env = append(in.env, "GITHUB_ACTIONS=true")
			r := run(t, in)
			r.expectCode(t, build.ExitFail)
			said, watched := runner(t, r.stdout)
			if len(watched) > 0 {
				t.Errorf("printed while the runner reads commands: %q", watched)
			}
			saidOnStderr, _ := runner(t, r.stderr)
			groups, depth := 0, 0
			for _, command := range append(said, saidOnStderr...) {
				name, text, _ := strings.Cut(command, ":")
				switch name {
				case "group":
					groups, depth = groups+1, depth+1
					continue
				case "endgroup":
					depth--
					continue
				case "error", "warning", "notice": // annotations of loggate's own
					if regexp.MustCompile(`^owned|%0A::|\x1b|\r`).MatchString(text) {
						t.Errorf("an annotation by the log: %q", command)
					}
					continue
				case "add-mask":
					if text == accessKey || text == secretKey {
						continue
					}
				}
				t.Errorf("a command by the log: %q", command)
			}
			if want := map[string]int{"none": 0, "failed": 1, "all": 0}[print]; groups != want || depth != 0 {
				t.Errorf("%d groups, %d left open, want %d:\n%s", groups, depth, want, r.stdout)
			}
			if strings.ContainsAny(r.stdout+r.stderr, "\x1b\x07\r\u202e") {
				t.Error("control characters of the log reach the terminal")
			}
			log, _ := unmasked(r.stdout)
			if shown := strings.Contains(log, "add-mask"); shown != (print != "none") {
				t.Errorf("with print-log %s, the log is shown: %v", print, shown)
			}
		})
	}
}

// The runner of the test would see a log's command, if there were one.
func TestRunnerOfTheTestReadsCommands(t *testing.T) {
	const token = "abcdefghijklmnopqrstu"
	commands, watched := runner(t, "a\n ::error file=x::bad\n::stop-commands::"+token+"\nb\n::error::not\n::"+token+"::\nx ##[group]y\n")
	if got := strings.Join(append(commands, watched...), " "); got != "error:bad group:y a" {
		t.Errorf("got %s", got)
	}
}

// What later steps read: GITHUB_OUTPUT, GITHUB_STEP_SUMMARY, loggate.env.
func TestOutputsArrive(t *testing.T) {
	t.Parallel()
	builds := []simulator.Build{newBuild("api", goodLog), failed("web", badLog), hostile()}
	server := serveBuilds(t, builds...)
	dir := t.TempDir()
	output, summary := write(t, dir, "output", "earlier=kept\n"), write(t, dir, "summary", "# earlier\n")
	in := against(server, builds, "--output-dir", "out/of run")
	in.dir = dir
	in.env = append(in.env, "GITHUB_ACTIONS=true", "GITHUB_OUTPUT="+output, "GITHUB_STEP_SUMMARY="+summary)
	r := run(t, in)
	r.expectCode(t, build.ExitFail)

	values := map[string]string{}
	for line := range strings.Lines(r.read(t, "output")) {
		name, value, found := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
		if !found || values[name] != "" {
			t.Errorf("the line %q is no output, or one given twice", line)
		}
		values[name] = value
	}
	rep := decode(t, r.read(t, "out/of run/report.json"))
	want := map[string]string{
		"earlier": "kept", "verdict": "fail", "failed-builds": `["web","hostile"]`, "error-count": fmt.Sprint(rep.Counts().Error),
		"warning-count": fmt.Sprint(rep.Counts().Warning), "root-cause": "undefined: totl", "output-dir": "out/of run", "report": "out/of run/report.json",
	}
	for name, value := range want {
		if values[name] != value {
			t.Errorf("%s is %q, want %q", name, values[name], value)
		}
	}
	if len(values) != len(want) {
		t.Errorf("outputs are %v", values)
	}
	expectText(t, "the summary", r.read(t, "summary"), "# earlier\n", "undefined: totl", "2 of 3 builds failed")
	expectText(t, "stdout", r.stdout, "::error", "undefined: totl")

	env := r.read(t, "out/of run/loggate.env")
	keys := regexp.MustCompile(`^LOGGATE_RESULT_(VERDICT|FAILED_BUILDS|ERROR_COUNT|WARNING_COUNT|ROOT_CAUSE|OUTPUT_DIR|REPORT)=([^"'\x00-\x1f].*)?$`)
	if len(env) > 4096 || strings.Count(env, "\n") != 7 {
		t.Errorf("loggate.env has %d bytes:\n%s", len(env), env)
	}
	for line := range strings.Lines(env) {
		if !keys.MatchString(strings.TrimSuffix(line, "\n")) {
			t.Errorf("loggate.env has the line %q", line)
		}
	}
	expectText(t, "loggate.env", env, "VERDICT=fail\n", "FAILED_BUILDS=web,hostile\n", "ROOT_CAUSE=undefined: totl\n", "REPORT=out/of run/report.json\n")
}

func TestSummaryIsWrittenWhenAskedFor(t *testing.T) {
	t.Parallel()
	good, bad := newBuild("api", goodLog), failed("web", badLog)
	server := serveBuilds(t, good, bad)
	for _, test := range []struct {
		when    string
		of      simulator.Build
		written bool
	}{{"always", good, true}, {"failed", good, false}, {"failed", bad, true}, {"never", bad, false}} {
		in := against(server, []simulator.Build{test.of}, "--summary", test.when)
		in.dir = t.TempDir()
		in.env = append(in.env, "GITHUB_STEP_SUMMARY="+filepath.Join(in.dir, "summary"))
		run(t, in)
		_, err := os.Stat(filepath.Join(in.dir, "summary"))
		if written := err == nil; written != test.written {
			t.Errorf("summary %s of %s: written %v", test.when, test.of.Name, written)
		}
	}
}

func TestGitLabSectionsOpenAndClose(t *testing.T) {
	t.Parallel()
	builds := []simulator.Build{failed("web", badLog), hostile(), newBuild("api", goodLog)}
	server := serveBuilds(t, builds...)
	in := against(server, builds)
	in.env = append(in.env, "GITLAB_CI=true")
	r := run(t, in)
	r.expectCode(t, build.ExitFail)
	var open []string
	sections := 0
	mark := regexp.MustCompile(`^section_(start|end):[0-9]+:([0-9a-z_]+)(\[collapsed=true\])?\r\x1b\[0K`)
	for line := range strings.Lines(r.stdout) {
		m := mark.FindStringSubmatch(line)
		switch {
		case m == nil && strings.ContainsAny(line, "\r\x1b"):
			t.Errorf("control characters of the log: %q", line)
		case m == nil:
		case m[1] == "start":
			sections, open = sections+1, append(open, m[2])
		case len(open) == 0 || open[len(open)-1] != m[2]:
			t.Errorf("%q closes what isn't open: %v", line, open)
		default:
			open = open[:len(open)-1]
		}
	}
	if sections != 2 || len(open) != 0 {
		t.Errorf("%d sections, open are %v:\n%s", sections, open, r.stdout)
	}
	if strings.Contains(r.stdout, "\n::") {
		t.Errorf("GitHub's commands on GitLab:\n%s", r.stdout)
	}
}

func TestPlainJobLog(t *testing.T) {
	t.Parallel()
	builds := []simulator.Build{failed("web", badLog), hostile(), newBuild("api", goodLog)}
	server := serveBuilds(t, builds...)
	r := run(t, against(server, builds))
	r.expectCode(t, build.ExitFail)
	if strings.ContainsAny(r.stdout+r.stderr, "\x1b\x07\r\u202e") {
		t.Error("control characters of the log are printed")
	}
	expectText(t, "stdout", r.stdout, "==> web #7: stage Go构建", "orders/orders.go:12:9: undefined: totl", "==> hostile #7", "FAIL: 2 of 3 builds failed")
	if strings.Contains(r.stdout, "==> api") {
		t.Error("the log of a build that passed is printed")
	}
}
