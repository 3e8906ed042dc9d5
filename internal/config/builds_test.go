package config

import (
	"fmt"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/loggate/loggate/internal/build"
)

func TestBuilds(t *testing.T) {
	a7, b8 := build.Ref{Name: "api", JobID: jobA, Number: 7}, build.Ref{Name: jobB, JobID: jobB, Number: 8}
	latest := build.Ref{Name: "web", JobID: jobB, Latest: true}
	dir := t.TempDir()
	write(t, dir, "list.txt", "\ufeff# nightly\r\napi="+jobA+":7\r\n"+jobB+":8\r\n")
	write(t, dir, "list.json", `# a comment
		[{"name": "api", "job_id": "`+jobA+`", "build_no": "7"}]`)
	for name, test := range map[string]struct {
		text string
		want []build.Ref
	}{
		"one":            {jobB + ":8", []build.Ref{b8}},
		"lines":          {"api=" + jobA + ":7\n" + jobB + ":8", []build.Ref{a7, b8}},
		"commas":         {"api=" + jobA + ":7," + jobB + ":8,", []build.Ref{a7, b8}},
		"blanks":         {"\n  api = " + jobA + ":7 ,\r\n\r\n\t" + jobB + ":8", []build.Ref{a7, b8}},
		"comments":       {"# all, of them\napi=" + jobA + ":7 # now, with feeling\n" + jobB + ":8#x", []build.Ref{a7, b8}},
		"latest":         {"web=" + jobB + ":latest", []build.Ref{latest}},
		"most":           {jobA + ":2147483647", []build.Ref{{Name: jobA, JobID: jobA, Number: 2147483647}}},
		"JSON":           {`[{"name":"api","job_id":"` + jobA + `","build_no":7},{"job_id":"` + jobB + `","build_no":"8","name":null}]`, []build.Ref{a7, b8}},
		"JSON latest":    {` [ {"name":" web ","job_id":"` + jobB + `","build_no":"latest"} ] `, []build.Ref{latest}},
		"JSON name with": {`[{"name":"C# [x]: 1","job_id":"` + jobB + `","build_no":8}]`, []build.Ref{{Name: "C# [x]: 1", JobID: jobB, Number: 8}}},
		"file":           {"@list.txt", []build.Ref{a7, b8}},
		"file, absolute": {"@" + dir + "/list.txt", []build.Ref{a7, b8}},
		"file of JSON":   {"@list.json", []build.Ref{a7}},
		"job twice": {jobA + ":1\n" + jobA + ":latest\nthird=" + jobA + ":3\n" + jobB + ":8", []build.Ref{
			{Name: jobA + "-1", JobID: jobA, Number: 1}, {Name: jobA + "-latest", JobID: jobA, Latest: true}, {Name: "third", JobID: jobA, Number: 3}, b8}},
		"long name": {strings.Repeat("ä", 100) + "=" + jobB + ":8", []build.Ref{{Name: strings.Repeat("ä", 100), JobID: jobB, Number: 8}}},
	} {
		t.Run(name, func(t *testing.T) {
			env := minimal()
			env["LOGGATE_BUILDS"] = test.text
			if got := resolve(t, env, dir).Builds; !reflect.DeepEqual(got, test.want) {
				t.Errorf("got  %v\nwant %v", got, test.want)
			}
		})
	}
}

