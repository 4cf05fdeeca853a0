package sweep

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/goccy/go-yaml"
)

// VolumeError reports a volume that can't be meant.
type VolumeError struct{ Volume string }

func (e *VolumeError) Error() string {
	return fmt.Sprintf("volume %q: name a claim and where it is mounted: pictures:/data", e.Volume)
}

// Kubernetes returns the manifest of a Job that does the sweep's runs, one pod for each: the command in the given image, with
// a persistent volume claim mounted at the folder in which the file, the runs and the results lie. volume is "claim:folder"; a
// *[VolumeError] says that it isn't.
func (w *Work) Kubernetes(command []string, image, volume, runs string) ([]byte, error) {
	claim, folder, ok := strings.Cut(volume, ":")
	if !ok || claim == "" || !filepath.IsAbs(folder) {
		return nil, &VolumeError{volume}
	}
	file, err := filepath.Abs(w.Path)
	if err != nil {
		return nil, err
	}
	for what, path := range map[string]string{"the file": file, "the folder of the runs": runs, "the folder of the results": w.Out} {
		if within, err := filepath.Rel(folder, path); err != nil || within == ".." || strings.HasPrefix(within, "../") {
			return nil, fmt.Errorf("sweep: %s, %s, is not in %s, so pods can't see it", what, path, folder)
		}
	}
	command = append(command, w.arguments("$(JOB_COMPLETION_INDEX)")...)
	type fields = yaml.MapSlice
	return yaml.Marshal(fields{
		{Key: "apiVersion", Value: "batch/v1"},
		{Key: "kind", Value: "Job"},
		{Key: "metadata", Value: fields{{Key: "generateName", Value: "stylize-"}}},
		{Key: "spec", Value: fields{
			{Key: "completionMode", Value: "Indexed"},
			{Key: "completions", Value: len(w.Runs)},
			{Key: "parallelism", Value: len(w.Runs)},
			{Key: "backoffLimitPerIndex", Value: 1}, // a run that was killed goes on from its checkpoint
			{Key: "maxFailedIndexes", Value: len(w.Runs)},
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
