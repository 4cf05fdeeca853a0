package web

import "stylebook/stylelib/request"

// marks are the pictures that a form may have beside photograph and painting: what was painted over them with the page's brush, by
// the options that take it.
var marks = map[string]string{
	"content-mask": "regions of the photograph", "style-mask": "regions of the painting", "colours-mask": "places that keep their colours"}

// name tells the request where the pictures are. The options for one file take its name as it is, style and style-mask a list.
func (f *form) name() error {
	for option, path := range f.pictures {
		if o, err := request.Find(option); err == nil && o.Files == request.Several {
			path = request.JoinPaths([]string{path})
		}
		if err := f.request.Set("", option, path); err != nil {
			return err
		}
	}
	return nil
}
