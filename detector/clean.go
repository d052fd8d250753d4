package detector

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"slices"

	"gocv.io/x/gocv"
)

// CleanPhoto is a photo as it may be kept: its pixels, bit by bit, and which way
// is up, but nothing of what a camera or a program wrote beside them: place and
// time, the camera, comments, previews, colour profiles, a video behind it. JPEG,
// PNG and WebP stay what they are, with only that left out; other formats, and
// files of an unusual build, become PNG. Faces found in both are the same.
//
// Errors: those of [Detector.Analyse].
func (d *Detector) CleanPhoto(ctx context.Context, photo []byte) (data []byte, mediaType string, err error) {
	f, err := inspect(photo, d.cfg.Limits)
	if err != nil {
		return nil, "", err
	}
	_, done, err := d.acquire(ctx) // it takes the memory of a decoded photo
	if err != nil {
		return nil, "", err
	}
	defer done()
	m, err := decode(photo, d.cfg.Limits)
	if err != nil {
		return nil, "", err
	}
	defer m.Close()
	return cleaned(photo, f, m, d.cfg.Limits)
}

// cleaned is a photo of format f, which decodes to m, without what [cleaners] leave
// out. That the picture is the same is looked at: decoders read on behind the end of
// a damaged picture, or start again at the next mark they know, and what stood there
// may be gone.
func cleaned(photo []byte, f format, m gocv.Mat, lim Limits) (data []byte, mediaType string, err error) {
	if clean := cleaners[f.name]; clean != nil {
		if data, ok := clean(photo, orientation(photo, f.name)); ok && same(m, data, lim) {
			return data, "image/" + f.name, nil
		}
	}
	png, err := gocv.IMEncode(gocv.PNGFileExt, m)
	if err != nil {
		return nil, "", fmt.Errorf("encode a photo to keep: %w", err)
	}
	defer png.Close()
	return bytes.Clone(png.GetBytes()), "image/png", nil
}

// same reports whether a file is that very picture.
func same(m gocv.Mat, file []byte, lim Limits) bool {
	other, err := decode(file, lim)
	if err != nil {
		return false
	}
	defer other.Close()
	a, errA := m.DataPtrUint8()
	b, errB := other.DataPtrUint8()
	return errA == nil && errB == nil && m.Cols() == other.Cols() && m.Rows() == other.Rows() && bytes.Equal(a, b)
}

// cleaners copy what makes the picture, and no more; false for files that hold
// something they do not know how to leave out.
var cleaners = map[string]func(photo []byte, orientation int) ([]byte, bool){
	"jpeg": cleanJPEG, "png": cleanPNG, "webp": cleanWebP,
}

// exifUpright is an EXIF block (JEITA CP-3451) that tells the orientation alone.
func exifUpright(orientation int) []byte {
	b := append([]byte("MM\x00*"), 0, 0, 0, 8, 0, 1) // big-endian; one entry, 8 bytes from the start
	b = append(b, 0x01, 0x12, 0, 3, 0, 0, 0, 1)      // tag 274, one SHORT
	return append(b, 0, byte(orientation), 0, 0, 0, 0, 0, 0)
}

