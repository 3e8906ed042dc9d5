package rules

import (
	"iter"
	"math/bits"
)

// bitset is a set of small numbers.
type bitset []uint64

func newBitset(size int) bitset { return make(bitset, (size+63)/64) }

func (b bitset) add(i int) { b[i/64] |= 1 << (i % 64) }

func (b bitset) remove(i int) { b[i/64] &^= 1 << (i % 64) }

func (b bitset) has(i int) bool { return b[i/64]&(1<<(i%64)) != 0 }

func (b bitset) unite(with bitset) {
	for i := range b {
		b[i] |= with[i]
	}
}

func (b bitset) intersect(with bitset) {
	for i := range b {
		b[i] &= with[i]
	}
}

func (b bitset) empty() bool {
	for _, set := range b {
		if set != 0 {
			return false
		}
	}
	return true
}

// all yields the members in order. The present one may be removed.
func (b bitset) all() iter.Seq[int] {
	return func(yield func(int) bool) {
		for word, set := range b {
			for ; set != 0; set &= set - 1 {
				if !yield(word*64 + bits.TrailingZeros64(set)) {
					return
				}
			}
		}
	}
}
