// Command benchmark is our side of scripts/bench, which starts it: it does a training step for each line of input, or
// paints a picture by a network, or begins trainings one after another, and says as JSON what that took.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"

	"stylebook/stylelib/engine"
)

type request struct {
	vgg           int // of steps: 19 or 16
	height, width int
	backend       string
	where         bool
	painted       bool
	weights       string
	content       string
	style         string
	again         string // another content picture for trainings one after another, "" for none of them
}

// answer is a line of output.
type answer struct {
	Seconds   float64 `json:"seconds,omitempty"`    // of a step
	Compile   float64 `json:"compile,omitempty"`    // of the step, in seconds
	Setup     float64 `json:"setup,omitempty"`      // network, targets: all before the first step
	PeakBytes int64   `json:"peak_bytes,omitempty"` // of the process
	Engine    string  `json:"engine,omitempty"`
	Parts     []part  `json:"parts,omitempty"` // of a step
	Again     []begun `json:"again,omitempty"`
}

func main() {
	engine.KeepMemory()
	var r request
	flag.IntVar(&r.vgg, "vgg", 19, "`network` whose widths the steps have, 19 or 16")
	flag.IntVar(&r.height, "height", 300, "height in `pixels`")
	flag.IntVar(&r.width, "width", 450, "width in `pixels`")
	flag.StringVar(&r.backend, "backend", "xla:cpu", "`engine`")
	flag.BoolVar(&r.where, "where", false, "measure the parts of a step one by one")
	flag.BoolVar(&r.painted, "painted", false, "paint pictures by a network, one for each line of input, instead of steps")
	flag.StringVar(&r.weights, "weights", "offline", "weights of the trainings")
	flag.StringVar(&r.content, "content", "", "content `picture` of the trainings")
	flag.StringVar(&r.style, "style", "", "style `picture` of the trainings")
	flag.StringVar(&r.again, "again", "", "begin trainings one after another in the process, one of them with this other content `picture`")
	flag.Parse()
	if err := run(r); err != nil {
		fmt.Fprintln(os.Stderr, "benchmark:", err)
		os.Exit(1)
	}
}

func run(r request) error {
	e, err := engine.Open(r.backend)
	if err != nil {
		return err
	}
	defer e.Close()
	switch {
	case r.where:
		return where(e, r)
	case r.painted:
		return painted(e, r)
	case r.again != "":
		return again(e, r)
	}
	return steps(e, r)
}

func write(a answer) {
	line, _ := json.Marshal(a)
	fmt.Println(string(line))
}
