package weights

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strconv"
)

// unpickler is a reader for the part of Python's pickle format that a state_dict needs. It knows
// no other instruction, creates no object but those its owner's call gives it, takes every length from bytes that
// are there, and stops after maxSteps, so it can neither run code nor allocate much. Values may be nested as deeply as the
// steps allow, and shared so often that writing one out would never end: nothing walks into them.
//
// It and its owner's functions give up by [refuse], as encoding/json does.
type unpickler struct {
	data    []byte
	pos     int
	stack   []any
	marks   []int
	memo    map[int]any
	steps   int                              // so far, of all pickles of a file
	classes []class                          // all that it may name
	call    func(callee any, args []any) any // nil for a call that weights do not need
	persist func(id any) any                 // what lies outside of the pickle
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
func (u *unpickler) load() (value any, err error) {
	defer catch(&err)
	return u.next(), nil
}

// next is load that refuses.
func (u *unpickler) next() any {
	u.stack, u.marks, u.memo = nil, nil, map[int]any{}
	for {
		opcode := u.byte()
		u.spend(1)
		if opcode == '.' {
			return u.pop()
		}
		if !u.constant(opcode) && !u.container(opcode) && !u.object(opcode) {
			refuse("its pickle has the instruction 0x%02x, which weights don't need: refused", opcode)
		}
	}
}

func (u *unpickler) spend(steps int) {
	if u.steps += steps; u.steps > maxSteps {
		refuse("its pickle is longer, or nested deeper, than weights need")
	}
}

func (u *unpickler) take(n uint64) []byte {
	if n > uint64(len(u.data)-u.pos) {
		refuse(shortPickle)
	}
	u.pos += int(n)
	return u.data[u.pos-int(n) : u.pos]
}

// uint reads a little-endian number of n ≤ 8 bytes.
func (u *unpickler) uint(n uint64) uint64 {
	var wide [8]byte
	copy(wide[:], u.take(n))
	return binary.LittleEndian.Uint64(wide[:])
}

func (u *unpickler) byte() byte { return byte(u.uint(1)) }

func (u *unpickler) line() string {
	length := bytes.IndexByte(u.data[u.pos:], '\n')
	if length < 0 {
		refuse(shortPickle)
	}
	return string(u.take(uint64(length) + 1)[:length])
}

func (u *unpickler) push(value any) { u.stack = append(u.stack, value) }

func (u *unpickler) pop() any { return u.popN(1)[0] }

func (u *unpickler) top() any {
	value := u.pop()
	u.push(value)
	return value
}

// popN pops n values, the deepest first.
func (u *unpickler) popN(n int) []any {
	bottom := 0
	if len(u.marks) > 0 {
		bottom = u.marks[len(u.marks)-1]
	}
	if len(u.stack) < bottom+n {
		refuse("its pickle takes from an empty stack")
	}
	return u.popFrom(len(u.stack) - n)
}

// popMark pops everything above the last mark.
func (u *unpickler) popMark() []any {
	if len(u.marks) == 0 {
		refuse("its pickle lacks a mark")
	}
	mark := u.marks[len(u.marks)-1]
	u.marks = u.marks[:len(u.marks)-1]
	return u.popFrom(mark)
}

func (u *unpickler) popFrom(at int) []any {
	values := slices.Clone(u.stack[at:])
	u.stack = u.stack[:at]
	return values
}

// constant handles the instructions that push a number or a string. It returns false for any other.
func (u *unpickler) constant(opcode byte) bool {
	switch opcode {
	case 0x80: // PROTO
		if protocol := u.byte(); protocol > 5 {
			refuse("its pickle has protocol %d", protocol)
		}
	case 0x95: // FRAME, only a hint for buffering
		u.take(8)
	case 'N':
		u.push(nil)
	case 0x88, 0x89: // NEWTRUE, NEWFALSE
		u.push(opcode == 0x88)
	case 'J': // BININT
		u.push(int(int32(u.uint(4))))
	case 'K': // BININT1
		u.push(int(u.uint(1)))
	case 'M': // BININT2
		u.push(int(u.uint(2)))
	case 0x8a: // LONG1
		u.push(u.long())
	case 'G': // BINFLOAT, the only big-endian one
		u.push(math.Float64frombits(binary.BigEndian.Uint64(u.take(8))))
	case 'X', 'T': // BINUNICODE, BINSTRING
		u.push(string(u.take(u.uint(4))))
	case 0x8c, 'U': // SHORT_BINUNICODE, SHORT_BINSTRING
		u.push(string(u.take(u.uint(1))))
	default:
		return false
	}
	return true
}

// long reads a two's complement number with its length before it.
func (u *unpickler) long() int {
	length := u.uint(1)
	if length > 8 {
		refuse("its pickle has a number of more than 64 bits")
	}
	unused := 64 - 8*length
	return int(int64(u.uint(length)<<unused) >> unused)
}

// container handles tuples, lists, dictionaries, marks and the memo. It returns false for any other instruction.
func (u *unpickler) container(opcode byte) bool {
	switch opcode {
	case '(':
		u.marks = append(u.marks, len(u.stack))
	case '0':
		u.pop()
	case '1':
		u.popMark()
	case ')':
		u.push(pyTuple{})
	case 't':
		u.push(pyTuple(u.popMark()))
	case 0x85, 0x86, 0x87: // TUPLE1, TUPLE2, TUPLE3
		u.push(pyTuple(u.popN(int(opcode) - 0x84)))
	case ']':
		u.push(&pyList{})
	case '}':
		u.push(&pyDict{})
	case 'a':
		u.extend(u.popN(1))
	case 'e':
		u.extend(u.popMark())
	case 's':
		u.setItems(u.popN(2))
	case 'u':
		u.setItems(u.popMark())
	case 'q': // BINPUT
		u.memo[int(u.uint(1))] = u.top()
	case 'r': // LONG_BINPUT
		u.memo[int(u.uint(4))] = u.top()
	case 0x94: // MEMOIZE
		u.memo[len(u.memo)] = u.top()
	case 'h': // BINGET
		u.recall(int(u.uint(1)))
	case 'j': // LONG_BINGET
		u.recall(int(u.uint(4)))
	default:
		return false
	}
	return true
}

func (u *unpickler) recall(key int) {
	value, ok := u.memo[key]
	if !ok {
		refuse("its pickle recalls what it never stored")
	}
	u.push(value)
}

func (u *unpickler) extend(values []any) {
	list, ok := u.top().(*pyList)
	if !ok {
		refuse("its pickle appends to something that is not a list")
	}
	list.items = append(list.items, values...)
}

func (u *unpickler) setItems(pairs []any) {
	dict, ok := u.top().(*pyDict)
	if !ok || len(pairs)%2 != 0 {
		refuse("its pickle sets items of something that is not a dictionary")
	}
	for pair := range slices.Chunk(pairs, 2) {
		dict.set(pair[0], pair[1])
	}
}

// object handles classes, calls and persistent objects, all through the owner's functions.
func (u *unpickler) object(opcode byte) bool {
	switch opcode {
	case 'c': // GLOBAL
		u.pushClass(u.line(), u.line())
	case 0x93: // STACK_GLOBAL
		names := u.popN(2)
		module, isText := names[0].(string)
		name, isTextToo := names[1].(string)
		if !isText || !isTextToo {
			refuse("its pickle names a class with something that is not text")
		}
		u.pushClass(module, name)
	case 'R': // REDUCE
		parts := u.popN(2)
		args, ok := parts[1].(pyTuple)
		if !ok {
			refuse("its pickle calls something without a tuple of arguments")
		}
		made := u.call(parts[0], args)
		if made == nil {
			refuse("its pickle calls %s in a way weights don't need", tell(parts[0]))
		}
		u.push(made)
	case 'b': // BUILD: a state_dict carries its version as an attribute, which nobody needs
		u.pop()
		if _, isDict := u.top().(*pyDict); !isDict {
			refuse("its pickle sets the state of something that is not a dictionary")
		}
	case 'Q': // BINPERSID
		u.push(u.persist(u.pop()))
	default:
		return false
	}
	return true
}

func (u *unpickler) pushClass(module, name string) {
	named := class(module + "." + name)
	if !slices.Contains(u.classes, named) {
		panic(refusal{&refusedError{named}})
	}
	u.push(named)
}
