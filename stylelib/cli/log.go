package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"os"

	sl "stylebook/stylelib"
)

// epochLog writes one JSON object per epoch. Without a file it does nothing.
type epochLog struct {
	file *os.File
}

func openLog(path string) (*epochLog, error) {
	if path == "" {
		return &epochLog{}, nil
	}
	err := checkLog(path)
	var file *os.File
	if err == nil {
		file, err = os.Create(path)
	}
	if err != nil {
		return nil, fmt.Errorf("-log: %w", err)
	}
	return &epochLog{file: file}, nil
}

// lineStart is how each line begins.
const lineStart = `{"epoch":`

// checkLog refuses to write over a file that holds something else than the log of an earlier run.
func checkLog(path string) error {
	if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() || info.Size() == 0 {
		return nil // creating it says what is wrong
	}
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	start := make([]byte, len(lineStart))
	if _, err := io.ReadFull(file, start); err != nil || string(start) != lineStart {
		return fmt.Errorf("%s is no log of an earlier run: choose another name, or delete it", path)
	}
	return nil
}

// Write adds one line, complete when it returns, so that an interrupted run leaves a log that can be read.
func (l *epochLog) Write(r sl.Record) error {
	if l.file == nil {
		return nil
	}
	line, err := json.Marshal(r)
	if err != nil {
		return err
	}
	_, err = l.file.Write(append(line, '\n'))
	return err
}

// Close closes the file.
func (l *epochLog) Close() {
	if l.file != nil {
		_ = l.file.Close()
	}
}
