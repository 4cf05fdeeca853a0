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
		time.Minute:      {300, time.Minute},
		3 * time.Minute:  {300, 3 * time.Minute},
		4 * time.Minute:  {250, 167 * time.Second}, // 259.8 rounded down
		12 * time.Minute: {150, 3 * time.Minute},
		9 * time.Hour:    {100, time.Hour}, // no smaller
	} {
		if height, takes := fits(full); (size{height, takes}) != want {
			t.Errorf("height %d in %s where the chapter's takes %s, want %v", height, takes, full, want)
		}
	}
}
