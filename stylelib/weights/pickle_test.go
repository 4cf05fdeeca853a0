package weights

import (
	"bytes"
	"runtime"
	"slices"
	"strings"
	"testing"
	"unicode"
)

// pickled makes a pickle of instructions: each byte stands for one, so that what a fuzzer tries is mostly well formed.
func pickled(program []byte) []byte {
	instructions := []string{")", "(", "t", "\x85", "\x86", "\x87", "q\x00", "q\x01", "q\x02", "h\x00", "h\x01", "h\x02", "\x94", "R", "b", "Q",
		"}", "s", "u", "]", "a", "e", "K\x07", "J\xff\xff\xff\xff", "X\x01\x00\x00\x00a", "U\x0bmodule.some", "N", "\x88", "0", "2",
		"ccollections\nOrderedDict\n", "ctorch._utils\n_rebuild_tensor_v2\n", "ctorch\nFloatStorage\n", "ctorch\nSize\n",
		"c" + strings.Repeat("long", 200) + "\n\x1b[31m" + strings.Repeat("name", 200) + "\n", "X\x00\x08\x00\x00" + strings.Repeat("\x1b]0;x", 341) + "\x07\n"}
	var data []byte
	for _, b := range program {
		data = append(data, instructions[int(b)%len(instructions)]...)
	}
	return append(data, '.')
}

// Whatever the instructions of a pickle, reading it takes little memory, and what is wrong is told in a short line.
func FuzzPickle(f *testing.F) {
	f.Add(slices.Concat([]byte{0}, bytes.Repeat([]byte{6, 9, 9, 4}, 40)))        // tuples of the same tuple twice
	f.Add(append(bytes.Repeat([]byte{30, 0, 13}, 60), 3))                        // calls
	f.Add(append(bytes.Repeat([]byte{1}, 500), bytes.Repeat([]byte{2}, 500)...)) // tuples in tuples
	f.Add([]byte{34, 0, 13})
	f.Add([]byte{16, 35, 35, 17, 31, 1, 35, 2, 13})
	f.Fuzz(func(t *testing.T, program []byte) {
		if len(program) > 1<<12 {
			return
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		loaded, err := newStateDict(pickled(program)).load()
		if err == nil {
			_, err = tensorFileOf(loaded)
		}
		message := ""
		if err != nil {
			message = unusable("file.pth", err).Error()
		}
		if runtime.ReadMemStats(&after); after.TotalAlloc-before.TotalAlloc > 64<<20 {
			t.Errorf("it took %d MB", (after.TotalAlloc-before.TotalAlloc)>>20)
		}
		if len(message) > 1000 || strings.ContainsFunc(message, unicode.IsControl) {
			t.Errorf("%d bytes: %q", len(message), message)
		}
	})
}
