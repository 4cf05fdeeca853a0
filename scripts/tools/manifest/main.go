// Command manifest reads a Kubernetes Job from standard input and fails unless it fits Kubernetes' own types, no field
// unknown. The tests use it.
package main

import (
	"fmt"
	"io"
	"os"

	batch "k8s.io/api/batch/v1"
	"sigs.k8s.io/yaml"
)

func main() {
	if err := check(os.Stdin); err != nil {
		fmt.Fprintln(os.Stderr, "manifest:", err)
		os.Exit(1)
	}
}

func check(r io.Reader) error {
	text, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	var job batch.Job
	if err := yaml.UnmarshalStrict(text, &job); err != nil {
		return err
	}
	if job.APIVersion != "batch/v1" || job.Kind != "Job" {
		return fmt.Errorf("it is a %s %s, want a batch/v1 Job", job.APIVersion, job.Kind)
	}
	if mode := job.Spec.CompletionMode; mode == nil || *mode != batch.IndexedCompletion || job.Spec.Completions == nil {
		return fmt.Errorf("it is no indexed job")
	}
	fmt.Println(*job.Spec.Completions, "pods of", job.Spec.Template.Spec.Containers[0].Image)
	return nil
}
