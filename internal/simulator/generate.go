package simulator

import (
	"fmt"
	"io"
	"math/rand/v2"
	"time"
)

// A generated log is made of blocks that depend on nothing but the seed and
// their number, so that any part of it can be read without the parts before.
// The last one takes the rest too, and so is up to twice as long.
const (
	blockSize = 8 << 10
	blockTime = 3 * time.Second       // from the first line of a block to the next one's
	lineTime  = 10 * time.Millisecond // small enough that a block's lines fit into blockTime
	minLine   = 48                    // bytes that the last line of a block has at least
)

// generated is a log of plausible CodeArts lines.
type generated struct {
	seed uint64
	size int64
}

// Generate is a log of size bytes that a build with result SUCCESS could have
// written: the same for the same seed and size. It is made up as it is read, in
// time and memory that depend on what is read and not on size. Its text has
// ANSI colours, multi-byte characters up to four bytes and lone carriage
// returns; it ends with a newline.
func Generate(seed, size int64) Source {
	return generated{uint64(seed), max(0, size)}
}

func (g generated) Size() int64 { return g.size }

func (g generated) ReadAt(p []byte, off int64) (int, error) {
	n := 0
	for n < len(p) && off < g.size {
		number := min(off/blockSize, g.last())
		copied := copy(p[n:], g.block(number)[off-number*blockSize:])
		n, off = n+copied, off+int64(copied)
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// last is the number of the last block.
func (g generated) last() int64 { return max(0, g.size/blockSize-1) }

// block makes the lines of a block; its last line fills it up.
func (g generated) block(number int64) []byte {
	length, last := blockSize, number == g.last()
	if last {
		length = int(g.size - number*blockSize)
	}
	random := rand.New(rand.NewPCG(g.seed, uint64(number)))
	clock := time.Date(2026, 3, 2, 9, 0, 0, 0, time.FixedZone("", 8*3600)).Add(time.Duration(number) * blockTime)
	out := make([]byte, 0, length)
	for i := 0; ; i++ {
		line := prefix(clock.Add(time.Duration(i)*lineTime)) + text(random, number, i) + "\n"
		if len(out)+len(line)+2*minLine+len(ending) > length {
			break
		}
		out = append(out, line...)
	}
	tail := prefix(clock.Add(blockTime-lineTime)) + ending
	if !last || length-len(out) < len(tail)+minLine {
		tail = ""
	}
	return append(fill(out, length-len(tail), clock.Add(blockTime-2*lineTime)), tail...)
}

// ending is the last line of a generated log, without its prefix.
const ending = "Finished: SUCCESS\n"

// fill adds one line that makes out as long as length.
func fill(out []byte, length int, clock time.Time) []byte {
	rest := length - len(out)
	if rest <= 0 {
		return out
	}
	line := []byte(prefix(clock))
	for len(line) < rest {
		line = append(line, '.')
	}
	line = line[:rest]
	line[rest-1] = '\n'
	return append(out, line...)
}

// prefix is what CodeArts writes in front of each line.
func prefix(t time.Time) string { return t.Format("[2006/01/02 15:04:05.000 GMT-07:00] [INFO] ") }

// text is a line of a tool's output.
func text(random *rand.Rand, block int64, line int) string {
	stage := block / 16
	if line == 0 && block%16 == 0 {
		return fmt.Sprintf("[构建步骤%d:official_shell_step%d] : 该步骤开始执行", stage+1, stage+1)
	}
	module, n := random.IntN(400), random.IntN(90_000)
	switch random.IntN(12) {
	case 0:
		return fmt.Sprintf("Downloading from central: https://repo.example.com/maven2/org/example/module-%d/%d/module-%d.jar", module, n, module)
	case 1:
		return fmt.Sprintf("\x1b[34mINFO\x1b[m] Compiling %d source files with javac [debug target 17] to target/classes", n)
	case 2:
		return fmt.Sprintf("Progress (%d): %d kB\rProgress (%d): %d kB", module, n, module, n*2)
	case 3:
		return fmt.Sprintf("[INFO] Tests run: %d, Failures: 0, Errors: 0, Skipped: %d, Time elapsed: %d.%03d s", n, module, module, n%1000)
	case 4:
		return fmt.Sprintf("正在上传构建产物 module-%d.jar 到制品仓库,大小 %d 字节", module, n)
	case 5:
		return fmt.Sprintf("✓ spec %d passed 🎉 (%d ms) naïve café", module, n)
	case 6:
		return fmt.Sprintf(`    "path": "C:\\work\\new\\module-%d", "hash": "%016x"`, module, random.Uint64())
	default:
		return fmt.Sprintf("gcc -O2 -Wall -Iinclude -c src/module%d/file%d.c -o build/module%d/file%d.o", module, n, module, n)
	}
}
