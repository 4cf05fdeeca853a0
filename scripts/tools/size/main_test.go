package main

import (
	"testing"
	"time"
)

func TestFits(t *testing.T) {
	type size struct {
		height int
		takes  time.Duration
	}
	for full, want := range map[time.Duration]size{
		time.Minute:       {300, time.Minute},
		150 * time.Second: {300, 150 * time.Second},
		200 * time.Second: {250, 139 * time.Second}, // 259.8 rounded down
		10 * time.Minute:  {150, 150 * time.Second},
		9 * time.Hour:     {100, time.Hour}, // no smaller
	} {
		if height, takes := fits(full); (size{height, takes}) != want {
			t.Errorf("height %d in %s where the chapter's takes %s, want %v", height, takes, full, want)
		}
	}
}
