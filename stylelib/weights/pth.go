package weights

import (
	"errors"
	"fmt"

	"stylebook/stylelib/safetensors"
)

// maxPickle is how many bytes of pickle a .pth file may have; VGG-19's takes a few thousand.
const maxPickle = 4 << 20

// storage is the buffer of one or more tensors.
type storage struct {
	key    string
	dtype  string
	count  int   // elements
	offset int64 // in the file, known once the container has been read
}

// pyTensor is a view of a storage.
type pyTensor struct {
	storage        *storage
	skip           int // elements of the storage before the first
	shape, strides []int
}

const (
	orderedDict      class = "collections.OrderedDict"
	sizeClass        class = "torch.Size"
	rebuildTensor    class = "torch._utils._rebuild_tensor" // what torchvision's VGG-19 of 2017 has
	rebuildTensorV2  class = "torch._utils._rebuild_tensor_v2"
	rebuildParameter class = "torch._utils._rebuild_parameter"
)

// classes are all that a pickle may name beside storageTypes.
var classes = []class{orderedDict, sizeClass, rebuildTensor, rebuildTensorV2, rebuildParameter}

// storageTypes are the element types of torch's storage classes.
var storageTypes = map[class]string{
	"torch.FloatStorage": "F32", "torch.DoubleStorage": "F64", "torch.HalfStorage": "F16", "torch.BFloat16Storage": "BF16",
	"torch.LongStorage": "I64", "torch.IntStorage": "I32", "torch.ShortStorage": "I16", "torch.CharStorage": "I8",
	"torch.ByteStorage": "U8", "torch.BoolStorage": "BOOL",
}

// callClass returns nil for a call that weights do not need.
func (s *stateDict) callClass(callee any, args []any) any {
	switch {
	case callee == orderedDict:
		return s.newDict(args)
	case callee == rebuildTensor || callee == rebuildTensorV2:
		return newTensor(args)
	case callee == sizeClass && len(args) == 1 || callee == rebuildParameter && len(args) > 0:
		return args[0]
	}
	return nil
}

// newDict makes a dictionary, which Python 2 filled from a list of pairs.
func (s *stateDict) newDict(args []any) *pyDict {
	dict := &pyDict{}
	if len(args) == 0 {
		return dict
	}
	list, _ := args[0].(*pyList)
	if list == nil {
		refuse("its pickle makes a dictionary of something that is not a list")
	}
	s.spend(len(list.items)) // a list can be used again and again
	for _, item := range list.items {
		pair, _ := item.(pyTuple)
		if list, isList := item.(*pyList); isList {
			pair = list.items
		}
		if len(pair) != 2 {
			refuse("its pickle makes a dictionary of something that is not a list of pairs")
		}
		dict.set(pair[0], pair[1])
	}
	return dict
}

// newTensor makes a tensor of a storage, the number of elements to skip, the shape and the strides.
func newTensor(args []any) *pyTensor {
	if len(args) < 4 {
		refuse("its pickle makes a tensor of too few parts")
	}
	buffer, isStorage := args[0].(*storage)
	skip, isInt := args[1].(int)
	shape, isShape := ints(args[2], 1<<24)
	strides, areStrides := ints(args[3], 1<<33)
	if !isStorage || !isInt || !isShape || !areStrides || len(shape) != len(strides) {
		refuse("its pickle makes a tensor of the wrong parts")
	}
	t := &pyTensor{storage: buffer, skip: skip, shape: shape, strides: strides}
	t.check()
	return t
}

// check wants all elements inside the storage. The limits on shape and strides keep the sum from overflowing.
func (t *pyTensor) check() {
	last := t.skip
	for axis, length := range t.shape {
		if length == 0 {
			return
		}
		last += (length - 1) * t.strides[axis]
	}
	if t.skip < 0 || t.skip > 1<<40 || last >= t.storage.count {
		refuse("a tensor of shape %v reaches beyond its storage of %d elements", t.shape, t.storage.count)
	}
}

// ints reads a tuple of at most safetensors.MaxRank numbers from 0 to limit.
func ints(value any, limit int) (numbers []int, ok bool) {
	tuple, ok := value.(pyTuple)
	if !ok || len(tuple) > safetensors.MaxRank {
		return nil, false
	}
	numbers = make([]int, len(tuple))
	for i, item := range tuple {
		number, ok := item.(int)
		if !ok || number < 0 || number > limit {
			return nil, false
		}
		numbers[i] = number
	}
	return numbers, true
}

// storageOf answers a persistent id: ("storage", type, key, device, elements), in the older format a sixth part.
func (s *stateDict) storageOf(id any) any {
	parts, _ := id.(pyTuple)
	if len(parts) < 5 || parts[0] != "storage" {
		refuse("its pickle refers to something that is not a storage")
	}
	named, _ := parts[1].(class)
	dtype := storageTypes[named]
	key, isText := parts[2].(string)
	count, isInt := parts[4].(int)
	if dtype == "" || !isText || !isInt || count < 0 || count > 1<<40 {
		refuse("its pickle describes a storage wrongly")
	}
	if len(parts) > 5 && parts[5] != nil {
		refuse("has a storage that is a view of another: save it again with a current PyTorch")
	}
	known := s.storages[key]
	if known == nil {
		known = &storage{key: key, dtype: dtype, count: count}
		s.storages[key] = known
	}
	if known.dtype != dtype || known.count != count {
		refuse("describes storage %q in two ways", key)
	}
	return known
}

// place says where a storage lies, and checks that it ends inside the file.
func (b *storage) place(offset, fileSize int64) error {
	if offset < 0 || offset+int64(b.count)*safetensors.DTypeSize(b.dtype) > fileSize {
		return fmt.Errorf("is cut off inside storage %q", b.key)
	}
	b.offset = offset
	return nil
}

// tensorFileOf collects the tensors of a state_dict, or of a checkpoint that has one under "state_dict".
func tensorFileOf(loaded any) (*tensorFile, error) {
	dict, ok := loaded.(*pyDict)
	if !ok {
		return nil, errors.New("holds something other than a state_dict")
	}
	if inner, ok := dict.get("state_dict").(*pyDict); ok {
		dict = inner
	}
	file := &tensorFile{}
	for i, key := range dict.keys {
		name, isText := key.(string)
		value, isTensor := dict.values[i].(*pyTensor)
		if !isText || !isTensor {
			continue
		}
		if len(file.tensors) == safetensors.MaxTensors {
			return nil, fmt.Errorf("holds more than %d tensors", safetensors.MaxTensors)
		}
		size := safetensors.DTypeSize(value.storage.dtype)
		file.tensors = append(file.tensors, tensor{safetensors.Tensor{
			Name: name, DType: value.storage.dtype, Shape: value.shape, Offset: value.storage.offset + int64(value.skip)*size,
		}, value.strides})
	}
	return file, nil
}
