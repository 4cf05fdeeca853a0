// Package request has the options of a picture in one table, and a request: which of them somebody has given.
//
//	r := request.Request{}
//	err := r.Set("", "content", "photo.jpg")
//	err = r.Set("", "style-layers", "conv1_1,conv2_1")
//	settings, err := r.Settings()
//
// From the table come the command's flags and help, a sweep's keys, the page's fields, and which values name files. What is handed
// on, from the command to a folder's pictures, from a sweep to its runs, from the page, and what is kept with a run, is the request.
package request

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"stylebook/stylelib/internal/nearest"
	"stylebook/stylelib/internal/paths"
	"stylebook/stylelib/transfer"
)

// Request are options by their names, each with its value: a number, true or false, a list of texts, or a text. An option that is
// not in it has the value that goes with the preset.
type Request map[string]json.RawMessage

// version is that of a request's JSON.
const version = 1

// MarshalJSON writes the options with the version of their form.
func (r Request) MarshalJSON() ([]byte, error) {
	return json.Marshal(map[string]any{"version": version, "options": map[string]json.RawMessage(r)})
}

// UnmarshalJSON reads a request of this version. Another version is an error, and so is an option that is not in the table.
func (r *Request) UnmarshalJSON(text []byte) error {
	var kept struct {
		Version int
		Options map[string]json.RawMessage
	}
	if err := json.Unmarshal(text, &kept); err != nil {
		return err
	}
	if kept.Version > version {
		return fmt.Errorf("its request has version %d: it is of a later stylebook", kept.Version)
	}
	*r = Request{}
	var s Settings
	for name, value := range kept.Options {
		o, err := Find(name)
		if err != nil {
			return err
		}
		if err := put(o.keep(&s), value); err != nil && !ofLayer(err) { // which a network of the caller's may have
			return fmt.Errorf("%s: %w", name, err)
		}
		(*r)[name] = value
	}
	return nil
}

// UnknownError reports an option that is not in the table.
type UnknownError struct {
	Name    string
	Nearest string // that is; "" if none is near
}

func (e *UnknownError) Error() string {
	if e.Nearest == "" {
		return fmt.Sprintf("there is no option %q", e.Name)
	}
	return fmt.Sprintf("there is no option %q; did you mean %s?", e.Name, e.Nearest)
}

// Find returns an option of the table, or an *[UnknownError].
func Find(name string) (Option, error) {
	names := []string{}
	for _, o := range table {
		if o.Name == name {
			return o, nil
		}
		names = append(names, o.Name)
	}
	return Option{}, &UnknownError{name, nearest.To(name, names)}
}

// Set gives an option a value as it is written on the command line; relative names of files count from a folder, "" for the
// working directory. An option that may be given several times gets one more. own is what the caller has of its own, of which a
// network may have other layers than the VGG family. The error does not name the option, unless it is an *[UnknownError].
func (r Request) Set(folder, name, text string, own ...transfer.Extension) error {
	o, err := Find(name)
	if err != nil {
		return err
	}
	var s Settings
	v := o.keep(&s)
	if before, given := r[name]; given && o.Repeats {
		if err := put(v, before); err != nil {
			return err
		}
	}
	if list, several := v.(files); several {
		*list.paths = SplitPaths(folder, text)
	} else if err := exceptLayers(v.Set(text), own); err != nil {
		return err
	}
	r[name] = raw(v)
	r.place(folder, o)
	return nil
}

// Given says whether the request has an option.
func (r Request) Given(name string) bool { _, given := r[name]; return given }

// Text is an option's value as it is written on the command line, "" if it is not given.
func (r Request) Text(name string) string {
	return r.textOf(name, func(path string) string { return path })
}

// Label is an option's value for people: files without their folders.
func (r Request) Label(name string) string { return r.textOf(name, paths.Base) }

// Words are the request, which has one content picture, as the command's options.
func (r Request) Words() (words []string) {
	for _, o := range table {
		text := r.Text(o.Name)
		if o.Name == "content" {
			text = JoinPaths([]string{text}) // the command takes a list
		}
		if r.Given(o.Name) {
			words = append(words, "-"+o.Name+"="+text)
		}
	}
	return words
}

// FromWords reads a request of the command's options, which must all be of the form -name=value. It knows those of earlier
// versions, in which a further term had two options of its own: -TERM-weight and -TERM-layers.
func FromWords(words []string) (Request, error) {
	r, weights, layers := Request{}, map[string]string{}, map[string]string{}
	for _, word := range words {
		name, text, _ := strings.Cut(strings.TrimPrefix(word, "-"), "=")
		_, err := Find(name)
		if term, is := strings.CutSuffix(name, "-weight"); is && err != nil {
			weights[term] = ":" + text
		} else if term, is := strings.CutSuffix(name, "-layers"); is && err != nil {
			layers[term] = "@" + text
			weights[term] += ""
		} else if err := r.Set("", name, text); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	for _, term := range slices.Sorted(maps.Keys(weights)) {
		if err := r.Set("", "term", term+weights[term]+layers[term]); err != nil {
			return nil, err
		}
	}
	if r.Given("preset") || len(r) == 0 {
		return r, nil
	}
	return r, r.Set("", "preset", "pytorch") // which was the default when words did not always name it
}

// Kept returns what is kept with a run: the options that decide its result and where it goes, with absolute names of files, and the
// preset, because the default may be another one day.
func (r Request) Kept() (Request, error) {
	here, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	kept := Request{}
	for _, o := range table {
		if value, given := r[o.Name]; given && !o.OfCall {
			kept[o.Name] = value
			kept.place(here, o)
		}
	}
	if !kept.Given("preset") {
		err = kept.Set("", "preset", transfer.DefaultPreset)
	}
	return kept, err
}

// With returns a copy of the request in which an option has the value that it has in another.
func (r Request) With(name string, of Request) Request {
	other := maps.Clone(r)
	if other[name] = of[name]; other[name] == nil {
		delete(other, name)
	}
	return other
}

// Moved returns a copy of the request in which the names of files are changed.
func (r Request) Moved(change func(path string) string) Request {
	moved := maps.Clone(r)
	for _, o := range table {
		var s Settings
		if v := o.keep(&s); o.Files != NoFile && r.Given(o.Name) && put(v, r[o.Name]) == nil {
			o.change(v, change)
			moved[o.Name] = raw(v)
		}
	}
	return moved
}
