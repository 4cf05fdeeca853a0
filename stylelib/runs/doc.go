// Package runs keeps what trainings did: a folder for each run with its picture and, until it is finished, a checkpoint
// from which it continues to the last bit; and a row for each in an SQLite database, with the losses of every epoch.
//
// [Open] opens a store, [Store.Begin] starts or continues a run, [Run.Report] is the listener to give to [transfer.Transfer.Train], and
// [Store.List], [Store.Find] and [Store.Losses] are for looking back.
package runs
