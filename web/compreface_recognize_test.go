package web_test

import (
	"bytes"
	"encoding/json"
	"math"
	"strings"
	"testing"

	"facegate"
	"facegate/enroll"
	"facegate/web"
)

// What CompreFace tells of a face, as its SDKs read it. An answer with a member
// that is not here is a fault.
type comprefaceTold struct {
	Box *struct {
		Probability            float64 `json:"probability"`
		XMax, YMax, XMin, YMin *int    `json:"-"`
		X1                     *int    `json:"x_max"`
		Y1                     *int    `json:"y_max"`
		X0                     *int    `json:"x_min"`
		Y0                     *int    `json:"y_min"`
	} `json:"box"`
	Landmarks     [][2]int           `json:"landmarks"`
	Embedding     []float64          `json:"embedding"`
	ExecutionTime map[string]float64 `json:"execution_time"`
	Subjects      *[]struct {
		Subject    string  `json:"subject"`
		Similarity float64 `json:"similarity"`
	} `json:"subjects"`
	Subject    string   `json:"subject"`
	Similarity *float64 `json:"similarity"`
}

type comprefaceResult struct {
	Result   []comprefaceTold  `json:"result"`
	Versions map[string]string `json:"plugins_versions"`
}

type comprefaceVerified struct {
	Result []struct {
		Source   comprefaceTold    `json:"source_image_face"`
		Matches  []comprefaceTold  `json:"face_matches"`
		Versions map[string]string `json:"plugins_versions"`
	} `json:"result"`
}

func wholly[T any](t *testing.T, a answer) (v T) {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(a.body))
	d.DisallowUnknownFields()
	if err := d.Decode(&v); err != nil {
		t.Fatalf("%v in %.500s", err, a.body)
	}
	return v
}

// told checks a face: that it has what the options ask for, and nothing else.
func (f comprefaceTold) told(t *testing.T, landmarks, embedding, status bool) {
	t.Helper()
	if f.Box == nil || f.Box.X0 == nil || f.Box.X1 == nil || f.Box.Y0 == nil || f.Box.Y1 == nil {
		t.Fatalf("no whole box: %+v", f)
	}
	x0, x1, y0, y1 := *f.Box.X0, *f.Box.X1, *f.Box.Y0, *f.Box.Y1
	if x0 < 0 || y0 < 0 || x1 <= x0 || y1 <= y0 || f.Box.Probability <= 0.5 || f.Box.Probability > 1 {
		t.Errorf("box %d,%d to %d,%d with %g", x0, y0, x1, y1, f.Box.Probability)
	}
	if (len(f.Landmarks) == 5) != landmarks || len(f.Landmarks) != 0 && len(f.Landmarks) != 5 {
		t.Errorf("landmarks %v", f.Landmarks)
	}
	if landmarks && !(f.Landmarks[0][0] < f.Landmarks[1][0] && f.Landmarks[3][0] < f.Landmarks[4][0] && f.Landmarks[0][1] < f.Landmarks[2][1] && f.Landmarks[2][1] < f.Landmarks[3][1]) {
		t.Errorf("landmarks out of order: %v", f.Landmarks)
	}
	if (len(f.Embedding) == facegate.EmbeddingSize) != embedding || len(f.Embedding) != 0 && !embedding {
		t.Errorf("an embedding of %d", len(f.Embedding))
	}
	if _, timed := f.ExecutionTime["detector"]; timed != status || !status && f.ExecutionTime != nil {
		t.Errorf("times %v", f.ExecutionTime)
	}
}

func (f comprefaceTold) similarTo(t *testing.T, similarity *float64, low, high float64) {
	t.Helper()
	if similarity == nil || *similarity < low || *similarity > high || math.Abs(*similarity*1e5-math.Round(*similarity*1e5)) > 1e-6 {
		t.Errorf("similarity %v, want %g..%g with five decimals", similarity, low, high)
	}
}

