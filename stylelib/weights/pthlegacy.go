package weights

import (
	"bytes"
	"encoding/binary"
	"io"

	"stylebook/stylelib/safetensors"
)

// legacyMagic is the pickled number that files of torch.save began with from 2017 to 2020, behind the two bytes that
// tell the pickle's protocol.
const legacyMagic = "\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19."

const legacyProtocol = 1001

func looksLikeLegacyPth(head []byte) bool {
	return len(head) > 2 && head[0] == 0x80 && bytes.HasPrefix(head[2:], []byte(legacyMagic))
}

// parseLegacyPth reads the older format: pickles of the magic number, the protocol, the machine, the state_dict and
// the keys of its storages, then the storages in that order, each with its number of elements before it.
func parseLegacyPth(file io.ReaderAt, size int64) (parsed *tensorFile, err error) {
	pickles := make([]byte, min(size, maxPickle))
	if _, err := file.ReadAt(pickles, 0); err != nil {
		return nil, err
	}
	defer catch(&err)
	s := newStateDict(pickles)
	s.pos = 2 + len(legacyMagic)
	s.checkMachine()
	loaded := s.next()
	s.placeLegacy(file, size, s.next())
	return tensorFileOf(loaded)
}

func (s *stateDict) checkMachine() {
	if protocol := s.next(); protocol != legacyProtocol {
		refuse("has torch.save protocol %s, not %d", tell(protocol), legacyProtocol)
	}
	if info, ok := s.next().(*pyDict); !ok || info.get("little_endian") != true {
		refuse("was saved on a big-endian machine")
	}
}

func (s *stateDict) placeLegacy(file io.ReaderAt, size int64, keys any) {
	list, ok := keys.(*pyList)
	if !ok || len(list.items) != len(s.storages) {
		refuse("lists other storages than its tensors use")
	}
	position, seen := int64(s.pos), map[string]bool{}
	for _, item := range list.items {
		key, _ := item.(string)
		buffer := s.storages[key]
		if buffer == nil || seen[key] {
			refuse("lists other storages than its tensors use")
		}
		seen[key] = true
		var count [8]byte
		if _, err := file.ReadAt(count[:], position); err != nil {
			refuse("is cut off before storage %q", key)
		}
		if binary.LittleEndian.Uint64(count[:]) != uint64(buffer.count) {
			refuse("storage %q has another size than its tensor", key)
		}
		if err := buffer.place(position+8, size); err != nil {
			panic(refusal{err})
		}
		position += 8 + int64(buffer.count)*safetensors.DTypeSize(buffer.dtype)
	}
}
