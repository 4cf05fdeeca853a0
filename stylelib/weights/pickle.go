package weights

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strconv"
)

// stateDict reads the pickles of a .pth file: the part of Python's pickle format that a state_dict needs. It knows no other
// instruction, creates no object but those that it knows, takes every length from bytes that are there, and stops after maxSteps,
// so it can neither run code nor allocate much. Values may be nested as deeply as the steps allow, and shared so often that
// writing one out would never end: nothing walks into them.
//
// It gives up by [refuse], as encoding/json does.
type stateDict struct {
	data     []byte
	pos      int
	stack    []any
	marks    []int
	memo     map[int]any
	steps    int                 // so far, of all pickles of a file
	storages map[string]*storage // that its tensors ask for
}

func newStateDict(pickle []byte) *stateDict {
	return &stateDict{data: pickle, storages: map[string]*storage{}}
}

// What a pickle's values become: nil, bool, int, float64, string, class, and these.
type (
	pyList  struct{ items []any }
	pyTuple []any
	pyDict  struct{ keys, values []any }
)

// class is a Python class or function.
type class string

// refusedError reports a Python object that a file names without need.
type refusedError struct{ named class }

func (e *refusedError) Error() string {
	return fmt.Sprintf("names the Python object %q, which weights don't need: refused", string(e.named))
}

// tell names a class or a number of a pickle, and says of any other value only that it is one.
func tell(value any) string {
	switch value := value.(type) {
	case class:
		return string(value)
	case int:
		return strconv.Itoa(value)
	}
	return "something else"
}

func (d *pyDict) set(key, value any) { d.keys, d.values = append(d.keys, key), append(d.values, value) }

func (d *pyDict) get(wanted string) any {
	for i, key := range d.keys {
		if key == wanted {
			return d.values[i]
		}
	}
	return nil
}

// maxSteps is how many instructions the pickles of a file may take; 4096 tensors need half of them.
const maxSteps = 1 << 19

// refusal is what catch turns into an error.
type refusal struct{ error }

func refuse(format string, args ...any) { panic(refusal{fmt.Errorf(format, args...)}) }

const shortPickle = "its pickle ends too early"

// catch makes err of what was refused.
func catch(err *error) {
	switch reason := recover().(type) {
	case nil:
	case refusal:
		*err = reason.error
	default:
		panic(reason)
	}
}

// load reads one pickle and leaves pos behind it.
func (s *stateDict) load() (value any, err error) {
	defer catch(&err)
	return s.next(), nil
}

// next is load that refuses.
func (s *stateDict) next() any {
	s.stack, s.marks, s.memo = nil, nil, map[int]any{}
	for {
		opcode := s.byte()
		s.spend(1)
		if opcode == '.' {
			return s.pop()
		}
		if !s.constant(opcode) && !s.container(opcode) && !s.object(opcode) {
			refuse("its pickle has the instruction 0x%02x, which weights don't need: refused", opcode)
		}
	}
}

func (s *stateDict) spend(steps int) {
	if s.steps += steps; s.steps > maxSteps {
		refuse("its pickle is longer, or nested deeper, than weights need")
	}
}

func (s *stateDict) take(n uint64) []byte {
	if n > uint64(len(s.data)-s.pos) {
		refuse(shortPickle)
	}
	s.pos += int(n)
	return s.data[s.pos-int(n) : s.pos]
}

// uint reads a little-endian number of n ≤ 8 bytes.
func (s *stateDict) uint(n uint64) uint64 {
	var wide [8]byte
	copy(wide[:], s.take(n))
	return binary.LittleEndian.Uint64(wide[:])
}

func (s *stateDict) byte() byte { return byte(s.uint(1)) }

func (s *stateDict) line() string {
	length := bytes.IndexByte(s.data[s.pos:], '\n')
	if length < 0 {
		refuse(shortPickle)
	}
	return string(s.take(uint64(length) + 1)[:length])
}

func (s *stateDict) push(value any) { s.stack = append(s.stack, value) }

func (s *stateDict) pop() any { return s.popN(1)[0] }

func (s *stateDict) top() any {
	value := s.pop()
	s.push(value)
	return value
}

// popN pops n values, the deepest first.
func (s *stateDict) popN(n int) []any {
	bottom := 0
	if len(s.marks) > 0 {
		bottom = s.marks[len(s.marks)-1]
	}
	if len(s.stack) < bottom+n {
		refuse("its pickle takes from an empty stack")
	}
	return s.popFrom(len(s.stack) - n)
}

// popMark pops everything above the last mark.
func (s *stateDict) popMark() []any {
	if len(s.marks) == 0 {
		refuse("its pickle lacks a mark")
	}
	mark := s.marks[len(s.marks)-1]
	s.marks = s.marks[:len(s.marks)-1]
	return s.popFrom(mark)
}

func (s *stateDict) popFrom(at int) []any {
	values := slices.Clone(s.stack[at:])
	s.stack = s.stack[:at]
	return values
}

