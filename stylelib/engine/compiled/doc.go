// Package compiled keeps the programs that XLA has compiled on disk, in the user's cache, so that a process that builds the same
// one is given it in a few hundredths of a second. XLA's plugins can write and read compiled programs by themselves; what is here
// stands between them and go-xla, which asks only for compiling.
package compiled
