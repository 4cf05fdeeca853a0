package cli

import (
	"encoding/json"
	"fmt"
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
	file, err := os.Create(path)
	if err != nil {
		return nil, fmt.Errorf("-log: %w", err)
	}
	return &epochLog{file: file}, nil
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
