package request

import (
	"cmp"
	"strings"
	"stylebook/stylelib/transfer"
)

// Label names an option for people: as the page does, or, where it is not on the page, as the command does.
func (o Option) Label(chinese bool) string {
	if o.Page == nil {
		return "-" + o.Name
	}
	return o.Page.Label.In(chinese)
}

// Say is a value of the option for people: what the page calls it, or the value itself.
func (o Option) Say(value string, chinese bool) string {
	if o.Page != nil && !o.Page.Many {
		if c := o.Page.choice(value); c != nil {
			return c.Label.In(chinese)
		}
	}
	return cmp.Or(value, Text{"none", "无"}.In(chinese))
}

// Described is the request for who searches: each option with its names and values, files without their folders.
func (r Request) Described() string {
	var words strings.Builder
	for _, o := range table {
		if !r.Given(o.Name) {
			continue
		}
		value := r.Label(o.Name)
		for _, word := range []string{o.Name, value, o.Label(false), o.Say(value, false), o.Label(true), o.Say(value, true)} {
			words.WriteString(word + " ")
		}
	}
	return words.String()
}

// Said are, for people, the request's options that the page has, but for the size and the usual preset.
func (r Request) Said(chinese bool) []string {
	said := []string{}
	for _, o := range OfPage() {
		if value := r.Text(o.Name); r.Given(o.Name) && o.Name != "size" && value != transfer.DefaultPreset {
			said = append(said, o.Label(chinese)+" "+o.Say(value, chinese))
		}
	}
	return said
}

// Difference is an option in which two requests differ, for people.
type Difference struct{ Option, Value, Other string }

// Differences returns in what a request differs from another that Settings takes too: what either asks for, and what the page shows. Options of
// the process and files are left out.
func (r Request) Differences(other Request, chinese bool) (all []Difference, err error) {
	mine, err := r.Settings()
	if err != nil {
		return nil, err
	}
	others, err := other.Settings()
	if err != nil {
		return nil, err
	}
	for _, o := range table {
		value, was := o.keep(mine).String(), o.keep(others).String()
		if value == was || o.OfCall || o.Files != NoFile && o.word == nil || o.Page == nil && !r.Given(o.Name) && !other.Given(o.Name) {
			continue
		}
		if o.Files != NoFile {
			value, was = cmp.Or(r.Label(o.Name), value), cmp.Or(other.Label(o.Name), was)
		}
		all = append(all, Difference{o.Label(chinese), o.Say(value, chinese), o.Say(was, chinese)})
	}
	return all, nil
}
