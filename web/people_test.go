package web_test

import (
	"bytes"
	"image/jpeg"
	"net/http"
	"strings"
	"testing"

	"facegate"
	"facegate/web"
)

func TestPeople(t *testing.T) {
	g := newGateway(t, func(s *web.Server) { s.MaxPhotoBytes = 2 << 20 })
	g.enrol(t, "obama", "Barack Obama", "people/obama/obama.jpg")
	g.enrol(t, "rose", "Rose Leslie", "people/rose_leslie/img1.jpg")
	g.vars["none"] = "0197c7a2-4b1e-7c44-9d0b-3f6a1c2d4e5f"
	biden := file(t, "photo", "people/biden/biden.jpg")
	crowd := file(t, "photo", "probes/obama_and_biden.jpg")
	garbage := fileOf("photo", `C:\photos\garbage.jpg`, []byte("this is no picture"))
	large := fileOf("photo", "large.jpg", make([]byte, 2<<20+1))

	g.run(t, []scenario{
		{name: "enrol with photos of all kinds", path: "/v1/people", status: 201,
			body: multi(text("name", " Joe Biden "), text("tags", "staff, guest"), text("tags", "vip"), text("notes", "a note"),
				text("external_id", "emp-46"), text("consent_basis", "signed form"), text("consent_at", "2026-04-01"),
				text("expires_at", "2036-04-01T00:00:00Z"), biden, crowd, garbage, large),
			expected: []string{`"name":"Joe Biden"`, `"guest"`, `"staff"`, `"vip"`, `"notes":"a note"`, `"external_id":"emp-46"`,
				`"consent":{"basis":"signed form","at":"2026-04-01T00:00:00Z"}`, `"expires_at":"2036-04-01T00:00:00Z"`,
				`"sample_count":1`, `"source":"biden.jpg"`, `"photo":"obama_and_biden.jpg","code":"several_faces"`,
				`"photo":"garbage.jpg","code":"not_an_image"`, `"photo":"large.jpg","code":"too_large"`, `"skipped":[]`},
			forbidden: []string{"embedding", `C:\\photos`}},
		{name: "the same name again", path: "/v1/people", body: multi(text("name", "Joe Biden"), biden), status: 409, expected: []string{`"code":"name_taken"`}},
		{name: "the same external id again", path: "/v1/people", body: jsonBody(`{"name":"Somebody","external_id":"emp-46"}`), status: 409,
			expected: []string{`"code":"external_id_taken"`}},
		{name: "the same human by another name", path: "/v1/people", body: multi(text("name", "Joseph"), file(t, "photo", "people/biden/biden2.jpg")), status: 201,
			expected: []string{`"duplicates":[{"photo":"biden2.jpg","person":{"id":`, `"name":"Joe Biden"`}},
		{name: "no usable photo stores nobody", path: "/v1/people", body: multi(text("name", "Nobody"), crowd, garbage, large), status: 422,
			expected: []string{`"code":"no_usable_photo"`, `"photo":"obama_and_biden.jpg","code":"several_faces"`, `"photo":"garbage.jpg"`, `"photo":"large.jpg"`}},
		{name: "really nobody", method: "GET", path: "/v1/people?query=Nobody", status: 200, expected: []string{`{"people":[],"total":0}`}},
		{name: "without photos, as a form", path: "/v1/people", body: multi(text("name", "Form Only")), status: 201, expected: []string{`"sample_count":0`, `"samples":[]`}},
		{name: "an empty file field", path: "/v1/people", body: multi(text("name", "Empty Field"), fileOf("photo", "", nil)), status: 201, expected: []string{`"samples":[]`}},
		{name: "as JSON", path: "/v1/people", body: jsonBody(`{"name":"Ada Lovelace","tags":["staff"],"consent":{"basis":"form","at":"2026-04-01T09:30:00+02:00"},"notes":null}`),
			status: 201, expected: []string{`"name":"Ada Lovelace"`, `"tags":["staff"]`, `"at":"2026-04-01T07:30:00Z"`}, forbidden: []string{"notes", "expires_at"}},
		{name: "without a name", path: "/v1/people", body: multi(biden), status: 400, expected: []string{`"code":"invalid_request"`, "name"}},
		{name: "with a control character", path: "/v1/people", body: jsonBody(`{"name":"a\u0007b"}`), status: 400, expected: []string{`"code":"invalid_request"`}},

		{name: "list", method: "GET", path: "/v1/people?limit=2", status: 200, expected: []string{`"name":"Ada Lovelace"`, `"name":"Barack Obama"`, `"next":`}, forbidden: []string{"Rose"}},
		{name: "list by name", method: "GET", path: "/v1/people?query=LESLIE", status: 200, expected: []string{`"total":1`, "Rose Leslie"}, forbidden: []string{"Obama", "next"}},
		{name: "list by tag", method: "GET", path: "/v1/people?tag=staff", status: 200, expected: []string{`"total":2`, "Ada", "Biden"}, forbidden: []string{"Obama"}},

		{name: "one person", method: "GET", path: "/v1/people/{obama}", status: 200, expected: []string{`"id":"{obama}"`, `"sample_count":1`, `"tags":[]`}},
		{name: "nobody", method: "GET", path: "/v1/people/{none}", status: 404, expected: []string{`"code":"person_not_found"`}},
		{name: "no id", method: "GET", path: "/v1/people/'%20OR%201=1", status: 404, expected: []string{`"code":"person_not_found"`}, forbidden: []string{"sql"}},

		{name: "rename", method: "PATCH", path: "/v1/people/{obama}", body: jsonBody(`{"name":"President Obama","tags":["potus"],"expires_at":"2030-01-01"}`), status: 200,
			expected: []string{`"name":"President Obama"`, `"tags":["potus"]`, `"expires_at":"2030-01-01T00:00:00Z"`}},
		{name: "remove", method: "PATCH", path: "/v1/people/{obama}", body: jsonBody(`{"tags":null,"expires_at":null}`), status: 200,
			expected: []string{`"name":"President Obama"`, `"tags":[]`}, forbidden: []string{"expires_at"}},
		{name: "rename to a name taken", method: "PATCH", path: "/v1/people/{obama}", body: jsonBody(`{"name":"Rose Leslie"}`), status: 409, expected: []string{`"code":"name_taken"`}},
		{name: "rename nobody", method: "PATCH", path: "/v1/people/{none}", body: jsonBody(`{"name":"X"}`), status: 404, expected: []string{`"code":"person_not_found"`}},

		{name: "samples", method: "GET", path: "/v1/people/{obama}/samples", status: 200, expected: []string{`{"samples":[{"id":"{obama.sample}"`, `"reasons":[]`}, forbidden: []string{"embedding"}},
		{name: "samples of nobody", method: "GET", path: "/v1/people/{none}/samples", status: 404, expected: []string{`"code":"person_not_found"`}},
		{name: "add a photo", path: "/v1/people/{obama}/samples", body: multi(file(t, "photo", "people/obama/obama2.jpg"), crowd), status: 201,
			expected: []string{`"sample_count":2`, `"source":"obama2.jpg"`, `"refused":[{"photo":"obama_and_biden.jpg"`}},
		{name: "add the same photo", path: "/v1/people/{obama}/samples", body: multi(file(t, "photo", "people/obama/obama.jpg")), status: 200,
			expected: []string{`"sample_count":2`, `"samples":[]`, `"skipped":[{"photo":"obama.jpg","code":"near_identical"`}},
		{name: "add nothing usable", path: "/v1/people/{obama}/samples", body: multi(crowd, large), status: 422,
			expected: []string{`"code":"no_usable_photo"`, `"photo":"large.jpg"`, `"photo":"obama_and_biden.jpg"`}},
		{name: "add the same photo and one too large", path: "/v1/people/{obama}/samples", body: multi(file(t, "photo", "people/obama/obama.jpg"), large), status: 422,
			expected: []string{`"code":"no_usable_photo"`, `"photo":"large.jpg"`}},
		{name: "add to nobody", path: "/v1/people/{none}/samples", body: multi(biden), status: 404, expected: []string{`"code":"person_not_found"`}},
		{name: "thumbnail by the wrong person", method: "GET", path: "/v1/people/{rose}/samples/{obama.sample}/thumbnail", status: 404, expected: []string{`"code":"sample_not_found"`}},
		{name: "thumbnail of no sample", method: "GET", path: "/v1/people/{rose}/samples/{none}/thumbnail", status: 404, expected: []string{`"code":"sample_not_found"`}},
		{name: "photo by the wrong person", method: "GET", path: "/v1/people/{rose}/samples/{obama.sample}/photo", status: 404, expected: []string{`"code":"sample_not_found"`}},
		{name: "erase a sample of the wrong person", method: "DELETE", path: "/v1/people/{rose}/samples/{obama.sample}", status: 404, expected: []string{`"code":"sample_not_found"`}},
		{name: "portrait of nobody", method: "GET", path: "/v1/people/{none}/portrait", status: 404, expected: []string{`"code":"person_not_found"`}},
	})

	for _, path := range []string{"/v1/people/{obama}/portrait", "/v1/people/{obama}/portrait?v=2", "/v1/people/{obama}/samples/{obama.sample}/thumbnail",
		"/v1/people/{obama}/samples/{obama.sample}/photo"} {
		a := ask(g.Handler(), http.MethodGet, g.fill(path), body{}, nil)
		if _, err := jpeg.Decode(bytes.NewReader(a.body)); err != nil || a.Header.Get("Content-Type") != "image/jpeg" || a.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d %v %v", path, a.StatusCode, a.Header, err)
		}
	}

	g.run(t, []scenario{
		{name: "erase a sample", method: "DELETE", path: "/v1/people/{obama}/samples/{obama.sample}", status: 204},
		{name: "its thumbnail is gone", method: "GET", path: "/v1/people/{obama}/samples/{obama.sample}/thumbnail", status: 404, expected: []string{`"code":"sample_not_found"`}},
		{name: "erase it again", method: "DELETE", path: "/v1/people/{obama}/samples/{obama.sample}", status: 404, expected: []string{`"code":"sample_not_found"`}},
		{name: "erase", method: "DELETE", path: "/v1/people/{obama}", status: 204},
		{name: "gone", method: "GET", path: "/v1/people/{obama}", status: 404, expected: []string{`"code":"person_not_found"`}},
		{name: "gone for recognition too", path: "/v1/identify", body: multi(file(t, "photo", "probes/obama1.jpg")), status: 200,
			expected: []string{`"decision":"unknown"`}, forbidden: []string{"Obama"}},
		{name: "erase again", method: "DELETE", path: "/v1/people/{obama}", status: 404, expected: []string{`"code":"person_not_found"`}},
	})
}

