# The go command.

fail_go_undefined() {
  root './cart.go:4:9: undefined: totals'
  printf 'module shop.example/cart\n\ngo 1.22\n' >go.mod
  printf 'package cart\n\nfunc Total() int {\n\treturn totals(3)\n}\n' >cart.go
  printf 'package cart\n\ntype Error struct{ error }\n' >errors.go
  go build ./...
}

fail_go_type() {
  codearts 'Go构建:official_shell_go'
  root './cart.go:6:14: cannot use "3" (untyped string constant) as int value'
  printf 'module shop.example/cart\n\ngo 1.22\n' >go.mod
  printf 'package main\n\nfunc add(n int) int { return n }\n\nfunc main() {\n\tprintln(add("3"))\n}\n' >cart.go
  go vet ./... || go build .
}

fail_go_test() {
  root 'cart_test.go:11: Total(2) = 4, want 5'
  printf 'module shop.example/cart\n\ngo 1.22\n' >go.mod
  file cart_test.go <<'GO'
package cart

import (
	"log"
	"testing"
)

func TestErrorMessages(t *testing.T) { log.Print("ERROR: expected failure of the payment service") }
func TestTotal(t *testing.T) {
	if got := 2 * 2; got != 5 {
		t.Errorf("Total(2) = %d, want 5", got)
	}
}
GO
  go test -v ./...
}

fail_go_panic() {
  codearts 'Go构建:official_shell_go'
  root 'panic: runtime error: index out of range [3] with length 3'
  printf 'module shop.example/cart\n\ngo 1.22\n' >go.mod
  printf 'package main\n\nimport "os"\n\nfunc main() {\n\tprices := []int{1, 2, 3}\n\tprintln(prices[len(os.Args)+2])\n}\n' >main.go
  go build -o shop . && ./shop
}

fail_go_test_panic() {
  root 'panic: runtime error: invalid memory address or nil pointer dereference'
  printf 'module shop.example/cart\n\ngo 1.22\n' >go.mod
  printf 'package cart\n\nimport "testing"\n\ntype cart struct{ n int }\n\nfunc TestNil(t *testing.T) {\n\tvar c *cart\n\tt.Log(c.n)\n}\n' >cart_test.go
  go test ./...
}

fail_go_timeout() {
  root 'panic: test timed out after 200ms'
  printf 'module shop.example/cart\n\ngo 1.22\n' >go.mod
  printf 'package cart\n\nimport (\n\t"testing"\n\t"time"\n)\n\nfunc TestSlow(t *testing.T) { time.Sleep(5 * time.Second) }\n' >cart_test.go
  go test -timeout 200ms ./...
}

fail_go_deadlock() {
  root 'fatal error: all goroutines are asleep - deadlock!'
  printf 'module shop.example/cart\n\ngo 1.22\n' >go.mod
  printf 'package main\n\nfunc main() {\n\torders := make(chan int)\n\torders <- 1\n}\n' >main.go
  go run .
}

fail_go_sum() {
  root 'missing go.sum entry for module providing package golang.org/x/text/width'
  printf 'module shop.example/cart\n\ngo 1.22\n\nrequire golang.org/x/text v0.14.0\n' >go.mod
  printf 'package cart\n\nimport _ "golang.org/x/text/width"\n' >cart.go
  GOFLAGS=-mod=readonly GOPROXY=off go build ./...
}

fail_go_syntax() {
  root './cart.go:4:2: syntax error'
  printf 'module shop.example/cart\n\ngo 1.22\n' >go.mod
  printf 'package cart\n\nvar prices = []int{1, 2,\n}}\n' >cart.go
  go build ./...
}

fail_go_embed() {
  root 'pattern prices.csv: no matching files found'
  printf 'module shop.example/cart\n\ngo 1.22\n' >go.mod
  printf 'package cart\n\nimport _ "embed"\n\n//go:embed prices.csv\nvar prices string\n' >cart.go
  go build ./...
}

fail_go_version() {
  root 'go.mod requires go >= 1.99'
  printf 'module shop.example/cart\n\ngo 1.99\n' >go.mod
  echo 'package cart' >cart.go
  GOTOOLCHAIN=local go build ./...
}

pass_go_verbose() {
  codearts 'Go构建:official_shell_go'
  printf 'module shop.example/errors\n\ngo 1.22\n' >go.mod
  file errors_test.go <<'GO'
package errors

import (
	"fmt"
	"log"
	"testing"
)

func TestFailure(t *testing.T) {
	for _, name := range []string{"error", "FAIL", "panic"} {
		t.Run(name, func(t *testing.T) { fmt.Println("ERROR", name, "FAILED as it should") })
	}
}

func TestPanic(t *testing.T) {
	defer func() { log.Println("recovered:", recover()) }()
	panic("expected")
}

func TestSkipped(t *testing.T) { t.Skip("fails on error") }
GO
  go vet ./... && go test -v -count=1 ./...
}
