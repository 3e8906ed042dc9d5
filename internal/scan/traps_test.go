package scan_test

import (
	"strings"
	"testing"

	"github.com/loggate/loggate/internal/build"
)

// traps are lines of passing builds that look like errors.
const traps = `0 errors, 0 warnings
Build succeeded.     0 Error(s)
[INFO] Tests run: 12, Failures: 0, Errors: 0, Skipped: 0
Tests run: 12, Failures: 0, Errors: 0, Skipped: 0, Time elapsed: 0.1 s - in com.acme.ErrorHandlerTest
[INFO] Running com.acme.FailureTest
Tests:       42 passed, 42 total
12 examples, 0 failures
ok  	ex.com/errors	0.004s
--- PASS: TestErrorHandling (0.00s)
    --- PASS: TestFatal/panic:_boom (0.00s)
test tests::fails_on_error ... ok
test result: ok. 3 passed; 0 failed; 0 ignored
  ✓ throws an Error when the file is missing (3 ms)
  ✔ fails with 404
PASS src/error.test.js
tests/test_errors.py::test_failure PASSED [ 50%]
tests/test_errors.py::test_known_bug XFAIL (not fixed yet)
=================== 3 passed, 1 xfailed in 0.12s ====================
test_raises_error (tests.test.T) ... ok
test_known (tests.test.T) ... expected failure
gcc -Wall -Werror -Werror=implicit-function-declaration -c error.c -o error.o
cc1plus: some warnings being treated as errors is an option
javac -Xlint:all com/acme/FatalError.java
+ echo 'Error: this is only printed'
+ set -o errexit
+ grep -q 'fatal: not a git repository' log.txt
++ command -v nosuchtool
Downloading https://repo.example.com/org/acme/error-prone/2.0/error-prone-2.0.jar
[INFO] Downloaded from central: https://repo.example.com/failsafe/exception-3.0.pom (3 kB at 12 kB/s)
npm warn deprecated request@2.88.2: request has been deprecated
npm http fetch GET 200 https://registry.example.com/error-stack-parser 12ms
added 120 packages, and audited 121 packages in 3s
Setting up liberror-perl (0.17029-2) ...
Selecting previously unselected package libgpg-error-dev:amd64.
Get:12 http://deb.example.com bookworm/main amd64 libgpg-error0 amd64 1.46-1 [76.0 kB]
-- Performing Test HAVE_ERROR_T - Failed
-- Looking for fatal - not found
checking for error_at_line... yes
checking for strerror in -lcposix... no
  --fail-on-error    exit with status 1 on the first error
  -e, --error        print errors only
usage: tool [--ignore-errors] FILE
Cloning into 'error-demo'...
 create mode 100644 src/FatalException.java
Compiling errors v0.1.0 (/w/errors)
   Compiling thiserror v1.0.40
go: downloading github.com/pkg/errors v0.9.1
> Task :app:compileErrorTestKotlin
> Task :app:test UP-TO-DATE
com.acme.ErrorTest > failsWhenItShould PASSED
Step 3/9 : RUN make || echo "failed: ignored"
#8 0.512 error.c: compiled
Successfully tagged acme/error-service:latest
0 problems (0 errors, 0 warnings)
✖ 3 problems (0 errors, 3 warnings)
eslint: no-error rules found
DEBUG: retry 1 of 3 after error 503
2026-03-02 09:00:00.123  INFO 1 --- [main] c.a.ErrorController : mapped /error
level=info msg="failed over to replica" error=null
error_count=0 failed=0
Errors: none
Failed: 0
No errors found.
Found 0 errors in 12 files
Success: no issues found in 3 source files
make: Nothing to be done for 'all'.
make[1]: Leaving directory '/w/error'
collect2 version 12
E: 
Exit code: 0
The command "make test" exited with 0.
script returned exit code 0
Process completed with exit code 0.
`

// TestTraps wants no error in lines of passing builds, even where the log doesn't say
// that it passed, and whatever stands before and inside of them.
func TestTraps(t *testing.T) {
	for name, text := range map[string]string{
		"plain":    traps,
		"CRLF":     strings.ReplaceAll(traps, "\n", "\r\n"),
		"CodeArts": codearts(strings.Split(traps, "\n")...),
		"coloured": strings.NewReplacer("rror", "r\x1b[31mror", "ail", "\x1b[1mail\x1b[0m").Replace(traps),
	} {
		for _, f := range scanText(t, text).Findings {
			if f.Severity == build.Error {
				t.Errorf("%s: line %d: %s finds %q", name, f.Line, f.Rule, f.Message)
			}
		}
	}
}

// TestTrapsOfThePassing wants nothing of what a program under test says to be an
// error where the build passed.
func TestTrapsOfThePassing(t *testing.T) {
	log := codearts("ERROR: as the test wants it", "2026-03-02 ERROR com.acme.A - boom", "java.lang.IllegalStateException: on purpose", "\tat com.acme.A.b(A.java:3)",
		"Traceback (most recent call last):", "  File \"a.py\", line 3, in f", "ValueError: on purpose", "Error: connect ECONNREFUSED 127.0.0.1:80", "    at TCPConnectWrap.afterConnect",
		"[ERROR] caught and logged", "could not find x: using y", "Finished: SUCCESS")
	for _, f := range scanText(t, log).Findings {
		if f.Severity == build.Error {
			t.Errorf("line %d: %s finds %q", f.Line, f.Rule, f.Message)
		}
	}
}
