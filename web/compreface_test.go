package web_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"net/http"
	"slices"
	"strings"
	"testing"

	"facegate"
	"facegate/web"
)

// A comprefaceCall is a request as a client of CompreFace sends it.
type comprefaceCall struct {
	name   string
	method string // empty: POST
	path   string // below /api/v1/
	body   body
	header map[string]string
	status int
	code   int    // of an error
	want   string // the whole answer, or of an error its message; {name} stands for an id; empty: not looked at here
	check  func(t *testing.T, a answer)
}

var speaksCompreface = speaking("compreface")

func (g *gateway) compreface(t *testing.T, calls []comprefaceCall) {
	t.Helper()
	for _, c := range calls {
		t.Run(c.name, func(t *testing.T) {
			if c.method == "" {
				c.method = http.MethodPost
			}
			if c.body.data != nil {
				c.body.data = []byte(g.fill(string(c.body.data)))
			}
			a := ask(g.Handler(), c.method, "/api/v1/"+g.fill(c.path), c.body, c.header)
			if a.StatusCode != c.status {
				t.Fatalf("status %d, want %d: %.500s", a.StatusCode, c.status, a.body)
			}
			got := string(a.body)
			if c.status >= 400 {
				p := comprefaceErrorOf(t, a)
				if got = p.Message; p.Code != c.code {
					t.Errorf("code %d, want %d: %s", p.Code, c.code, a.body)
				}
			}
			if want := g.fill(c.want); want != "" && got != want {
				t.Errorf("answered %.1000s\nwant     %s", got, want)
			}
			if c.check != nil {
				c.check(t, a)
			}
		})
	}
}

type comprefaceError struct {
	Message string
	Code    int
}

// comprefaceErrorOf reads an error, which is a message and a code and nothing else.
func comprefaceErrorOf(t testing.TB, a answer) comprefaceError {
	t.Helper()
	var members map[string]any
	if err := json.Unmarshal(a.body, &members); err != nil || len(members) != 2 || members["message"] == "" || a.Header.Get("Content-Type") != "application/json" {
		t.Errorf("no error of CompreFace: %s (%v)", a.body, err)
	}
	return decode[comprefaceError](t, a)
}

func named(field string, p part) part { p.field = field; return p }

// blank is a picture of nothing.
func blank() part {
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 200, 200))); err != nil {
		panic(err)
	}
	return fileOf("file", "blank.png", b.Bytes())
}

func base64Of(p part) string { return base64.StdEncoding.EncodeToString(p.data) }