// constant handles the instructions that push a number or a string. It returns false for any other.
func (s *stateDict) constant(opcode byte) bool {
	switch opcode {
	case 0x80: // PROTO
		if protocol := s.byte(); protocol > 5 {
			refuse("its pickle has protocol %d", protocol)
		}
	case 0x95: // FRAME, only a hint for buffering
		s.take(8)
	case 'N':
		s.push(nil)
	case 0x88, 0x89: // NEWTRUE, NEWFALSE
		s.push(opcode == 0x88)
	case 'J': // BININT
		s.push(int(int32(s.uint(4))))
	case 'K': // BININT1
		s.push(int(s.uint(1)))
	case 'M': // BININT2
		s.push(int(s.uint(2)))
	case 0x8a: // LONG1
		s.push(s.long())
	case 'G': // BINFLOAT, the only big-endian one
		s.push(math.Float64frombits(binary.BigEndian.Uint64(s.take(8))))
	case 'X', 'T': // BINUNICODE, BINSTRING
		s.push(string(s.take(s.uint(4))))
	case 0x8c, 'U': // SHORT_BINUNICODE, SHORT_BINSTRING
		s.push(string(s.take(s.uint(1))))
	default:
		return false
	}
	return true
}

// long reads a two's complement number with its length before it.
func (s *stateDict) long() int {
	length := s.uint(1)
	if length > 8 {
		refuse("its pickle has a number of more than 64 bits")
	}
	unused := 64 - 8*length
	return int(int64(s.uint(length)<<unused) >> unused)
}

// container handles tuples, lists, dictionaries, marks and the memo. It returns false for any other instruction.
func (s *stateDict) container(opcode byte) bool {
	switch opcode {
	case '(':
		s.marks = append(s.marks, len(s.stack))
	case '0':
		s.pop()
	case '1':
		s.popMark()
	case ')':
		s.push(pyTuple{})
	case 't':
		s.push(pyTuple(s.popMark()))
	case 0x85, 0x86, 0x87: // TUPLE1, TUPLE2, TUPLE3
		s.push(pyTuple(s.popN(int(opcode) - 0x84)))
	case ']':
		s.push(&pyList{})
	case '}':
		s.push(&pyDict{})
	case 'a':
		s.extend(s.popN(1))
	case 'e':
		s.extend(s.popMark())
	case 's':
		s.setItems(s.popN(2))
	case 'u':
		s.setItems(s.popMark())
	case 'q': // BINPUT
		s.memo[int(s.uint(1))] = s.top()
	case 'r': // LONG_BINPUT
		s.memo[int(s.uint(4))] = s.top()
	case 0x94: // MEMOIZE
		s.memo[len(s.memo)] = s.top()
	case 'h': // BINGET
		s.recall(int(s.uint(1)))
	case 'j': // LONG_BINGET
		s.recall(int(s.uint(4)))
	default:
		return false
	}
	return true
}

func (s *stateDict) recall(key int) {
	value, ok := s.memo[key]
	if !ok {
		refuse("its pickle recalls what it never stored")
	}
	s.push(value)
}

func (s *stateDict) extend(values []any) {
	list, ok := s.top().(*pyList)
	if !ok {
		refuse("its pickle appends to something that is not a list")
	}
	list.items = append(list.items, values...)
}

func (s *stateDict) setItems(pairs []any) {
	dict, ok := s.top().(*pyDict)
	if !ok || len(pairs)%2 != 0 {
		refuse("its pickle sets items of something that is not a dictionary")
	}
	for pair := range slices.Chunk(pairs, 2) {
		dict.set(pair[0], pair[1])
	}
}

// object handles classes, calls and storages.
func (s *stateDict) object(opcode byte) bool {
	switch opcode {
	case 'c': // GLOBAL
		s.pushClass(s.line(), s.line())
	case 0x93: // STACK_GLOBAL
		names := s.popN(2)
		module, isText := names[0].(string)
		name, isTextToo := names[1].(string)
		if !isText || !isTextToo {
			refuse("its pickle names a class with something that is not text")
		}
		s.pushClass(module, name)
	case 'R': // REDUCE
		parts := s.popN(2)
		args, ok := parts[1].(pyTuple)
		if !ok {
			refuse("its pickle calls something without a tuple of arguments")
		}
		made := s.callClass(parts[0], args)
		if made == nil {
			refuse("its pickle calls %s in a way weights don't need", tell(parts[0]))
		}
		s.push(made)
	case 'b': // BUILD: a state_dict carries its version as an attribute, which nobody needs
		s.pop()
		if _, isDict := s.top().(*pyDict); !isDict {
			refuse("its pickle sets the state of something that is not a dictionary")
		}
	case 'Q': // BINPERSID
		s.push(s.storageOf(s.pop()))
	default:
		return false
	}
	return true
}

func (s *stateDict) pushClass(module, name string) {
	named := class(module + "." + name)
	if storageTypes[named] == "" && !slices.Contains(classes, named) {
		panic(refusal{&refusedError{named}})
	}
	s.push(named)
}
