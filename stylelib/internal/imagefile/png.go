package imagefile

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
)

const pngMagic = "\x89PNG\r\n\x1a\n"

// pngSize reads the size itself: png.DecodeConfig names no size for the very largest, and minds what follows.
func pngSize(data []byte) (height, width int, err error) {
	if len(data) < 24 {
		return 0, 0, io.ErrUnexpectedEOF
	}
	if string(data[12:16]) != "IHDR" {
		return 0, 0, errors.New("it has no header")
	}
	return int(binary.BigEndian.Uint32(data[20:])), int(binary.BigEndian.Uint32(data[16:])), nil
}

// mendedPNG is a PNG that is written while it is read.
type mendedPNG struct {
	*io.PipeReader
	missing int // so many of its last rows are zeros; known when all is read
}

// mendPNG writes a PNG anew with what its pixels need, in the right order: without chunks that aren't used and may be damaged, and
// with just as many rows as the header says, if enough of them are there. It is nil for one that lacks a header or whose chunks that
// count are damaged.
func mendPNG(data []byte) *mendedPNG {
	head := map[string][]byte{}
	var packed [][]byte
	for at := len(pngMagic); at+8 <= len(data); {
		size := min(uint64(binary.BigEndian.Uint32(data[at:])), uint64(len(data)-at-8))
		name, content := string(data[at+4:at+8]), data[at+8:][:size]
		at += 8 + int(size)
		sum := crc32.ChecksumIEEE(data[at-4-int(size) : at])
		switch name {
		case "IHDR", "PLTE", "tRNS", "IDAT":
			if at+4 <= len(data) && binary.BigEndian.Uint32(data[at:]) != sum && name != "tRNS" {
				return nil
			}
			if name == "IDAT" {
				packed = append(packed, content)
			} else if head[name] == nil {
				head[name] = content
			}
		}
		at += 4
	}
	rows, err := zlib.NewReader(io.MultiReader(readers(packed)...))
	if err != nil || len(head["IHDR"]) != 13 {
		return nil
	}
	reader, writer := io.Pipe()
	mended := &mendedPNG{PipeReader: reader}
	go func() {
		_, err := io.WriteString(writer, pngMagic)
		for _, name := range []string{"IHDR", "PLTE", "tRNS"} {
			if content := head[name]; content != nil && err == nil {
				err = writeChunk(writer, name, content)
			}
		}
		pack, _ := zlib.NewWriterLevel(chunkWriter{writer}, zlib.NoCompression)
		if err == nil {
			all := pngBytes(head["IHDR"])
			there, _ := io.CopyN(pack, rows, all) // that it is less is what matters
			if mended.missing, err = pngRowsMissing(head["IHDR"], all, there); err == nil && there < all {
				_, err = io.CopyN(pack, zeros{}, all-there)
			}
		}
		writer.CloseWithError(errors.Join(err, pack.Close(), writeChunk(writer, "IEND", nil)))
	}()
	return mended
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// pngRowsMissing is how many rows lack bytes. It is an error if they are many, or not the last ones, as in an interlaced picture.
func pngRowsMissing(ihdr []byte, all, there int64) (int, error) {
	height := int64(binary.BigEndian.Uint32(ihdr[4:]))
	if there < all && (!enough(there, all) || ihdr[12] != 0 || height == 0) {
		return 0, io.ErrUnexpectedEOF
	}
	row := max(all/max(height, 1), 1)
	return int((all - there + row - 1) / row), nil
}

func readers(parts [][]byte) (all []io.Reader) {
	for _, part := range parts {
		all = append(all, bytes.NewReader(part))
	}
	return all
}

type chunkWriter struct{ w io.Writer }

func (c chunkWriter) Write(p []byte) (int, error) { return len(p), writeChunk(c.w, "IDAT", p) }

func writeChunk(w io.Writer, name string, content []byte) error {
	chunk := append(binary.BigEndian.AppendUint32(nil, uint32(len(content))), name...)
	chunk = append(chunk, content...)
	_, err := w.Write(binary.BigEndian.AppendUint32(chunk, crc32.ChecksumIEEE(chunk[4:])))
	return err
}

// pngBytes is how many bytes the unpacked pixels have, with a byte for the filter of each row; 0 for what can't be.
func pngBytes(ihdr []byte) (size int64) {
	channels := map[byte]int64{0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[ihdr[9]]
	width, height, bits := int64(binary.BigEndian.Uint32(ihdr)), int64(binary.BigEndian.Uint32(ihdr[4:])), channels*int64(ihdr[8])
	passes := [][4]int64{{0, 0, 1, 1}} // column, row and the steps of both
	if ihdr[12] == 1 {
		passes = [][4]int64{{0, 0, 8, 8}, {4, 0, 8, 8}, {0, 4, 4, 8}, {2, 0, 4, 4}, {0, 2, 2, 4}, {1, 0, 2, 2}, {0, 1, 1, 2}}
	}
	for _, p := range passes {
		columns, rows := (width-p[0]+p[2]-1)/p[2], (height-p[1]+p[3]-1)/p[3]
		if columns > 0 && rows > 0 {
			size += rows * (1 + (columns*bits+7)/8)
		}
	}
	return size
}
