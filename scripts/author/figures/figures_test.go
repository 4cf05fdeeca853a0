package main

import (
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestFiguresAreFresh(t *testing.T) {
	folder := filepath.Join("..", "..", "..", "notebooks", "figures")
	figures := all()
	for name, svg := range figures {
		committed, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			t.Fatal(err)
		}
		if strings.ReplaceAll(string(committed), "\r\n", "\n") != svg {
			t.Errorf("%s is not what the program draws: run go run ./scripts/author/figures", name)
		}
		if len(svg) > 20_000 {
			t.Errorf("%s has %d bytes", name, len(svg))
		}
		decoder := xml.NewDecoder(strings.NewReader(svg))
		for {
			if _, err := decoder.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
	}
	committed, err := os.ReadDir(folder)
	if err != nil || len(committed) != len(figures) {
		t.Errorf("%d committed figures, %d drawn: %v", len(committed), len(figures), err)
	}
}
