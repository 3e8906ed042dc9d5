package config

import (
	"bytes"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

// parseFlags has kong fill flags from arguments, as internal/cli does.
func parseFlags(t *testing.T, flags any, args ...string) {
	t.Helper()
	parser, err := kong.New(flags, kong.Vars(HelpVars()), kong.Name("loggate"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parser.Parse(args); err != nil {
		t.Fatalf("kong refuses %q: %v", args, err)
	}
}

func TestEveryInputHasItsFlag(t *testing.T) {
	var flags Flags
	for _, in := range Inputs() {
		parseFlags(t, &flags, "--"+in.Name+"=given")
		if givenFlags(&flags)[in.Name] != "given" {
			t.Errorf("--%s does not reach its input", in.Name)
		}
	}
	inputs := append(flagsOnly(), names(Inputs())...)
	for name := range givenFlags(&flags) {
		if !slices.Contains(inputs, name) {
			t.Errorf("--%s is neither an input nor a flag without one", name)
		}
	}
}

func TestScanHasTheFlagsOfItsInputs(t *testing.T) {
	var shared []string
	for _, field := range reflect.VisibleFields(reflect.TypeFor[SharedFlags]()) {
		if name := field.Tag.Get("name"); !slices.Contains(flagsOnly(), name) {
			shared = append(shared, name)
		}
	}
	inputs := names(scanInputs())
	slices.Sort(shared)
	slices.Sort(inputs)
	if !slices.Equal(shared, inputs) {
		t.Errorf("the flags are %v, the inputs %v", shared, inputs)
	}
}

func TestHelpSaysEveryMeaningAndDefault(t *testing.T) {
	var out bytes.Buffer
	parser, err := kong.New(&Flags{}, kong.Vars(HelpVars()), kong.Writers(&out, &out), kong.Exit(func(int) {}), kong.Name("loggate"))
	if err != nil {
		t.Fatal(err)
	}
	parser.Parse([]string{"--help"})
	help := strings.Join(strings.Fields(out.String()), " ")
	for _, in := range Inputs() {
		if !strings.Contains(help, strings.Join(strings.Fields(in.Meaning), " ")) {
			t.Errorf("--help does not say of %s: %s", in.Name, in.Meaning)
		}
	}
	if !strings.Contains(help, "Default: 60m.") {
		t.Error("--help does not say the timeout's default")
	}
}

// The table has the rows of DESIGN section 2, in their order.
func TestInputsAreDesigns(t *testing.T) {
	want := []string{"builds", "region", "endpoint", "access-key", "secret-key", "security-token", "auth-token",
		"oidc-provider", "oidc-audience", "id-token", "iam-endpoint", "project-id", "config", "wait", "timeout", "concurrency",
		"rate-limit", "source", "fail-on", "output-dir", "formats", "print-log", "annotations", "summary", "baseline", "new-only",
		"log-level", "redact"}
	if got := names(Inputs()); !slices.Equal(got, want) {
		t.Errorf("the inputs are %v", got)
	}
	for _, in := range Inputs() {
		if in.Meaning == "" || strings.Contains(in.Meaning, "\n") || strings.Contains(in.Meaning, "$") {
			t.Errorf("the meaning of %s is not one line that kong takes: %q", in.Name, in.Meaning)
		}
	}
}

func TestNearest(t *testing.T) {
	known := names(Inputs())
	for wrong, want := range map[string]string{
		"buids": "builds", "acces-key": "access-key", "output": "output-dir", "timout": "timeout",
		"loglevel": "log-level", "format": "formats", "fail_on": "fail-on",
	} {
		if got := Nearest(wrong, known); got != want {
			t.Errorf("Nearest(%q) = %q, not %q", wrong, got, want)
		}
	}
	if got := Nearest("x", nil); got != "" {
		t.Errorf("Nearest among nothing = %q", got)
	}
	if got := Nearest(strings.Repeat("x", 1<<20), known); got == "" {
		t.Error("Nearest finds nothing for a long word")
	}
}

func TestNewEnvironment(t *testing.T) {
	got := NewEnvironment([]string{"A=1", "B=x=y", "C=", "=C:=hidden", "nothing", "A=2"})
	want := Environment{"A": "2", "B": "x=y", "C": ""}
	if !maps.Equal(got, want) {
		t.Errorf("got %v", got)
	}
}

func names(inputs []Input) []string {
	var all []string
	for _, in := range inputs {
		all = append(all, in.Name)
	}
	return all
}

// write makes a file in dir for a test.
func write(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(inDir(dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
