package cli

import (
	"flag"
	"regexp"
	"slices"
	"testing"

	"stylebook/stylelib/internal/fileoption"
	"stylebook/stylelib/transfer"
)

// Every option whose help says that it takes a file is in the list of those that do, and no other is.
func TestFileOptionsAreKnown(t *testing.T) {
	s := settings{request: transfer.NewRequest("", "")}
	flags := newFlags("stylize")
	s.register(flags)
	takesFile := regexp.MustCompile(`^(picture|file|folder)$|FILE|PICTURE`)
	flags.VisitAll(func(f *flag.Flag) {
		what, _ := flag.UnquoteUsage(f)
		if known := slices.Contains(fileoption.Names(), f.Name); known != takesFile.MatchString(what) {
			t.Errorf("-%s takes %s, but whether it names a file is %v", f.Name, what, known)
		}
	})
	for _, name := range fileoption.Names() {
		if flags.Lookup(name) == nil {
			t.Errorf("there is no option %s", name)
		}
	}
}
