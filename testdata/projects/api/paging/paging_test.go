package paging

import (
	"errors"
	"fmt"
	"testing"
)

func TestBoundsCoverEverything(t *testing.T) {
	for _, total := range []int{0, 1, 9, 10, 11, 100} {
		for _, size := range []int{1, 3, 10, 25} {
			t.Run(fmt.Sprintf("%d_items_by_%d", total, size), func(t *testing.T) {
				seen := 0
				for page := 1; seen < total; page++ {
					from, to, err := Bounds(page, size, total)
					if err != nil || from != seen || to <= from {
						t.Fatalf("page %d is [%d,%d), %v after %d items", page, from, to, err, seen)
					}
					seen = to
				}
			})
		}
	}
}

func TestBoundsRefuse(t *testing.T) {
	for _, c := range []struct{ page, size int }{{0, 10}, {-1, 10}, {1, 0}, {99, 10}} {
		t.Run(fmt.Sprintf("page_%d_of_%d", c.page, c.size), func(t *testing.T) {
			if _, _, err := Bounds(c.page, c.size, 20); !errors.Is(err, ErrRange) {
				t.Errorf("error %v, want %v", err, ErrRange)
			}
		})
	}
}
