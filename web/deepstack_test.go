package web_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"facegate"
	"facegate/web"
)

// checkVision holds an error of DeepStack's dialect to its form.
func checkVision(t *testing.T, a answer) {
	t.Helper()
	checkDialect(t, a, `"duration":0`, `"code"`)
}

// checkCodeProject does so for CodeProject.AI's.
func checkCodeProject(t *testing.T, a answer) {
	t.Helper()
	checkDialect(t, a, `"code":500`, `"duration"`)
}

// raw is a multipart body as it stands on the wire, {0}, {1} ... being files.
func raw(boundary, form string, files ...[]byte) body {
	form = strings.ReplaceAll(form, "\n", "\r\n")
	for i, data := range files {
		form = strings.ReplaceAll(form, fmt.Sprintf("{%d}", i), string(data))
	}
	return body{"multipart/form-data; boundary=" + boundary, []byte(form)}
}

func TestDeepStackAsItsClientsAskIt(t *testing.T) {
	now := time.Date(2026, 4, 1, 12, 0, 0, 0, time.UTC)
	g := newGateway(t, speaking("deepstack"), func(s *web.Server) { s.Now = func() time.Time { now = now.Add(time.Second); return now } })
	obama, obama2, probe := readPhoto(t, "people/obama/obama.jpg"), readPhoto(t, "people/obama/obama2.jpg"), readPhoto(t, "probes/obama1.jpg")
	biden, crowd, wall := readPhoto(t, "people/biden/biden.jpg"), readPhoto(t, "probes/obama_and_biden.jpg"), nobodyThere(t)
	first := readPhoto(t, "people/rose_leslie/img1.jpg")

	// Double Take and Node-RED: axios or got, with form-data, the key behind.
	axios := func(photo []byte, texts string) body {
		form := "----------------------------8\nContent-Disposition: form-data; name=\"image\"; filename=\"a.jpg\"\nContent-Type: image/jpeg\n\n{0}\n"
		for _, field := range strings.Fields(texts) {
			name, value, _ := strings.Cut(field, "=")
			form += fmt.Sprintf("----------------------------8\nContent-Disposition: form-data; name=%q\n\n%s\n", name, value)
		}
		return raw("--------------------------8", form+"----------------------------8--\n", photo)
	}
	// Python's requests, as in deepstack-python and Home Assistant: text before
	// files, whose names are those of their fields, and no types.
	requests := func(texts string, photos ...[]byte) body {
		form := ""
		for _, field := range strings.Fields(texts) {
			name, value, _ := strings.Cut(field, "=")
			form += fmt.Sprintf("--c0ffee\nContent-Disposition: form-data; name=%q\n\n%s\n", name, strings.ReplaceAll(value, "+", " "))
		}
		for i := range photos {
			name := "image"
			if len(photos) > 1 {
				name += strconv.Itoa(i + 1)
			}
			form += fmt.Sprintf("--c0ffee\nContent-Disposition: form-data; name=%q; filename=%[1]q\n\n{%d}\n", name, i)
		}
		return raw("c0ffee", form+"--c0ffee--\n", photos...)
	}
	// .NET's HttpClient: names without quotes, text with a type.
	dotnet := func(photo []byte, field, value string) body {
		return raw("be1", "--be1\nContent-Disposition: form-data; name=image; filename=a.jpg; filename*=utf-8''a.jpg\n\n{0}\n"+
			"--be1\nContent-Type: text/plain; charset=utf-8\nContent-Disposition: form-data; name="+field+"\n\n"+value+"\n--be1--\n", photo)
	}
	form := func(fields string) body { return body{"application/x-www-form-urlencoded", []byte(fields)} }

	const face = "/v1/vision/face"
	g.runAs(t, checkVision, []scenario{
		{name: "nobody is there yet", path: face + "/list", status: 200, expected: []string{`{"success":true,"faces":[],"duration":`}},
		{name: "a face that nobody knows", path: face + "/recognize", body: axios(probe, "min_confidence=0.8"), status: 200,
			expected: []string{`"predictions":[{"confidence":0,"userid":"unknown","y_min":`}},

		{name: "register", path: face + "/register", body: axios(obama, "userid=barack"), status: 200,
			expected: []string{`{"success":true,"message":"face added","duration":1}`}},
		{name: "register the same again", path: face + "/register", body: axios(obama, "userid=barack"), status: 200,
			expected: []string{`"message":"face updated"`}},
		{name: "register one more", path: face + "/register", body: requests("api_key= userid=barack", obama2), status: 200,
			expected: []string{`"message":"face updated"`}},
		{name: "register several at once, of which one serves", path: face + "/register", body: requests("userid=Joe+Biden", wall, crowd, biden), status: 200,
			expected: []string{`"message":"face added"`}},
		{name: "register with a name of many bytes", path: face + "/register", body: dotnet(first, "userid", "Розе Лесли"), status: 200, expected: []string{`"message":"face added"`}},
		{name: "register nobody", path: face + "/register", body: requests("userid=Nobody", wall), status: 400, expected: []string{`"error":"no face detected"`}},
		{name: "register a crowd", path: face + "/register", body: requests("userid=Nobody", crowd), status: 400,
			expected: []string{`"error":"There are 3 faces in this photo; enrolment needs exactly one."`}},
		{name: "register a text", path: face + "/register", body: requests("userid=Nobody", []byte("hello")), status: 400, expected: []string{`"error":"invalid image"`, `"detail":"The file is not a picture`}},
		{name: "register without a name", path: face + "/register", body: requests("", obama), status: 400, expected: []string{`"error":"userid not specified"`}},
		{name: "register without a photo", path: face + "/register", body: form("userid=Nobody"), status: 400, expected: []string{`"error":"No valid image file found"`}},
		{name: "register under a name that is none", path: face + "/register", body: requests("userid=a\x01b", obama), status: 400, expected: []string{`"error":"the name contains a control character`}},

		{name: "list", path: face + "/list", status: 200, expected: []string{`"success":true,"faces":["barack","Joe Biden","Розе Лесли"]`}},
		{name: "list as deepstack_sdk asks", path: face + "/list", body: form("api_key="), status: 200, expected: []string{`"faces":["barack",`}},

		{name: "recognize", path: face + "/recognize", body: axios(probe, ""), status: 200,
			expected: []string{`{"success":true,"predictions":[{"confidence":0.9`, `"userid":"barack","y_min":`, `"duration":1}`}, forbidden: []string{"unknown", "count", "message", "embedding"}},
		{name: "recognize as Home Assistant asks", path: face + "/recognize", body: requests("api_key= min_confidence=0.45", probe), status: 200, expected: []string{`"userid":"barack"`}},
		{name: "recognize as .NET asks", path: face + "/recognize", body: dotnet(probe, "min_confidence", "0.30"), status: 200, expected: []string{`"userid":"barack"`}},
		{name: "recognize two", path: face + "/recognize", body: axios(crowd, ""), status: 200, expected: []string{`"userid":"barack"`, `"userid":"Joe Biden"`}},
		{name: "recognize by too high a confidence", path: face + "/recognize", body: axios(probe, "min_confidence=1"), status: 200,
			expected: []string{`"confidence":0,"userid":"unknown"`}, forbidden: []string{"barack"}},
		{name: "recognize nobody", path: face + "/recognize", body: axios(wall, ""), status: 200, expected: []string{`{"success":true,"predictions":[],"duration":`}},
		{name: "recognize a text", path: face + "/recognize", body: axios([]byte("hello"), ""), status: 400, expected: []string{`"error":"invalid image"`, `"detail":"`}},
		{name: "recognize half a photo", path: face + "/recognize", body: axios(probe[:len(probe)/2], ""), status: 400, expected: []string{`"error":"invalid image"`, "ends early"}},
		{name: "recognize nothing", path: face + "/recognize", status: 400, expected: []string{`"error":"No valid image file found"`}},
		{name: "recognize an address", path: face + "/recognize", body: form("image=http://evil.test/a.jpg"), status: 400, expected: []string{`"error":"No valid image file found"`}, forbidden: []string{"evil"}},
		{name: "recognize an address in a part", path: face + "/recognize", body: multi(text("image", "http://evil.test/a.jpg")), status: 400, expected: []string{`"error":"No valid image file found"`}, forbidden: []string{"evil"}},
		{name: "min_confidence that is no number", path: face + "/recognize", body: axios(probe, "min_confidence=high"), status: 400, expected: []string{`"error":"Invalid value for min_confidence"`}},
		{name: "min_confidence that is not a number", path: face + "/recognize", body: axios(probe, "min_confidence=NaN"), status: 400, expected: []string{`"error":"Invalid value for min_confidence"`}},
		{name: "min_confidence above 1", path: face + "/recognize", body: axios(probe, "min_confidence=60"), status: 400, expected: []string{`"error":"min_confidence cannot be greater than 1"`}},

		{name: "detect", path: face, body: requests("api_key= min_confidence=0.4", crowd), status: 200, expected: []string{`"predictions":[{"confidence":0.`, `},{`}, forbidden: []string{"userid"}},
		{name: "detect, with a slash as the Ruby client", path: face + "/", body: axios(crowd, ""), status: 200, expected: []string{`"predictions":[{"confidence":0.`}},
		{name: "detect by too high a confidence", path: face, body: axios(crowd, "min_confidence=1"), status: 200, expected: []string{`"predictions":[]`}},
		{name: "detect nobody", path: face, body: axios(wall, ""), status: 200, expected: []string{`"predictions":[]`}},

		{name: "match the same", path: face + "/match", body: requests("", obama, probe), status: 200, expected: []string{`{"success":true,"similarity":0.9`, `"duration":1}`}},
		{name: "match others", path: face + "/match", body: requests("", obama, biden), status: 200, expected: []string{`"similarity":0.0`}},
		{name: "match nobody", path: face + "/match", body: requests("", obama, wall), status: 200, expected: []string{`"success":false,"error":"no face found"`}},
		{name: "match one photo", path: face + "/match", body: requests("", obama), status: 400, expected: []string{`"error":"expected two image files, only one found"`}},
		{name: "match three photos", path: face + "/match", body: requests("", obama, probe, biden), status: 400, expected: []string{`"error":"only two images allowed"`}},
		{name: "match none", path: face + "/match", status: 400, expected: []string{`"error":"No valid image file found"`}},

		{name: "delete", path: face + "/delete", body: form("api_key=&userid=Joe+Biden"), status: 200, expected: []string{`{"success":true,"duration":`}},
		{name: "delete as Double Take asks", path: face + "/delete", body: multi(text("userid", "Розе Лесли")), status: 200, expected: []string{`{"success":true,`}},
		{name: "delete somebody who is not there", path: face + "/delete", body: form("userid=Joe+Biden"), status: 200, expected: []string{`{"success":true,`}},
		{name: "delete without a name", path: face + "/delete", body: form("api_key="), status: 400, expected: []string{`"error":"userid not specified"`}},
		{name: "they are gone", path: face + "/list", status: 200, expected: []string{`"faces":["barack"]`}},
		{name: "and not recognized", path: face + "/recognize", body: axios(crowd, ""), status: 200, expected: []string{`"userid":"barack"`, `"userid":"unknown"`}},

		{name: "objects", path: "/v1/vision/detection", body: axios(probe, ""), status: 403, expected: []string{`"error":"Detection endpoint not activated"`}},
		{name: "scenes", path: "/v1/vision/scene", body: axios(probe, ""), status: 403, expected: []string{`"error":"Scene endpoint not activated"`}},
		{name: "objects of one's own", path: "/v1/vision/custom/plates", body: axios(probe, ""), status: 403, expected: []string{`"error":"Custom vision endpoint not activated"`}},
		{name: "nothing", path: face + "/nothing", status: 404, expected: []string{`"error":"`}},
		{name: "the wrong method", method: "GET", path: face, status: 405, expected: []string{`"error":"GET is not taken here"`}},
		{name: "a broken form", path: face, body: body{"multipart/form-data; boundary=x", []byte("--x\r\nContent-Disp")}, status: 400, expected: []string{`"error":"the body broke off`}},
		{name: "a form without a boundary", path: face, body: body{"multipart/form-data", []byte("x")}, status: 400, expected: []string{`"error":"the multipart body has no boundary"`}},
	})

	samples, err := g.people.List(t.Context(), facegate.PeopleFilter{})
	if err != nil || len(samples.People) != 1 || samples.People[0].SampleCount != 2 {
		t.Errorf("who is left: %+v %v", samples.People, err)
	}
}

