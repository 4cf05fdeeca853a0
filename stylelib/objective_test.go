package stylelib_test

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"

	sl "stylebook/stylelib"
	"stylebook/stylelib/engine"
	"stylebook/stylelib/internal/testkit"
	"stylebook/stylelib/ops"

	"github.com/google/go-cmp/cmp"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// A record is one flat object, written with its losses in their order.
func TestRecordAsJSON(t *testing.T) {
	record := sl.Record{Epoch: 3, Losses: []sl.TermLoss{{Name: "style", Value: 0.5}, {Name: "content", Value: 1e-9}, {Name: `my "own"`, Value: 2}},
		Total: 7.25, LR: 0.3, Seconds: 0.125}
	text, err := json.Marshal(record)
	if err != nil {
		t.Fatal(err)
	}
	if want := `{"epoch":3,"style":0.5,"content":1e-9,"my \"own\"":2,"total":7.25,"lr":0.3,"seconds":0.125}`; string(text) != want {
		t.Errorf("got  %s\nwant %s", text, want)
	}
	var back sl.Record
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(record.Losses, func(a, b sl.TermLoss) int { return strings.Compare(a.Name, b.Name) })
	if diff := cmp.Diff(record, back, cmp.Comparer(func(a, b *tensors.Tensor) bool { return a == b })); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if record.Loss("style") != 0.5 || record.Loss("tv") != 0 {
		t.Errorf("style %g, tv %g", record.Loss("style"), record.Loss("tv"))
	}
	record.Total = math.NaN()
	if _, err := json.Marshal(record); err == nil {
		t.Error("NaN is no JSON")
	}
}

// An objective of one's own is lowered; its inputs may change from epoch to epoch, and x may have epochs behind it.
func TestMinimizeAnObjectiveOfOnesOwn(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, e *engine.Engine) {
		extractor, err := sl.NewExtractor(e.Backend, tiny(t, "conv1_1"), sl.Options{StyleLayers: []string{"conv1_1"}})
		if err != nil {
			t.Fatal(err)
		}
		defer extractor.Finalize()
		var asked []int
		objective := sl.Objective{
			Loss: func(_ *sl.VGG, image *Node, in []*Node) (*Node, []sl.Part) {
				distance := ops.ReduceAllMean(Square(Sub(image, in[0])))
				return Mul(distance, in[1]), []sl.Part{{Name: "distance", Value: distance}}
			},
			Inputs: func(_ *tensors.Tensor, epoch int) ([]*tensors.Tensor, error) {
				asked = append(asked, epoch)
				return []*tensors.Tensor{noise(2, 8, 8), tensors.FromScalar(float32(epoch))}, nil
			},
		}
		x, err := sl.NewTraining(noise(1, 8, 8))
		if err != nil {
			t.Fatal(err)
		}
		var records []sl.Record
		report := func(r sl.Record) error { records = append(records, r); return nil }
		optimizer := sl.Adam(sl.AdamPyTorch, 0.9, 0.999, func(int) float64 { return 0.1 })
		for _, until := range []int{3, 10} {
			if _, err := sl.Minimize(t.Context(), extractor, objective, x, optimizer, until, report); err != nil {
				t.Fatal(err)
			}
		}
		if diff := cmp.Diff([]int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, asked); diff != "" {
			t.Errorf("epochs (-want +got):\n%s", diff)
		}
		for i, r := range records {
			if r.Epoch != i+1 || math.Abs(r.Total-float64(i+1)*r.Loss("distance")) > 1e-5*r.Total {
				t.Errorf("record %d: %+v", i, r)
			}
			if i > 0 && !(r.Loss("distance") < records[i-1].Loss("distance")) {
				t.Errorf("epoch %d: the distance does not fall", r.Epoch)
			}
		}
	})
}

// Losses have the names of the graph that ran, whoever ran another before or beside it.
func TestNamesOfLossesAreTheGraphs(t *testing.T) {
	e := testkit.Engine(t, "go")
	extractor, err := sl.NewExtractor(e.Backend, tiny(t, "conv1_1"), sl.Options{StyleLayers: []string{"conv1_1"}})
	if err != nil {
		t.Fatal(err)
	}
	defer extractor.Finalize()
	extractor.Programs = sl.NewPrograms(e.Backend, 4, 0)
	adam := sl.Adam(sl.AdamPyTorch, 0.9, 0.999, func(int) float64 { return 0.1 })
	var programs []*sl.Program
	var images []*sl.Training
	for _, name := range []string{"one", "two, with a comma"} {
		objective := sl.Objective{Loss: func(_ *sl.VGG, image *Node, _ []*Node) (*Node, []sl.Part) {
			size := ops.ReduceAllMean(Square(image))
			return size, []sl.Part{{Name: name, Value: size}}
		}}
		x, err := sl.NewTraining(noise(1, 8, 8))
		if err != nil {
			t.Fatal(err)
		}
		program, err := extractor.Compile(sl.EpochGraph(objective, x, adam))
		if err != nil {
			t.Fatal(err)
		}
		programs, images = append(programs, program), append(images, x)
	}
	for _, step := range [][2]int{{0, 0}, {1, 1}, {0, 1}, {1, 0}} {
		record, err := images[step[1]].Step(programs[step[0]], adam, nil)
		if want := []string{"one", "two, with a comma"}[step[0]]; err != nil || len(record.Losses) != 1 || record.Losses[0].Name != want {
			t.Errorf("program %d, image %d: %v, %v, want %q", step[0], step[1], record.Losses, err, want)
		}
	}
}
