package main

import (
	"bytes"
	"image"
	"image/draw"
	"image/jpeg"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"facegate"

	"github.com/chromedp/chromedp"
)

// A shownFace is a face as the console draws it: its box and its label in shares
// of the photo on the screen.
type shownFace struct {
	Name, Decision, Caption string
	Box, Label              shownBox
}

type shownBox struct{ X, Y, Width, Height float64 }

// shown are the faces drawn on the photo, ordered as the list beside it.
func (p *page) shown() []shownFace {
	p.t.Helper()
	p.until("the photo is answered", `one('identify-photo')?.dataset.state === 'done' && document.querySelector('[data-testid=identify-photo] img')?.complete`)
	return ask[[]shownFace](p, `(() => {
		const photo = document.querySelector('[data-testid=identify-photo] img').getBoundingClientRect()
		const place = (e) => {
			const r = e.getBoundingClientRect()
			return { x: (r.x - photo.x) / photo.width, y: (r.y - photo.y) / photo.height, width: r.width / photo.width, height: r.height / photo.height }
		}
		return all('identify-box').map((g) => ({
			name: g.dataset.name, decision: g.dataset.decision, caption: g.querySelector('text').textContent,
			box: place(g.querySelector('.box')), label: place(g.querySelector('.bar')),
		}))
	})()`)
}

func identifyPhoto(t *testing.T, v *visit) {
	v.enrol(t, "Barack Obama", v.person("obama", "obama.jpg"), v.person("obama", "obama2.jpg"))
	v.enrol(t, "Joe Biden", v.person("biden", "biden.jpg"), v.person("biden", "biden2.jpg"))
	photo := v.probe("obama_and_biden.jpg")
	answer := v.server.identify(read(t, photo))
	if len(answer.Faces) != 3 {
		t.Fatalf("the API finds %d faces, want 3", len(answer.Faces))
	}

	p := v.open(t, "identify")
	p.choose("identify-file", photo)
	faces := p.shown()
	var names []string
	for i, f := range faces {
		names = append(names, f.Decision+" "+f.Name)
		want := answer.Faces[i]
		if f.Decision != string(want.Decision) {
			t.Errorf("face %d: %s, and the API says %s", i+1, f.Decision, want.Decision)
		}
		w, h := float64(answer.Width), float64(answer.Height)
		b := shownBox{want.Box.X / w, want.Box.Y / h, want.Box.Width / w, want.Box.Height / h}
		for _, d := range []float64{f.Box.X - b.X, f.Box.Y - b.Y, f.Box.Width - b.Width, f.Box.Height - b.Height} {
			if math.Abs(d) > 0.0005 {
				t.Errorf("face %d is drawn at %+v of the photo, and is at %+v", i+1, f.Box, b)
				break
			}
		}
		if l := f.Label; l.X < -0.001 || l.Y < -0.001 || l.X+l.Width > 1.001 || l.Y+l.Height > 1.001 {
			t.Errorf("the label of face %d is outside the photo: %+v", i+1, l)
		}
	}
	slices.Sort(names)
	if want := []string{"match Barack Obama", "match Joe Biden", "unknown "}; !slices.Equal(names, want) {
		t.Errorf("drawn: %q, want %q", names, want)
	}
	listed := ask[[]string](p, `all('identify-result').map((e) => e.dataset.decision + ' ' + e.dataset.name).sort()`)
	if !slices.Equal(listed, names) {
		t.Errorf("listed: %q, drawn: %q", listed, names)
	}
	for _, f := range answer.Faces {
		if f.Decision == facegate.Match {
			p.until("the portraits of "+f.Candidates[0].Person.Name, `all('identify-candidate').filter((e) => e.dataset.name === `+quote(f.Candidates[0].Person.Name)+`).some((e) => e.querySelector('img')?.naturalWidth > 0)`)
		}
	}

	// A box leads to its face in the list.
	p.do("click a box", chromedp.Click(chromedp.CSS(`[data-testid=identify-box][data-name="Joe Biden"]`)))
	p.until("his answer is marked", `document.querySelector('[data-testid=identify-result][data-name="Joe Biden"]').classList.contains('active')`)

	// The answer is still there after a look at another page.
	p.follow("#/people", "People")
	p.follow("#/identify", "Identify")
	if again := p.shown(); len(again) != 3 {
		t.Errorf("%d faces after a look at another page", len(again))
	}
}