func TestComprefaceSubjects(t *testing.T) {
	g := newGateway(t, speaksCompreface)
	g.enrol(t, "obama", "Barack Obama", "people/obama/obama.jpg")
	g.enrol(t, "biden", "Joe Biden", "people/biden/biden.jpg")
	g.enrol(t, "biden2", "Joseph", "people/biden/biden.jpg", "people/biden/biden2.jpg")
	g.enrol(t, "an", "an")
	g.enrol(t, "AN", "AN")
	long := strings.Repeat("ä", 50)
	g.compreface(t, []comprefaceCall{
		{name: "add", path: "recognition/subjects", body: jsonBody(`{"subject":" Ada  Lovelace "}`), status: 201, want: `{"subject":"Ada Lovelace"}`},
		{name: "add, as Python's json.dumps writes it", path: "recognition/subjects", body: body{"application/json; charset=utf-8", []byte(`{"subject": "J\u00f6rg"}`)}, status: 201, want: `{"subject":"Jörg"}`},
		{name: "add the longest", path: "recognition/subjects/", body: jsonBody(`{"subject":"` + long + `"}`), status: 201, want: `{"subject":"` + long + `"}`},
		{name: "add longer", path: "recognition/subjects", body: jsonBody(`{"subject":"` + long + `a"}`), status: 400, code: 26, want: "Subject name size must be between 1 and 50"},
		{name: "add the empty", path: "recognition/subjects", body: jsonBody(`{"subject":" "}`), status: 400, code: 26, want: "Subject name cannot be empty"},
		{name: "add nobody", path: "recognition/subjects", body: jsonBody(`{}`), status: 400, code: 26, want: "Subject name cannot be empty"},
		{name: "add a slash", path: "recognition/subjects", body: jsonBody(`{"subject":"a/b"}`), status: 400, code: 36, want: `The name cannot contain the following special characters: ';', '/', '\'`},
		{name: "add a backslash", path: "recognition/subjects", body: jsonBody(`{"subject":"a\\b"}`), status: 400, code: 36},
		{name: "add a semicolon", path: "recognition/subjects", body: jsonBody(`{"subject":"a;b"}`), status: 400, code: 36},
		{name: "add a line break", path: "recognition/subjects", body: jsonBody(`{"subject":"a\nb"}`), status: 400, code: 26},
		{name: "add a number", path: "recognition/subjects", body: jsonBody(`{"subject":7}`), status: 400, code: 26},
		{name: "add no JSON", path: "recognition/subjects", body: jsonBody(`{"subject: x}`), status: 400, code: 26},
		{name: "add text", path: "recognition/subjects", body: body{"text/plain", []byte("Ada")}, status: 415, code: 26},
		{name: "add who is there", path: "recognition/subjects", body: jsonBody(`{"subject":"Joe Biden"}`), status: 400, code: 43, want: "Subject already exists"},
		{name: "add who is there in capitals", path: "recognition/subjects", body: jsonBody(`{"subject":"JOE BIDEN"}`), status: 400, code: 43},
		{name: "list", method: "GET", path: "recognition/subjects", status: 200, want: `{"subjects":["Ada Lovelace","AN","an","Barack Obama","Joe Biden","Joseph","Jörg","` + long + `"]}`},
		{name: "list with a slash, as .NET", method: "GET", path: "recognition/subjects/", status: 200},

		{name: "rename", method: "PUT", path: "recognition/subjects/Ada%20Lovelace", body: jsonBody(`{"subject":"Ada King"}`), status: 200, want: `{"updated":true}`},
		{name: "rename, as Python", method: "PUT", path: "recognition/subjects/Ada%20King", body: jsonBody(`{"subject": "Ada B", "api_endpoint": "Ada King"}`), status: 200, want: `{"updated":true}`},
		{name: "rename, as .NET", method: "PUT", path: "recognition/subjects/Ada%20B/", body: jsonBody(`"Ada"`), status: 200, want: `{"updated":true}`},
		{name: "rename to other capitals", method: "PUT", path: "recognition/subjects/ada", body: jsonBody(`{"subject":"ADA"}`), status: 200, want: `{"updated":true}`},
		{name: "rename to the same", method: "PUT", path: "recognition/subjects/ADA", body: jsonBody(`{"subject":"ADA"}`), status: 200, want: `{"updated":false}`},
		{name: "rename to nothing", method: "PUT", path: "recognition/subjects/ADA", body: jsonBody(`{"subject":""}`), status: 200, want: `{"updated":false}`},
		{name: "rename to an empty string", method: "PUT", path: "recognition/subjects/ADA", body: jsonBody(`""`), status: 200, want: `{"updated":false}`},
		{name: "rename to a slash", method: "PUT", path: "recognition/subjects/ADA", body: jsonBody(`{"subject":"a/b"}`), status: 400, code: 36},
		{name: "rename nobody", method: "PUT", path: "recognition/subjects/Nobody", body: jsonBody(`{"subject":"Somebody"}`), status: 404, code: 42, want: "Subject Nobody not found"},
		{name: "rename without a name", method: "PUT", path: "recognition/subjects/", body: jsonBody(`{"subject":"Somebody"}`), status: 400, code: 35, want: "Required path variable subject is missing"},
		{name: "merge", method: "PUT", path: "recognition/subjects/Joseph", body: jsonBody(`{"subject":"joe biden"}`), status: 200, want: `{"updated":true}`},
		{name: "what was merged", method: "GET", path: "recognition/faces?subject=Joe+Biden", status: 200, check: func(t *testing.T, a answer) {
			if !strings.Contains(string(a.body), `"total_elements":2}`) || strings.Contains(string(a.body), "Joseph") {
				t.Errorf("%s", a.body)
			}
		}},
		{name: "who was merged", method: "DELETE", path: "recognition/subjects/Joseph", status: 404, code: 42, want: "Subject Joseph not found"},

		{name: "delete", method: "DELETE", path: "recognition/subjects/ADA", status: 200, want: `{"subject":"ADA"}`},
		{name: "delete again", method: "DELETE", path: "recognition/subjects/ADA", status: 404, code: 42},
		{name: "delete in small letters", method: "DELETE", path: "recognition/subjects/j%C3%B6RG", status: 200, want: `{"subject":"Jörg"}`},
		{name: "delete one of two that differ in capitals", method: "DELETE", path: "recognition/subjects/An", status: 404, code: 42},
		{name: "delete the very one", method: "DELETE", path: "recognition/subjects/an", status: 200, want: `{"subject":"an"}`},
		{name: "delete nobody is not to delete everybody", method: "DELETE", path: "recognition/subjects/", status: 400, code: 35, want: "Required path variable subject is missing"},
		{name: "delete everybody", method: "DELETE", path: "recognition/subjects", status: 200, want: `{"deleted":4}`},
		{name: "nobody is left", method: "GET", path: "recognition/subjects", status: 200, want: `{"subjects":[]}`},
	})
}

