package queue

import (
	"testing"

	sl "stylebook/stylelib"
)

// A long training keeps a bounded number of records, evenly spaced, its last one among them; who watches gets them all anew.
func TestManyRecordsAreThinned(t *testing.T) {
	const epochs = 50_001
	b := &state{changed: make(chan struct{})}
	b.restart(Task{})
	b.Epochs = epochs
	generation, seen := -1, 0
	var got []sl.Record
	for epoch := 1; epoch <= epochs; epoch++ {
		b.change(func(b *state) { b.add(sl.Record{Epoch: epoch}) })
		if epoch%777 != 0 && epoch != epochs {
			continue
		}
		update, _, _ := b.since(&generation, &seen)
		if update.Anew {
			got = nil
		}
		got = append(got, update.Records...)
	}
	if n := len(got); n < maxRecords/4 || n > maxRecords || n != len(b.records) {
		t.Fatalf("%d records arrived, %d are kept", n, len(b.records))
	}
	for i, r := range got[:len(got)-1] {
		if r.Epoch != (i+1)*b.stride {
			t.Fatalf("record %d is of epoch %d, want %d", i, r.Epoch, (i+1)*b.stride)
		}
	}
	if last := got[len(got)-1].Epoch; last != epochs {
		t.Errorf("the last record is of epoch %d, want %d", last, epochs)
	}
}