func TestComprefaceRecognizes(t *testing.T) {
	g := newGateway(t, speaksCompreface, audited)
	g.enrol(t, "obama", "Barack Obama", "people/obama/obama.jpg", "people/obama/obama2.jpg")
	g.enrol(t, "kit", "Kit", "people/kit_harington/john1.jpeg")
	g.enrol(t, "rose", "Rose", "people/rose_leslie/img1.jpg")
	obama, both := named("file", file(t, "", "probes/obama1.jpg")), named("file", file(t, "", "probes/kit_with_rose.jpg"))
	crop := fileOf("file", "crop.jpg", must(g.people.Thumbnail(t.Context(), g.vars["obama.sample"])))
	result := func(check func(*testing.T, comprefaceResult)) func(*testing.T, answer) {
		return func(t *testing.T, a answer) { check(t, wholly[comprefaceResult](t, a)) }
	}
	named := func(f comprefaceTold) (names []string) {
		for _, s := range *f.Subjects {
			names = append(names, s.Subject)
		}
		return names
	}
	isObama := result(func(t *testing.T, r comprefaceResult) {
		if len(r.Result) != 1 || r.Versions != nil {
			t.Fatalf("%+v", r)
		}
		f := r.Result[0]
		f.told(t, false, false, false)
		if n := named(f); len(n) != 1 || n[0] != "Barack Obama" {
			t.Errorf("subjects %v", n)
		}
		f.similarTo(t, &(*f.Subjects)[0].Similarity, 0.9, 1)
	})
	const recognize = "recognition/recognize"
	g.compreface(t, []comprefaceCall{
		{name: "one", path: recognize, body: multi(obama), status: 200, check: isObama},
		{name: "base64", path: recognize + "/", body: jsonBody(`{"file":"` + base64Of(obama) + `"}`), status: 200, check: isObama},
		{name: "base64 as PHP and Java write it", path: recognize, body: jsonBody(`{"FILE":"` + strings.ReplaceAll(strings.TrimRight(base64Of(obama), "="), "/", `\/`) + `\r\n","extra":{"file":[1]}}`), status: 200, check: isObama},
		{name: "base64 for URLs", path: recognize, body: jsonBody(`{"file":"` + strings.NewReplacer("+", "-", "/", "_").Replace(base64Of(obama)) + `"}`), status: 200, check: isObama},
		{name: "as Double Take", path: recognize + "?face_plugins=undefined&det_prob_threshold=0.8", body: multi(obama), status: 200, check: isObama},
		{name: "empty options", path: recognize + "?limit=&status=&prediction_count=&face_plugins=&det_prob_threshold=&detect_faces=", body: multi(obama), status: 200, check: isObama},
		{name: "a file and more", path: recognize, body: multi(text("subject", "x"), fileOf("other", "a.exe", []byte("x")), obama, both), status: 200, check: isObama},
		{name: "a crop", path: recognize + "?detect_faces=false", body: multi(crop), status: 200, check: isObama},
		{name: "a crop of several", path: recognize + "?detect_faces=FALSE&limit=5&det_prob_threshold=1", body: multi(both), status: 200, check: result(func(t *testing.T, r comprefaceResult) {
			if len(r.Result) != 1 {
				t.Errorf("%+v", r)
			}
		})},
		{name: "as the JavaScript SDK, with everything", path: recognize + "?limit=0&det_prob_threshold=0.5&prediction_count=2&face_plugins=calculator,landmarks,age,gender&status=true", body: multi(both), status: 200,
			check: result(func(t *testing.T, r comprefaceResult) {
				if len(r.Result) != 2 || r.Versions["detector"] == "" || r.Versions["calculator"] == "" || len(r.Versions) != 2 {
					t.Fatalf("%d faces, versions %v", len(r.Result), r.Versions)
				}
				size := func(f comprefaceTold) int { return (*f.Box.X1 - *f.Box.X0) * (*f.Box.Y1 - *f.Box.Y0) }
				if size(r.Result[0]) < size(r.Result[1]) {
					t.Error("the larger face is not the first")
				}
				for i, f := range r.Result {
					f.told(t, true, true, true)
					s := *f.Subjects
					if len(s) != 2 || s[0].Similarity < s[1].Similarity || f.ExecutionTime["calculator"] <= 0 || f.ExecutionTime["detector"] <= 0 {
						t.Errorf("face %d: %+v %v", i, s, f.ExecutionTime)
					}
				}
				if a, b := (*r.Result[0].Subjects)[0].Subject, (*r.Result[1].Subjects)[0].Subject; a == b {
					t.Errorf("both are %s", a)
				}
			})},
		{name: "as the JavaScript SDK without a limit", path: recognize + "?det_prob_threshold=0.5?prediction_count=3?face_plugins=landmarks?status=true", body: multi(obama), status: 200, check: result(func(t *testing.T, r comprefaceResult) {
			if len(r.Result) != 1 || len(named(r.Result[0])) != 3 || r.Versions == nil {
				t.Fatalf("%+v", r)
			}
			r.Result[0].told(t, true, false, true)
		})},
		{name: "as Python", path: recognize + "?&limit=1&prediction_count=1000&face_plugins=calculator&status=True", body: multi(both), status: 200, check: result(func(t *testing.T, r comprefaceResult) {
			if len(r.Result) != 1 || len(named(r.Result[0])) != 3 {
				t.Fatalf("%+v", r)
			}
			r.Result[0].told(t, false, true, true)
		})},
		{name: "nobody's face", path: recognize, body: multi(blank()), status: 400, code: 28, want: "No face is found in the given image"},
		{name: "nobody's crop", path: recognize + "?detect_faces=false", body: multi(blank()), status: 400, code: 28},
		{name: "a doubtful face", path: recognize + "?det_prob_threshold=1", body: multi(obama), status: 400, code: 28},
		{name: "no file", path: recognize, body: multi(), status: 400, code: 34, want: "Required part file is missing"},

		{name: "detect", path: "detection/detect", body: multi(both), status: 200, check: result(func(t *testing.T, r comprefaceResult) {
			if len(r.Result) != 2 || r.Versions != nil {
				t.Fatalf("%+v", r)
			}
			for _, f := range r.Result {
				if f.told(t, false, false, false); f.Subjects != nil || f.Similarity != nil || f.Subject != "" {
					t.Errorf("%+v", f)
				}
			}
		})},
		{name: "detect, with everything", path: "detection/detect?limit=1&face_plugins=landmarks,calculator&status=1", body: jsonBody(`{"file":"` + base64Of(both) + `"}`), status: 200, check: result(func(t *testing.T, r comprefaceResult) {
			if len(r.Result) != 1 || len(r.Versions) != 2 || r.Result[0].ExecutionTime["calculator"] <= 0 {
				t.Fatalf("%+v", r)
			}
			r.Result[0].told(t, true, true, true)
		})},
		{name: "detect, status alone", path: "detection/detect?status=true", body: multi(obama), status: 200, check: result(func(t *testing.T, r comprefaceResult) {
			if len(r.Versions) != 1 || len(r.Result[0].ExecutionTime) != 1 {
				t.Errorf("%+v", r)
			}
		})},
		{name: "detect nobody", path: "detection/detect", body: multi(blank()), status: 400, code: 28},
	})

	entries := must(g.Audit.Entries(t.Context(), facegate.AuditFilter{Action: "identify"})).Entries
	handed := 0
	for _, e := range entries {
		if strings.Contains(string(e.Detail), `"embeddings":true`) {
			handed++
		}
	}
	if handed != 3 {
		t.Errorf("%d of %d entries tell that an embedding was handed out, want 3", handed, len(entries))
	}
	everybody, _ := g.GallerySize()
	if everybody != 3 {
		t.Errorf("%d people are enrolled after recognising", everybody)
	}
}

