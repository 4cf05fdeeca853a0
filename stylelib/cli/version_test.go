package cli

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
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

// unpackVersion1 lays out a store of version 1, which had the command's words where the request is now, in a folder, and goes there.
// It was made in /fixture, by commit 6f25fb6.
func unpackVersion1(t *testing.T) {
	t.Helper()
	dir := t.TempDir()
	file, err := os.Open(filepath.Join(testkit.Root(t), "stylelib", "runs", "testdata", "version-1.tar.gz"))
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

// Runs of version 1 are listed, shown, compared and resumed, and a sweep takes those that are finished for its own.
func TestRunsOfVersion1(t *testing.T) {
	unpackVersion1(t)
	list := mustStylize(t, "runs")
	if strings.Count(list, "finished") != 6 || strings.Count(list, "stopped") != 2 {
		t.Errorf("the list is\n%s", list)
	}
	shown := mustStylize(t, "show", "1063e46348")
	if !strings.Contains(shown, "losses    content 0.") || !strings.Contains(shown, " -term=moments:2@conv1_1,conv2_1") || !strings.Contains(shown, "-strength=2") {
		t.Errorf("a run is shown as\n%s", shown)
	}
	if compared := mustStylize(t, "compare", "f5935f3edd", "a54153359f"); !strings.Contains(compared, "StyleLayers: [conv1_1 conv2_1 conv3_1 conv4_1 conv5_1], was [conv1_1 conv2_1]") {
		t.Errorf("two runs are compared as\n%s", compared)
	}
	if swept := mustStylize(t, "sweep", "-backend", "go", "sweep.yaml"); strings.Count(swept, "finished before") != 4 {
		t.Errorf("the sweep began again:\n%s", swept)
	}
	for _, id := range []string{"881f092cb1-4", "e8daedc641"} {
		mustStylize(t, "resume", id, "-quiet")
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
		if last := losses[299]; math.Abs(last.Total-want.Total) > 0.05*want.Total || len(last.Losses) < 3 {
			t.Errorf("%s ends with %+v, unbroken with %+v", id, last, want)
		}
	}
}

// A database of another version is left alone: a later one, and the first, which is not read any more.
func TestOtherDatabasesAreRefused(t *testing.T) {
	unpackVersion1(t)
	mustStylize(t, "runs")
	db, err := sql.Open("sqlite", "runs/runs.sqlite")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for version, want := range map[int]string{99: "it is of a later stylebook", 0: "it has version 0, which is not read any more: choose another folder"} {
		if _, err := db.Exec(fmt.Sprintf("pragma user_version = %d", version)); err != nil {
			t.Fatal(err)
		}
		var stderr bytes.Buffer
		if status := Run(t.Context(), []string{"runs"}, &stderr, &stderr); status != statusError || !strings.Contains(stderr.String(), want) {
			t.Errorf("status %d: %s", status, stderr.String())
		}
	}
}
