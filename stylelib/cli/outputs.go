package cli

import (
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"slices"

	"stylebook/stylelib/film"
	"stylebook/stylelib/internal/imagefile"
	"stylebook/stylelib/runs"
	"stylebook/stylelib/weights"
)

// checkOutputs refuses, before any work, a result that can't be written, and outputs that would destroy what the run reads or
// each other.
func (s *settings) checkOutputs(store *runs.Store) error {
	if s.training {
		return fmt.Errorf("run %s trains a network: stylize resume %[1]s goes on with it", s.resume)
	}
	if s.Out != "" { // else it is a run of a sweep
		if err := imagefile.CheckWritable(s.Out); err != nil {
			return err
		}
	}
	if s.Animation != "" {
		if err := film.Check(s.Animation); err != nil {
			return fmt.Errorf("-animation: %w", err)
		}
	}
	inputs := s.inputs()
	for flag, path := range s.outputs() {
		if s.Log != "" && flag != "-log" && place(path) == place(s.Log) {
			return fmt.Errorf("-log %s would overwrite the result: choose another name", s.Log)
		}
		if err := protect(flag, path, inputs, store); err != nil {
			return err
		}
	}
	return nil
}

// inputs are the files that the run is made from.
func (s *settings) inputs() []string {
	r := s.Request
	return slices.Concat([]string{r.Content, r.ContentMask, r.ColoursMask, r.Init, s.From, r.Weights.Spec, os.Getenv(weights.EnvWeights)}, r.Styles, r.StyleMasks)
}

// outputs yields the files that the run writes, each with its option.
func (s *settings) outputs() iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		more := (s.Log == "" || yield("-log", s.Log)) && (s.Animation == "" || yield("-animation", s.Animation)) && s.Out != "" && yield("-out", s.Out)
		for epoch := s.SaveEvery; more && s.SaveEvery > 0 && epoch <= s.Options.Epochs; epoch += s.SaveEvery {
			more = yield("-save-every", s.pictureOf(epoch, s.Out))
		}
	}
}

// protect refuses to write a file of an option over inputs, or over what the store keeps.
func protect(flag, path string, inputs []string, store *runs.Store) error {
	if store != nil && store.Owns(path) {
		return fmt.Errorf("%s: %s is in the store of runs: choose another place", flag, path)
	}
	out, err := os.Stat(path)
	if err != nil {
		return nil // not there yet
	}
	for _, input := range inputs {
		if in, err := os.Stat(input); err == nil && os.SameFile(in, out) {
			return fmt.Errorf("%s: %s would overwrite what the run is made from: choose another name", flag, path)
		}
	}
	return nil
}

// place is where a file is, or would be made.
func place(path string) string {
	if target, err := os.Readlink(path); err == nil {
		if !filepath.IsAbs(target) {
			target = filepath.Join(filepath.Dir(path), target)
		}
		path = target
	}
	path = absolutePath(path)
	if folder, err := filepath.EvalSymlinks(filepath.Dir(path)); err == nil {
		path = filepath.Join(folder, filepath.Base(path))
	}
	return path
}
