package weights

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"path"

	"stylebook/stylelib/safetensors"
)

func looksLikeZip(head []byte) bool { return len(head) >= 4 && string(head[:4]) == "PK\x03\x04" }

// parseZipPth reads the format of torch.save since 2020: a zip archive of NAME/data.pkl and the storages NAME/data/KEY,
// which are not compressed.
func parseZipPth(file io.ReaderAt, size int64) (*tensorFile, error) {
	archive, err := zip.NewReader(file, size)
	if err != nil {
		return nil, errors.New("is a zip archive that is cut off or damaged (its directory can't be read)")
	}
	if len(archive.File) > safetensors.MaxTensors {
		return nil, fmt.Errorf("is a zip archive of more than %d files", safetensors.MaxTensors)
	}
	members := map[string]*zip.File{}
	folder, found := "", false
	for _, member := range archive.File {
		members[member.Name] = member
		if path.Base(member.Name) == "data.pkl" && !found {
			folder, found = path.Dir(member.Name), true
		}
	}
	if !found {
		return nil, errors.New("is a zip archive that torch.save did not write")
	}
	if members[path.Join(folder, "constants.pkl")] != nil {
		return nil, errors.New("is a TorchScript program: save its state_dict instead")
	}
	if err := checkByteOrder(members[path.Join(folder, "byteorder")]); err != nil {
		return nil, err
	}
	pickle, err := readMember(members[path.Join(folder, "data.pkl")], maxPickle)
	if err != nil {
		return nil, err
	}
	s := newStateDict(pickle)
	loaded, err := s.load()
	if err != nil {
		return nil, err
	}
	for key, buffer := range s.storages {
		if err := buffer.placeMember(members[path.Join(folder, "data", key)], size); err != nil {
			return nil, err
		}
	}
	return tensorFileOf(loaded)
}

func checkByteOrder(member *zip.File) error {
	if member == nil {
		return nil
	}
	order, err := readMember(member, 16)
	if err != nil {
		return err
	}
	if string(order) != "little" {
		return errors.New("was saved on a big-endian machine")
	}
	return nil
}

// readMember reads a small file of the archive; the reader checks its checksum.
func readMember(member *zip.File, limit uint64) ([]byte, error) {
	if member.UncompressedSize64 > limit {
		return nil, fmt.Errorf("has a %s of %d bytes; at most %d are accepted", member.Name, member.UncompressedSize64, limit)
	}
	opened, err := member.Open()
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", member.Name, err)
	}
	defer opened.Close()
	content, err := io.ReadAll(io.LimitReader(opened, int64(limit)))
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", member.Name, err)
	}
	return content, nil
}

// placeMember finds a storage in the archive, where it must lie as it is.
func (b *storage) placeMember(member *zip.File, fileSize int64) error {
	if member == nil {
		return fmt.Errorf("lacks storage %q", b.key)
	}
	if member.Method != zip.Store {
		return errors.New("has compressed storages: torch.save does not compress them")
	}
	if member.UncompressedSize64 != uint64(b.count)*uint64(safetensors.DTypeSize(b.dtype)) {
		return fmt.Errorf("storage %q has another size than its tensor", b.key)
	}
	offset, err := member.DataOffset()
	if err != nil {
		return fmt.Errorf("finding storage %q: %w", b.key, err)
	}
	return b.place(offset, fileSize)
}
