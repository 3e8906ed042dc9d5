package scan

import (
	"regexp"
	"strings"

	"github.com/loggate/loggate/internal/build"
)

// CodeArts Build's marks, in Chinese and English.
var (
	codeArtsMark = regexp.MustCompile(`^\[(.*):([^\[\]:]*)\] ?: ?(.{1,80})$`)
	codeArtsDone = regexp.MustCompile(`^该步骤执行(?:完成|成功)|^(?i:(?:the )?step (?:is |was |has been )?(?:executed|run|completed|finished|execution (?:completed|succeeded))(?: successfully)?\.?$)`)
	codeArtsRun  = regexp.MustCompile(`^该步骤开始执行|^(?i:(?:the )?step (?:starts|started|begins|is starting|execution (?:starts|started))(?: (?:to (?:run|execute)|running|executing|execution))?\.{0,3}$)`)
	codeArtsFail = regexp.MustCompile(`^该步骤执行失败(?:[,，] ?exit code: ?(\d{1,10}))?|^(?i:(?:the )?step (?:execution )?(?:failed|fails)(?:[,:] ?exit code: ?(\d{1,10}))?)`)
)

// Marks of other systems.
var (
	gitHubStep     = regexp.MustCompile(`^##\[group\](Run .+)$`)
	gitHubExit     = regexp.MustCompile(`^##\[error\](?:Process completed with exit code (\d+)\.|(?:Bash|Cmd\.exe|PowerShell) exited with code '(\d+)'\.)`)
	azureStep      = regexp.MustCompile(`^##\[section\]Starting: (.+)`)
	gitHubStopped  = regexp.MustCompile(`^##\[error\]The (?:action '.*' has timed out|operation was canceled|runner has received a shutdown signal)`)
	travisCommand  = regexp.MustCompile(`^The command "(.*)" (?:exited with|failed and exited with) (\d+)`)
	travisEnd      = regexp.MustCompile(`^" (?:failed and )?exited with (\d+)`) // of a command of several lines
	gitLabStart    = regexp.MustCompile(`section_start:\d+:([\w.-]+)`)
	gitLabEnd      = regexp.MustCompile(`section_end:\d+:([\w.-]+)`)
	gitLabFailed   = regexp.MustCompile(`^ERROR: Job failed(?:: exit (?:code|status) (\d+))?`)
	jenkinsStage   = regexp.MustCompile(`^\[Pipeline\] \{ \((.+)\)$`)
	jenkinsEnd     = regexp.MustCompile(`^\[Pipeline\] // stage$`)
	jenkinsSkipped = regexp.MustCompile(`^Stage ".*" skipped due to earlier failure`)
)

// codeArts reads a mark of CodeArts Build.
func (t *tracker) codeArts(no int64, text string) bool {
	if text[0] != '[' || !strings.Contains(text, "] :") && !strings.Contains(text, "]:") {
		return false
	}
	mark := codeArtsMark.FindStringSubmatch(text)
	if mark == nil {
		return false
	}
	name, says := mark[1], mark[3]
	if name == "" {
		name = mark[2]
	}
	switch {
	case codeArtsRun.MatchString(says):
		t.start(no, name)
	case codeArtsDone.MatchString(says):
		t.end(no, name, build.Success)
	default:
		failed := codeArtsFail.FindStringSubmatch(says)
		if failed == nil {
			return false
		}
		t.end(no, name, build.Failure)
		t.exit(failed[1] + failed[2])
	}
	return true
}

// others reads the marks of other systems.
func (t *tracker) others(no int64, text string) {
	switch text[0] {
	case '#':
		t.gitHub(no, text)
	case 'T':
		if !strings.HasPrefix(text, "The command ") {
			return
		}
		if m := travisCommand.FindStringSubmatch(text); m != nil {
			t.endCommand(no, m[1], m[2])
		}
	case 's':
		t.gitLab(no, text)
	case 't':
		if strings.Contains(text, "travis_time:start:") {
			t.travis(no, text)
		}
	case '"':
		if m := travisEnd.FindStringSubmatch(text); m != nil && t.commands {
			t.endCommand(no, "", m[1])
		}
	case '$':
		if t.commands && t.open >= 0 && t.list[t.open].name == "" {
			t.list[t.open].name = build.Printable(strings.TrimPrefix(text, "$ "), maxStageName)
		}
	case 'E':
		if !strings.HasPrefix(text, "ERROR: Job ") {
			return
		}
		if m := gitLabFailed.FindStringSubmatch(text); m != nil {
			t.failScript()
			t.exit(m[1])
		}
	case '[':
		if !strings.HasPrefix(text, "[Pipeline] ") {
			return
		}
		if m := jenkinsStage.FindStringSubmatch(text); m != nil {
			t.start(no, m[1])
		} else if jenkinsEnd.MatchString(text) {
			t.end(no, "", "")
		}
	case 'S':
		if strings.HasPrefix(text, "Stage ") && jenkinsSkipped.MatchString(text) && t.failing() < 0 && len(t.list) > 1 {
			t.list[len(t.list)-2].status = build.Failure // the one before the skipped one
		}
	case 'P':
		if t.steps && text == "Post job cleanup." {
			if t.open >= 0 && t.list[t.open].status == "" && t.errorLine > 0 && t.endsInError() {
				t.fail()
			}
			t.startStep(no, text)
		}
	}
}

