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
		2 * time.Minute:   {300, 2 * time.Minute},
		150 * time.Second: {260, 113 * time.Second}, // 268.3 rounded down
		10 * time.Minute:  {130, 113 * time.Second},
		9 * time.Hour:     {100, time.Hour}, // no smaller
	} {
		if height, takes := fits(full, 2*time.Minute); (size{height, takes}) != want {
			t.Errorf("height %d in %s where the chapter's takes %s, want %v", height, takes, full, want)
		}
	}
}