// wrongBuilds are lists that must be refused, with the start of each line
// behind the source.
var wrongBuilds = []struct {
	text string
	want []string
}{
	{"# nothing", []string{` names no build; write JOB_ID:BUILD_NO, one per line`}},
	{",\n,", []string{` names no build`}},
	{jobA, []string{`="` + jobA + `" line 1 has no build number; add :BUILD_NO or :latest behind the job id`}},
	{jobA + ":", []string{`="` + jobA + `:" line 1 has no build number`}},
	{jobA + ":0", []string{`="` + jobA + `:0" line 1 has no build number from 1 to 2147483647; write digits only, or latest`}},
	{jobA + ":-1", []string{`="` + jobA + `:-1" line 1 has no build number from 1`}},
	{jobA + ":+1", []string{`="` + jobA + `:+1" line 1 has no build number from 1`}},
	{jobA + ":1.5", []string{`="` + jobA + `:1.5" line 1 has no build number from 1`}},
	{jobA + ":2147483648", []string{`="` + jobA + `:2147483648" line 1 has no build number from 1`}},
	{jobA + ":99999999999999999999", []string{`="` + jobA + `:99999999999999999999" line 1 has no build number from 1`}},
	{jobA + ":Latest", []string{`="` + jobA + `:Latest" line 1 has no build number from 1`}},
	{jobA + ":7:8", []string{`="` + jobA + `:7:8" line 1 has no build number from 1`}},
	{jobA + " :7", []string{`="` + jobA + ` :7" line 1 has no job id of 32 letters and digits; write [NAME=]JOB_ID:BUILD_NO; the job id is in`}},
	{jobA + "0:7", []string{`="` + jobA + `0:7" line 1 has no job id of 32 letters and digits`}},
	{jobA[1:] + "-:7", []string{`="` + jobA[1:] + `-:7" line 1 has no job id of 32`}},
	{jobA[1:] + "é:7", []string{`="` + jobA[1:] + `é:7" line 1 has no job id of 32`}},
	{"C#=" + jobA + ":7", []string{`="C" line 1 has no job id of 32`}},
	{"=" + jobA + ":7", []string{`="=` + jobA + `:7" line 1 has an empty name; give a name of 1 to 100 characters`}},
	{"a=b=" + jobA + ":7", []string{`="a=b=` + jobA + `:7" line 1 has = or a comma in its name`}},
	{"a\x07b=" + jobA + ":7", []string{`="a\ab=` + jobA + `:7" line 1 has a control character in its name`}},
	{strings.Repeat("n", 101) + "=" + jobA + ":7", []string{`="` + strings.Repeat("n", 79) + `…" line 1 has a name of more than 100 characters`}},
	{"a=" + jobA + ":7\nb=" + jobA + ":7", []string{`="b=` + jobA + `:7" line 2 is the same build as line 1; name each build once`}},
	{jobA + ":latest," + jobA + ":latest", []string{`="` + jobA + `:latest" line 1 is the same build as line 1`}},
	{"a=" + jobA + ":7\n\na=" + jobB + ":8", []string{`="a=` + jobB + `:8" line 3 has the name "a", as has line 1; give each build a name of its own`}},
	{jobA + ":7\n" + jobA + "=" + jobB + ":8", []string{`="` + jobA + `=` + jobB + `:8" line 2 has the name "` + jobA + `", as has line 1`}},
	{jobA + "-8=" + jobB + ":1\n" + jobA + ":8\n" + jobA + ":9", []string{`="` + jobA + `:8" line 2 has the name "` + jobA + `-8", as has line 1`}},
	{"x:1\ny:2", []string{`="x:1" line 1 has no job id`, `="y:2" line 2 has no job id`}},
	{jobA + ":1\n@more.txt", []string{`="@more.txt" line 2 has @FILE beside other entries; make @FILE the whole input`}},
	{"@nowhere.txt", []string{`="@nowhere.txt" names a file that can't be read: no such file or directory; write @FILE with a path`}},
	{"@", []string{`="@" names a file that can't be read: is a directory`}},
	{"@utf16.txt", []string{` is not UTF-8; save it as UTF-8`}},
	{"@large.txt", []string{`="@large.txt" names a file that can't be read: it is larger than 1048576 bytes`}},
	{"@nested.txt", []string{`="@list.txt" line 1 has @FILE beside other entries`}},
	{"\xff", []string{` is not UTF-8`}},

	{"[", []string{` is not a JSON array: unexpected EOF; write [{"name": "api", "job_id": "…", "build_no": 7}], or one build per line`}},
	{"[]", []string{` names no build`}},
	{"[] []", []string{` is not a JSON array: there is more after the array`}},
	{"[,]", []string{` is not a JSON array: invalid character ','`}},
	{`["` + jobA + `:7"]`, []string{`="\"` + jobA + `:7\"" item 1 is not an object; write {"job_id": "…", "build_no": 7}`}},
	{"[null]", []string{`="null" item 1 is not an object`}},
	{"[[]]", []string{`="[]" item 1 is not an object`}},
	{"[{}]", []string{`="{}" item 1 has no job id of 32 letters and digits`}},
	{`[{"job_id":"` + jobA + `"}]`, []string{`="{\"job_id\":\"` + jobA + `\"}" item 1 has no build number`}},
	{`[{"job_id":7,"build_no":7}]`, []string{`="{\"job_id\":7,\"build_no\":7}" item 1 has a wrong job_id; name and job_id are strings, build_no is a number or "latest"`}},
	{`[{"build_no":7.5}]`, []string{`="{\"build_no\":7.5}" item 1 has a wrong build_no`}},
	{`[{"build_no":true}]`, []string{`="{\"build_no\":true}" item 1 has a wrong build_no`}},
	{`[{"name":1}]`, []string{`="{\"name\":1}" item 1 has a wrong name`}},
	{`[{"job":"x"}]`, []string{`="{\"job\":\"x\"}" item 1 has the unknown key "job"; the nearest known one is job_id`}},
	{`[{"name":"","job_id":"` + jobA + `","build_no":1}]`, []string{` item 1 has an empty name`}},
	{`[{"name":"a,b","job_id":"` + jobA + `","build_no":1}]`, []string{` item 1 has = or a comma in its name`}},
	{`[{"name":"a\u0000b","job_id":"` + jobA + `","build_no":1}]`, []string{` item 1 has a control character in its name`}},
	{`[{"job_id":"` + jobA + `","build_no":0},{"x":1}]`, []string{` item 2 has the unknown key "x"`}},
}

