package main

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"stylebook/stylelib/runs"

	"github.com/goccy/go-yaml"
)

// manifest returns a Kubernetes Job that does the sweep's runs, one pod for each: `stylize sweep` in the given image, with a
// persistent volume claim mounted at the folder in which file, runs and results lie.
func (s *sweeping) manifest(image, volume string) ([]byte, error) {
	claim, folder, ok := strings.Cut(volume, ":")
	if !ok || claim == "" || !filepath.IsAbs(folder) {
		return nil, &usageError{fmt.Sprintf("sweep: -volume %q: name a claim and where it is mounted: pictures:/data", volume)}
	}
	for what, path := range map[string]string{"the file": absolutePath(s.file), "-runs": s.dir, "-out": s.out} {
		if within, err := filepath.Rel(folder, path); err != nil || within == ".." || strings.HasPrefix(within, "../") {
			return nil, fmt.Errorf("sweep: %s, %s, is not in %s, so pods can't see it", what, path, folder)
		}
	}
	command := []string{"stylize", "sweep", "-task", "$(JOB_COMPLETION_INDEX)", "-runs", s.dir, "-out", s.out}
	if s.backend != "" {
		command = append(command, "-backend", s.backend)
	}
	command = append(command, absolutePath(s.file))
	type fields = yaml.MapSlice
	return yaml.Marshal(fields{
		{Key: "apiVersion", Value: "batch/v1"},
		{Key: "kind", Value: "Job"},
		{Key: "metadata", Value: fields{{Key: "generateName", Value: "stylize-"}}},
		{Key: "spec", Value: fields{
			{Key: "completionMode", Value: "Indexed"},
			{Key: "completions", Value: len(s.combinations)},
			{Key: "parallelism", Value: len(s.combinations)},
			{Key: "backoffLimitPerIndex", Value: 1}, // a run that was killed goes on from its checkpoint
			{Key: "maxFailedIndexes", Value: len(s.combinations)},
			{Key: "template", Value: fields{{Key: "spec", Value: fields{
				{Key: "restartPolicy", Value: "Never"},
				{Key: "containers", Value: []fields{{
					{Key: "name", Value: "stylize"},
					{Key: "image", Value: image},
					{Key: "command", Value: command},
					{Key: "volumeMounts", Value: []fields{{{Key: "name", Value: "data"}, {Key: "mountPath", Value: folder}}}},
				}}},
				{Key: "volumes", Value: []fields{{
					{Key: "name", Value: "data"},
					{Key: "persistentVolumeClaim", Value: fields{{Key: "claimName", Value: claim}}},
				}}},
			}}}},
		}},
	})
}

// printManifest prints it for kubectl.
func (s *sweeping) printManifest(stdout io.Writer) (err error) {
	if s.dir == "" {
		if s.dir, err = runs.DefaultDir(); err != nil {
			return err
		}
	}
	s.dir = absolutePath(s.dir)
	manifest, err := s.manifest(s.image, s.volume)
	if err != nil {
		return err
	}
	_, err = stdout.Write(manifest)
	return err
}
