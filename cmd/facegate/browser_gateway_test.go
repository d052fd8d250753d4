package main

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"io"
	"mime/multipart"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"facegate"

	_ "github.com/mattn/go-sqlite3"
)

// What a scenario asks the server itself, past the console.

func (v *visit) request(t *testing.T, method, path, kind string, body io.Reader) (int, []byte) {
	t.Helper()
	req, err := http.NewRequest(method, v.server.url+path, body)
	if err != nil {
		t.Fatal(err)
	}
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, answer
}

func get[T any](t *testing.T, v *visit, path string) T {
	t.Helper()
	status, answer := v.request(t, http.MethodGet, path, "", nil)
	var value T
	if err := json.Unmarshal(answer, &value); err != nil || status != http.StatusOK {
		t.Fatalf("GET %s: %d %s (%v)", path, status, answer, err)
	}
	return value
}

// getUntil asks until the answer is 200.
func (v *visit) getUntil(t *testing.T, path string) {
	t.Helper()
	for end := time.Now().Add(patience); ; { // the server has its own clock; this is against hanging
		status, answer := v.request(t, http.MethodGet, path, "", nil)
		if status == http.StatusOK {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("GET %s: %d %s", path, status, answer)
		}
	}
}

func (v *visit) people(t *testing.T) []facegate.Person {
	t.Helper()
	return get[facegate.PeoplePage](t, v, "/v1/people").People
}

// onlyPerson is the person, where there is one alone.
func (v *visit) onlyPerson(t *testing.T) facegate.Person {
	t.Helper()
	all := v.people(t)
	if len(all) != 1 {
		t.Fatalf("%d people are enrolled, want one: %+v", len(all), all)
	}
	return all[0]
}

func (v *visit) samples(t *testing.T, personID string) []facegate.Sample {
	t.Helper()
	return get[struct{ Samples []facegate.Sample }](t, v, "/v1/people/"+personID+"/samples").Samples
}

func (v *visit) erasePeople(t *testing.T) {
	t.Helper()
	for _, p := range v.people(t) {
		if status, answer := v.request(t, http.MethodDelete, "/v1/people/"+p.ID, "", nil); status != http.StatusNoContent {
			t.Fatalf("erase %s: %d %s", p.Name, status, answer)
		}
	}
}

// enrol enrols somebody through the API.
func (v *visit) enrol(t *testing.T, name string, photos ...string) facegate.Enrolment {
	t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	if err := form.WriteField("name", name); err != nil {
		t.Fatal(err)
	}
	for _, photo := range photos {
		part, err := form.CreateFormFile("photo", filepath.Base(photo))
		if err != nil {
			t.Fatal(err)
		}
		part.Write(read(t, photo))
	}
	form.Close()
	status, answer := v.request(t, http.MethodPost, "/v1/people", form.FormDataContentType(), &body)
	var e facegate.Enrolment
	if err := json.Unmarshal(answer, &e); err != nil || status != http.StatusCreated {
		t.Fatalf("enrol %s: %d %s (%v)", name, status, answer, err)
	}
	return e
}

// whoIs is the API's decision on the only face of a photo, and whom it matches.
func (v *visit) whoIs(t *testing.T, photo string) (facegate.Decision, string) {
	t.Helper()
	r := v.server.identify(read(t, photo))
	if len(r.Faces) != 1 {
		t.Fatalf("%d faces in %s, want one", len(r.Faces), photo)
	}
	name := ""
	if r.Faces[0].Decision == facegate.Match {
		name = r.Faces[0].Candidates[0].Person.Name
	}
	return r.Faces[0].Decision, name
}

// A row is a sample as the database keeps it.
type row struct {
	Source           string
	EmbeddingBytes   int
	ThumbnailIsAJPEG bool
}

// stored reads a person's samples past the server, from its database.
func (v *visit) stored(t *testing.T, personID string) []row {
	t.Helper()
	db, err := sql.Open("sqlite3", "file:"+filepath.Join(v.dir, "data", "facegate.db")+"?mode=ro")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	found, err := db.Query(`SELECT s.source, length(s.embedding), hex(substr(t.jpeg, 1, 3)) = 'FFD8FF'
		FROM samples s JOIN sample_thumbnails t ON t.sample_id = s.id WHERE s.person_id = ? ORDER BY s.seq`, personID)
	if err != nil {
		t.Fatal(err)
	}
	defer found.Close()
	var all []row
	for found.Next() {
		var r row
		if err := found.Scan(&r.Source, &r.EmbeddingBytes, &r.ThumbnailIsAJPEG); err != nil {
			t.Fatal(err)
		}
		all = append(all, r)
	}
	if err := found.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}