func TestComprefaceFaces(t *testing.T) {
	g := newGateway(t, speaksCompreface)
	g.enrol(t, "biden", "Joe Biden", "people/biden/biden.jpg")
	obama, obama2 := named("file", file(t, "", "people/obama/obama.jpg")), named("file", file(t, "", "people/obama/obama2.jpg"))
	both := named("file", file(t, "", "probes/obama_and_biden.jpg"))
	keep := func(name string) func(*testing.T, answer) {
		return func(t *testing.T, a answer) {
			e := decode[struct {
				ImageID string `json:"image_id"`
				Subject string
			}](t, a)
			if e.ImageID == "" || e.Subject != "Barack Obama" {
				t.Errorf("%s", a.body)
			}
			g.vars[name] = e.ImageID
		}
	}
	picture := func(t *testing.T, a answer) {
		if a.Header.Get("Content-Type") != "image/jpeg" || !strings.HasPrefix(string(a.body), "\xff\xd8\xff") {
			t.Errorf("%s of %d bytes", a.Header.Get("Content-Type"), len(a.body))
		}
	}
	noPicture := fileOf("file", "a.jpg", []byte("no picture"))
	renamed := func(name string) part { p := obama; p.name = name; return p }
	g.compreface(t, []comprefaceCall{
		{name: "add, which makes the subject", path: "recognition/faces?subject=Barack%20Obama", body: multi(obama), status: 201, check: keep("one")},
		{name: "add the same again", path: "recognition/faces?subject=Barack%20Obama", body: multi(obama), status: 201, want: `{"image_id":"{one}","subject":"Barack Obama"}`},
		{name: "add, as the JavaScript SDK", path: "recognition/faces?subject=barack%20obama?det_prob_threshold=0.8", body: multi(obama2), status: 201, check: keep("two")},
		{name: "add base64", path: "recognition/faces?subject=Barack+Obama&det_prob_threshold=0.5", body: jsonBody(`{"file":"` + base64Of(obama) + `"}`), status: 201, want: `{"image_id":"{one}","subject":"Barack Obama"}`},
		{name: "add, as .NET of a URL", path: "recognition/faces?subject=Barack%20Obama", body: jsonBody(`{"det_prob_threshold":0.5,"file":"` + base64Of(obama2) + `","subject":"x"}`), status: 201, want: `{"image_id":"{two}","subject":"Barack Obama"}`},
		{name: "add a crowd", path: "recognition/faces?subject=A", body: multi(both), status: 400, code: 31, want: "More than one face in the source image"},
		{name: "add nobody's face", path: "recognition/faces?subject=A", body: multi(blank()), status: 400, code: 28, want: "No face is found in the given image"},
		{name: "add a doubtful face", path: "recognition/faces?subject=A&det_prob_threshold=1", body: multi(obama), status: 400, code: 28},
		{name: "add a poor face", path: "recognition/faces?subject=A", body: multi(named("file", file(t, "", "odd/obama_partial_face.jpg"))), status: 400, code: 26},
		{name: "nobody of these was made", method: "GET", path: "recognition/subjects", status: 200, want: `{"subjects":["Barack Obama","Joe Biden"]}`},
		{name: "add without a subject", path: "recognition/faces", body: multi(obama), status: 400, code: 33, want: "Required parameter subject is missing"},
		{name: "add an empty subject", path: "recognition/faces?subject=%20", body: multi(obama), status: 400, code: 26, want: "Subject name is empty"},
		{name: "add without a photo", path: "recognition/faces?subject=A", body: multi(text("x", "y")), status: 400, code: 34, want: "Required part file is missing"},
		{name: "add without a photo, base64", path: "recognition/faces?subject=A", body: jsonBody(`{}`), status: 400, code: 5, want: "Field file cannot be empty"},
		{name: "add null", path: "recognition/faces?subject=A", body: jsonBody(`{"file":null}`), status: 400, code: 5},
		{name: "add an empty string", path: "recognition/faces?subject=A", body: jsonBody(`{"file":""}`), status: 400, code: 5},
		{name: "add an extension", path: "recognition/faces?subject=A", body: multi(renamed("a.heic")), status: 400, code: 21, want: "File [a.heic] has an unavailable extension"},
		{name: "add no extension", path: "recognition/faces?subject=A", body: multi(renamed("blob")), status: 400, code: 21, want: "File [blob] has an unavailable extension"},
		{name: "add another extension than the picture's", path: "recognition/faces?subject=Barack%20Obama", body: multi(renamed("C:\\x\\a.PNG")), status: 201, want: `{"image_id":"{one}","subject":"Barack Obama"}`},
		{name: "add no picture", path: "recognition/faces?subject=A", body: multi(noPicture), status: 400, code: 21},
		{name: "add half a picture", path: "recognition/faces?subject=A", body: multi(fileOf("file", "a.jpg", obama.data[:5000])), status: 400, code: 21},
		{name: "add no base64", path: "recognition/faces?subject=A", body: jsonBody(`{"file":"a*b"}`), status: 400, code: 21, want: "Provided value is not Base64"},
		{name: "add a URL", path: "recognition/faces?subject=A", body: jsonBody(`{"file":"https://evil.test/a.jpg"}`), status: 400, code: 21, want: "Provided value is not Base64: pictures by URL are refused, this server fetches nothing"},
		{name: "add a data URL", path: "recognition/faces?subject=A", body: jsonBody(`{"file":"data:image/jpeg;base64,AAAA"}`), status: 400, code: 21},
		{name: "add a URL as text", path: "recognition/faces?subject=A", body: multi(text("file", "https://evil.test/a.jpg")), status: 400, code: 26},
		{name: "add a form without a boundary", path: "recognition/faces?subject=A", body: body{"multipart/form-data", []byte("x")}, status: 400, code: 26},
		{name: "add a bare picture", path: "recognition/faces?subject=A", body: body{"image/jpeg", obama.data}, status: 415, code: 26},

		{name: "list", method: "GET", path: "recognition/faces", status: 200,
			want: `{"faces":[{"image_id":"{biden.sample}","subject":"Joe Biden"},{"image_id":"{one}","subject":"Barack Obama"},{"image_id":"{two}","subject":"Barack Obama"}],"page_number":0,"page_size":20,"total_pages":1,"total_elements":3}`},
		{name: "a page", method: "GET", path: "recognition/faces/?page=1&size=2", status: 200, want: `{"faces":[{"image_id":"{two}","subject":"Barack Obama"}],"page_number":1,"page_size":2,"total_pages":2,"total_elements":3}`},
		{name: "a page that is not there", method: "GET", path: "recognition/faces?page=2147483647&size=1000", status: 200, want: `{"faces":[],"page_number":2147483647,"page_size":1000,"total_pages":1,"total_elements":3}`},
		{name: "of a subject", method: "GET", path: "recognition/faces?page=0&size=1&subject=Barack%20Obama", status: 200, want: `{"faces":[{"image_id":"{one}","subject":"Barack Obama"}],"page_number":0,"page_size":1,"total_pages":2,"total_elements":2}`},
		{name: "of the empty subject", method: "GET", path: "recognition/faces?subject=&size=0&page=-1", status: 200, check: func(t *testing.T, a answer) {
			if !strings.HasSuffix(string(a.body), `"page_number":0,"page_size":20,"total_pages":1,"total_elements":3}`) {
				t.Errorf("%s", a.body)
			}
		}},
		{name: "of nobody", method: "GET", path: "recognition/faces?subject=Nobody", status: 200, want: `{"faces":[],"page_number":0,"page_size":20,"total_pages":0,"total_elements":0}`},
		{name: "a page in words", method: "GET", path: "recognition/faces?page=one", status: 400, code: 26},

		{name: "its picture", method: "GET", path: "recognition/faces/{one}/img", status: 200, check: picture},
		{name: "the picture of none", method: "GET", path: "recognition/faces/none/img", status: 404, code: 11, want: "Image none not found"},

		{name: "delete", method: "DELETE", path: "recognition/faces/{one}", status: 200, want: `{"image_id":"{one}","subject":"Barack Obama"}`},
		{name: "delete again", method: "DELETE", path: "recognition/faces/{one}", status: 404, code: 44, want: "Image {one} not found"},
		{name: "delete none is not to delete all", method: "DELETE", path: "recognition/faces/", status: 400, code: 35, want: "Required path variable image_id is missing"},
		{name: "delete several", path: "recognition/faces/delete", body: jsonBody(`["{two}","{one}","nonsense","{two}"]`), status: 200, want: `[{"image_id":"{two}","subject":"Barack Obama"}]`},
		{name: "delete none", path: "recognition/faces/delete", body: jsonBody(`[]`), status: 200, want: `[]`},
		{name: "delete what is no list", path: "recognition/faces/delete", body: jsonBody(`{}`), status: 400, code: 26},
		{name: "add once more", path: "recognition/faces?subject=Barack%20Obama", body: multi(obama), status: 201, check: keep("one")},
		{name: "delete a subject's", method: "DELETE", path: "recognition/faces?subject=joe%20biden", status: 200, want: `{"deleted":1}`},
		{name: "delete nobody's", method: "DELETE", path: "recognition/faces?subject=Nobody", status: 200, want: `{"deleted":0}`},
		{name: "delete all, as Python", method: "DELETE", path: "recognition/faces?subject=", status: 200, want: `{"deleted":1}`},
		{name: "delete all", method: "DELETE", path: "recognition/faces", status: 200, want: `{"deleted":0}`},
		{name: "subjects stay", method: "GET", path: "recognition/subjects", status: 200, want: `{"subjects":["Barack Obama","Joe Biden"]}`},
	})
}

