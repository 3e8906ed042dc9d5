// Package money adds up prices without losing cents.
package money

import "fmt"

// Cents is an amount of money in its smallest unit.
type Cents int64

// WithTax adds tax of percent, rounded half up.
func (c Cents) WithTax(percent int64) Cents {
	return c + (c*Cents(percent)+50)/100
}

// String shows the amount with two decimals.
func (c Cents) String() string {
	return fmt.Sprintf("%d.%02d", c/100, c%100)
}
