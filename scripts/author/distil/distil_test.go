package main

import (
	"bytes"
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"testing"

	sl "stylebook/stylelib"
	"stylebook/stylelib/engine"
	"stylebook/stylelib/weights"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"gonum.org/v1/gonum/mat"
)

// narrowTeacher is a VGG-16 of as many channels as a quick pupil's and a few more.
func narrowTeacher(t *testing.T, more int) *sl.Network {
	t.Helper()
	widths := quick(1).widths
	for i := range widths {
		widths[i] += more
	}
	net, err := weights.Random(5, teacherKind, widths, "conv5_1")
	if err != nil {
		t.Fatal(err)
	}
	return net
}

func quickThinner(t *testing.T, more int) *thinner {
	t.Helper()
	e, err := engine.Open("")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Close)
	thinner, err := newThinner(context.Background(), quick(1), e.Backend, narrowTeacher(t, more), func(string, ...any) {})
	if err != nil {
		t.Fatal(err)
	}
	return thinner
}

// taught asks the teacher.
func taught(t *testing.T, thinner *thinner) (kept [][]int32, lessons []lesson) {
	t.Helper()
	kept, err := thinner.choose(t.Context())
	if err == nil {
		lessons, err = thinner.teach(t.Context(), kept)
	}
	if err != nil {
		t.Fatal(err)
	}
	return kept, lessons
}

// A pupil that keeps all channels must find the teacher's filters again, as far as both compute the same: up to the first pooling.
func TestNothingDroppedGivesTheTeacher(t *testing.T) {
	ctx, thinner := context.Background(), quickThinner(t, 0)
	thinner.ridge = 1e-9
	kept, lessons := taught(t, thinner)
	layers, before := convs(teacherKind), []int32{0, 1, 2}
	var thin []conv
	for i := range 2 {
		c, _, err := thinner.fit(ctx, layers[i], thin, func(k int) *tensors.Tensor { return lessons[k][i] })
		if err != nil {
			t.Fatal(err)
		}
		thin = append(thin, c)
		filter := tensors.MustCopyFlatData[float32](thinner.teacher[2*i])
		worst := 0.0
		for place := range 9 {
			for a, from := range before {
				for b, to := range kept[i] {
					want := filter[(place*c.in+int(from))*c.out+int(to)]
					worst = max(worst, math.Abs(float64(want-c.filter[(place*c.in+a)*c.out+b])))
				}
			}
		}
		if worst > 1e-3 {
			t.Errorf("%s is off by %g", layers[i].Name, worst)
		}
		before = kept[i]
	}
}

// Of channels that are multiples or sums of others none is kept twice.
func TestBestChannels(t *testing.T) {
	// Channel 1 is twice channel 0, and tells as much; 2 stands alone and is the strongest; 3 is channel 0 and a tenth of its own.
	basis := mat.NewDense(4, 3, []float64{1, 0, 0, 2, 0, 0, 0, 3, 0, 1, 0, 0.1})
	var moments mat.Dense
	moments.Mul(basis, basis.T())
	got := best(mat.NewSymDense(4, moments.RawMatrix().Data), 3)
	if len(got) != 3 || got[0] != 2 || got[1] != 0 || got[2] != 3 {
		t.Errorf("kept %v, expected 2, 0, 3", got)
	}
}

// Once the losses have the teacher's size, there is nothing left to scale; and scales change no layer behind but its own.
func TestCalibration(t *testing.T) {
	ctx, thinner := context.Background(), quickThinner(t, 4)
	_, lessons := taught(t, thinner)
	all, err := thinner.run(ctx, lessons)
	if err != nil {
		t.Fatal(err)
	}
	multiply(all[4].filter, 2) // something to find
	multiply(all[4].bias, 2)
	before := lastMaps(t, thinner, all)
	first, err := thinner.calibrate(ctx, all)
	if err != nil {
		t.Fatal(err)
	}
	after := lastMaps(t, thinner, all)
	for i := range before {
		if want := before[i] * first[len(first)-1]; math.Abs(after[i]-want) > 1e-4*(1+math.Abs(want)) {
			t.Fatalf("conv5_1 gives %g, expected %g", after[i], want)
		}
	}
	again, err := thinner.calibrate(ctx, all)
	if err != nil {
		t.Fatal(err)
	}
	for i := range again {
		if math.Abs(again[i]-1) > 1e-3 {
			t.Errorf("the scales of layer %d are %g and then %g", i, first[i], again[i])
		}
	}
}

// lastMaps is what conv5_1 gives for the first batch.
func lastMaps(t *testing.T, thinner *thinner, all []conv) (values []float64) {
	t.Helper()
	err := thinner.on(context.Background(), 1, thinner.pictures, parameters(all), func(in []*Node) []*Node {
		return []*Node{forward(pupilKind, in[0], in[1:], averagePool)["conv5_1"].before}
	}, func(_ int, out []*tensors.Tensor) error {
		for _, v := range tensors.MustCopyFlatData[float32](out[0]) {
			values = append(values, float64(v))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return values
}

// The same seed must give the same file, and the file must be one that the library reads.
func TestQuickTwice(t *testing.T) {
	folder := t.TempDir()
	teacher, path := filepath.Join(folder, "teacher.safetensors"), filepath.Join(folder, "net.safetensors")
	if err := weights.Write(teacher, narrowTeacher(t, 4), nil); err != nil {
		t.Fatal(err)
	}
	file := func(seed string) []byte {
		err := run(context.Background(), []string{"-quick", "-weights", teacher, "-seed", seed, "-out", path})
		content, readErr := os.ReadFile(path)
		if err := errors.Join(err, readErr); err != nil {
			t.Fatal(err)
		}
		return content
	}
	other, first := file("2"), file("1")
	if bytes.Equal(first, other) {
		t.Error("another seed gave the same file")
	}
	if !bytes.Equal(first, file("1")) {
		t.Error("two runs gave different files")
	}
	net, err := weights.Read(context.Background(), path, sl.Default().StyleLayers...)
	if err != nil {
		t.Fatal(err)
	}
	if len(net.Convs) != len(convs(pupilKind)) || net.Pooling != sl.AveragePooling || net.Padding != sl.ZeroPadding {
		t.Errorf("%d convolutions, pooling %v, padding %v", len(net.Convs), net.Pooling, net.Padding)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	path = filepath.Join(folder, "interrupted.safetensors")
	if err := run(ctx, []string{"-quick", "-weights", teacher, "-out", path}); !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted, it gives %v", err)
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("interrupted, it left a file")
	}
}