// cleanJPEG keeps the segments that decoding takes (ITU-T T.81, table B.1), of
// JFIF's what says that there is one, and Adobe's, which tells how colours are
// to be read. It ends with the picture, where many phones put a video.
func cleanJPEG(b []byte, orientation int) ([]byte, bool) {
	out := append(make([]byte, 0, len(b)), b[:2]...)
	segment := func(marker byte, content []byte) {
		out = append(out, 0xff, marker)
		out = binary.BigEndian.AppendUint16(out, uint16(len(content)+2))
		out = append(out, content...)
	}
	told := orientation == 1
	for i := 2; i+2 <= len(b); {
		marker := b[i+1]
		switch {
		case b[i] != 0xff || marker == 0xff || marker == 0x00: // fill bytes
			i++
			continue
		case marker == 0xd9: // EOI
			return append(out, 0xff, 0xd9), true
		case marker == 0x01, marker >= 0xd0 && marker <= 0xd8: // no length
			i += 2
			continue
		}
		if i+4 > len(b) {
			return nil, false
		}
		end := i + 2 + int(binary.BigEndian.Uint16(b[i+2:]))
		if end < i+4 || end > len(b) {
			return nil, false
		}
		content := b[i+4 : end]
		isJFIF := marker == 0xe0 && len(content) >= 14 && string(content[:5]) == "JFIF\x00"
		if !isJFIF && !told { // JFIF wants to be the first
			segment(0xe1, append([]byte("Exif\x00\x00"), exifUpright(orientation)...))
			told = true
		}
		switch {
		case isJFIF:
			segment(marker, append(slices.Clone(content[:12]), 0, 0)) // without a preview
		case marker == 0xee && len(content) >= 12 && string(content[:5]) == "Adobe":
			segment(marker, content[:12])
		case marker >= 0xe0 && marker <= 0xef, marker >= 0xf0 && marker <= 0xfe, marker < 0xc0: // applications', extensions, comments
		default:
			segment(marker, content)
		}
		i = end
		if marker == 0xda { // SOS: what follows is coded, up to a marker
			end = scanEnd(b, i)
			out = append(out, b[i:end]...)
			i = end
		}
	}
	return nil, false
}

// cleanPNG keeps the chunks of the picture and its colours (ISO/IEC 15948, 11).
func cleanPNG(b []byte, orientation int) ([]byte, bool) {
	out := append(make([]byte, 0, len(b)), b[:8]...)
	chunk := func(kind string, data []byte) {
		out = binary.BigEndian.AppendUint32(out, uint32(len(data)))
		start := len(out)
		out = append(append(out, kind...), data...)
		out = binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(out[start:]))
	}
	for i := 8; i+12 <= len(b); {
		n := int(binary.BigEndian.Uint32(b[i:]))
		if n > len(b)-i-12 {
			return nil, false
		}
		kind, whole := string(b[i+4:i+8]), b[i:i+12+n]
		switch kind {
		case "IHDR":
			out = append(out, whole...)
			if orientation != 1 {
				chunk("eXIf", exifUpright(orientation))
			}
		case "PLTE", "tRNS", "gAMA", "cHRM", "sRGB", "IDAT":
			out = append(out, whole...)
		case "IEND":
			chunk("IEND", nil)
			return out, true
		default:
			if kind[0]&0x20 == 0 { // one that must be understood
				return nil, false
			}
		}
		i += len(whole)
	}
	return nil, false
}

// cleanWebP keeps the chunks of a picture that does not move (RFC 9649, 2.7).
func cleanWebP(b []byte, orientation int) ([]byte, bool) {
	const hasEXIF, hasAlpha = 0x08, 0x10
	out := append(make([]byte, 0, len(b)), "RIFF\x00\x00\x00\x00WEBP"...)
	chunk := func(kind string, data []byte) {
		out = binary.LittleEndian.AppendUint32(append(out, kind...), uint32(len(data)))
		out = append(append(out, data...), make([]byte, len(data)%2)...)
	}
	extended := false
	end := min(len(b), 8+int(binary.LittleEndian.Uint32(b[4:])))
	for i := 12; i+8 <= end; {
		n := int(binary.LittleEndian.Uint32(b[i+4:]))
		if n > end-i-8 {
			return nil, false
		}
		kind, data := string(b[i:i+4]), b[i+8:i+8+n]
		switch kind {
		case "VP8X":
			if n != 10 {
				return nil, false
			}
			head := slices.Clone(data)
			if head[0] &= hasAlpha; orientation != 1 {
				head[0] |= hasEXIF
			}
			chunk(kind, head)
			extended = true
		case "ALPH", "VP8 ", "VP8L":
			chunk(kind, data)
		case "ANIM", "ANMF":
			return nil, false
		}
		i += 8 + n + n%2
	}
	if orientation != 1 {
		if !extended {
			return nil, false
		}
		chunk("EXIF", exifUpright(orientation))
	}
	binary.LittleEndian.PutUint32(out[4:], uint32(len(out)-8))
	return out, true
}
