package detector

import (
	"bytes"
	"encoding/binary"
)

// OpenCV fills what is missing from a truncated file with grey, so whether a
// file is whole is read from its structure.

// wholeJPEG follows the segments of a JPEG (ITU-T T.81, B.1) to its end-of-image
// marker. Anything may follow it: cameras append previews and videos.
func wholeJPEG(b []byte) bool {
	i := 2
	for i+4 <= len(b) {
		if b[i] != 0xff {
			i++ // fill bytes between segments
			continue
		}
		switch marker := b[i+1]; {
		case marker == 0xd9: // EOI
			return true
		case marker == 0xff, marker == 0x00:
			i++
		case marker == 0x01, marker >= 0xd0 && marker <= 0xd8: // no length
			i += 2
		default:
			i += 2 + int(binary.BigEndian.Uint16(b[i+2:]))
			if marker == 0xda {
				i = scanEnd(b, i)
			}
		}
	}
	return i+2 <= len(b) && b[i] == 0xff && b[i+1] == 0xd9
}

// scanEnd is where the entropy-coded data that starts at i ends: at a marker that
// is neither stuffing nor a restart, or with the file.
func scanEnd(b []byte, i int) int {
	for i < len(b) {
		n := bytes.IndexByte(b[i:], 0xff)
		if n < 0 || i+n+1 >= len(b) {
			return len(b)
		}
		i += n
		if m := b[i+1]; m == 0x00 || m >= 0xd0 && m <= 0xd7 {
			i += 2
		} else if m == 0xff {
			i++
		} else {
			return i
		}
	}
	return len(b)
}

// wholePNG follows the chunks of a PNG to IEND (ISO/IEC 15948, 5.3).
func wholePNG(b []byte) bool {
	for i := 8; i+12 <= len(b); {
		n := int(binary.BigEndian.Uint32(b[i:]))
		if string(b[i+4:i+8]) == "IEND" {
			return true
		}
		if n < 0 || n > len(b) {
			return false
		}
		i += 12 + n
	}
	return false
}

// wholeWebP compares the RIFF header's length with the file's.
func wholeWebP(b []byte) bool {
	return len(b) >= 8 && uint64(binary.LittleEndian.Uint32(b[4:]))+8 <= uint64(len(b))
}

// wholeBMP asks for all rows of an uncompressed bitmap; what a compressed one
// needs cannot be known from its header.
func wholeBMP(b []byte) bool {
	if len(b) < 34 {
		return false
	}
	offset := uint64(binary.LittleEndian.Uint32(b[10:]))
	if binary.LittleEndian.Uint32(b[14:]) < 40 || binary.LittleEndian.Uint32(b[30:]) != 0 {
		return offset < uint64(len(b))
	}
	width, height := int64(int32(binary.LittleEndian.Uint32(b[18:]))), int64(int32(binary.LittleEndian.Uint32(b[22:])))
	bits := int64(binary.LittleEndian.Uint16(b[28:]))
	row := (width*bits + 31) / 32 * 4
	return offset+uint64(row*max(height, -height)) <= uint64(len(b))
}
