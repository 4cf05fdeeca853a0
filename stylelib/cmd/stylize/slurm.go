package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"stylebook/stylelib/runs"
)

// throughSlurm submits one array job with a task for each run, waits until all have ended, and looks what became of them.
// A task says which run was its own in a file beside the results: it may have another engine than this machine.
func (s *sweeping) throughSlurm(ctx context.Context, store *runs.Store, stderr io.Writer) ([]*runs.Record, error) {
	if _, err := exec.LookPath("sbatch"); err != nil {
		return nil, errors.New("-slurm: there is no sbatch here: run it where Slurm's commands are installed")
	}
	script, err := s.script()
	if err != nil {
		return nil, err
	}
	for i := range s.combinations {
		if err := os.Remove(s.notePath(i)); err != nil && !errors.Is(err, os.ErrNotExist) {
			return nil, err
		}
	}
	arguments := []string{"--wait", "--parsable", "--job-name=stylize", fmt.Sprintf("--array=0-%d", len(s.combinations)-1),
		"--output=" + filepath.Join(s.out, "slurm-%a.log")}
	arguments = append(append(arguments, strings.Fields(s.options)...), script)
	cmd := exec.CommandContext(ctx, "sbatch", arguments...)
	var errorText strings.Builder
	cmd.Stderr = &errorText
	s.say(stderr, "slurm    %d tasks: sbatch %s", len(s.combinations), strings.Join(arguments, " "))
	submitErr := cmd.Run() // fails too where a task did
	if ctx.Err() != nil {
		return nil, &interruptedError{sweep: "tasks that Slurm has begun go on (squeue lists them, scancel ends them); the same command takes up what they finish"}
	}
	results, missing := make([]*runs.Record, len(s.combinations)), 0
	for i := range s.combinations {
		id, err := os.ReadFile(s.notePath(i))
		if err != nil {
			missing++
			continue
		}
		record, err := store.Find(strings.TrimSpace(string(id)))
		if err != nil {
			return nil, err
		}
		results[i] = &record
	}
	if missing == len(results) {
		if submitErr == nil {
			submitErr = errors.New("no task left a result")
		}
		return nil, fmt.Errorf("slurm: %w: %s (logs are in %s)", submitErr, strings.TrimSpace(errorText.String()), s.out)
	}
	return results, nil
}

// script writes the batch script and returns its path.
func (s *sweeping) script() (string, error) {
	program, err := os.Executable()
	if err != nil {
		return "", err
	}
	command := []string{program, "sweep", "-task", "$SLURM_ARRAY_TASK_ID", "-runs", s.dir, "-out", s.out}
	if s.backend != "" {
		command = append(command, "-backend", s.backend)
	}
	command = append(command, absolutePath(s.file))
	for i, word := range command {
		if !strings.HasPrefix(word, "$") {
			command[i] = "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
		}
	}
	path := filepath.Join(s.out, "sweep.sbatch")
	return path, os.WriteFile(path, []byte("#!/bin/sh\nexec "+strings.Join(command, " ")+"\n"), 0o755)
}

func (s *sweeping) notePath(task int) string {
	return filepath.Join(s.out, fmt.Sprintf("task-%d.run", task))
}

// note says which run was a task's.
func (s *sweeping) note(task int, id string) error {
	return os.WriteFile(s.notePath(task), []byte(id+"\n"), 0o644)
}
