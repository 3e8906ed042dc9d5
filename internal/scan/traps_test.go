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
Failures: 0
Errors: 0, Warnings: 12
  Errors:   0
   0 failed, 12 passed
12 passing (30ms)
  0 failing
TOTAL: 12 SUCCESS
All 12 tests passed
OK (skipped=2, expected failures=1)
OK (12 tests, 14 assertions)
Passed!  - Failed:     0, Passed:    12, Skipped:     0, Total:    12, Duration: 30 ms - Shop.Tests.dll (net6.0)
100% tests passed, 0 tests failed out of 12
[  PASSED  ] 12 tests.
[       OK ] ErrorTest.Fails (0 ms)
[ RUN      ] FailureTest.Error
PASS: error
XFAIL: known-bug
# FAIL:  0
# XFAIL: 1
# ERROR: 0
# fail 0
ok 1 - not ok is only a name
not ok 2 - failed test # TODO known error
ℹ fail 0
test result: ok. 12 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out
running 2 tests from tests/errors.rs
Test Suite 'ErrorTests' passed at 2026-03-02 09:00:00.123.
Test Case '-[ErrorTests testFatalError]' passed (0.001 seconds).
	 Executed 12 tests, with 0 failures (0 unexpected) in 0.012 (0.013) seconds
> Task :app:lintVitalRelease SKIPPED
w: /w/Error.kt: (3, 9): Parameter 'error' is never used
[WARNING] /w/src/main/java/com/acme/Failure.java:[3,5] [deprecation] fail(String) in Failure has been deprecated
[INFO] Building jar: /w/target/error-handling-1.0.jar
[INFO] --- maven-failsafe-plugin:3.0.0:integration-test (default) @ error ---
BUILD SUCCESS
cc -DERROR=1 -Wno-error -Werror=format -fdiagnostics-show-option -o fatal fatal.c
c++ -std=c++20 -pedantic-errors -c src/error.cpp
cargo clippy -- -D warnings
tsc --noEmit --noErrorTruncation
  -Werror[=CATEGORY]     treat warnings as errors
      --errors-only      do not report warnings
  error                  list the errors of the last run
Usage: fail2ban-client [OPTIONS] <COMMAND>
+ test -f errors.log
+ '[' -n 'fatal: error' ']'
+ grep -c 'error: ' build.log
++ echo 'make: *** [all] Error 1'
$ set -o errexit -o pipefail
> shop@1.0.0 test:errors
> eslint --max-warnings 0 src/errors
yarn run v1.22.22
npm notice
warning: unused variable: error
warning: You appear to have cloned an empty repository.
INFO  error rate 0.0 %
[INFO] error: 0
2026-03-02T09:00:00Z INFO failed=0 errors=0 retries=3
{"level":"info","msg":"no error","err":null}
[debug] Error caught and handled
TRACE error
time="2026-03-02T09:00:00Z" level=info msg="error budget: 99.9 %"
I0302 09:00:00.000000       1 errors.go:12] 0 errors
 45% [=====>      ] error-pages.zip 12.3 MB
Receiving objects: 100% (120/120), 1.2 MiB | error-free
#12 DONE 0.5s error-handler
#12 [4/9] COPY errors/ /errors/
Get:3 http://deb.example.com bookworm/main amd64 fail2ban all 1.0.2-2 [451 kB]
Unpacking libtest-fatal-perl (0.017-1) ...
  Downloading error_prone-2.0-py3-none-any.whl (12 kB)
Collecting exceptiongroup==1.2.0
Successfully installed exceptiongroup-1.2.0 pytest-rerunfailures-14.0
remote: Resolving deltas: 100% (12/12), done.
HEAD is now at 9dfb468 Fix fatal error: index out of range
   9dfb468..1a2b3c4  fix-error -> fix-error
 * [new branch]      error-page -> origin/error-page
Removing intermediate container 0123456789ab
编译完成：0 个错误，0 个警告
没有错误
该步骤没有失败
`

// gbk is 编译错误 in GBK, which isn't UTF-8.
const gbk = "\xb1\xe0\xd2\xeb\xb4\xed\xce\xf3"

// TestTrapsAround wants a cause found, whatever encoding and form the lines around it have.
func TestTrapsAround(t *testing.T) {
	const cause = "main.c:3:5: error: 'totl' undeclared"
	for name, text := range map[string]string{
		"BOM":                "\ufeff" + cause + "\n",
		"GBK around":         gbk + "\n" + cause + "\n" + gbk,
		"GBK in it":          strings.Replace(cause, "totl", gbk, 1),
		"ANSI inside":        "main.c:3:5: \x1b[01;31m\x1b[Ker\x1b[mror: \x1b[m\x1b[K'totl' undeclared\r\n",
		"after progress":     "1 %\r2 %\r" + cause + "\n",
		"CRLF, CodeArts":     codearts(cause + "\r"),
		"after a long line":  strings.Repeat("x", 1<<20) + "\n" + cause,
		"GitHub's time, BOM": "\ufeff2026-03-02T09:00:00.1234567Z " + cause,
	} {
		found := scanText(t, text).Findings
		if len(found) != 1 || found[0].Rule != "gcc.error" || found[0].Severity != build.Error {
			t.Errorf("%s: got %+v", name, found)
		}
	}
}

// TestTraps wants no error in lines of passing builds, even where the log doesn't say
// that it passed, and whatever stands before and inside of them.
func TestTraps(t *testing.T) {
	for name, text := range map[string]string{
		"plain":    traps,
		"CRLF":     strings.ReplaceAll(traps, "\n", "\r\n"),
		"BOM":      "\ufeff" + traps,
		"CodeArts": codearts(strings.Split(traps, "\n")...),
		"coloured": strings.NewReplacer("rror", "r\x1b[31mror", "ail", "\x1b[1mail\x1b[0m").Replace(traps),
		"GBK":      strings.ReplaceAll(traps, "\n", " "+gbk+"\n"+gbk+"\n"),
		"progress": "downloading 1 %\r" + strings.ReplaceAll(traps, "\n", "\rerror-pages.zip 2 %\n"),
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
