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
	"stylebook/stylelib/internal/pathlist"
	"stylebook/stylelib/runs"
	"stylebook/stylelib/sweep"
	"stylebook/stylelib/transfer"
)

// contents are the pictures of -content if they are several or a folder, whose pictures are those with the name of one; nil for
// one picture.
func contents(list string) (all []string, err error) {
	paths := pathlist.Split("", list)
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
	for flag, value := range map[string]string{"-content-mask": s.request.ContentMask, "-colours-mask": s.request.ColoursMask, "-log": s.log,
		"-animation": s.animation} {
		if value != "" {
			return nil, fmt.Errorf("%s: is for one picture: leave it out, or give one -content", flag)
		}
	}
	if s.web {
		return nil, errors.New("-web: is for one picture: leave it out, or give one -content")
	}
	if info, err := os.Stat(s.out); err == nil && !info.IsDir() || err != nil && filepath.Ext(s.out) != "" {
		return nil, fmt.Errorf("-out %s: of several pictures the results go to a folder: name one", s.out)
	}
	axis := sweep.Axis{Name: "content"}
	for _, path := range pictures {
		if place(filepath.Dir(path)) == place(s.out) {
			return nil, fmt.Errorf("-out %s: is the folder of the content pictures: choose another", s.out)
		}
		axis.Values = append(axis.Values, absolutePath(path))
	}
	plan := &sweep.Sweep{Path: "-content", Vary: []sweep.Axis{axis}}
	for _, argument := range s.arguments {
		name, value, _ := strings.Cut(strings.TrimPrefix(argument, "-"), "=")
		if name != "content" && name != "out" {
			plan.Set = append(plan.Set, sweep.Setting{Name: name, Value: value})
		}
	}
	work, err := sweep.NewWork(plan, s.out)
	return &many{Work: work, settings: s, results: resultsOf(pictures, s.out)}, err
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
	if s.runs == runsOff {
		return &usageError{errors.New("-runs off: of several pictures the runs are kept, so that a second start goes on: leave it out")}
	}
	store, err := openRuns(s.runs)
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
	c.speak(m.Work, s.quiet)
	m.Do = func(ctx context.Context, i int) (*runs.Summary, bool, error) { return c.paintOne(ctx, m, e, i) }
	done, err := m.All(ctx)
	if err != nil {
		return stopped(err)
	}
	return m.collect(ctx, done)
}

// paintOne does one run and puts its picture among the results.
func (c *command) paintOne(ctx context.Context, m *many, e *engine.Engine, i int) (*runs.Summary, bool, error) {
	one, err := c.runSettings(m.Work, i)
	if err != nil {
		return nil, false, err
	}
	one.request.Say, one.request.Memory, one.checkpointEvery = m.settings.request.Say, m.settings.request.Memory, m.settings.checkpointEvery
	one.request.Cache, one.opened = m.cache, m.tellEstimate
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
			failed = append(failed, filepath.Base(m.Vary[0].Values[i]))
		}
	}
	if len(failed) > 0 {
		return fmt.Errorf("%d of %d pictures failed: %s", len(failed), len(done), pathlist.Join(failed))
	}
	return err
}
