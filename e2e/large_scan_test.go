package e2e

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/loggate/loggate/internal/build"
)

// repeated is a text over and over, up to a number of bytes.
type repeated struct {
	text []byte
	at   int64
	size int64
}

func (r *repeated) Read(p []byte) (int, error) {
	if r.at >= r.size {
		return 0, io.EOF
	}
	n := copy(p[:min(int64(len(p)), r.size-r.at)], r.text[r.at%int64(len(r.text)):])
	r.at += int64(n)
	return n, nil
}

// TestScanOfALargeLog scans 100 MB of real logs of 60 tools, one after another, or as
// many as LOGGATE_TEST_SCAN_MB says.
func TestScanOfALargeLog(t *testing.T) {
	megabytes := int64(100)
	if text := os.Getenv("LOGGATE_TEST_SCAN_MB"); text != "" {
		var err error
		if megabytes, err = strconv.ParseInt(text, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	var logs bytes.Buffer
	for _, pattern := range []string{"../testdata/logs/*.log", "../testdata/demo/*.log"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("no logs in %s: %v", pattern, err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			logs.Write(text)
			logs.WriteByte('\n')
		}
	}
	p := start(t, invocation{args: []string{"scan", "--format", "json", "-"}, stdin: &repeated{text: logs.Bytes(), size: megabytes << 20}})
	peak := peakMemory(p.cmd.Process.Pid)
	r := p.wait()
	r.expectCode(t, build.ExitFail)
	if got := peak(); got > maxMemory {
		t.Errorf("took %d MB of memory for a log of %d MB, want at most %d", got>>20, megabytes, maxMemory>>20)
	} else {
		t.Logf("%d MB in %s with %d MB of memory", megabytes, r.took, got>>20)
	}
}