// Where photos are kept, the photo is the picture of a face, with no metadata.
func TestComprefaceServesKeptPhotos(t *testing.T) {
	g := newGateway(t, speaksCompreface)
	cleaner, ok := g.people.Analyser.(facegate.PhotoCleaner)
	if !ok {
		t.Fatal("the detector cleans no photos")
	}
	g.people.Keep = cleaner
	photo := named("file", file(t, "", "people/lin_manuel_miranda/lin-manuel-miranda.png"))
	a := ask(g.Handler(), "POST", "/api/v1/recognition/faces?subject=Lin", multi(photo), nil)
	id := decode[struct {
		ImageID string `json:"image_id"`
	}](t, a).ImageID
	a = ask(g.Handler(), "GET", "/api/v1/recognition/faces/"+id+"/img", body{}, nil)
	if a.StatusCode != 200 || a.Header.Get("Content-Type") != "image/png" || len(a.body) < len(photo.data)/2 {
		t.Errorf("%d %s, %d bytes", a.StatusCode, a.Header.Get("Content-Type"), len(a.body))
	}
}

// A server that asks for consent enrols nobody for a client that cannot give it.
func TestComprefaceAsksForConsent(t *testing.T) {
	g := newGateway(t, speaksCompreface)
	g.people.RequireConsent = true
	obama := named("file", file(t, "", "people/obama/obama.jpg"))
	e, err := g.people.Create(t.Context(), facegate.NewPerson{Name: "Ada", Consent: facegate.Consent{Basis: "form"}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	const message = "consent is not recorded for this person; say on what basis the photos are kept, such as \"signed form 2026-04\""
	g.compreface(t, []comprefaceCall{
		{name: "a subject", path: "recognition/subjects", body: jsonBody(`{"subject":"Bob"}`), status: 400, code: 26, want: message},
		{name: "a face", path: "recognition/faces?subject=Bob", body: multi(obama), status: 400, code: 26, want: message},
		{name: "of somebody who agreed", path: "recognition/faces?subject=Ada", body: multi(obama), status: 201},
	})
	if p, err := g.people.Person(t.Context(), e.ID); err != nil || p.SampleCount != 1 {
		t.Errorf("%+v %v", p, err)
	}
}

func TestComprefaceLimits(t *testing.T) {
	s, _ := newFaulty(t, nil, func(s *web.Server) {
		s.MaxPhotoBytes, s.MaxBodyBytes, s.Dialects = 1000, 30000, []string{"compreface"}
	})
	g := &gateway{Server: s}
	var many []part
	for range 101 {
		many = append(many, text("x", "y"))
	}
	large := base64.StdEncoding.EncodeToString(make([]byte, 1001))
	g.compreface(t, []comprefaceCall{
		{name: "config", method: "GET", path: "config", status: 200, want: `{"clientMaxBodySize":30000,"clientMaxFileSize":1000}`},
		{name: "a file", path: "detection/detect", body: multi(fileOf("file", "a.jpg", make([]byte, 1001))), status: 413, code: 26, want: "a.jpg is larger than 1000 bytes; send a smaller photo"},
		{name: "base64", path: "detection/detect", body: jsonBody(`{"file":"` + large + `"}`), status: 413, code: 26, want: "file is larger than 1000 bytes; send a smaller photo"},
		{name: "a body", path: "detection/detect", body: multi(fileOf("x", "a.jpg", make([]byte, 31000))), status: 413, code: 26},
		{name: "a JSON body", path: "detection/detect", body: jsonBody(`{"x":"` + strings.Repeat("a", 31000) + `"}`), status: 413, code: 26},
		{name: "parts", path: "detection/detect", body: multi(many...), status: 400, code: 26, want: "more than 100 parts; send fewer"},
		{name: "a cut form", path: "detection/detect", body: body{"multipart/form-data; boundary=x", []byte("--x\r\nContent-Disp")}, status: 400, code: 26},
		{name: "nothing there", method: "GET", path: "nothing", status: 404, code: 0},
		{name: "another method", method: "PATCH", path: "config", status: 405, code: 0},
		{name: "limit", path: "detection/detect?limit=-1", status: 400, code: 26, want: "Limit should be equal or greater than 0"},
		{name: "limit in words", path: "detection/detect?limit=many", status: 400, code: 26, want: "limit is not a whole number"},
		{name: "limit beyond", path: "detection/detect?limit=99999999999", status: 400, code: 26},
		{name: "prediction_count", path: "recognition/recognize?prediction_count=0", status: 400, code: 26, want: "prediction_count should be equal or greater than 1"},
		{name: "det_prob_threshold", path: "detection/detect?det_prob_threshold=1.01", status: 400, code: 26},
		{name: "det_prob_threshold NaN", path: "detection/detect?det_prob_threshold=NaN", status: 400, code: 26},
		{name: "status", path: "detection/detect?status=maybe", status: 400, code: 26},
		{name: "detect_faces", path: "recognition/recognize?detect_faces=maybe", status: 400, code: 26},
		{name: "a query that is broken", path: "detection/detect?limit=%zz", status: 400, code: 26, want: "limit=%zz cannot be read; percent-encode it"},
		{name: "a query that is not UTF-8", path: "recognition/faces?subject=%ff", status: 400, code: 26},
	})
}

// Pages come one after the other until all are there.
func TestComprefaceListsAllSubjects(t *testing.T) {
	g := newGateway(t, speaksCompreface)
	var want []string
	for i := range 501 {
		want = append(want, fmt.Sprintf("person %03d", i))
		g.enrol(t, "x", want[i])
	}
	a := ask(g.Handler(), "GET", "/api/v1/recognition/subjects", body{}, nil)
	if got := decode[struct{ Subjects []string }](t, a); !slices.Equal(got.Subjects, want) {
		t.Errorf("%d subjects: %.200s", len(got.Subjects), a.body)
	}
}
