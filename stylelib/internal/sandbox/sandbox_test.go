package sandbox

import (
	"bytes"
	"errors"
	"image"
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

const fixtures = "../imagefile/testdata"

func read(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(fixtures, name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// A decoder that has done the work it may ends, and one that asks for more memory than it may have does, too.
func TestBounds(t *testing.T) {
	file := read(t, "formats/plain.heic")
	for name, l := range map[string]limits{"work": {freeMemory, 1000}, "memory": {2 << 20, freeWork}} {
		i, address, err := libheif.start(file, l)
		if err == nil {
			i.heif("decode", file, address)
			err = i.err
			i.close()
		}
		if err == nil || name == "work" && !errors.Is(err, ErrBounds) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A file that says that it is small, and is large, gets no more memory than a small one.
func TestSizesThatLie(t *testing.T) {
	if _, err := DecodeHEIF(read(t, "formats/wide.heic"), 100); !errors.Is(err, ErrBounds) {
		t.Errorf("HEIC: %v", err)
	}
	if _, err := DecodeJPEG(read(t, "420.jpg"), 100, 1); !errors.Is(err, ErrBounds) {
		t.Errorf("JPEG: %v", err)
	}
}

// What is decoded twice at once is what is decoded once.
func TestDecodersAtOnce(t *testing.T) {
	file := read(t, "420.jpg")
	want, err := DecodeJPEG(file, 1<<20, 1)
	if err != nil {
		t.Fatal(err)
	}
	errs := make(chan error)
	for range 4 {
		go func() {
			got, err := DecodeJPEG(file, 1<<20, 1)
			if err == nil && !bytes.Equal(got.Picture.(*image.RGBA).Pix, want.Picture.(*image.RGBA).Pix) {
				err = errors.New("other pixels")
			}
			errs <- err
		}()
	}
	for range 4 {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
}

func TestShrink(t *testing.T) {
	for _, shrink := range []int{1, 2, 4, 8} {
		j, err := DecodeJPEG(read(t, "420-48x64.jpg"), 48*64, shrink)
		if err != nil {
			t.Fatal(err)
		}
		if b := j.Picture.Bounds(); b.Dx() != 64/shrink || b.Dy() != 48/shrink || j.Rows != 48/shrink {
			t.Errorf("shrunk by %d: %v, %d rows", shrink, b, j.Rows)
		}
	}
}

func FuzzJPEG(f *testing.F) {
	for _, name := range []string{"420.jpg", "progressive-420.jpg", "cmyk.jpg", "restart-420.jpg", "formats/webcam-no-huffman.jpg", "formats/cut-last-tenth.jpg"} {
		f.Add(read(f, name))
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		bounded(t, func() { _, _ = DecodeJPEG(file, 1<<20, 1) })
	})
}

func FuzzHEIF(f *testing.F) {
	for _, name := range []string{"plain.heic", "alpha.heic", "deep.heic", "gray.heic", "turned.heic", "plain.avif", "444.avif", "alpha.avif", "turned-5.avif"} {
		f.Add(read(f, "formats/"+name))
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		bounded(t, func() {
			_, _, _ = SizeHEIF(file)
			_, _ = DecodeHEIF(file, 1<<18)
		})
	})
}

// bounded fails where more memory is taken than the limits of about a million pixels.
func bounded(t *testing.T, do func()) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	do()
	runtime.ReadMemStats(&after)
	if used := after.TotalAlloc - before.TotalAlloc; used > 1<<30 {
		t.Errorf("took %d bytes", used)
	}
}
