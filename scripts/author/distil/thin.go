package main

import (
	"context"
	"fmt"
	"slices"

	"stylebook/scripts/author/cores"
	sl "stylebook/stylelib"

	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// thinner makes a narrow network of the teacher's best channels.
type thinner struct {
	recipe
	backend compute.Backend
	teacher []*tensors.Tensor // a filter and a bias for each convolution
	batches []*tensors.Tensor // of pictures
	say     func(format string, args ...any)
}

// lesson is what the teacher makes of a batch: of the kept channels of each convolution, the maps before the ReLU. Of the first
// blocks, whose maps are large, only the first batches have it.
type lesson []*tensors.Tensor

// newThinner draws the pictures.
func newThinner(ctx context.Context, r recipe, backend compute.Backend, teacher *sl.Network, say func(string, ...any)) (*thinner, error) {
	bank, err := r.draw(ctx)
	if err != nil {
		return nil, err
	}
	t := &thinner{recipe: r, backend: backend, batches: make([]*tensors.Tensor, r.count), say: say}
	cores.Each(ctx, r.count, func(k int) { t.batches[k] = r.batch(bank, k) })
	say("%d pictures", 2*r.pairs*r.count)
	for _, c := range teacher.Convs[:len(convs(teacherKind))] {
		t.teacher = append(t.teacher, c.Filter, c.Bias)
	}
	return t, context.Cause(ctx)
}

// make makes the network.
func (t *thinner) make(ctx context.Context) (*sl.Network, error) {
	kept, err := t.choose(ctx)
	if err != nil {
		return nil, err
	}
	lessons, err := t.teach(ctx, kept)
	if err != nil {
		return nil, err
	}
	t.say("the teacher has told what it sees")
	all, err := t.run(ctx, lessons)
	if err != nil {
		return nil, err
	}
	scales, err := t.calibrate(ctx, all)
	t.say("scales %.3f", scales)
	return network(all), err
}

// run returns the pupil's convolutions.
//
// Each layer is fitted to what the ones before it really give, so that their errors don't pile up.
func (t *thinner) run(ctx context.Context, lessons []lesson) (thin []conv, err error) {
	for _, l := range convs(pupilKind) {
		c, missed, err := t.fit(ctx, l, thin, func(k int) *tensors.Tensor { return lessons[k][roleModel(l)] })
		if err != nil {
			return nil, fmt.Errorf("%s: %w", l.Name, err)
		}
		t.say("%s: %d channels, missed %.3f", l.Name, c.out, missed)
		thin = append(thin, c)
	}
	return thin, nil
}

// on runs f on the first batches, each with its own extra inputs, and then the common ones, and hands the results to take.
func (t *thinner) on(ctx context.Context, batches int, own func(k int) []*tensors.Tensor, common []*tensors.Tensor, f func(in []*Node) []*Node, take func(k int, out []*tensors.Tensor) error) error {
	exec, err := NewExec(t.backend, f)
	if err != nil {
		return err
	}
	defer exec.Finalize()
	for k := range batches {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		var inputs []any
		for _, i := range slices.Concat(own(k), common) {
			inputs = append(inputs, i)
		}
		out, err := exec.Call(inputs...)
		if err == nil {
			err = take(k, out)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (t *thinner) pictures(k int) []*tensors.Tensor { return t.batches[k : k+1] }

// adder adds up in double precision and lets go of what it has added.
func adder(sums *[][]float64) func(int, []*tensors.Tensor) error {
	return func(k int, out []*tensors.Tensor) error {
		for i, o := range out {
			values, err := tensors.CopyFlatData[float32](o)
			if err != nil {
				return err
			}
			if k == 0 {
				*sums = append(*sums, make([]float64, len(values)))
			}
			for j, v := range values {
				(*sums)[i][j] += float64(v)
			}
			_ = o.FinalizeAll()
		}
		return nil
	}
}