// gitHub reads a mark of GitHub Actions or Azure Pipelines. A step begins where the next one does,
// and has succeeded unless it says otherwise in its last line.
func (t *tracker) gitHub(no int64, text string) {
	if m := gitHubStep.FindStringSubmatch(text); m != nil {
		t.startStep(no, m[1])
		return
	}
	if m := azureStep.FindStringSubmatch(text); m != nil {
		t.startStep(no, m[1])
		return
	}
	if strings.HasPrefix(text, "##[section]Finishing: ") {
		t.endStep(no)
		return
	}
	if strings.HasPrefix(text, "##[error]") {
		t.errorLine, t.errorShown = no, 0
	}
	if m := gitHubExit.FindStringSubmatch(text); m != nil {
		t.fail()
		t.exit(m[1] + m[2])
		if t.open >= 0 {
			t.list[t.open].script = true
			if m[1] != "" {
				t.end(no, "", build.Failure) // what follows is the runner's own; Azure Pipelines marks the end itself
			}
		}
	} else if gitHubStopped.MatchString(text) {
		t.fail()
	}
}

// endsInError says whether the last step before the clean-up ends with the message of an
// error. A step that failed is the last one, but for those that run always.
func (t *tracker) endsInError() bool {
	return !t.failed && t.errorLine >= t.list[t.open].first && t.errorShown <= mostErrorText
}

func (t *tracker) startStep(no int64, name string) {
	t.steps = true
	if len(t.list) == 0 && no > 1 && t.errorLine > 0 && t.errorLine == t.textLine {
		t.fail()
	}
	t.endStep(no - 1)
	t.start(no, name)
}

// endStep ends the open step of GitHub Actions.
func (t *tracker) endStep(no int64) {
	if t.open < 0 {
		return
	}
	step := &t.list[t.open]
	if step.status == "" {
		step.status = build.Success
		if t.errorLine > 0 && t.errorLine == t.textLine {
			step.status = build.Failure
		}
	}
	t.end(no, "", step.status)
}

// travis reads the mark at which Travis begins a command. The one before has
// succeeded unless Travis has said otherwise.
func (t *tracker) travis(no int64, text string) {
	if t.open >= 0 && t.list[t.open].status == "" {
		t.end(no-1, "", build.Success)
	}
	_, command, _ := strings.Cut(text, "$ ")
	t.start(no, command)
	t.commands = true
}

// endCommand ends the command that Travis ran, or, where no mark began it, all
// since the command before.
func (t *tracker) endCommand(no int64, command, exit string) {
	if t.open < 0 {
		t.start(t.unclaimed(), command)
	}
	if t.open >= 0 && t.list[t.open].name == "" {
		t.list[t.open].name = build.Printable(command, maxStageName)
	}
	if exit == "0" {
		t.end(no, "", build.Success)
		return
	}
	t.end(no, "", build.Failure)
	t.exit(exit)
}

func (t *tracker) gitLab(no int64, text string) {
	if m := gitLabEnd.FindStringSubmatch(text); m != nil {
		t.end(no, m[1], "")
	}
	if m := gitLabStart.FindStringSubmatch(text); m != nil {
		t.start(no, m[1])
	}
}

// failScript fails the section that ran the job's script.
func (t *tracker) failScript() {
	for i := len(t.list) - 1; i >= 0; i-- {
		if name := t.list[i].name; name == "step_script" || name == "build_script" {
			t.list[i].status = build.Failure
			return
		}
	}
	t.fail()
}
