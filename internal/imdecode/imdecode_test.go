package imdecode

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"gocv.io/x/gocv"

	"facegate/internal/testfiles"
)

const flags = gocv.IMReadColor | gocv.IMReadIgnoreOrientation

// same holds a JPEG of the usual kind to what OpenCV makes of it.
func same(t *testing.T, name string, data []byte) {
	t.Helper()
	sameAs(t, name, data, data)
}

// sameAs holds it to what OpenCV makes of another.
func sameAs(t *testing.T, name string, data, other []byte) {
	t.Helper()
	want, err := gocv.IMDecode(other, flags)
	if err != nil {
		want = gocv.NewMat()
	}
	defer want.Close()
	got := gocv.NewMat()
	defer got.Close()
	switch usual, ok := decodeJPEG(data, &got); {
	case !usual:
		t.Errorf("%s: it is not of the usual kind", name)
	case ok == want.Empty():
		t.Errorf("%s: decoded: %v, by OpenCV: %v", name, ok, !want.Empty())
	case ok && (got.Rows() != want.Rows() || got.Cols() != want.Cols() || got.Type() != want.Type() || !bytes.Equal(got.ToBytes(), want.ToBytes())):
		t.Errorf("%s: other pixels than OpenCV's", name)
	}
}

// The pixels are those that OpenCV gives, of damaged files too; what is cut off is
// not decoded, of which OpenCV makes one thing or another.
func TestPixelsAreOpenCVs(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(testfiles.Photos(t), "*", "*.jpg"))
	if err != nil {
		t.Fatal(err)
	}
	more, err := filepath.Glob(filepath.Join(testfiles.Photos(t), "people", "*", "*.jpg"))
	if err != nil {
		t.Fatal(err)
	}
	if files = append(files, more...); len(files) < 20 {
		t.Fatalf("only %d photos", len(files))
	}
	for i, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.HasPrefix(data, []byte("\xff\xd8\xff")) {
			continue // whatever its name says
		}
		same(t, filepath.Base(file), data)
		if i%4 == 0 {
			sameAs(t, filepath.Base(file)+" without its last two bytes", bytes.TrimSuffix(data, []byte("\xff\xd9")), data)
			m := gocv.NewMat()
			if usual, ok := decodeJPEG(data[:len(data)/2], &m); !usual || ok {
				t.Errorf("the first half of %s: usual %v, decoded %v", filepath.Base(file), usual, ok)
			}
			m.Close()
			damaged := bytes.Clone(data)
			for at := len(data) / 2; at < len(data)/2+40; at++ {
				damaged[at] ^= 0x5a
			}
			same(t, "a damaged "+filepath.Base(file), damaged)
		}
	}
}

// encoded is a picture as a JPEG.
func encoded(t *testing.T, m gocv.Mat, params ...int) []byte {
	t.Helper()
	b, err := gocv.IMEncodeWithParams(gocv.JPEGFileExt, m, append([]int{gocv.IMWriteJpegQuality, 90}, params...))
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	return bytes.Clone(b.GetBytes())
}

func TestKinds(t *testing.T) {
	colour := gocv.NewMatWithSizeFromScalar(gocv.NewScalar(10, 90, 200, 0), 37, 61, gocv.MatTypeCV8UC3)
	defer colour.Close()
	grey := gocv.NewMatWithSizeFromScalar(gocv.NewScalar(90, 0, 0, 0), 37, 61, gocv.MatTypeCV8UC1)
	defer grey.Close()
	whole := encoded(t, colour)
	same(t, "colour", whole)
	same(t, "progressive", encoded(t, colour, gocv.IMWriteJpegProgressive, 1))
	same(t, "no scan", whole[:bytes.Index(whole, []byte("\xff\xda"))])
	for name, data := range map[string][]byte{
		"nothing": nil, "two bytes": whole[:2], "grey": encoded(t, grey), "PNG": []byte("\x89PNG\r\n\x1a\n"), "text": []byte("no picture at all"),
		"no tables": withoutTables(whole),
	} {
		m := gocv.NewMat()
		if usual, ok := decodeJPEG(data, &m); usual || ok || !m.Empty() {
			t.Errorf("%s: usual %v, decoded %v", name, usual, ok)
		}
		m.Close()
	}
}

// withoutTables leaves out the Huffman tables, as the pictures of some cameras do.
func withoutTables(jpeg []byte) []byte {
	out := bytes.Clone(jpeg[:2])
	for rest := jpeg[2:]; ; {
		n := 2 + int(rest[2])<<8 + int(rest[3])
		switch rest[1] {
		case 0xda:
			return append(out, rest...)
		case 0xc4:
		default:
			out = append(out, rest[:n]...)
		}
		rest = rest[n:]
	}
}

func Benchmark(b *testing.B) {
	data, err := os.ReadFile(filepath.Join(testfiles.Photos(b, "probes/obama-1080p.jpg"), "probes", "obama-1080p.jpg"))
	if err != nil {
		b.Fatal(err)
	}
	b.Run("ours", func(b *testing.B) {
		for b.Loop() {
			m := gocv.NewMat()
			if _, ok := decodeJPEG(data, &m); !ok {
				b.Fatal("not decoded")
			}
			m.Close()
		}
	})
	b.Run("OpenCV's", func(b *testing.B) {
		for b.Loop() {
			m, err := gocv.IMDecode(data, flags)
			if err != nil {
				b.Fatal(err)
			}
			m.Close()
		}
	})
}
