// Package e2e tests loggate as its users run it: the built program, against a
// simulated CodeArts Build on loopback, with real files, signals and exit codes.
// It holds tests only, and nothing imports it.
package e2e
