package sweep

import (
	"fmt"
	"path/filepath"
	"strings"

	"go.yaml.in/yaml/v3"
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
	type fields = map[string]any
	return yaml.Marshal(fields{
		"apiVersion": "batch/v1",
		"kind":       "Job",
		"metadata":   fields{"generateName": "stylize-"},
		"spec": fields{
			"completionMode":       "Indexed",
			"completions":          len(w.Runs),
			"parallelism":          len(w.Runs),
			"backoffLimitPerIndex": 1, // a run that was killed goes on from its checkpoint
			"maxFailedIndexes":     len(w.Runs),
			"template": fields{"spec": fields{
				"restartPolicy": "Never",
				"containers": []fields{{
					"name":         "stylize",
					"image":        image,
					"command":      command,
					"volumeMounts": []fields{{"name": "data", "mountPath": folder}},
				}},
				"volumes": []fields{{"name": "data", "persistentVolumeClaim": fields{"claimName": claim}}},
			}},
		},
	})
}
