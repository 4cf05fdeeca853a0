package transfer

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	sl "stylebook/stylelib"
)

// Method says by which optimizer the image follows the gradient of the loss: a name, the numbers that go with it, and the optimizer
// itself, whose state is saved and restored with a run. [Options.Add] makes one of the caller's own known and takes it.
type Method struct {
	Name  string // in options, records and on the command line
	About string // what it does, in a few words

	// Use sets the numbers that go with the method: the learning rate, its decay, the epochs. nil: all stay as they are.
	Use func(o *Options)

	// Optimizer makes the optimizer of a training of so many epochs; coarse to fine, each scale is a training.
	Optimizer func(o Options, epochs int) sl.Optimizer

	// Check refuses options that do not go with the method; nil: all do.
	Check func(o Options) error
}

// The names of the library's methods.
const (
	Adam  = "adam"  // the chapter's
	Fast  = "fast"  // [sl.Fast], in fewer epochs
	LBFGS = "lbfgs" // [sl.LBFGS], with a learning rate that stays
)

// methods returns the methods that the library has, the chapter's first.
func methods() []Method {
	return []Method{
		{Name: Adam, About: "as in the chapter",
			Optimizer: func(o Options, _ int) sl.Optimizer {
				return sl.Adam(o.Adam, sl.AdamBeta1, sl.AdamBeta2, func(epoch int) float64 { return sl.LearningRate(o.Options, epoch) })
			}},
		{Name: Fast, About: "Adam at several resolutions at once",
			Use:       func(o *Options) { o.LearningRate, o.Epochs = sl.FastLearningRate, sl.FastEpochs },
			Optimizer: func(o Options, epochs int) sl.Optimizer { return sl.Fast(o.LearningRate, epochs) }},
		{Name: LBFGS, About: "limited-memory BFGS",
			Use: func(o *Options) { o.LearningRate, o.LRDecayEvery = 1, 0 },
			Optimizer: func(o Options, _ int) sl.Optimizer {
				return sl.LBFGS(o.History, func(int) float64 { return o.LearningRate })
			},
			Check: func(o Options) error {
				if o.LRDecayEvery == 0 {
					return nil
				}
				return &sl.OptionError{Option: "optimizer", Reason: "the learning rate of L-BFGS does not decay: choose it with Use, which sets the numbers that go with it"}
			}},
	}
}

// KnownMethods returns the methods that the options can name: the library's and the caller's own.
func (o Options) KnownMethods() []Method { return append(methods(), o.OwnMethods...) }

// method returns the one that the options name.
func (o Options) method() (Method, error) {
	var names []string
	for _, m := range o.KnownMethods() {
		if m.Name == o.Optimizer {
			return m, nil
		}
		names = append(names, m.Name)
	}
	return Method{}, &sl.OptionError{Option: "optimizer", Reason: fmt.Sprintf("there is no %q: choose one of %s", o.Optimizer, strings.Join(names, ", "))}
}

// NewOptimizer returns the optimizer that the options choose, for a training of so many epochs. Options must be valid.
func (o Options) NewOptimizer(epochs int) sl.Optimizer {
	m, err := o.method()
	if err != nil {
		panic(err)
	}
	return m.Optimizer(o, epochs)
}

// Use chooses the optimizer of a method and sets the numbers that go with it. A name that is none of [Options.KnownMethods] is
// refused by [Options.Validate].
func (o *Options) Use(method string) {
	o.Optimizer = method
	if m, err := o.method(); err == nil && m.Use != nil {
		m.Use(o)
	}
}

// addTo makes the method known, and takes it.
func (m Method) addTo(o *Options) {
	o.OwnMethods = append(o.OwnMethods[:len(o.OwnMethods):len(o.OwnMethods)], m)
	o.Use(m.Name)
}

// stateName is what a part of a state may be called in a checkpoint.
var stateName = regexp.MustCompile("^[a-z][a-z0-9_]*$")

// checkMethods refuses methods that can't be told apart or run, and options that do not go with the one that is chosen.
func (o Options) checkMethods() error {
	seen := map[string]bool{}
	for _, m := range o.KnownMethods() {
		switch {
		case !termName.MatchString(m.Name):
			return &sl.OptionError{Option: "optimizer", Reason: fmt.Sprintf("it can't be called %q: use lower-case letters, digits and hyphens", m.Name)}
		case seen[m.Name]:
			return &sl.OptionError{Option: m.Name, Reason: "there is another optimizer of this name: call yours otherwise"}
		case m.Optimizer == nil:
			return &sl.OptionError{Option: m.Name, Reason: "it has no function that makes its optimizer"}
		}
		seen[m.Name] = true
	}
	chosen, err := o.method()
	if err != nil {
		return err
	}
	if chosen.Check != nil {
		if err := chosen.Check(o); err != nil {
			return err
		}
	}
	return o.checkState(chosen)
}

// checkState looks at an optimizer of the caller's own, whose state is saved by its names.
func (o Options) checkState(m Method) (err error) {
	if !slices.ContainsFunc(o.OwnMethods, func(own Method) bool { return own.Name == m.Name }) {
		return nil
	}
	var optimizer sl.Optimizer
	if err := caught(func() { optimizer = m.Optimizer(o, o.Epochs) }); err != nil {
		return &sl.OptionError{Option: m.Name, Reason: fmt.Sprintf("its optimizer can't be made: %v", err)}
	}
	if optimizer.Update == nil || optimizer.Numbers == nil || optimizer.LearningRate == nil {
		return &sl.OptionError{Option: m.Name, Reason: "its optimizer needs a learning rate, numbers and an update"}
	}
	names := map[string]bool{imageArray: true, transportArray: true}
	for _, array := range optimizer.State {
		if !stateName.MatchString(array.Name) || names[array.Name] || array.Copies < 1 {
			return &sl.OptionError{Option: m.Name, Reason: fmt.Sprintf(
				"its state can't have %d of %q: give each array another name, of lower-case letters, digits and underscores, and at least one copy", array.Copies, array.Name)}
		}
		names[array.Name] = true
	}
	return nil
}
