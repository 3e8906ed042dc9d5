package e2e

import (
	"os"
	"path/filepath"
	"testing"
)

// matchers are the problem matchers that internal/rules is tested with.
const matchers = "../internal/rules/testdata/matchers"

// matcherFile is the path of one of them, for any working directory.
func matcherFile(t *testing.T, name string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join(matchers, name))
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// TestImportedRulesAreUsed takes the way of a user: import, test, scan with a config.
func TestImportedRulesAreUsed(t *testing.T) {
	imported := run(t, invocation{args: []string{"rules", "import", matcherFile(t, "eslint-stylish.json"), matcherFile(t, "gcc.json")}})
	imported.expectCode(t, 0)
	dir := imported.dir
	write(t, dir, "rules.yml", imported.stdout)
	tested := run(t, invocation{dir: dir, args: []string{"rules", "test", "rules.yml"}})
	tested.expectCode(t, 0)
	expectText(t, "stdout", tested.stdout, "4 rules, 0 examples")

	write(t, dir, ".loggate.yml", "version: 1\n"+imported.stdout)
	log, err := os.ReadFile(matcherFile(t, "eslint-stylish.log"))
	if err != nil {
		t.Fatal(err)
	}
	write(t, dir, "lint.log", string(log))
	scanned := run(t, invocation{dir: dir, args: []string{"scan", "--format", "json", "lint.log"}})
	scanned.expectCode(t, 1)
	expectText(t, "report", scanned.stdout, "matcher.eslint-stylish.error", `"/src/a.js"`)
}

// TestImportOfWhatNoRuleCanDo wants a line for each matcher, and no part of the rules.
func TestImportOfWhatNoRuleCanDo(t *testing.T) {
	refused := run(t, invocation{args: []string{
		"rules", "import", matcherFile(t, "gcc.json"), matcherFile(t, "csc.json"), matcherFile(t, "gcc.json"),
	}})
	refused.expectCode(t, 2)
	if refused.stdout != "" {
		t.Errorf("printed %q", refused.stdout)
	}
	expectText(t, "stderr", refused.stderr,
		`csc.json: matcher "csc": pattern 1: the group (?<!…) can't be expressed in RE2`+"\n",
		"gcc.json: the rule matcher.gcc.error is in")
}
