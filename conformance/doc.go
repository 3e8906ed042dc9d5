// Package conformance holds tests that compare loggate with an independent
// client of the same API: Huawei Cloud's official SDK for Go. It is a module of
// its own, so that the SDK stays out of the product's dependencies.
package conformance
