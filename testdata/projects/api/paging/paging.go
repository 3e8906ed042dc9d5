// Package paging cuts long lists into pages.
package paging

import "errors"

// ErrRange says that there is no such page.
var ErrRange = errors.New("page out of range")

// Bounds is the half-open range of items on page (from 1) of total items.
func Bounds(page, size, total int) (from, to int, err error) {
	from = (page - 1) * size
	if page < 1 || size < 1 || from > total {
		return 0, 0, ErrRange
	}
	return from, min(from+size, total), nil
}