// Boxes are whole pixels within the photo, and every answer tells its length:
// Blue Iris reads no chunks.
func TestDeepStackAnswersAreWhole(t *testing.T) {
	g := newGateway(t, speaking("deepstack"))
	photo := readPhoto(t, "probes/obama_and_biden.jpg")
	for i := range 200 {
		g.enrol(t, "somebody", fmt.Sprintf("Somebody with a long name %d", i))
	}
	detected := ask(g.Handler(), http.MethodPost, "/v1/detect", multi(fileOf("photo", "a.jpg", photo)), nil)
	native := decode[facegate.Analysis](t, detected)
	a := ask(g.Handler(), http.MethodPost, "/v1/vision/face", multi(fileOf("image", "a.jpg", photo)), nil)
	got := decode[struct {
		Predictions []struct {
			Confidence             float64
			XMin, YMin, XMax, YMax json.Number
		}
	}](t, answer{a.Response, []byte(strings.NewReplacer("x_min", "xmin", "y_min", "ymin", "x_max", "xmax", "y_max", "ymax").Replace(string(a.body)))})
	if len(got.Predictions) != len(native.Faces) || len(native.Faces) != 3 {
		t.Fatalf("%s", a.body)
	}
	for i, p := range got.Predictions {
		box := native.Faces[i].Box
		want := [4]int{int(box.X), int(box.Y), min(int(box.X+box.Width), native.Width), min(int(box.Y+box.Height), native.Height)}
		for j, n := range []json.Number{p.XMin, p.YMin, p.XMax, p.YMax} {
			if v, err := strconv.Atoi(n.String()); err != nil || v != max(want[j], 0) {
				t.Errorf("face %d: %v, want %v", i, p, want)
			}
		}
		if p.Confidence != native.Faces[i].Score {
			t.Errorf("face %d: confidence %v, want %v", i, p.Confidence, native.Faces[i].Score)
		}
	}

	address, _ := serving(t, g.Server)
	for _, path := range []string{"/list", "/recognize"} { // the second fails
		r, err := http.Post("http://"+address+"/v1/vision/face"+path, "", nil)
		if err != nil {
			t.Fatal(err)
		}
		_ = r.Body.Close()
		if r.ContentLength < 0 || len(r.TransferEncoding) > 0 {
			t.Errorf("%s comes in chunks: %v", path, r.TransferEncoding)
		}
	}
	http.DefaultClient.CloseIdleConnections()
}

