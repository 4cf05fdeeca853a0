package session

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/gob"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	sl "stylebook/stylelib"
	"stylebook/stylelib/internal/atomicfile"
	"stylebook/stylelib/runs"

	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/support/exceptions"
)

// TrainingsEnv names an environment variable with the folder in which finished trainings are kept, so that a cell that is run
// again does not repeat them; "off": none is kept. By default it is stylebook/trainings in the user's cache folder.
const TrainingsEnv = "STYLEBOOK_TRAININGS"

// keptVersion changes with whatever makes another picture of the same request.
const keptVersion = 1

// keptFiles is how many trainings are kept; the oldest go first.
const keptFiles = 100

// keptTraining is a file's content.
type keptTraining struct {
	Shape  []int
	Values []float32
	Last   []byte // the record of the last epoch, as JSON
}

// trainingFile is where a training is kept, by all that decides its result: the request as a run knows it, what it computes, and
// what is compared with; "" for nowhere.
func (s *Studio) trainingFile(computes string, inputs []*tensors.Tensor) string {
	folder := os.Getenv(TrainingsEnv)
	if folder == "" {
		if cache, err := os.UserCacheDir(); err == nil {
			folder = filepath.Join(cache, "stylebook", "trainings")
		}
	}
	spec, err := runs.NewSpec(s.Transfer, 8, s.Engine.Name)
	if folder == "" || folder == "off" || computes == "" || err != nil {
		return ""
	}
	h := sha256.New()
	fmt.Fprintln(h, keptVersion, spec.Key(), computes)
	for _, t := range inputs {
		fmt.Fprintln(h, t.Shape())
		if err := t.ConstBytes(func(data []byte) { h.Write(data) }); err != nil {
			return ""
		}
	}
	return filepath.Join(folder, fmt.Sprintf("%x.gob", h.Sum(nil)))
}

// keeping returns a training that is kept in a file, or trains and keeps it there unless it was interrupted. Trouble with the
// file is no reason not to train.
func (s *Studio) keeping(file string, train func() (*tensors.Tensor, sl.Record, error)) (*tensors.Tensor, sl.Record, error) {
	var kept keptTraining
	var last sl.Record
	content, err := os.ReadFile(file)
	if err == nil && gob.NewDecoder(bytes.NewReader(content)).Decode(&kept) == nil && json.Unmarshal(kept.Last, &last) == nil {
		return tensors.FromFlatDataAndDimensions(kept.Values, kept.Shape...), last, nil
	}
	x, last, err := train()
	last.Image = nil // valid during the report only
	if err != nil || file == "" || s.Context.Err() != nil {
		return x, last, err
	}
	kept = keptTraining{Shape: x.Shape().Dimensions, Values: tensors.MustCopyFlatData[float32](x)}
	if kept.Last, err = json.Marshal(last); err == nil && os.MkdirAll(filepath.Dir(file), 0o755) == nil {
		makeRoom(filepath.Dir(file))
		_, _ = atomicfile.Write(file, func(w io.Writer) error { return gob.NewEncoder(w).Encode(kept) })
	}
	return x, last, nil
}

// makeRoom removes the oldest trainings of a folder.
func makeRoom(folder string) {
	files, _ := filepath.Glob(filepath.Join(folder, "*.gob"))
	age := func(path string) int64 {
		info, err := os.Stat(path)
		if err != nil {
			return 0
		}
		return info.ModTime().UnixNano()
	}
	slices.SortFunc(files, func(a, b string) int { return cmp.Compare(age(a), age(b)) })
	for _, path := range files[:max(0, len(files)-keptFiles+1)] {
		_ = os.Remove(path)
	}
}

// printOf is the fingerprint of what a function computes of inputs of these shapes; "" where not everything of it can be told.
func (s *Studio) printOf(of []shapes.Shape, build func(in []*Node) []*Node) (print string) {
	g := NewGraph(s.Extractor.Backend, "fingerprint")
	defer g.Finalize()
	err := exceptions.TryCatch[error](func() {
		var in []*Node
		for i, shape := range of {
			in = append(in, Parameter(g, fmt.Sprint("in", i), shape))
		}
		if text, whole := sl.Fingerprint(g, build(in)...); whole {
			print = text
		}
	})
	if err != nil { // the training says it better
		return ""
	}
	return print
}
