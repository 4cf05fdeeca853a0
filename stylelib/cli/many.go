package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"stylebook/stylelib/engine"
	"stylebook/stylelib/internal/atomicfile"
	"stylebook/stylelib/request"
	"stylebook/stylelib/runs"
	"stylebook/stylelib/sweep"
	"stylebook/stylelib/transfer"
)

// contents are the pictures of -content if they are several or a folder, whose pictures are those with the name of one; nil for
// one picture.
func contents(list string) (all []string, err error) {
	paths := request.SplitPaths("", list)
	several := len(paths) > 1
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil || !info.IsDir() {
			all = append(all, path) // what is no picture fails alone
			continue
		}
		several = true
		inside, err := picturesIn(path)
		if err != nil {
			return nil, err
		}
		all = append(all, inside...)
	}
	if !several {
		return nil, nil
	}
	return all, nil
}

func picturesIn(folder string) (all []string, err error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, err
	}
	for _, entry := range entries {
		name := entry.Name()
		known := slices.Contains([]string{".jpg", ".jpeg", ".png", ".gif", ".webp", ".bmp"}, strings.ToLower(filepath.Ext(name)))
		if known && !entry.IsDir() && !strings.HasPrefix(name, ".") {
			all = append(all, filepath.Join(folder, name))
		}
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%s: there is no picture in this folder", folder)
	}
	return all, nil
}

// many are several pictures that are painted in the same way: runs that differ in their content.
type many struct {
	*sweep.Work
	settings *settings
	results  []string // where the results go
	cache    *transfer.Cache
	told     bool // what the pictures will take
}

// newMany plans the runs and refuses what can't be meant with several pictures.
func newMany(s *settings, pictures []string) (*many, error) {
	for flag, value := range map[string]string{"-content-mask": s.ContentMask, "-colours-mask": s.ColoursMask, "-log": s.Log,
		"-animation": s.Animation} {
		if value != "" {
			return nil, fmt.Errorf("%s: is for one picture: leave it out, or give one -content", flag)
		}
	}
	if info, err := os.Stat(s.Out); err == nil && !info.IsDir() || err != nil && filepath.Ext(s.Out) != "" {
		return nil, fmt.Errorf("-out %s: of several pictures the results go to a folder: name one", s.Out)
	}
	plan := &sweep.Sweep{Path: "-content", Vary: []sweep.Axis{{Name: "content", Values: len(pictures)}}, Named: true}
	for _, path := range pictures {
		if place(filepath.Dir(path)) == place(s.Out) {
			return nil, fmt.Errorf("-out %s: is the folder of the content pictures: choose another", s.Out)
		}
		one := s.asked.With("out", nil)
		if err := one.Set("", "content", absolutePath(path)); err != nil {
			return nil, err
		}
		plan.Runs = append(plan.Runs, one)
	}
	work, err := sweep.NewWork(plan, s.Out)
	return &many{Work: work, settings: s, results: resultsOf(pictures, s.Out)}, err
}

// resultsOf names the results like the pictures, with numbers where two would be the same.
func resultsOf(pictures []string, folder string) (results []string) {
	taken := map[string]bool{"sheet": true}
	for _, path := range pictures {
		name := strings.TrimSuffix(filepath.Base(path), filepath.Ext(path))
		unique := name
		for n := 2; taken[strings.ToLower(unique)]; n++ { // there are file systems that don't tell a from A
			unique = fmt.Sprintf("%s-%d", name, n)
		}
		taken[strings.ToLower(unique)] = true
		results = append(results, filepath.Join(folder, unique+".png"))
	}
	return results
}

// paintMany paints the pictures one after the other. One that fails does not end the rest.
func (c *command) paintMany(ctx context.Context, s *settings, pictures []string) error {
	m, err := newMany(s, pictures)
	if err != nil {
		return &usageError{err}
	}
	if s.Runs == runsOff {
		return &usageError{errors.New("-runs off: of several pictures the runs are kept, so that a second start goes on: leave it out")}
	}
	store, err := openRuns(s.Runs)
	if err != nil {
		return err
	}
	defer store.Close()
	if err := os.MkdirAll(m.Out, 0o755); err != nil {
		return err
	}
	for _, path := range slices.Concat(m.results, m.Outputs()) {
		if err := protect("-out", path, slices.Concat(s.inputs(), pictures), store); err != nil {
			return err
		}
	}
	e, err := c.begin(s)
	if err != nil {
		return err
	}
	defer e.Close()
	m.cache = transfer.NewCache(e.Backend)
	defer m.cache.Close()
	m.Store = store
	c.speak(m.Work, s.Quiet)
	m.Do = func(ctx context.Context, i int) (*runs.Summary, bool, error) { return c.paintOne(ctx, m, e, i) }
	done, err := m.All(ctx)
	if err != nil {
		return stopped(err)
	}
	return m.collect(ctx, done)
}

// paintOne does one run and puts its picture among the results.
func (c *command) paintOne(ctx context.Context, m *many, e *engine.Engine, i int) (*runs.Summary, bool, error) {
	one, err := c.sharedRun(m.Work, i)
	if err != nil {
		return nil, false, err
	}
	one.Say, one.Memory, one.CheckpointEvery = m.settings.Say, m.settings.Memory, m.settings.CheckpointEvery
	one.Cache, one.opened = m.cache, m.tellEstimate
	record, before, err := c.doRun(ctx, one, e, m.Store)
	if err != nil {
		return nil, false, err
	}
	picture, err := os.Open(record.Picture())
	if err != nil {
		return nil, false, err
	}
	defer picture.Close()
	_, err = atomicfile.Write(m.results[i], func(w io.Writer) error {
		_, err := io.Copy(w, picture)
		return err
	})
	return record, before, err
}

// tellEstimate says once what the pictures will take.
func (m *many) tellEstimate(t *transfer.Transfer) {
	if m.told {
		return
	}
	m.told = true
	if estimate, err := t.Estimate(); err == nil {
		m.Say("size     %d × %d (height × width), %d epochs: %s, for the first of %d pictures",
			t.Height, t.Width, t.Options.Epochs, estimate, len(m.Runs))
	}
}

// collect makes the sheet and the table, and names what failed.
func (m *many) collect(ctx context.Context, done []*runs.Summary) error {
	err := m.Collect(ctx, done, io.Discard)
	var failed []string
	for i, record := range done {
		if record == nil {
			failed = append(failed, m.Runs[i].Label("content"))
		}
	}
	if len(failed) > 0 {
		return fmt.Errorf("%d of %d pictures failed: %s", len(failed), len(done), request.JoinPaths(failed))
	}
	return err
}
