package main

import (
	"testing"
	"time"
)

func TestFits(t *testing.T) {
	for full, want := range map[time.Duration]int{
		time.Minute:      300,
		3 * time.Minute:  300,
		4 * time.Minute:  250, // 259.8
		12 * time.Minute: 150,
		5 * time.Hour:    100,
	} {
		if got := fits(full); got != want {
			t.Errorf("height %d where the chapter's takes %s, want %d", got, full, want)
		}
	}
}
