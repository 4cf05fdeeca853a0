package request

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// value reads and writes one option in [Settings], in the words of the command line.
type value interface {
	Set(text string) error
	String() string
}

// raw is a value as JSON: a number, true or false, a list of texts, or a text.
func raw(v value) json.RawMessage {
	var plain any = v.String()
	switch v := v.(type) {
	case decimal, whole[int], whole[int64], truth, minutes:
		return json.RawMessage(v.String())
	case files:
		plain = *v.paths
	case texts:
		plain = *v.list
	}
	text, _ := json.Marshal(plain) // texts can always be written
	return text
}

// put sets a value to what [raw] has written.
func put(v value, written json.RawMessage) error {
	switch v := v.(type) {
	case files:
		return json.Unmarshal(written, v.paths)
	case texts:
		return json.Unmarshal(written, v.list)
	case decimal, whole[int], whole[int64], truth, minutes:
		return v.Set(string(written))
	}
	var text string
	if err := json.Unmarshal(written, &text); err != nil {
		return err
	}
	return v.Set(text)
}

type decimal struct{ number *float64 }

func (v decimal) String() string { return fmt.Sprint(*v.number) }

func (v decimal) Set(text string) error {
	number, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return fmt.Errorf("%q is not a number", text)
	}
	if number-number != 0 { // infinite, or none
		return fmt.Errorf("%s is not a finite number", text)
	}
	*v.number = number
	return nil
}

type whole[T int | int64] struct{ number *T }

func (v whole[T]) String() string { return fmt.Sprint(*v.number) }

func (v whole[T]) Set(text string) error {
	number, err := strconv.ParseInt(text, 10, 64)
	if err != nil || int64(T(number)) != number {
		return fmt.Errorf("%q is not a whole number", text)
	}
	*v.number = T(number)
	return nil
}

type truth struct{ is *bool }

func (v truth) String() string { return fmt.Sprint(*v.is) }

func (v truth) Set(text string) (err error) {
	if *v.is, err = strconv.ParseBool(text); err != nil {
		return fmt.Errorf("%q is neither true nor false", text)
	}
	return nil
}

type word[T ~string] struct{ text *T }

func (v word[T]) String() string { return string(*v.text) }

func (v word[T]) Set(text string) error {
	*v.text = T(text)
	return nil
}

// files are several paths. [Request.Set] reads them, because it knows the folder from which they count.
type files struct{ paths *[]string }

func (v files) String() string { return JoinPaths(*v.paths) }

func (v files) Set(text string) error {
	*v.paths = SplitPaths("", text)
	return nil
}

// texts are words with blanks between them, each time some more.
type texts struct{ list *[]string }

func (v texts) String() string { return strings.Join(*v.list, " ") }

func (v texts) Set(text string) error {
	*v.list = append(*v.list, strings.Fields(text)...)
	return nil
}

// custom is a value with a way of its own to be read and written.
type custom struct {
	get func() string
	set func(text string) error
}

func (v custom) String() string { return v.get() }

func (v custom) Set(text string) error { return v.set(text) }

// numbers is a comma-separated list.
type numbers struct{ list *[]float64 }

func (v numbers) String() string {
	var texts []string
	for _, number := range *v.list {
		texts = append(texts, fmt.Sprint(number))
	}
	return strings.Join(texts, ",")
}

func (v numbers) Set(text string) error {
	*v.list = nil
	for field := range strings.SplitSeq(text, ",") {
		if field = strings.TrimSpace(field); field == "" {
			continue
		}
		var number float64
		if err := (decimal{&number}).Set(field); err != nil {
			return err
		}
		*v.list = append(*v.list, number)
	}
	return nil
}

// minutes is a time.
type minutes struct{ limit *time.Duration }

func (v minutes) String() string { return fmt.Sprint(v.limit.Minutes()) }

func (v minutes) Set(text string) error {
	var number float64
	err := decimal{&number}.Set(text)
	*v.limit = time.Duration(number * float64(time.Minute))
	return err
}
