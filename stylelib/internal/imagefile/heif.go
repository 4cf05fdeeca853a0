package imagefile

import (
	"encoding/binary"
	"errors"
	"image"

	"stylebook/stylelib/internal/sandbox"
)

// isoBrands returns the brands of a file of the family of ISO media, its own first.
func isoBrands(data []byte) (brands []string) {
	if len(data) < 16 || string(data[4:8]) != "ftyp" {
		return nil
	}
	end := min(uint64(binary.BigEndian.Uint32(data)), uint64(len(data)))
	for at := uint64(8); at+4 <= end; at += 4 {
		if at != 12 { // a version
			brands = append(brands, string(data[at:at+4]))
		}
	}
	return brands
}

// isoKind names a file by its brands: AVIF, HEIC, CR3 or "" for others. HEIF's own brands mif1 and msf1 say nothing of the codec.
func isoKind(data []byte) string {
	kinds := map[string]string{"avif": "AVIF", "avis": "AVIF", "heic": "HEIC", "heix": "HEIC", "heim": "HEIC", "heis": "HEIC", "hevc": "HEIC",
		"hevx": "HEIC", "hevm": "HEIC", "hevs": "HEIC", "crx ": "CR3"}
	brands := isoBrands(data)
	for _, brand := range brands {
		if kind := kinds[brand]; kind != "" {
			return kind
		}
	}
	if len(brands) > 0 && (brands[0] == "mif1" || brands[0] == "msf1") {
		return "HEIC"
	}
	return ""
}

func isISO(kind string) func([]byte) bool {
	return func(data []byte) bool { return isoKind(data) == kind }
}

// decodeHEIF decodes HEIC and AVIF. Chroma is repeated in HEIC and interpolated in AVIF, as libheif and libavif do it.
func decodeHEIF(data []byte, pixels int) (decoded, error) {
	h, err := sandbox.DecodeHEIF(data, pixels)
	const mostAVIF = 8192 * 8192 // of dav1d with addresses of 32 bits
	if err != nil && pixels > mostAVIF && isoKind(data) == "AVIF" {
		err = errors.New("it has more than 67 megapixels: make it smaller, or save it as JPEG, first")
	}
	if err != nil {
		return decoded{}, err
	}
	d := decoded{img: h.Picture, colours: &colourSource{icc: h.ICC, codes: h.Codes}}
	if len(h.ICC) > maxProfileBytes {
		d.colours.icc = nil
	}
	if img, ok := h.Picture.(*image.YCbCr); ok {
		upsample := repeatChroma(chromaSteps(img.SubsampleRatio))
		if isoKind(data) == "AVIF" {
			chroma, _ := chromaPlanes(img)
			upsample = chromaUpsampler(img.SubsampleRatio, chroma.width)
		}
		d.img = convertRows(img, upsample, matrixRow(h.Matrix, h.Limited))
	}
	if h.Alpha != nil {
		picture := Flatten(d.img)
		d.img = withAlpha(picture, h.Alpha.Pix, h.Alpha.Stride)
		if h.Premultiplied {
			d.img = unmultiplied(picture)
		}
	}
	return d, nil
}

// unmultiplied is an opaque picture itself, and one with transparency with values that are not premultiplied.
func unmultiplied(img *image.RGBA) image.Image {
	if img.Opaque() {
		return img
	}
	for i := 0; i+3 < len(img.Pix); i += 4 {
		if a := int(img.Pix[i+3]); a > 0 {
			for k := i; k < i+3; k++ {
				img.Pix[k] = uint8(min((int(img.Pix[k])*255+a/2)/a, 255))
			}
		}
	}
	return &image.NRGBA{Pix: img.Pix, Stride: img.Stride, Rect: img.Rect}
}

// matrixRow converts luma and chroma by a matrix of H.273; of one that isn't said or isn't known, by that of JPEG.
func matrixRow(matrix byte, limited bool) func(dst, luma, cb, cr []uint8) {
	red, blue := 0.299, 0.114
	switch matrix {
	case 0: // green, blue, red
		return func(dst, luma, cb, cr []uint8) {
			for x, v := range luma {
				setRGB(dst[4*x:], cr[x], v, cb[x])
			}
		}
	case 1:
		red, blue = 0.2126, 0.0722
	case 9, 10:
		red, blue = 0.2627, 0.0593
	}
	if !limited && red == 0.299 {
		return jfifRow
	}
	black, light, chroma := int32(0), 1.0, 1.0
	if limited {
		black, light, chroma = 16, 255.0/219, 255.0/224
	}
	fixed := func(v float64) int32 { return int32(v*(1<<16) + 0.5) }
	green := 1 - red - blue
	y1, r1, b1 := fixed(light), fixed(2*(1-red)*chroma), fixed(2*(1-blue)*chroma)
	gb, gr := fixed(2*(1-blue)*blue/green*chroma), fixed(2*(1-red)*red/green*chroma)
	return func(dst, luma, cb, cr []uint8) {
		for x, v := range luma {
			y, b, r := y1*(int32(v)-black)+1<<15, int32(cb[x])-128, int32(cr[x])-128
			setRGB(dst[4*x:], clampByte((y+r1*r)>>16), clampByte((y-gb*b-gr*r)>>16), clampByte((y+b1*b)>>16))
		}
	}
}
