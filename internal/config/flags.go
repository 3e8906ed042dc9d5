package config

import (
	"reflect"
	"strings"
)

// Flags are the flags of loggate run, for kong to fill. A flag of an input is
// nil unless it was given, so that "given empty" can be told from "not given".
// The help texts are variables of kong: HelpVars.
type Flags struct {
	SharedFlags

	Builds *string `name:"builds" group:"Builds" placeholder:"LIST" help:"${help_builds}"`

	Region        *string `name:"region" group:"Access" placeholder:"NAME" help:"${help_region}"`
	Endpoint      *string `name:"endpoint" group:"Access" placeholder:"URL" help:"${help_endpoint}"`
	AccessKey     *string `name:"access-key" group:"Access" placeholder:"AK" help:"${help_access_key}"`
	SecretKey     *string `name:"secret-key" group:"Access" placeholder:"SK" help:"${help_secret_key}"`
	SecurityToken *string `name:"security-token" group:"Access" placeholder:"TOKEN" help:"${help_security_token}"`
	AuthToken     *string `name:"auth-token" group:"Access" placeholder:"TOKEN" help:"${help_auth_token}"`
	OIDCProvider  *string `name:"oidc-provider" group:"Access" placeholder:"NAME" help:"${help_oidc_provider}"`
	OIDCAudience  *string `name:"oidc-audience" group:"Access" placeholder:"TEXT" help:"${help_oidc_audience}"`
	IDToken       *string `name:"id-token" group:"Access" placeholder:"JWT" help:"${help_id_token}"`
	IAMEndpoint   *string `name:"iam-endpoint" group:"Access" placeholder:"URL" help:"${help_iam_endpoint}"`
	ProjectID     *string `name:"project-id" group:"Access" placeholder:"ID" help:"${help_project_id}"`

	Wait        *string `name:"wait" group:"Fetching" placeholder:"BOOL" help:"${help_wait}"`
	Timeout     *string `name:"timeout" group:"Fetching" placeholder:"DURATION" help:"${help_timeout}"`
	Concurrency *string `name:"concurrency" group:"Fetching" placeholder:"N" help:"${help_concurrency}"`
	RateLimit   *string `name:"rate-limit" group:"Fetching" placeholder:"SHARE" help:"${help_rate_limit}"`
	Source      *string `name:"source" group:"Fetching" placeholder:"WHICH" help:"${help_source}"`
	Resume      bool    `name:"resume" group:"Fetching" help:"Go on with the parts of logs that an earlier run has left in the output directory."`
	PrintLog    *string `name:"print-log" group:"Output" placeholder:"WHICH" help:"${help_print_log}"`
}

// ScanFlags are the flags of loggate scan, for kong to fill.
type ScanFlags struct {
	SharedFlags

	Format  *string `name:"format" group:"Output" placeholder:"FORMAT" help:"What stdout gets: text or json (the report)."`
	Explain bool    `name:"explain" group:"Output" help:"Say why each finding has its rank."`
}

// MergeFlags are the flags of loggate merge, for kong to fill.
type MergeFlags struct {
	SharedFlags

	Expect *string `name:"expect" group:"Gate" placeholder:"N" help:"So many reports, or builds of these names (a,b), must be there; what isn't is missing evidence."`
}

// SharedFlags are the flags that run, scan and merge have in common.
type SharedFlags struct {
	Config   *string `name:"config" group:"Gate" placeholder:"FILE" help:"${help_config}"`
	FailOn   *string `name:"fail-on" group:"Gate" placeholder:"LIST" help:"${help_fail_on}"`
	Baseline *string `name:"baseline" group:"Gate" placeholder:"FILE" help:"${help_baseline}"`
	NewOnly  *string `name:"new-only" group:"Gate" placeholder:"BOOL" help:"${help_new_only}"`
	DryRun   bool    `name:"dry-run" group:"Gate" help:"Decide and report, but turn the exit codes 1 and 3 into 0."`

	OutputDir   *string `name:"output-dir" group:"Output" placeholder:"DIR" help:"${help_output_dir}"`
	Formats     *string `name:"formats" group:"Output" placeholder:"LIST" help:"${help_formats}"`
	Annotations *string `name:"annotations" group:"Output" placeholder:"N" help:"${help_annotations}"`
	Summary     *string `name:"summary" group:"Output" placeholder:"WHEN" help:"${help_summary}"`
	LogLevel    *string `name:"log-level" group:"Output" placeholder:"LEVEL" help:"${help_log_level}"`
	Redact      *string `name:"redact" group:"Output" placeholder:"BOOL" help:"${help_redact}"`
	Color       *string `name:"color" group:"Output" placeholder:"WHEN" help:"Colour the output: auto, always or never."`
}

// HelpVars are the variables (kong.Vars) that the flags' help texts are made
// of: help_NAME for each input.
func HelpVars() map[string]string {
	vars := map[string]string{}
	for _, in := range Inputs() {
		text := in.Meaning
		if in.Default != "" {
			text += " Default: " + in.Default + "."
		}
		vars["help_"+strings.ReplaceAll(in.Name, "-", "_")] = text
	}
	return vars
}

// flagsOnly are the flags that are no inputs, and so have no variable.
func flagsOnly() []string {
	return []string{"dry-run", "resume", "color", "explain", "format", "expect"}
}

// givenFlags are the values of the flags that were given, by name.
func givenFlags(flags any) map[string]string {
	given := map[string]string{}
	value := reflect.ValueOf(flags).Elem()
	for _, field := range reflect.VisibleFields(value.Type()) {
		text, ok := value.FieldByIndex(field.Index).Interface().(*string)
		if ok && text != nil {
			given[field.Tag.Get("name")] = *text
		}
	}
	return given
}