func TestPagesHoldEverybodyOnce(t *testing.T) {
	g := newGateway(t)
	for _, name := range []string{"Eve", "Ada", "Dan", "Bob", "Cy"} {
		g.enrol(t, name, name)
	}
	var names []string
	for after := ""; ; {
		a := ask(g.Handler(), http.MethodGet, "/v1/people?limit=2&after="+after, body{}, nil)
		page := decode[facegate.PeoplePage](t, a)
		for _, p := range page.People {
			names = append(names, p.Name)
		}
		if page.Total != 5 {
			t.Errorf("total %d", page.Total)
		}
		if after = page.Next; after == "" {
			break
		}
	}
	if got := strings.Join(names, " "); got != "Ada Bob Cy Dan Eve" {
		t.Errorf("%s", got)
	}
}

func TestLocationOfANewPerson(t *testing.T) {
	g := newGateway(t)
	a := ask(g.Handler(), http.MethodPost, "/v1/people", jsonBody(`{"name":"Ada"}`), nil)
	location := a.Header.Get("Location")
	b := ask(g.Handler(), http.MethodGet, location, body{}, nil)
	if b.StatusCode != 200 || decode[facegate.Person](t, b).Name != "Ada" {
		t.Errorf("%s: %d %s", location, b.StatusCode, b.body)
	}
}