// CodeProject.AI answers 200 to what it understood, good or bad.
func TestCodeProjectAsItsClientsAskIt(t *testing.T) {
	now := time.Date(2026, 4, 1, 12, 0, 0, 0, time.UTC)
	g := newGateway(t, speaking("codeproject"), func(s *web.Server) { s.Now = func() time.Time { now = now.Add(250 * time.Millisecond); return now } })
	image := func(field, photo string) part { return file(t, field, photo) }
	wall := fileOf("image", "wall.png", nobodyThere(t))
	const face = "/v1/vision/face"
	const times = `"executionProvider":"CPU","canUseGPU":false,"inferenceMs":250,"processMs":250,"analysisRoundTripMs":250}`
	g.runAs(t, checkCodeProject, []scenario{
		{name: "a face that nobody knows", path: face + "/recognize", body: multi(image("image", "probes/obama1.jpg")), status: 200,
			expected: []string{`"message":"No known faces"`, `"confidence":0,"userid":"unknown"`, `"count":1`, `"code":200,"command":"recognize","moduleId":"FaceProcessing"`, times}, forbidden: []string{"duration"}},
		{name: "register", path: face + "/register", body: multi(image("imageN", "people/obama/obama.jpg"), text("userid", "barack")), status: 200,
			expected: []string{`{"success":true,"message":"face added","code":200,"command":"register"`, times}},
		{name: "register more", path: face + "/register", body: multi(image("imageN", "people/obama/obama2.jpg"), text("UserID", "barack")), status: 200, expected: []string{`"message":"face updated"`}},
		{name: "register nobody", path: face + "/register", body: multi(wall, text("userid", "nobody")), status: 200, expected: []string{`"success":false,"error":"No face detected","code":500`}},
		{name: "recognize", path: face + "/recognize", body: multi(image("image", "probes/obama1.jpg"), text("min_confidence", "0.4")), status: 200,
			expected: []string{`{"success":true,"message":"A face was recognised","predictions":[{"confidence":0.9`, `"userid":"barack"`, `"count":1`}},
		{name: "recognize nobody", path: face + "/recognize", body: multi(wall), status: 200, expected: []string{`"success":false,"error":"No face found in image","code":500`}, forbidden: []string{"predictions"}},
		{name: "detect", path: face, body: multi(image("image", "probes/obama_and_biden.jpg")), status: 200, expected: []string{`"message":"Found 3 faces"`, `"count":3`, `"command":"detect"`}, forbidden: []string{"userid"}},
		{name: "detect one", path: face, body: multi(image("image", "probes/obama1.jpg")), status: 200, expected: []string{`"message":"Found 1 face"`}},
		{name: "detect nobody", path: face, body: multi(wall), status: 200, expected: []string{`"success":true,"message":"Found 0 faces","predictions":[],"count":0`}},
		{name: "detect a text", path: face, body: multi(fileOf("image", "a.jpg", []byte("hello"))), status: 200,
			expected: []string{`"success":false,"error":"The image provided was of an unknown type","code":500`}},
		{name: "match", path: face + "/match", body: multi(image("image1", "people/obama/obama.jpg"), image("image2", "probes/obama1.jpg")), status: 200, expected: []string{`{"success":true,"similarity":0.9`, times}},
		{name: "match nobody", path: face + "/match", body: multi(image("image1", "people/obama/obama.jpg"), wall), status: 200, expected: []string{`"success":false,"error":"No face found in one or both images"`}},
		{name: "list", path: face + "/list", status: 200, expected: []string{`{"success":true,"faces":["barack"],"code":200,"command":"list"`}},
		{name: "delete, with the field as its own client writes it", path: face + "/delete", body: multi(text("userId", "barack")), status: 200, expected: []string{`{"success":true,"code":200,"command":"delete"`}},
		{name: "they are gone", path: face + "/list", status: 200, expected: []string{`"faces":[]`}},
		{name: "no photo", path: face, status: 200, expected: []string{`"success":false,"error":"No valid image file found","code":500`}},
		{name: "objects", path: "/v1/vision/detection", status: 404, expected: []string{`"error":"nothing is at this address"`}},
		{name: "too large", path: face, body: multi(fileOf("image", "a.jpg", make([]byte, 20<<20+1))), status: 413, expected: []string{`"error":"a.jpg is larger than 20 MiB"`}},
	})
}