func TestWrongBuilds(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "utf16.txt", "\xff\xfea\x00")
	write(t, dir, "large.txt", strings.Repeat("#", maxBuildsBytes+1))
	write(t, dir, "nested.txt", "@list.txt")
	for _, test := range wrongBuilds {
		t.Run(test.text, func(t *testing.T) {
			env := minimal()
			env["LOGGATE_BUILDS"] = test.text
			_, err := Resolve(Flags{}, env, dir)
			if err == nil {
				t.Fatal("it is taken")
			}
			lines := strings.Split(err.Error(), "\n")
			if len(lines) != len(test.want) {
				t.Fatalf("got %d lines, not %d:\n%v", len(lines), len(test.want), err)
			}
			for i, line := range lines {
				rest, ok := strings.CutPrefix(line, "builds: LOGGATE_BUILDS")
				if found := strings.Contains(rest, test.want[i]); !ok || !found || test.want[i][0] == '=' && !strings.HasPrefix(rest, test.want[i]) {
					t.Errorf("got  %s\nwant builds: LOGGATE_BUILDS%s", line, test.want[i])
				}
			}
		})
	}
}

func TestManyBuilds(t *testing.T) {
	list := func(n int, format string) string {
		var text strings.Builder
		for i := range n {
			fmt.Fprintf(&text, format+"\n", i+1)
		}
		return text.String()
	}
	env := minimal()
	env["LOGGATE_BUILDS"] = list(1000, jobA+":%d")
	if got := len(resolve(t, env, t.TempDir()).Builds); got != 1000 {
		t.Errorf("%d builds were read", got)
	}
	env["LOGGATE_BUILDS"] = list(1001, jobA+":%d")
	_, err := Resolve(Flags{}, env, t.TempDir())
	want := "builds: LOGGATE_BUILDS names 1001 builds, more than 1,000; split the run, for example over a matrix with rate-limit 1/N"
	if line := oneLine(t, err); line != want {
		t.Errorf("got %s", line)
	}
	env["LOGGATE_BUILDS"] = list(100, "wrong-%d:1")
	_, err = Resolve(Flags{}, env, t.TempDir())
	lines := strings.Split(err.Error(), "\n")
	if len(lines) != maxBuildErrors+1 || lines[maxBuildErrors] != "builds: LOGGATE_BUILDS has 90 more mistakes; mend the ones above first" {
		t.Errorf("got %d lines:\n%v", len(lines), err)
	}
}

// FuzzParseBuilds wants whatever is taken to be within the bounds of DESIGN,
// and whatever isn't to say why.
func FuzzParseBuilds(f *testing.F) {
	f.Add("api=" + jobA + ":7\n" + jobB + ":latest # x")
	f.Add(`[{"name":"api","job_id":"` + jobA + `","build_no":7}]`)
	f.Add(jobA + ":1," + jobA + ":latest,@x")
	for _, test := range wrongBuilds {
		f.Add(test.text)
	}
	form := regexp.MustCompile(`^[0-9A-Za-z]{32}:(latest|[1-9][0-9]{0,9})$`)
	f.Fuzz(func(t *testing.T, text string) {
		refs, wrong := parseBuilds(text)
		if (len(refs) == 0) == (len(wrong) == 0) || len(refs) > maxBuilds {
			t.Fatalf("%d builds, %d mistakes", len(refs), len(wrong))
		}
		names, builds := map[string]bool{}, map[string]bool{}
		for _, ref := range refs {
			if names[ref.Name] || builds[ref.String()] || ref.Name == "" || !form.MatchString(ref.String()) || strings.ContainsAny(ref.Name, "=,\n") {
				t.Fatalf("%q was read as %+v", text, refs)
			}
			names[ref.Name], builds[ref.String()] = true, true
		}
		for _, e := range wrong {
			if e.problem == "" || e.mend == "" {
				t.Fatalf("nothing is said of %q: %+v", text, e)
			}
		}
	})
}
