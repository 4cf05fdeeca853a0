package transfer_test

import (
	"strings"
	"testing"

	sl "stylebook/stylelib"
	"stylebook/stylelib/internal/testkit"
	"stylebook/stylelib/transfer"

	. "github.com/gomlx/gomlx/core/graph"
)

// signs is an optimizer of one's own: steps of the same length in each value, along the sign of a running mean of the gradient.
func signs(beta float64) transfer.Method {
	return transfer.Method{
		Name: "signs", About: "steps along the gradient's signs",
		Use: func(o *transfer.Options) { o.LearningRate, o.LRDecayEvery = 0.02, 0 },
		Optimizer: func(o transfer.Options, epochs int) sl.Optimizer {
			rate := func(epoch int) float64 { return o.LearningRate * (1 - float64(epoch-1)/float64(epochs)) }
			return sl.Optimizer{
				State:        []sl.StateArray{{Name: "signs_mean", Copies: 1}},
				LearningRate: rate,
				Numbers:      func(epoch int) []float64 { return []float64{rate(epoch)} },
				Update: func(image, gradient *Node, state, numbers []*Node) (*Node, []*Node) {
					mean := Add(MulScalar(state[0], beta), MulScalar(gradient, 1-beta))
					return Sub(image, Mul(numbers[0], Sign(mean))), []*Node{mean}
				},
			}
		},
	}
}

// An optimizer of one's own brings its numbers, lowers the loss, and goes on from a saved state with the same bits.
func TestOwnMethod(t *testing.T) {
	e := testkit.Engine(t, "go")
	s := newSetting(func(s *setting) { s.options.Add(signs(0.9)); s.options.Scales = 2 })
	s.options.Epochs = 20
	if s.options.Optimizer != "signs" || s.options.LearningRate != 0.02 {
		t.Fatalf("it is %q with the rate %g", s.options.Optimizer, s.options.LearningRate)
	}
	image, records, states := s.run(t, e, nil)
	if first, last := records[10], records[19]; !(last.Total < 0.8*first.Total) {
		t.Errorf("the total goes from %g to %g", first.Total, last.Total)
	}
	if again, _, _ := s.run(t, e, states[14]); !equalBits(image, again) {
		t.Error("it ends with other bits after it was stopped in between")
	}
}

// An optimizer whose update or numbers were changed makes another run; the same one does not, and the library's have no fingerprint.
func TestChangedMethodIsAnotherRun(t *testing.T) {
	key := func(change func(*transfer.Options)) string {
		r := small(t)
		change(&r.Options)
		spec := specOf(t, r)
		if spec.Options.Optimizer == transfer.Adam && spec.Terms != nil {
			t.Errorf("the chapter's run has %v", spec.Terms)
		}
		return spec.Key()
	}
	with := func(m transfer.Method) string { return key(func(o *transfer.Options) { o.Add(m) }) }
	slower := signs(0.9)
	slower.Optimizer = func(o transfer.Options, epochs int) sl.Optimizer {
		made := signs(0.9).Optimizer(o, epochs)
		made.Numbers = func(epoch int) []float64 { return []float64{0.5 * made.LearningRate(epoch)} }
		return made
	}
	keys := map[string]string{"signs": with(signs(0.9)), "another update": with(signs(0.8)), "other numbers": with(slower),
		"the chapter's":                    key(func(*transfer.Options) {}),
		"the chapter's with another known": key(func(o *transfer.Options) { o.OwnMethods = []transfer.Method{signs(0.9)} })}
	if with(signs(0.9)) != keys["signs"] {
		t.Error("the same optimizer is another run")
	}
	if keys["the chapter's"] != keys["the chapter's with another known"] {
		t.Error("an optimizer that is not used makes another run")
	}
	delete(keys, "the chapter's with another known")
	seen := map[string]string{}
	for name, k := range keys {
		if other, ok := seen[k]; ok {
			t.Errorf("%s and %s are the same run", name, other)
		}
		seen[k] = name
	}
}

func TestMethodsThatCantBeUsed(t *testing.T) {
	with := func(change func(*transfer.Method)) func(*transfer.Options) {
		m := signs(0.9)
		change(&m)
		return func(o *transfer.Options) { o.Add(m) }
	}
	state := func(arrays ...sl.StateArray) func(*transfer.Options) {
		return with(func(m *transfer.Method) {
			before := m.Optimizer
			m.Optimizer = func(o transfer.Options, epochs int) sl.Optimizer {
				made := before(o, epochs)
				made.State = arrays
				return made
			}
		})
	}
	for want, change := range map[string]func(*transfer.Options){
		`optimizer: there is no "other": choose one of adam, fast, lbfgs, signs`: func(o *transfer.Options) { o.Add(signs(1)); o.Use("other") },
		"adam: there is another optimizer of this name":                          with(func(m *transfer.Method) { m.Name = "adam" }),
		`optimizer: it can't be called "My Own"`:                                 with(func(m *transfer.Method) { m.Name = "My Own" }),
		"signs: it has no function":                                              with(func(m *transfer.Method) { m.Optimizer = nil }),
		`signs: its state can't have 1 of "image"`:                               state(sl.StateArray{Name: "image", Copies: 1}),
		`signs: its state can't have 0 of "m"`:                                   state(sl.StateArray{Name: "m"}),
		"signs: its optimizer can't be made: boom": with(func(m *transfer.Method) {
			m.Optimizer = func(transfer.Options, int) sl.Optimizer { panic("boom") }
		}),
		"signs: its optimizer needs a learning rate": with(func(m *transfer.Method) {
			m.Optimizer = func(transfer.Options, int) sl.Optimizer { return sl.Optimizer{} }
		}),
		"learning rate of L-BFGS does not decay": func(o *transfer.Options) { o.Optimizer = transfer.LBFGS },
	} {
		o := transfer.Default()
		change(&o)
		if err := o.Validate(1); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

// An own optimizer is taken where none is named, whatever the preset; another can be named beside it.
func TestChooseOwnMethod(t *testing.T) {
	for _, preset := range transfer.Presets() {
		own := []transfer.Extension{signs(0.9), greyness("grey")}
		o, err := transfer.Choose(transfer.Choice{Preset: preset, Own: own})
		if err != nil || o.Optimizer != "signs" || o.LearningRate != 0.02 || len(o.Terms) != 1 {
			t.Errorf("%s: %q with the rate %g, %v", preset, o.Optimizer, o.LearningRate, err)
		}
		o, err = transfer.Choose(transfer.Choice{Preset: preset, Own: own, Optimizer: transfer.Fast})
		epochs := sl.FastEpochs
		if preset == transfer.NNST {
			epochs = 200
		}
		if err != nil || o.Optimizer != transfer.Fast || o.Epochs != epochs {
			t.Errorf("%s: %q, %v", preset, o.Optimizer, err)
		}
		if _, err = transfer.Choose(transfer.Choice{Preset: preset, Optimizer: "other"}); err == nil {
			t.Errorf("%s: an unknown optimizer is taken", preset)
		}
	}
}