// Whoever wants consent recorded enters people over the native API; photos may
// then come in any dialect.
func TestDialectsObeyConsent(t *testing.T) {
	g := newGateway(t, speaking("deepstack", "facebox"))
	g.people.RequireConsent = true
	image, boxed := file(t, "image", "people/obama/obama.jpg"), file(t, "file", "people/obama/obama2.jpg")
	const register = "/v1/vision/face/register"
	g.runAs(t, checkVision, []scenario{
		{name: "DeepStack, without", path: register, body: multi(image, text("userid", "barack")), status: 400, expected: []string{`"error":"`, "consent is not recorded"}},
		{name: "nobody was enrolled", path: "/v1/vision/face/list", status: 200, expected: []string{`"faces":[]`}},
		{name: "with consent", path: "/v1/people", body: jsonBody(`{"name":"barack","consent":{"basis":"signed form 12"}}`), status: 201},
		{name: "DeepStack, with it", path: register, body: multi(image, text("userid", "barack")), status: 200, expected: []string{`"message":"face added"`}},
	})
	g.runAs(t, checkFacebox, []scenario{
		{name: "Facebox, without", path: "/facebox/teach?name=joe&id=joe", body: multi(boxed), status: 400, expected: []string{"consent is not recorded"}},
		{name: "Facebox, with it", path: "/facebox/teach?name=barack&id=barack", body: multi(boxed), status: 200, expected: []string{`"success":true`}},
		{name: "taught anew, as Double Take does", method: "DELETE", path: "/facebox/teach/barack", status: 200, expected: []string{`"success":true`}},
		{name: "the consent is still there", path: "/facebox/teach?name=barack&id=barack", body: multi(boxed), status: 200, expected: []string{`"success":true`}},
	})
}

