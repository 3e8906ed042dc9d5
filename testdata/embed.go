// Package testdata holds the sample logs that the demo runs on, so that they
// are in the binary and `loggate demo` needs no files. README.md says where
// each log comes from.
package testdata

import "embed"

// Demo holds demo/NAME.log for the builds api (passes), web (does not
// compile), worker (fails a test) and docs (passes).
//
//go:embed demo/*.log
var Demo embed.FS
