package money

import (
	"fmt"
	"testing"
)

func TestWithTax(t *testing.T) {
	for _, rate := range []int64{0, 7, 19} {
		for _, net := range []Cents{0, 1, 5, 99, 100, 999, 1000, 12345} {
			t.Run(fmt.Sprintf("%s_at_%d_percent", net, rate), func(t *testing.T) {
				exact := float64(net) * float64(100+rate) / 100
				got := net.WithTax(rate)
				if off := float64(got) - exact; off > 0.5 || off < -0.5 {
					t.Errorf("%s with %d%% tax is %s, exactly %.2f", net, rate, got, exact)
				}
			})
		}
	}
}

func TestString(t *testing.T) {
	for amount, want := range map[Cents]string{0: "0.00", 5: "0.05", 100: "1.00", 12345: "123.45"} {
		if got := amount.String(); got != want {
			t.Errorf("Cents(%d) = %s, want %s", amount, got, want)
		}
	}
}