// visionCalls call every operation of DeepStack's and CodeProject.AI's dialects.
func visionCalls(t *testing.T) []call {
	image := func(field, photo string) part { return file(t, field, photo) }
	form := func(fields string) body { return body{"application/x-www-form-urlencoded", []byte(fields)} }
	const face = "/v1/vision/face"
	return []call{
		{operation: "visionRegister", method: "POST", path: face + "/register", status: 200, body: multi(text("userid", "Kit"), image("image1", "people/kit_harington/john1.jpeg"), image("image2", "people/kit_harington/john2.jpeg"))},
		{operation: "visionDetect", method: "POST", path: face, status: 200, body: multi(image("image", "probes/kit_with_rose.jpg"), text("min_confidence", "0.4"))},
		{operation: "visionRecognize", method: "POST", path: face + "/recognize", status: 200, body: multi(image("image", "probes/kit_with_rose.jpg"), text("api_key", ""))},
		{operation: "visionRecognize", method: "POST", path: face + "/recognize", status: 200, body: multi(fileOf("image", "wall.png", nobodyThere(t)))},
		{operation: "visionMatch", method: "POST", path: face + "/match", status: 200, body: multi(image("image1", "people/kit_harington/john1.jpeg"), image("image2", "people/kit_harington/john2.jpeg"))},
		{operation: "visionMatch", method: "POST", path: face + "/match", status: 200, body: multi(image("image1", "people/kit_harington/john1.jpeg"), fileOf("image2", "wall.png", nobodyThere(t)))},
		{operation: "visionList", method: "POST", path: face + "/list", status: 200, body: form("api_key=")},
		{operation: "visionDelete", method: "POST", path: face + "/delete", status: 200, body: form("userid=Kit")},
	}
}

func TestDeepStackErrorsAreAsDescribed(t *testing.T) {
	_, router := sealedDescription(t)
	g := newGateway(t, speaking("deepstack"))
	for _, c := range []call{
		{operation: "visionRecognize", method: "POST", path: "/v1/vision/face/recognize", status: 400, body: multi(text("min_confidence", "2"))},
		{operation: "visionRegister", method: "POST", path: "/v1/vision/face/register", status: 400, body: multi(fileOf("image", "wall.png", nobodyThere(t)), text("userid", "x"))},
	} {
		g.check(t, router, c)
	}
}

func TestCodeProjectAnswersAreAsDescribed(t *testing.T) {
	_, router := sealedDescription(t)
	g := newGateway(t, speaking("codeproject"))
	for _, c := range visionCalls(t) {
		g.check(t, router, c)
	}
}
