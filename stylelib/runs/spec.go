package runs

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"

	sl "stylebook/stylelib"
	"stylebook/stylelib/feedforward"
	"stylebook/stylelib/request"
	"stylebook/stylelib/transfer"

	"github.com/gomlx/gomlx/core/tensors"
)

// specVersion is that of the form in which specs are saved and of what their keys are made of.
const specVersion = 1

// Spec is what decides the bits of a run's result. Runs with equal specs are the same run.
type Spec struct {
	Version   int                `json:"version"`
	Height    int                `json:"height"` // of the result in pixels
	Width     int                `json:"width"`
	Bits      int                `json:"bits"` // of the result for each channel
	Options   transfer.Options   `json:"options"`
	Constants map[string]float64 `json:"constants,omitempty"` // [transfer.Options.Constants]
	Files     map[string]string  `json:"files"`               // SHA-256 of each picture file: content, style 1, mask of style 1, …
	Weights   string             `json:"weights"`             // SHA-256 of the network's filters and biases
	Engine    string             `json:"engine"`
	Terms     map[string]string  `json:"terms,omitempty"` // [transfer.Transfer.Own]

	// Network is how a network that paints is trained, nil where a picture is: of Options there are the epochs alone then, one for each
	// step, and height and width are those of the picture that shows how far it is.
	Network *feedforward.Options `json:"network,omitempty"`
}

// NewSpec returns the spec of a training that is ready to begin.
func NewSpec(t *transfer.Transfer, bits int, engine string) (Spec, error) {
	network, err := hashNetwork(t)
	return Spec{Version: specVersion, Height: t.Height, Width: t.Width, Bits: bits, Options: t.Options, Constants: t.Options.Constants(),
		Files: t.Hashes, Weights: network, Engine: engine, Terms: t.Own}, err
}

// NewNetworkSpec returns the spec of a training of a network, with VGG's numbers.
func NewNetworkSpec(o feedforward.Options, vgg *sl.Network, files map[string]string, height, width int, engine string) (Spec, error) {
	weights, err := hashFamily(vgg)
	s := Spec{Version: specVersion, Height: height, Width: width, Bits: 8, Options: request.Neutral(), Files: files, Weights: weights,
		Engine: engine, Network: &o}
	s.Options.Epochs = o.Steps
	return s, err
}

// Key is the SHA-256 of the spec, in hexadecimal. An option with its neutral value is no part of it, so that a new option leaves old
// runs what they are.
func (s Spec) Key() string {
	type plain Spec
	all, options := tree(plain(s)), tree(s.Options)
	for name, value := range tree(request.Neutral()) {
		if reflect.DeepEqual(options[name], value) {
			delete(options, name)
		}
	}
	all["options"] = options
	text, err := json.Marshal(all) // keys sorted
	if err != nil {
		panic(err) // numbers are validated, all else is text
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// tree is a value as its JSON has it.
func tree(value any) (values map[string]any) {
	text, err := json.Marshal(value)
	if err == nil {
		err = json.Unmarshal(text, &values)
	}
	if err != nil {
		panic(err) // numbers are validated, all else is text
	}
	return values
}

// UnmarshalJSON reads a spec of this version.
func (s *Spec) UnmarshalJSON(text []byte) error {
	type plain Spec
	read := plain{Options: request.Neutral()}
	if err := json.Unmarshal(text, &read); err != nil {
		return err
	}
	if read.Version != specVersion {
		return fmt.Errorf("its spec has version %d, and this stylebook reads %d", read.Version, specVersion)
	}
	*s = Spec(read)
	return nil
}

// Differences names everything in which two specs differ, one line each: "epochs: 500, was 300".
func (s Spec) Differences(was Spec) (lines []string) {
	for _, d := range Differing(s, was) {
		lines = append(lines, fmt.Sprintf("%s: %s, was %s", d[0], d[1], d[2]))
	}
	return lines
}

// Differing returns everything in which specs are not all the same, sorted: its name, and its value in each of them.
func Differing(specs ...Spec) (differing [][]string) {
	var all []map[string]string
	names := map[string]bool{}
	for _, s := range specs {
		values := flat(s)
		for name := range values {
			names[name] = true
		}
		all = append(all, values)
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		row, differ := []string{name}, false
		for _, values := range all {
			row = append(row, cmp.Or(values[name], "none"))
			differ = differ || values[name] != all[0][name]
		}
		if differ {
			differing = append(differing, row)
		}
	}
	return differing
}

// flat lists a spec's values by name, hashes shortened.
func flat(s Spec) map[string]string {
	values := map[string]string{}
	for key, value := range tree(s) {
		branch, ok := value.(map[string]any)
		if !ok {
			values[key] = short(fmt.Sprint(value))
			continue
		}
		for name, value := range branch {
			if key == "network" {
				name = "network " + name // which has a learning rate too
			}
			values[name] = short(fmt.Sprint(value))
		}
	}
	o := s.Options
	values["Resize"], values["Taps"], values["Adam"] = o.Resize.String(), o.Taps.String(), o.Adam.String() // JSON has numbers
	return values
}

func short(s string) string {
	if len(s) == sha256.Size*2 {
		return s[:12]
	}
	return s
}

// hashNetwork returns the SHA-256 of a training's network. Of another one than the VGG family's it is that of its name and of the
// parameters that are used.
func hashNetwork(t *transfer.Transfer) (string, error) {
	if net, ok := t.Network.(*sl.Network); ok {
		return hashFamily(net)
	}
	return hashParameters(t)
}

// hashFamily is the SHA-256 of a network's filters and biases in order, as little-endian float32, and how it pools and pads.
func hashFamily(net *sl.Network) (string, error) {
	h := sha256.New()
	number := func(isOther bool) string { return strconv.Itoa(map[bool]int{true: 1}[isOther]) }
	fmt.Fprintf(h, "%s %s\n", number(net.Pooling == sl.AveragePooling), number(net.Padding == sl.ReflectPadding))
	for _, c := range net.Convs {
		for _, t := range []*tensors.Tensor{c.Filter, c.Bias} {
			values, err := tensors.CopyFlatData[float32](t)
			if err != nil {
				return "", err
			}
			fmt.Fprintf(h, "%d %v\n", c.Index, t.Shape().Dimensions)
			if err := binary.Write(h, binary.LittleEndian, values); err != nil {
				return "", err
			}
		}
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

func hashParameters(t *transfer.Transfer) (string, error) {
	h := sha256.New()
	fmt.Fprintln(h, t.Network)
	parameters, err := t.Network.Parameters(t.Extractor.Layers)
	if err != nil {
		return "", err
	}
	for i, p := range parameters {
		for _, one := range p {
			fmt.Fprintln(h, t.Extractor.Layers[i].Name, one.Shape())
			if err := one.ConstBytes(func(data []byte) { h.Write(data) }); err != nil {
				return "", err
			}
		}
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
