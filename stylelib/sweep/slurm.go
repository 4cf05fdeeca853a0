package sweep

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"stylebook/stylelib/runs"
)

// Slurm submits one array job with a task for each run, waits until all have ended, and looks what became of them.
//
// command is what a task calls, options are of sbatch; both folders, that of the runs and that of the results, must be seen by
// all nodes.
func (w *Work) Slurm(ctx context.Context, command []string, options string) ([]*runs.Summary, error) {
	if _, err := exec.LookPath("sbatch"); err != nil {
		return nil, errors.New("-slurm: there is no sbatch here: run it where Slurm's commands are installed")
	}
	script, err := w.script(command)
	if err != nil {
		return nil, err
	}
	for i := range w.Runs {
		if err := os.Remove(w.notePath(i)); err != nil && !errors.Is(err, os.ErrNotExist) {
			return nil, err
		}
	}
	arguments := []string{"--wait", "--parsable", "--job-name=stylize", fmt.Sprintf("--array=0-%d", len(w.Runs)-1),
		"--output=" + filepath.Join(w.Out, "slurm-%a.log")}
	arguments = append(append(arguments, strings.Fields(options)...), script)
	cmd := exec.CommandContext(ctx, "sbatch", arguments...)
	var errorText strings.Builder
	cmd.Stderr = &errorText
	w.Say("slurm    %d tasks: sbatch %s", len(w.Runs), strings.Join(arguments, " "))
	submitErr := cmd.Run() // fails too where a task did
	if ctx.Err() != nil {
		return nil, &InterruptedError{"tasks that Slurm has begun go on (squeue lists them, scancel ends them); the same command takes up what they finish"}
	}
	results, missing := make([]*runs.Summary, len(w.Runs)), 0
	for i := range w.Runs {
		id, err := os.ReadFile(w.notePath(i))
		if err != nil {
			missing++
			continue
		}
		record, err := w.Store.Find(strings.TrimSpace(string(id)))
		if err != nil {
			return nil, err
		}
		results[i] = &record
	}
	if missing == len(results) {
		if submitErr == nil {
			submitErr = errors.New("no task left a result")
		}
		return nil, fmt.Errorf("slurm: %w: %s (logs are in %s)", submitErr, strings.TrimSpace(errorText.String()), w.Out)
	}
	return results, nil
}

// script writes the batch script and returns its path.
func (w *Work) script(command []string) (string, error) {
	var words []string
	for _, word := range append(command, w.arguments("$SLURM_ARRAY_TASK_ID")...) {
		if !strings.HasPrefix(word, "$") {
			word = "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
		}
		words = append(words, word)
	}
	path := filepath.Join(w.Out, "sweep.sbatch")
	return path, os.WriteFile(path, []byte("#!/bin/sh\nexec "+strings.Join(words, " ")+"\n"), 0o755)
}
