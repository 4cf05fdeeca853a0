package cli

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"database/sql"
	"encoding/json"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	sl "stylebook/stylelib"
	"stylebook/stylelib/internal/testkit"
	"stylebook/stylelib/runs"
)

// unpackVersion0 lays out a store of version 0, which had a database column for each of the chapter's losses and layers as
// indices, in a folder, and goes there. It was made in /fixture.
func unpackVersion0(t *testing.T) {
	t.Helper()
	dir := t.TempDir()
	file, err := os.Open(filepath.Join(testkit.Root(t), "stylelib", "runs", "testdata", "version-0.tar.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	unzipped, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	archive := tar.NewReader(unzipped)
	for {
		entry, err := archive.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, filepath.Clean("/"+entry.Name))
		if entry.FileInfo().IsDir() {
			err = os.MkdirAll(path, 0o755)
		} else {
			var data []byte
			if data, err = io.ReadAll(archive); err == nil {
				err = os.WriteFile(path, data, 0o644)
			}
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	db, err := sql.Open("sqlite", filepath.Join(dir, "runs", "runs.sqlite"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec("update runs set arguments = replace(arguments, '/fixture/', ?)", filepath.ToSlash(dir)+"/"); err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	t.Setenv(runs.EnvDir, filepath.Join(dir, "runs"))
}

// mustStylize runs the command and returns what it prints.
func mustStylize(t *testing.T, arguments ...string) string {
	t.Helper()
	var output bytes.Buffer
	if status := Run(t.Context(), arguments, &output, &output); status != 0 {
		t.Fatalf("stylize %v: status %d: %s", arguments, status, output.String())
	}
	return output.String()
}

// Runs of version 0 are listed, shown, compared and resumed, and a sweep takes those that are finished for its own. What a fast
// optimizer trained that is no more is not resumed.
func TestRunsOfVersion0(t *testing.T) {
	unpackVersion0(t)
	list := mustStylize(t, "runs")
	if strings.Count(list, "finished") != 6 || strings.Count(list, "stopped") != 5 {
		t.Errorf("the list is\n%s", list)
	}
	if shown := mustStylize(t, "show", "882ce58652"); !strings.Contains(shown, "losses    content 0.") || !strings.Contains(shown, `"conv4_4"`) {
		t.Errorf("a run is shown as\n%s", shown)
	}
	if compared := mustStylize(t, "compare", "882ce58652", "2fbbdbd91f"); !strings.Contains(compared, "NormalizeLayers: true, was false") ||
		!strings.Contains(compared, "ContentLayers: [conv3_2 conv4_4], was [conv4_4]") {
		t.Errorf("two runs are compared as\n%s", compared)
	}
	if swept := mustStylize(t, "sweep", "-backend", "go", "sweep.yaml"); strings.Count(swept, "finished before") != 4 {
		t.Errorf("the sweep began again:\n%s", swept)
	}
	var refusal bytes.Buffer
	if status := Run(t.Context(), []string{"-resume", "3f74281460", "-quiet"}, io.Discard, &refusal); status == 0 || !strings.Contains(refusal.String(), "smoothing: none, was 0.07") {
		t.Errorf("a training by a fast optimizer that is no more is resumed: status %d: %s", status, refusal.String())
	}
	for _, id := range []string{"0d303aa5f2", "6c634710b4", "1979fa78c1", "66c7ead189"} {
		mustStylize(t, "-resume", id, "-quiet")
		var losses []sl.Record
		for line := range strings.Lines(mustStylize(t, "show", "-losses", id)) {
			var r sl.Record
			if err := json.Unmarshal([]byte(line), &r); err != nil {
				t.Fatal(err)
			}
			losses = append(losses, r)
		}
		var want sl.Record
		testkit.ReadJSON(t, "unbroken-"+id+".json", &want)
		if len(losses) != 300 {
			t.Fatalf("%s: %d epochs are kept", id, len(losses))
		}
		// Trainings drift apart by rounding, because the gradient of the total variation is a sign.
		if last := losses[299]; math.Abs(last.Total-want.Total) > 0.05*want.Total || len(last.Losses) != 3 {
			t.Errorf("%s ends with %+v, unbroken with %+v", id, last, want)
		}
	}
}

// A database of a later version is left alone.
func TestLaterDatabaseIsRefused(t *testing.T) {
	unpackVersion0(t)
	mustStylize(t, "runs")
	db, err := sql.Open("sqlite", "runs/runs.sqlite")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec("pragma user_version = 99"); err != nil {
		t.Fatal(err)
	}
	var stderr bytes.Buffer
	if status := Run(t.Context(), []string{"runs"}, &stderr, &stderr); status != statusError || !strings.Contains(stderr.String(), "it is of a later stylebook") {
		t.Errorf("status %d: %s", status, stderr.String())
	}
}
