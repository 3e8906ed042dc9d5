package conformance

import (
	"errors"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/auth/basic"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/sdkerr"
	codeartsbuild "github.com/huaweicloud/huaweicloud-sdk-go-v3/services/codeartsbuild/v3"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/services/codeartsbuild/v3/model"

	"github.com/loggate/loggate/internal/simulator"
)

const (
	job    = "0123456789abcdef0123456789abcdef"
	number = 311
)

// Keys that the simulator knows: a permanent pair and a temporary one.
var (
	permanent = simulator.Key{Access: "AKPERMANENT", Secret: "permanent secret"}
	temporary = simulator.Key{Access: "AKTEMPORARY", Secret: "temporary secret", SecurityToken: "token/of+temporary=="}
)

// start runs a simulator with one failed build and returns its address and the
// build's log.
func start(t *testing.T) (url, log string) {
	t.Helper()
	text, err := os.ReadFile("../testdata/demo/worker.log")
	if err != nil {
		t.Fatal(err)
	}
	server, err := simulator.New(simulator.Options{
		Builds: []simulator.Build{{
			Name: "worker", JobID: job, Number: number, Log: strings.NewReader(string(text)), Result: "FAILURE",
			Repo: "shop", Branch: "master", Commit: "ec1f7b82864e7a46266eac4e60292ddedad2ea26", Took: 13 * time.Second,
		}},
		Auth: simulator.Auth{Keys: []simulator.Key{permanent, temporary}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	return server.URL(), string(text)
}

// client is the official SDK's client of the service at url.
func client(t *testing.T, url string, key simulator.Key) *codeartsbuild.CodeArtsBuildClient {
	t.Helper()
	credentials, err := basic.NewCredentialsBuilder().WithAk(key.Access).WithSk(key.Secret).
		WithSecurityToken(key.SecurityToken).WithProjectId("0a1b2c3d4e5f60718293a4b5c6d7e8f9").SafeBuild()
	if err != nil {
		t.Fatal(err)
	}
	http, err := codeartsbuild.CodeArtsBuildClientBuilder().WithEndpoints([]string{url}).WithCredential(credentials).SafeBuild()
	if err != nil {
		t.Fatal(err)
	}
	return codeartsbuild.NewCodeArtsBuildClient(http)
}

// TestLog reads a whole log through the SDK, page by page.
func TestLog(t *testing.T) {
	url, want := start(t)
	for name, key := range map[string]simulator.Key{"permanent key": permanent, "temporary key": temporary} {
		t.Run(name, func(t *testing.T) {
			sdk := client(t, url, key)
			var got strings.Builder
			var offset, end int32
			pages := 0
			for more := true; more; pages++ {
				if pages > 100 {
					t.Fatal("has_more is true after 100 pages")
				}
				response, err := sdk.DownloadBuildRealTimeLog(&model.DownloadBuildRealTimeLogRequest{
					JobId: job, BuildNo: number, StartOffset: &offset, EndOffset: &end, Size: "100"})
				if err != nil {
					t.Fatalf("page from %d: %v", offset, err)
				}
				page := response.Result
				if started := *page.StartOffset; started != strconv.Itoa(int(offset)) {
					t.Fatalf("page asked for from %d starts at %s", offset, started)
				}
				got.WriteString(*page.Log)
				next, err := strconv.ParseInt(*page.EndOffset, 10, 32)
				if err != nil {
					t.Fatal(err)
				}
				offset, more = int32(next), *page.HasMore
			}
			if got.String() != want {
				t.Errorf("%d bytes in %d pages are not the log of %d bytes", got.Len(), pages, len(want))
			}
			if pages < 2 {
				t.Errorf("the log came in %d pages, want several", pages)
			}
		})
	}
}

func TestBuildDetails(t *testing.T) {
	url, _ := start(t)
	response, err := client(t, url, permanent).ShowBuildDetails(&model.ShowBuildDetailsRequest{JobId: job, BuildNo: number})
	if err != nil {
		t.Fatal(err)
	}
	if result := response.Result; *result.Building || *result.BuildResult != "FAILURE" || *result.Region != "cn-north-4" {
		t.Errorf("result %v, want an ended build with FAILURE in cn-north-4", result)
	}
}

func TestRunningStatus(t *testing.T) {
	url, _ := start(t)
	response, err := client(t, url, permanent).ShowRunningStatus(&model.ShowRunningStatusRequest{JobId: job})
	if err != nil {
		t.Fatal(err)
	}
	result := response.Result
	if *result.LastJobId != job || *result.LastBuildNo != strconv.Itoa(number) || *result.LastBuildStatus != "Finished" || *result.IsRunning {
		t.Errorf("result %v, want build %d of job %s, finished", result, number, job)
	}
}

func TestBuildRecordDetail(t *testing.T) {
	url, _ := start(t)
	sdk := client(t, url, permanent)
	response, err := sdk.ShowJobBuildRecordDetail(&model.ShowJobBuildRecordDetailRequest{JobId: job, BuildNo: number})
	if err != nil {
		t.Fatal(err)
	}
	record := response.Result
	if *record.BuildNo != number || *record.RepoName != "shop" || *record.Branch != "master" ||
		*record.Commit != "ec1f7b82864e7a46266eac4e60292ddedad2ea26" || *record.Duration != 13_000 {
		t.Errorf("record %v is not that of the build", record)
	}

	stages, err := sdk.ShowBuildRecordFullStages(&model.ShowBuildRecordFullStagesRequest{RecordId: *record.BuildRecordId})
	if err != nil {
		t.Fatalf("stages of the record: %v", err)
	}
	if stages.HttpStatusCode != http.StatusOK {
		t.Errorf("stages of the record: status %d", stages.HttpStatusCode)
	}
}

// TestRefusals sends what must be refused with 401, and what is not there.
func TestRefusals(t *testing.T) {
	url, _ := start(t)
	tests := []struct {
		name   string
		key    simulator.Key
		number int32
		status int
		code   string // "" is any
	}{
		{"wrong secret", simulator.Key{Access: permanent.Access, Secret: "guessed"}, number, http.StatusUnauthorized, "APIGW.0301"},
		{"unknown access key", simulator.Key{Access: "AKNOBODY", Secret: permanent.Secret}, number, http.StatusUnauthorized, "APIGW.0301"},
		{"temporary key without its token", simulator.Key{Access: temporary.Access, Secret: temporary.Secret}, number, http.StatusUnauthorized, "APIGW.0301"},
		{"wrong token", simulator.Key{Access: temporary.Access, Secret: temporary.Secret, SecurityToken: "old"}, number, http.StatusUnauthorized, "APIGW.0301"},
		{"no such build", permanent, number + 1, http.StatusNotFound, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := client(t, url, tt.key).ShowBuildDetails(&model.ShowBuildDetailsRequest{JobId: job, BuildNo: tt.number})
			var refusal *sdkerr.ServiceResponseError
			if !errors.As(err, &refusal) {
				t.Fatalf("error %v, want a refusal by the service", err)
			}
			if refusal.StatusCode != tt.status || tt.code != "" && refusal.ErrorCode != tt.code {
				t.Errorf("refused with %d %s (%s), want %d %s", refusal.StatusCode, refusal.ErrorCode, refusal.ErrorMessage, tt.status, tt.code)
			}
		})
	}
}
