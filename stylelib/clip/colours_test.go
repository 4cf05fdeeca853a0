package clip

import (
	"fmt"
	"image"
	"testing"
)

// patches are a film of two colours, in RGB.
const patches = "color=c=0x%06x:s=32x48:r=25:d=0.2,format=gbrp[a];color=c=0x%06x:s=32x48:r=25:d=0.2,format=gbrp[b];[a][b]hstack"

func TestColours(t *testing.T) {
	const left, right = 0xc86432, 0x1e5ab4
	want := [6]float64{0xc8, 0x64, 0x32, 0x1e, 0x5a, 0xb4}
	tags := func(matrix, r string) []string { return []string{"-colorspace", matrix, "-color_range", r} }
	for name, c := range map[string]struct {
		filter string
		tags   []string
	}{
		"BT.601":             {"scale=out_color_matrix=bt601:out_range=tv,format=yuv420p", tags("smpte170m", "tv")},
		"BT.709":             {"scale=out_color_matrix=bt709:out_range=tv,format=yuv420p", tags("bt709", "tv")},
		"BT.601, full range": {"scale=out_color_matrix=bt601:out_range=pc,format=yuv420p", tags("smpte170m", "pc")},
		"BT.709, full range": {"scale=out_color_matrix=bt709:out_range=pc,format=yuv420p", tags("bt709", "pc")},
		"BT.2020":            {"scale=out_color_matrix=bt2020:out_range=tv,format=yuv420p10", tags("bt2020nc", "tv")},
		"untagged, small":    {"scale=out_color_matrix=bt601:out_range=tv,format=yuv420p,setparams=colorspace=unknown", nil},
		"untagged, large":    {"scale=1280:720:out_color_matrix=bt709:out_range=tv,format=yuv420p,setparams=colorspace=unknown", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in := ffmpeg(t, "in.mp4", append([]string{"-f", "lavfi", "-i", fmt.Sprintf(patches, left, right) + "," + c.filter, "-crf", "5"}, c.tags...)...)
			o := Default()
			o.Size = 64
			var seen [6]float64
			out, _ := painted(t, in, ".mp4", o, func(frame *image.RGBA) (*image.RGBA, error) {
				seen = means(frame)
				return frame, nil
			})
			if d := off(seen, want); d > 2 {
				t.Errorf("what is painted is %.1f levels off", d)
			}
			if d := off(means(shown(t, out)[0]), seen); d > 2 {
				t.Errorf("the film is %.1f levels off", d)
			}
		})
	}
}

// HDR is mapped: what isn't bright has its colours, and white is bright.
func TestHDR(t *testing.T) {
	if !mapsTones() {
		t.Skip("this machine's ffmpeg maps no HDR")
	}
	for _, transfer := range []string{"smpte2084", "arib-std-b67"} {
		hdr := ",scale=out_color_matrix=bt709:out_range=tv,format=yuv444p,zscale=pin=bt709:tin=bt709:min=bt709:p=bt709:t=linear:npl=203,format=gbrpf32le," +
			"zscale=p=bt2020:t=" + transfer + ":m=bt2020nc:r=limited:npl=203,format=yuv420p10le"
		in := ffmpeg(t, "hdr.mp4", "-f", "lavfi", "-i", fmt.Sprintf(patches, 0x783c28, 0xffffff)+hdr, "-c:v", "libx265",
			"-x265-params", "log-level=error:colorprim=bt2020:colormatrix=bt2020nc:transfer="+transfer)
		out, _ := painted(t, in, ".mp4", Default(), same)
		got := means(shown(t, out)[0])
		if d := off(got, [6]float64{0x78, 0x3c, 0x28, got[3], got[4], got[5]}); d > 6 || min(got[3], got[4], got[5]) < 200 {
			t.Errorf("%s: %.0f", transfer, got)
		}
	}
}
