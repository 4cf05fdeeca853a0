// Command stylize paints one picture in the style of another:
//
//	go run ./stylelib/cmd/stylize -content house.jpg -style painting.jpg -out result.png
//
// Run it with -help for its options. A command with a loss of your own is as short as this one: see stylelib/cli.
package main

import (
	"stylebook/stylelib/cli"
	"stylebook/stylelib/engine"
)

func main() {
	engine.KeepMemory()
	cli.Main()
}
