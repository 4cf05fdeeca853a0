package imagefile

import "encoding/binary"

// jpegSegments yields the marker and the content of each segment before the picture data.
func jpegSegments(data []byte) func(yield func(byte, []byte) bool) {
	return func(yield func(byte, []byte) bool) {
		const startOfScan = 0xda
		for i := 2; i+4 <= len(data) && data[i] == 0xff; {
			marker := data[i+1]
			if marker == 0xff { // fill byte
				i++
				continue
			}
			end := i + 2 + int(binary.BigEndian.Uint16(data[i+2:]))
			if marker == startOfScan || end < i+4 || end > len(data) || !yield(marker, data[i+4:end]) {
				return
			}
			i = end
		}
	}
}

// pngChunks yields the name and the content of each chunk.
func pngChunks(data []byte) func(yield func(string, []byte) bool) {
	return func(yield func(string, []byte) bool) {
		for i := 8; i+12 <= len(data); {
			size := uint64(binary.BigEndian.Uint32(data[i:]))
			if size > uint64(len(data)-i-12) || !yield(string(data[i+4:i+8]), data[i+8:i+8+int(size)]) {
				return
			}
			i += 12 + int(size)
		}
	}
}

// webpChunk returns the first chunk of one of the names and its name.
func webpChunk(data []byte, names ...string) (name string, chunk []byte) {
	for i := 12; i+8 <= len(data); {
		size := uint64(binary.LittleEndian.Uint32(data[i+4:]))
		end := min(uint64(i)+8+size, uint64(len(data)))
		for _, name := range names {
			if string(data[i:i+4]) == name {
				return name, data[i+8 : end]
			}
		}
		i = int(end + size&1)
	}
	return "", nil
}