func identifyFromWebcam(t *testing.T, v *visit) {
	v.enrol(t, "Barack Obama", v.person("obama", "obama.jpg"))
	p := v.open(t, "identify")
	p.click("identify-webcam-start")
	p.click("identify-webcam-shoot")
	faces := p.shown()
	if len(faces) != 1 || faces[0].Decision != string(facegate.Match) || faces[0].Name != "Barack Obama" {
		t.Errorf("before the webcam: %+v", faces)
	}
	p.click("identify-webcam-stop")
	if got := v.onlyPerson(t); got.SampleCount != 1 {
		t.Errorf("identifying enrolled a photo: %d samples", got.SampleCount)
	}
}

// A photo that lies on its side in the file, as telephones write them, is upright
// on the screen, and so is the face cut out of it to be enrolled.
func enrolUnknownFace(t *testing.T, v *visit) {
	upright, turned := v.probe("obama1.jpg"), turnedPhoto(t, v.probe("obama1.jpg"))
	want := v.server.identify(read(t, upright))

	p := v.open(t, "identify")
	p.choose("identify-file", turned)
	faces := p.shown()
	if len(faces) != 1 || faces[0].Decision != string(facegate.Unknown) || faces[0].Name != "" {
		t.Fatalf("nobody is enrolled, and the answer is %+v", faces)
	}
	if shown := ask[[]int](p, `((e) => [e.naturalWidth, e.naturalHeight])(document.querySelector('[data-testid=identify-photo] img'))`); !slices.Equal(shown, []int{want.Width, want.Height}) {
		t.Errorf("the photo is %v, and upright %dx%d", shown, want.Width, want.Height)
	}
	box, b := faces[0].Box, want.Faces[0].Box
	x, y := (box.X+box.Width/2)*float64(want.Width), (box.Y+box.Height/2)*float64(want.Height)
	if math.Abs(x-b.X-b.Width/2) > b.Width/4 || math.Abs(y-b.Y-b.Height/2) > b.Height/4 {
		t.Errorf("the box is centred on %.0f,%.0f, and the upright face is at %+v", x, y, b)
	}

	p.click("identify-enrol")
	for photo, check := range p.checks("enrol", 1) {
		if check != "ready" || filepath.Ext(photo) != ".jpg" {
			t.Errorf("the cut %s is %s", photo, check)
		}
	}
	p.enter("enrol-name", "Barack Obama")
	p.click("enrol-submit")
	p.until("the person is enrolled", `one('enrol-result')?.dataset.person`)
	if decision, name := v.whoIs(t, v.probe("obama3.jpg")); decision != facegate.Match || name != "Barack Obama" {
		t.Errorf("another photo of him: %s %s", decision, name)
	}
}

// turnedPhoto is the photo on its left side, with EXIF's orientation 6: turn by
// 90 degrees clockwise to see it.
func turnedPhoto(t *testing.T, path string) string {
	t.Helper()
	picture, err := jpeg.Decode(bytes.NewReader(read(t, path)))
	if err != nil {
		t.Fatal(err)
	}
	size := picture.Bounds().Size()
	side := image.NewRGBA(image.Rect(0, 0, size.Y, size.X))
	draw.Draw(side, side.Bounds(), image.Black, image.Point{}, draw.Src)
	for y := range size.Y {
		for x := range size.X {
			side.Set(y, size.X-1-x, picture.At(x, y))
		}
	}
	var data bytes.Buffer
	if err := jpeg.Encode(&data, side, &jpeg.Options{Quality: 95}); err != nil {
		t.Fatal(err)
	}
	// TIFF 6.0 in an APP1 segment: one directory of one entry, 0x0112, a short of 6.
	exif := "\xff\xe1\x00\x22Exif\x00\x00MM\x00\x2a\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06\x00\x00\x00\x00\x00\x00"
	file := slices.Concat(data.Bytes()[:2], []byte(exif), data.Bytes()[2:])
	turned := filepath.Join(t.TempDir(), "turned.jpg")
	if err := os.WriteFile(turned, file, 0o644); err != nil {
		t.Fatal(err)
	}
	return turned
}
