package runs

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"stylebook/stylelib/request"
)

// sizes are options of which the size says all.
var sizes = map[string]bool{"size": true, "height": true, "width": true, "minutes": true}

// Versus says for people, a line each, in what a run differs from another, and from what to what: by what the page calls it. Runs that nobody asked for by a
// request differ by their specs.
func (r Summary) Versus(was Summary, chinese bool) (lines []string) {
	if r.Request == nil || was.Request == nil {
		return r.Spec.Differences(was.Spec)
	}
	say := func(name, value, other string) {
		lines = append(lines, fmt.Sprintf(request.Text{En: "%s: %s → %s", Zh: "%s：%s → %s"}.In(chinese), name, other, value))
	}
	for _, f := range ofFiles {
		if !slices.Equal(r.files(f.role), was.files(f.role)) {
			say(f.label.In(chinese), strings.Join(r.Names(f.option), ", "), strings.Join(was.Names(f.option), ", "))
		}
	}
	if r.Spec.Height != was.Spec.Height || r.Spec.Width != was.Spec.Width {
		say(request.Text{En: "Size", Zh: "尺寸"}.In(chinese), size(r, chinese), size(was, chinese))
	}
	differences, err := r.asked().Differences(was.asked(), chinese)
	if err != nil {
		return r.Spec.Differences(was.Spec)
	}
	for _, d := range differences {
		say(d.Option, d.Value, d.Other)
	}
	if r.Spec.Engine != was.Spec.Engine {
		say(request.Text{En: "Computed by", Zh: "计算引擎"}.In(chinese), r.Spec.Engine, was.Spec.Engine)
	}
	if len(lines) == 0 {
		return r.Spec.Differences(was.Spec)
	}
	return lines
}

func size(r Summary, chinese bool) string {
	return fmt.Sprintf(request.Text{En: "%d wide, %d high", Zh: "宽 %d、高 %d"}.In(chinese), r.Spec.Width, r.Spec.Height)
}

// asked is the request without what the size says.
func (r Summary) asked() request.Request {
	asked := r.Request
	for name := range sizes {
		asked = asked.With(name, nil)
	}
	return asked
}

// ofFiles are the options that name pictures, by how a spec calls these.
var ofFiles = []struct {
	role, option string
	label        request.Text
}{{"content mask", "content-mask", request.Text{En: "Regions of the photograph", Zh: "照片的区域"}}, {"content", "content", request.Text{En: "Photograph", Zh: "照片"}},
	{"mask of style", "style-mask", request.Text{En: "Regions of the painting", Zh: "画作的区域"}}, {"style", "style", request.Text{En: "Painting", Zh: "画作"}},
	{"colours mask", "colours-mask", request.Text{En: "Where colours are kept", Zh: "保留颜色之处"}}}

// files are the hashes of the run's pictures of a role.
func (r Summary) files(role string) (sums []string) {
	for _, name := range slices.Sorted(maps.Keys(r.Spec.Files)) {
		if name == role || strings.TrimRight(name, " 0123456789") == role {
			sums = append(sums, r.Spec.Files[name])
		}
	}
	return sums
}