// audited has what is recognised recorded.
func audited(s *web.Server) {
	r := &enroll.AuditedRecognition{Recognition: s.Recognition, Log: s.Audit}
	s.Recognition, s.Samples = r, r
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func TestComprefaceVerifies(t *testing.T) {
	g := newGateway(t, speaksCompreface)
	g.enrol(t, "rose", "Rose", "people/rose_leslie/img1.jpg")
	rose, both := named("file", file(t, "", "people/rose_leslie/img2.jpg")), named("file", file(t, "", "probes/kit_with_rose.jpg"))
	source, target := named("source_image", rose), named("target_image", both)
	const sample, verify = "recognition/faces/{rose.sample}/verify", "verification/verify"
	of := func(faces int, check func(*testing.T, comprefaceResult)) func(*testing.T, answer) {
		return func(t *testing.T, a answer) {
			r := wholly[comprefaceResult](t, a)
			if len(r.Result) != faces {
				t.Fatalf("%.500s", a.body)
			}
			for _, f := range r.Result {
				if f.Subject != "Rose" || f.Subjects != nil {
					t.Errorf("%+v", f)
				}
			}
			check(t, r)
		}
	}
	pair := func(matches int, landmarks, embedding, status bool) func(*testing.T, answer) {
		return func(t *testing.T, a answer) {
			r := wholly[comprefaceVerified](t, a)
			if len(r.Result) != 1 || len(r.Result[0].Matches) != matches || (r.Result[0].Versions != nil) != status {
				t.Fatalf("%.500s", a.body)
			}
			if f := r.Result[0].Source; f.Similarity != nil || f.Subject != "" || f.Subjects != nil {
				t.Errorf("%+v", f)
			}
			r.Result[0].Source.told(t, landmarks, embedding, status)
			best := 0.0
			for _, f := range r.Result[0].Matches {
				f.told(t, landmarks, embedding, status)
				f.similarTo(t, f.Similarity, 0, 1)
				best = max(best, *f.Similarity)
			}
			if matches == 2 && best < 0.9 {
				t.Errorf("nobody is him: %.500s", a.body)
			}
		}
	}
	g.compreface(t, []comprefaceCall{
		{name: "a sample", path: sample, body: multi(rose), status: 200, check: of(1, func(t *testing.T, r comprefaceResult) {
			r.Result[0].told(t, false, false, false)
			r.Result[0].similarTo(t, r.Result[0].Similarity, 0.9, 1)
		})},
		{name: "a sample, as the JavaScript SDK", path: sample + "?det_prob_threshold=0.8?status=true", body: multi(both), status: 200, check: of(2, func(t *testing.T, r comprefaceResult) {
			if a, b := *r.Result[0].Similarity, *r.Result[1].Similarity; math.Max(a, b) < 0.9 || math.Min(a, b) > 0.1 || r.Versions["calculator"] == "" {
				t.Errorf("%g and %g, versions %v", a, b, r.Versions)
			}
			r.Result[0].told(t, false, false, true)
		})},
		{name: "a sample, base64 with plugins", path: sample + "/?limit=1&face_plugins=landmarks,calculator", body: jsonBody(`{"file":"` + base64Of(both) + `"}`), status: 200, check: of(1, func(t *testing.T, r comprefaceResult) {
			r.Result[0].told(t, true, true, false)
		})},
		{name: "a sample that is not there", path: "recognition/faces/none/verify", body: multi(rose), status: 404, code: 44, want: "Image none not found"},
		{name: "a sample and nobody", path: sample, body: multi(blank()), status: 400, code: 28},

		{name: "two photos", path: verify, body: multi(source, target), status: 200, check: pair(2, false, false, false)},
		{name: "two photos, the largest", path: verify + "?limit=1", body: multi(named("source_image", both), target), status: 200, check: pair(1, false, false, false)},
		{name: "two photos, as the JavaScript SDK", path: verify + "?limit=0&face_plugins=calculator,landmarks&status=true", body: multi(source, target), status: 200, check: pair(2, true, true, true)},
		{name: "two photos, base64", path: verify + "?&face_plugins=landmarks", body: jsonBody(`{"source_image":"` + base64Of(source) + `","target_image":"` + base64Of(target) + `"}`), status: 200, check: pair(2, true, false, false)},
		{name: "several faces in the source", path: verify, body: multi(named("source_image", both), named("target_image", rose)), status: 400, code: 31, want: "More than one face in the source image"},
		{name: "nobody in the source", path: verify, body: multi(named("source_image", blank()), target), status: 400, code: 28},
		{name: "nobody in the target", path: verify, body: multi(source, named("target_image", blank())), status: 400, code: 28},
		{name: "no source", path: verify, body: multi(target), status: 400, code: 34, want: "Required part source_image is missing"},
		{name: "no target", path: verify, body: multi(source), status: 400, code: 34, want: "Required part target_image is missing"},
		{name: "no target, base64", path: verify, body: jsonBody(`{"source_image":"AAAA"}`), status: 400, code: 5, want: "Field target_image cannot be empty"},
		{name: "an extension", path: verify, body: multi(source, fileOf("target_image", "a.txt", target.data)), status: 400, code: 21, want: "File [a.txt] has an unavailable extension"},
	})
}

func TestComprefaceEmbeddings(t *testing.T) {
	g := newGateway(t, speaksCompreface, audited)
	g.enrol(t, "kit", "Kit", "people/kit_harington/john1.jpeg")
	g.enrol(t, "rose", "Rose", "people/rose_leslie/img1.jpg")
	both := named("file", file(t, "", "probes/kit_with_rose.jpg"))
	a := ask(g.Handler(), "POST", "/api/v1/detection/detect?face_plugins=calculator", multi(both), nil)
	var embeddings []string
	for _, f := range wholly[comprefaceResult](t, a).Result {
		embeddings = append(embeddings, string(must(json.Marshal(f.Embedding))))
	}
	if len(embeddings) != 2 {
		t.Fatalf("%.500s", a.body)
	}
	list := "[" + strings.Join(embeddings, ",") + "]"
	type similar struct {
		Embedding    []float64 `json:"embedding"`
		Similarity   *float64  `json:"similarity"`
		Similarities []struct {
			Subject    string  `json:"subject"`
			Similarity float64 `json:"similarity"`
		} `json:"similarities"`
	}
	result := func(check func(*testing.T, []similar)) func(*testing.T, answer) {
		return func(t *testing.T, a answer) {
			r := wholly[struct {
				Result []similar `json:"result"`
			}](t, a).Result
			for _, one := range r {
				if text := string(must(json.Marshal(one.Embedding))); !strings.Contains(list, text) {
					t.Errorf("the embedding came back as %.100s", text)
				}
			}
			check(t, r)
		}
	}
	ordered := result(func(t *testing.T, r []similar) {
		if len(r) != 2 || r[0].Similarity == nil || *r[0].Similarity < 0.9 || *r[1].Similarity > 0.1 {
			t.Errorf("%+v", r)
		}
	})
	short := "[0.1,0.2]"
	const recognize, sample, verify = "recognition/embeddings/recognize", "recognition/embeddings/faces/{rose.sample}/verify", "verification/embeddings/verify"
	g.compreface(t, []comprefaceCall{
		{name: "recognize", path: recognize + "?prediction_count=2", body: jsonBody(`{"embeddings":` + list + `}`), status: 200, check: result(func(t *testing.T, r []similar) {
			if len(r) != 2 || len(r[0].Similarities) != 2 || r[0].Similarities[0].Subject == r[1].Similarities[0].Subject || r[0].Similarities[0].Similarity < 0.9 || r[0].Similarity != nil {
				t.Errorf("%+v", r)
			}
		})},
		{name: "recognize, one each", path: recognize, body: jsonBody(`{"embeddings":` + list + `}`), status: 200, check: result(func(t *testing.T, r []similar) {
			if len(r) != 2 || len(r[0].Similarities) != 1 {
				t.Errorf("%+v", r)
			}
		})},
		{name: "recognize none", path: recognize, body: jsonBody(`{"embeddings":[]}`), status: 400, code: 5, want: "Field embeddings cannot be empty"},
		{name: "recognize nothing", path: recognize, body: jsonBody(`{}`), status: 400, code: 5},
		{name: "recognize a short one", path: recognize, body: jsonBody(`{"embeddings":[` + short + `]}`), status: 400, code: 37, want: "the embedding has 2 numbers, not 128; send the 128 numbers as the detect call returns them"},
		{name: "recognize words", path: recognize, body: jsonBody(`{"embeddings":[["a"]]}`), status: 400, code: 26},
		{name: "recognize too few", path: recognize + "?prediction_count=-1", body: jsonBody(`{"embeddings":` + list + `}`), status: 400, code: 26},
		{name: "recognize too much", path: recognize, body: jsonBody(`{"embeddings":[[` + strings.Repeat("0,", 1<<19) + `0]]}`), status: 413, code: 26},
		{name: "a sample, the nearest first", path: sample, body: jsonBody(`{"embeddings":` + list + `}`), status: 200, check: ordered},
		{name: "a sample that is not there", path: "recognition/embeddings/faces/none/verify", body: jsonBody(`{"embeddings":` + list + `}`), status: 404, code: 44, want: "Image none not found"},
		{name: "a sample and nothing", path: sample, body: jsonBody(`{"embeddings":[]}`), status: 400, code: 5},
		{name: "a sample and a short one", path: sample, body: jsonBody(`{"embeddings":[` + embeddings[0] + `,` + short + `]}`), status: 400, code: 37},
		{name: "verify", path: verify, body: jsonBody(`{"source":` + embeddings[1] + `,"targets":` + list + `}`), status: 200, check: ordered},
		{name: "verify without a source", path: verify, body: jsonBody(`{"targets":` + list + `}`), status: 400, code: 5, want: "Field source cannot be empty"},
		{name: "verify without targets", path: verify, body: jsonBody(`{"source":` + embeddings[0] + `}`), status: 400, code: 5, want: "Field targets cannot be empty"},
		{name: "verify a short source", path: verify, body: jsonBody(`{"source":` + short + `,"targets":` + list + `}`), status: 400, code: 37},
		{name: "verify a null", path: verify, body: jsonBody(`{"source":` + embeddings[0] + `,"targets":[null]}`), status: 400, code: 5},
	})
	for action, want := range map[string]int{"detect": 1, "identify": 4, "verify": 4} {
		entries := must(g.Audit.Entries(t.Context(), facegate.AuditFilter{Action: action})).Entries
		answered := 0
		for _, e := range entries {
			if !strings.Contains(string(e.Detail), `"error"`) {
				answered++
			}
		}
		if answered != want {
			t.Errorf("%d entries for %s, want %d: %+v", answered, action, want, entries)
		}
	}
}
