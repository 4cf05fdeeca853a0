package weights

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"

	"stylebook/stylelib/internal/atomicfile"
)

// checkpointBytes is how much of a download a power cut may cost.
const checkpointBytes = 16 << 20

// partState stands beside a part file and says what it is the beginning of.
type partState struct {
	URL    string `json:"url"`
	Tag    string `json:"tag"`    // the server's, for If-Range
	Remote int64  `json:"remote"` // size of the file on the server
	Layout string `json:"layout"` // SHA-256 of the local header; empty for a whole file
	Bytes  int64  `json:"bytes"`  // so much of the part is safely on the disk
	SHA256 string `json:"sha256"` // of these bytes
}

// sameFile reports whether two states are about the same bytes.
func (s partState) sameFile(other partState) bool {
	s.Bytes, s.SHA256 = other.Bytes, other.SHA256
	return s == other
}

// localError is an error of this machine's disk: no other source would help.
type localError struct{ err error }

func (e *localError) Error() string { return e.err.Error() }
func (e *localError) Unwrap() error { return e.err }

func local(err error) error {
	if err == nil {
		return nil
	}
	return &localError{err}
}

// part is a file that is being downloaded, with the hash of what is there.
type part struct {
	path  string
	file  *os.File
	hash  hash.Hash
	state partState // at the last checkpoint
	size  int64
}

func readPartState(path string) partState {
	var state partState
	text, err := os.ReadFile(path + ".json")
	if err != nil || json.Unmarshal(text, &state) != nil {
		return partState{}
	}
	return state
}

// withPart continues the part file at path if it is the beginning of the wanted file, otherwise it begins anew; use adds to
// it. What is there is kept for a later attempt, whatever use returns. sum is the SHA-256 of it.
func withPart(ctx context.Context, path string, wanted partState, use func(*part) error) (sum string, err error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return "", &localError{err}
	}
	p := &part{path: path, file: file, hash: sha256.New(), state: wanted}
	if known := readPartState(path); known.sameFile(wanted) && p.begins(ctx, known) {
		err = p.cut(known.Bytes)
	} else {
		err = p.restart(wanted)
	}
	if err != nil {
		file.Close()
		return "", err
	}
	err = use(p)
	if closeErr := p.close(); err == nil {
		err = closeErr
	}
	return p.sum(), err
}

// begins hashes the bytes a state speaks of: after a power cut a file can be long enough and hold zeros.
func (p *part) begins(ctx context.Context, known partState) bool {
	_, err := io.Copy(p.hash, atomicfile.Reader(ctx, io.NewSectionReader(p.file, 0, known.Bytes)))
	return err == nil && p.sum() == known.SHA256
}

// cut drops what lies behind size and continues there.
func (p *part) cut(size int64) error {
	p.size, p.state.Bytes = size, size
	_, err := p.file.Seek(size, io.SeekStart)
	return local(errors.Join(err, p.file.Truncate(size)))
}

// restart drops everything, because the file on the server is another one.
func (p *part) restart(state partState) error {
	p.state = state
	p.hash.Reset()
	return p.cut(0)
}

func (p *part) Write(data []byte) (int, error) {
	n, err := p.file.Write(data)
	p.hash.Write(data[:n])
	p.size += int64(n)
	if err == nil && p.size-p.state.Bytes >= checkpointBytes {
		err = p.checkpoint()
	}
	return n, local(err)
}

// checkpoint makes sure that what is there survives, and notes how much it is.
func (p *part) checkpoint() error {
	if err := p.file.Sync(); err != nil {
		return err
	}
	p.state.Bytes, p.state.SHA256 = p.size, p.sum()
	_, err := atomicfile.Write(p.path+".json", func(w io.Writer) error { return json.NewEncoder(w).Encode(p.state) })
	return err
}

func (p *part) sum() string { return hex.EncodeToString(p.hash.Sum(nil)) }

func (p *part) close() error {
	if err := errors.Join(p.checkpoint(), p.file.Close()); err != nil {
		return &localError{fmt.Errorf("keeping %s: %w", p.path, err)}
	}
	return nil
}

func removePart(path string) {
	os.Remove(path)
	os.Remove(path + ".json")
}
