package config

import "strings"

// Input is one row of the inputs' table. Its flag is --Name, its GitHub input
// is Name.
type Input struct {
	Name    string
	Default string // as one would write it; "" where there is none or another input gives it
	Secret  bool   // its value is never shown
	Scan    bool   // loggate scan and loggate merge have it too
	Meaning string // one line, for --help and the documentation
	// Foreign are the variables of Huawei's own tools that give it.
	Foreign []string

	// read checks the value and keeps it; nil for credentials, which are read
	// together, from one source.
	read func(*reader, value)
}

// Variable is the environment variable of the input.
func (in Input) Variable() string {
	return loggatePrefix + strings.ReplaceAll(strings.ToUpper(in.Name), "-", "_")
}

// Inputs is the table of all inputs: whatever has to know them (flags,
// variables, action.yml, documentation) reads it or is tested against it.
func Inputs() []Input {
	return []Input{
		{Name: "builds", read: (*reader).builds,
			Meaning: "The builds: one per line or comma, [NAME=]JOB_ID:BUILD_NO or [NAME=]JOB_ID:latest; or a JSON array of {name, job_id, build_no}; or @FILE. # starts a comment. Required."},

		{Name: "region", Default: "cn-north-4", Foreign: []string{"HW_REGION_NAME"}, read: (*reader).region,
			Meaning: "Region of the endpoint."},
		{Name: "endpoint", read: (*reader).endpoint,
			Meaning: "Base URL of the API; http only for loopback. Default: from region."},
		{Name: "access-key", Secret: true, Foreign: []string{"HUAWEICLOUD_SDK_AK", "HW_ACCESS_KEY"},
			Meaning: "Access key (AK), permanent or temporary."},
		{Name: "secret-key", Secret: true, Foreign: []string{"HUAWEICLOUD_SDK_SK", "HW_SECRET_KEY"},
			Meaning: "Secret key (SK) of the access key."},
		{Name: "security-token", Secret: true, Foreign: []string{"HUAWEICLOUD_SDK_SECURITY_TOKEN", "HW_SECURITY_TOKEN"},
			Meaning: "Security token of temporary keys."},
		{Name: "auth-token", Secret: true, Foreign: []string{"HW_AUTH_TOKEN"},
			Meaning: "An IAM token instead of keys."},
		{Name: "oidc-provider", Foreign: []string{"HUAWEICLOUD_SDK_IDP_ID"},
			Meaning: "Identity provider in IAM that the CI's own ID token is exchanged at: no secret is stored."},
		{Name: "oidc-audience", read: (*reader).oidcAudience,
			Meaning: "Audience that the ID token is asked for. Default: the provider's name."},
		{Name: "id-token", Secret: true,
			Meaning: "The CI's ID token. Default: HUAWEICLOUD_SDK_ID_TOKEN_FILE, else GitHub is asked for one."},
		{Name: "iam-endpoint", Foreign: []string{"HUAWEICLOUD_SDK_IAM_ENDPOINT"}, read: (*reader).iamEndpoint,
			Meaning: "Base URL of IAM for the exchange; http only for loopback. Default: from region."},
		{Name: "project-id", Foreign: []string{"HUAWEICLOUD_SDK_PROJECT_ID"}, read: (*reader).projectID,
			Meaning: "Project id that is sent as X-Project-Id."},

		{Name: "config", Scan: true, read: (*reader).configFile,
			Meaning: "File with rules, ignore list and gate policy. Default: .loggate.yml if present."},
		{Name: "wait", Default: "true", read: (*reader).wait,
			Meaning: "Wait for running builds and follow their logs; false takes what there is."},
		{Name: "timeout", Default: "60m", read: (*reader).timeout,
			Meaning: "Time for the whole run, from 1s to 24h."},
		{Name: "concurrency", Default: "8", read: (*reader).concurrency,
			Meaning: "Builds fetched at the same time, 1 to 64."},
		{Name: "rate-limit", Default: "100%", read: (*reader).rateLimit,
			Meaning: "Share of the API's published limits that this run may use: N% (1 to 10000), 1/N, or off."},
		{Name: "source", Default: "auto", read: (*reader).source,
			Meaning: "How logs are fetched: by pages; by one download each, of builds that have ended, where it can be shown to be the whole log; or auto, whichever needs fewer requests."},

		{Name: "fail-on", Default: "build,error", Scan: true, read: (*reader).failOn,
			Meaning: "What makes the run fail: a list of build, error and warning, or never alone. A scan's default is error."},
		{Name: "output-dir", Default: "loggate-out", Scan: true, read: (*reader).outputDir,
			Meaning: "Directory for the artifacts. A scan writes none unless it is given."},
		{Name: "formats", Default: "html", Scan: true, read: (*reader).formats,
			Meaning: "Further reports: a list of html, sarif, junit and codequality, or none alone."},
		{Name: "print-log", Default: "failed", read: (*reader).printLog,
			Meaning: "Log in the job's own output: none, failed (each failed build's failing stage), or all."},
		{Name: "annotations", Default: "10", Scan: true, read: (*reader).annotations,
			Meaning: "At most so many annotations of each severity, 0 to 10."},
		{Name: "summary", Default: "always", Scan: true, read: (*reader).summary,
			Meaning: "Write the step summary: always, failed (only when the verdict isn't pass), or never."},
		{Name: "baseline", Scan: true, read: (*reader).baseline,
			Meaning: "The report.json of a good run: findings known there are marked as old."},
		{Name: "new-only", Default: "false", Scan: true, read: (*reader).newOnly,
			Meaning: "Findings in the baseline don't count; statuses and policy do."},
		{Name: "log-level", Default: "info", Scan: true, read: (*reader).logLevel,
			Meaning: "Of loggate's own messages: debug, info, warn or error. RUNNER_DEBUG=1 means debug."},
		{Name: "redact", Default: "true", Scan: true, read: (*reader).redact,
			Meaning: "Replace secrets in artifacts and reports; false still replaces this run's own credentials."},
	}
}

// scanInputs are the inputs of a scan, with its own defaults.
func scanInputs() []Input {
	var inputs []Input
	for _, in := range Inputs() {
		if !in.Scan {
			continue
		}
		switch in.Name {
		case "fail-on":
			in.Default, in.read = "error", (*reader).scanFailOn
		case "output-dir":
			in.Default = ""
		}
		inputs = append(inputs, in)
	}
	return inputs
}
