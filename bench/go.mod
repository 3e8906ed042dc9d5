module github.com/loggate/loggate/bench

go 1.26.8

require (
	github.com/loggate/loggate v0.0.0
	github.com/reviewdog/errorformat v0.0.0-20260721110140-13bff69235f3
	golang.org/x/sys v0.49.0
)

require (
	github.com/sourcegraph/conc v0.3.0 // indirect
	go.uber.org/atomic v1.7.0 // indirect
	go.uber.org/multierr v1.9.0 // indirect
	gopkg.in/yaml.v3 v3.0.1 // indirect
)

replace github.com/loggate/loggate => ../
