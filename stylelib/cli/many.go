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
	"stylebook/stylelib/internal/imagefile"
	"stylebook/stylelib/internal/paths"
	"stylebook/stylelib/request"
	"stylebook/stylelib/runs"
	"stylebook/stylelib/sweep"
	"stylebook/stylelib/transfer"
)

// leftOut is a file of a folder that isn't painted.
type leftOut struct {
	path    string
	picture bool  // of a kind that can't be read
	reason  error // a line that names it
}

// contents are the pictures of -content if they are several or a folder, of which each file counts that is a picture, or is named
// like one, which fails alone if it is none; nil for one picture, whose name is then without quotes.
func (s *settings) contents() (all []string, left []leftOut, err error) {
	paths := request.SplitPaths("", s.Content)
	several := len(paths) > 1
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil || !info.IsDir() {
			all = append(all, path) // what is no picture fails alone
			continue
		}
		several = true
		inside, others, err := picturesIn(path)
		if err != nil {
			return nil, nil, err
		}
		all, left = append(all, inside...), append(left, others...)
	}
	if several || len(all) == 0 {
		return all, left, nil
	}
	s.Content = all[0]
	return nil, nil, s.asked.Set("", "content", absolutePath(all[0]))
}

func picturesIn(folder string) (all []string, left []leftOut, err error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, nil, err
	}
	for _, entry := range entries {
		name := entry.Name()
		path := filepath.Join(folder, name)
		if info, err := os.Stat(path); strings.HasPrefix(name, ".") || err == nil && !info.Mode().IsRegular() {
			continue
		}
		picture, err := imagefile.Recognize(path)
		if err == nil || slices.Contains([]string{".jpg", ".jpeg", ".png", ".gif", ".webp", ".bmp"}, strings.ToLower(filepath.Ext(name))) {
			all = append(all, path)
		} else {
			left = append(left, leftOut{path, picture, err})
		}
	}
	if len(all) == 0 {
		return nil, nil, noPicture(folder, left)
	}
	return all, left, nil
}

// noPicture says what a folder has instead.
func noPicture(folder string, left []leftOut) error {
	const shown = 3
	var reasons []string
	for _, l := range left[:min(len(left), shown)] {
		reasons = append(reasons, l.reason.Error())
	}
	if more := len(left) - len(reasons); more > 0 {
		reasons = append(reasons, fmt.Sprintf("and %d more files", more))
	}
	if len(left) == 0 {
		return fmt.Errorf("%s: there is no picture in this folder", folder)
	}
	return fmt.Errorf("%s: there is no picture in this folder that can be read: %s", folder, strings.Join(reasons, "; "))
}

// many are several pictures that are painted in the same way: runs that differ in their content.
type many struct {
	*sweep.Work
	settings *settings
	results  []string // where the results go
	left     []leftOut
	cache    *transfer.Cache
	told     bool // what the pictures will take
}

// newMany plans the runs and refuses what can't be meant with several pictures.
func newMany(s *settings, pictures []string, left []leftOut) (*many, error) {
	for flag, value := range map[string]string{"-content-mask": s.ContentMask, "-colours-mask": s.ColoursMask, "-log": s.Log,
		"-animation": s.Animation} {
		if value != "" {
			return nil, fmt.Errorf("%s: is for one picture: leave it out, or give one -content", flag)
		}
	}
	results, err := s.resultsOfMany(pictures)
	if err != nil {
		return nil, err
	}
	plan := &sweep.Sweep{Path: "-content", Vary: []sweep.Axis{{Name: "content", Values: len(pictures)}}, Named: true}
	for _, path := range pictures {
		one := s.asked.With("out", nil)
		if err := one.Set("", "content", absolutePath(path)); err != nil {
			return nil, err
		}
		plan.Runs = append(plan.Runs, one)
	}
	work, err := sweep.NewWork(plan, s.Out)
	if err == nil {
		for _, l := range left {
			work.LeftOut = append(work.LeftOut, sweep.LeftOut{Label: filepath.Base(l.path), Reason: l.reason.Error()})
		}
	}
	return &many{Work: work, settings: s, results: results, left: left}, err
}

// resultsOfMany are where the results of several pictures go: to a folder, which is yet to be made.
func (s *settings) resultsOfMany(pictures []string) ([]string, error) {
	if info, err := os.Stat(s.Out); err == nil && !info.IsDir() || err != nil && filepath.Ext(s.Out) != "" {
		return nil, fmt.Errorf("-out %s: of several pictures the results go to a folder: name one", s.Out)
	}
	for _, path := range pictures {
		if place(filepath.Dir(path)) == place(s.Out) {
			return nil, fmt.Errorf("-out %s: is the folder of the content pictures: choose another", s.Out)
		}
	}
	return resultsOf(pictures, s.Out), nil
}

// resultsOf names the results like the pictures, with numbers where two would be the same.
func resultsOf(pictures []string, folder string) (results []string) {
	taken := map[string]bool{"sheet": true}
	for _, path := range pictures {
		name := paths.Base(path)
		name = strings.TrimSuffix(name, filepath.Ext(name))
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
func (c *command) paintMany(ctx context.Context, s *settings, pictures []string, left []leftOut) error {
	m, err := newMany(s, pictures, left)
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
	for _, l := range left {
		m.Say("left out %v", l.reason)
	}
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
	var unread []string
	for _, l := range m.left {
		if l.picture {
			unread = append(unread, filepath.Base(l.path))
		}
	}
	var told []string
	if len(failed) > 0 {
		told = append(told, fmt.Sprintf("%d of %d pictures failed: %s", len(failed), len(done), request.JoinPaths(failed)))
	}
	if len(unread) > 0 {
		told = append(told, "left out, as they can't be read: "+request.JoinPaths(unread))
	}
	if len(told) > 0 {
		return errors.New(strings.Join(told, "; "))
	}
	return err
}
