package camera

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"image"
	"image/jpeg"
	"image/png"
	"io"
	"mime/multipart"
	"strings"
	"testing"
	"time"

	"gocv.io/x/gocv"

	"facegate"
)

// hugeTile is a TIFF of 16 x 16 pixels whose one tile claims a gigabyte.
func hugeTile() []byte {
	b := []byte("II\x2a\x00\x08\x00\x00\x00\x0a\x00")
	for _, tag := range [][2]uint32{{256, 16}, {257, 16}, {258, 8}, {259, 1}, {262, 1}, {277, 1}, {322, 32768}, {323, 32752}, {324, 8}, {325, 32768 * 32752}} {
		b = binary.LittleEndian.AppendUint16(binary.LittleEndian.AppendUint16(b, uint16(tag[0])), 4)
		b = binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(b, 1), tag[1])
	}
	return append(b, make([]byte, 1000)...)
}

func TestPicturesAreOfFewFormats(t *testing.T) {
	m := gocv.NewMat()
	defer m.Close()
	for name, file := range map[string][]byte{"TIFF": hugeTile(), "GIF": []byte("GIF89a\x01\x00\x01\x00\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02L\x01\x00;")} {
		if err := decodePicture(&m, file); facegate.CodeOf(err) != facegate.CodeNotAnImage {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func fuzzPictures(f *testing.F) [][]byte {
	var j, p bytes.Buffer
	img := image.NewGray(image.Rect(0, 0, 17, 9))
	if err := jpeg.Encode(&j, img, nil); err != nil {
		f.Fatal(err)
	}
	if err := png.Encode(&p, img); err != nil {
		f.Fatal(err)
	}
	return [][]byte{j.Bytes(), p.Bytes(), j.Bytes()[:j.Len()/2], p.Bytes()[:30], hugeTile(), nil, []byte("no picture")}
}

// FuzzMJPEG reads whatever a network camera sends: pictures within the limits, or an
// error, and an end.
func FuzzMJPEG(f *testing.F) {
	for _, p := range fuzzPictures(f) {
		head := "--b\r\nContent-Type: image/jpeg\r\n"
		f.Add("b", []byte(head+"\r\n"+string(p)+"\r\n"+head+"Content-Length: 3\r\n\r\n"+string(p)+"\r\n--b--"))
		f.Add("--b", []byte("\r\n"+head+"\r\n"+string(p)))
	}
	f.Add("", []byte("--\r\n\r\n"))
	f.Fuzz(func(t *testing.T, boundary string, stream []byte) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		m := &mjpeg{timeout: time.Hour, ctx: ctx, cancel: cancel, body: io.NopCloser(nil),
			parts: multipart.NewReader(bytes.NewReader(stream), strings.TrimPrefix(boundary, "--"))}
		bgr := gocv.NewMat()
		defer bgr.Close()
		for range len(stream) + 1 {
			if _, err := m.next(ctx); err != nil {
				return
			}
			if m.picture(&bgr) != nil {
				continue
			}
			if w, h := bgr.Cols(), bgr.Rows(); w < 1 || h < 1 || max(w, h) > maxSide || w*h > maxPixels || bgr.Type() != gocv.MatTypeCV8UC3 {
				t.Errorf("a picture of %d x %d, type %v", w, h, bgr.Type())
			}
		}
		t.Error("the stream does not end")
	})
}

// FuzzCamera reads a camera as it is stored or sent. One that is taken can be looked
// at, at any time of any day, and is the same when it is taken once more.
func FuzzCamera(f *testing.F) {
	for _, text := range []string{
		`{"name":"gate","source":"rtsp://user:word@127.0.0.1:1/live?token=t","fps":5,"min_face":40,"transport":"udp","pace":"fast","motion_gate":true,"cooldown_seconds":10,"liveness":0.5}`,
		`{"name":"gate","source":"push:","zones":[{"mode":"include","points":[[0,0],[1,0],[1,1]]},{"mode":"mask","points":[[0,0],[0,0],[0,0]]}]}`,
		`{"name":"gate","source":"/var/film.mp4","schedule":[{"days":["mon","sun"],"from":"22:00","to":"06:00"},{"from":"00:00","to":"24:00"},{"from":"12:00","to":"12:00"}]}`,
		`{"name":"\u0000","source":" /dev/video0 ","fps":1e-300}`, `{"name":"a","source":"http://[::1"}`, `{"name":"a","source":"rtsp://u:p%zz@h/"}`, `{"name":"a","source":"gopher://x"}`,
		`{"name":"a","source":"push:","zones":[{"mode":"mask","points":[[5e-324,0],[1,5e-324],[1,1]]}],"schedule":[{"from":"24:00","to":"00:00"}]}`,
	} {
		f.Add(text, int64(1775000000), 0.5, 0.5)
	}
	f.Fuzz(func(t *testing.T, text string, now int64, x, y float64) {
		// Sources hide their passwords in JSON: they come beside it.
		var c struct {
			facegate.Camera
			Source string `json:"source"`
		}
		if json.Unmarshal([]byte(text), &c) != nil {
			t.Skip("not a camera's JSON")
		}
		c.Camera.Source = facegate.Source(c.Source)
		taken := c.Camera
		if err := tidy(&taken); err != nil {
			if e := facegate.AsError(err); e.Code != facegate.CodeInvalid || e.Detail == "" {
				t.Errorf("%v", err)
			}
			return
		}
		again := taken
		if err := tidy(&again); err != nil || again.Name != taken.Name || again.Source != taken.Source {
			t.Errorf("%q, %q becomes %q, %q (%v)", taken.Name, taken.Source.Reveal(), again.Name, again.Source.Reveal(), err)
		}
		admits(taken.Zones, facegate.Point{X: x, Y: y})
		at := time.Unix(now%(1<<36), 0).UTC()
		next, changes := nextChange(taken.Schedule, at)
		if changes != (len(taken.Schedule) > 0) || changes && (!next.After(at) || next.Sub(at) > 25*time.Hour) {
			t.Errorf("after %v comes %v (%v)", at, next, changes)
		}
		// Nothing changes before the next change.
		if changes {
			on := onDuty(taken.Schedule, at)
			for m := at; m.Before(next); m = m.Add(max(time.Minute, next.Sub(at)/50)) {
				if onDuty(taken.Schedule, m) != on {
					t.Errorf("%+v: on duty %v at %v and not at %v, before %v", taken.Schedule, on, at, m, next)
					break
				}
			}
		}
	})
}

// FuzzFrigate hears whatever is published as an event of Frigate's. A picture is
// never of the future, or of long ago.
func FuzzFrigate(f *testing.F) {
	for _, payload := range []string{
		`{"type":"new","after":{"id":"1","camera":"yard","label":"person","frame_time":1775000000.5}}`, `{"after":{"camera":"yard","label":"person","frame_time":1e308}}`,
		`{"after":{"camera":"yard","label":"person","frame_time":-1e308}}`, `{"after":null}`, `[]`, ``, `{"after":{"camera":"yard","label":"person","false_positive":true,"frame_time":1775000001}}`,
	} {
		f.Add([]byte(payload))
	}
	now := time.Unix(1775000001, 0)
	f.Fuzz(func(t *testing.T, payload []byte) {
		frigate := &Frigate{Now: func() time.Time { return now }}
		frigate.event(payload)
		if at := frigate.takenAt("yard"); at.After(now) || now.Sub(at) > eventAge {
			t.Errorf("a picture taken %v after now", at.Sub(now))
		}
	})
}
