package config

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/loggate/loggate/internal/build"
)

// InputError says what is wrong with one input.
type InputError struct {
	Input   string // the input's name
	Source  string // the flag or variable as the user wrote it, "default", or "" where nothing was given
	Value   string // what it holds, "" where that doesn't matter; hidden for a secret
	Problem string
	Mend    string
}

// Error is one line: input, source and value, problem, mend.
func (e *InputError) Error() string {
	var line strings.Builder
	line.WriteString(e.Input + ": ")
	if e.Source != "" {
		line.WriteString(e.Source)
		if e.Value != "" {
			line.WriteString("=" + quote(e.Value))
		}
		line.WriteString(" ")
	}
	line.WriteString(e.Problem + "; " + e.Mend)
	return build.Printable(line.String(), maxLine)
}

// FileError says what is wrong with the config file, and where.
type FileError struct {
	File         string // as it was given
	Line, Column int    // from 1; 0 where the problem is the file itself
	Problem      string
	Mend         string // "" where the problem says it
}

// Error is one line: file:line:column, problem, mend.
func (e *FileError) Error() string {
	where := e.File
	if e.Line > 0 {
		where = fmt.Sprintf("%s:%d:%d", e.File, e.Line, e.Column)
	}
	line := where + ": " + e.Problem
	if e.Mend != "" {
		line += "; " + e.Mend
	}
	return build.Printable(line, maxLine)
}

// hidden stands for a value that must not be shown.
const hidden = "[secret]"

// Bounds in characters: of a value that an error shows, and of its line.
const (
	maxShown = 80
	maxLine  = 1000
)

// quote shows a foreign text on one line, escaped and bounded.
func quote(s string) string { return strconv.Quote(shorten(s, maxShown)) }

// shorten cuts s to at most limit characters, the last of which is "…" then.
func shorten(s string, limit int) string {
	if utf8.RuneCountInString(s) <= limit {
		return s
	}
	return string([]rune(s)[:limit-1]) + "…"
}

// oneOf lists words as in "a, b or c".
func oneOf(words ...string) string {
	if len(words) == 1 {
		return words[0]
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " or " + words[last]
}
