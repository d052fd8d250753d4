package main

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"mime/multipart"
	"net/http"
	"path/filepath"
	"sync"
	"syscall"
	"testing"

	"facegate"
	"facegate/enroll"
	"facegate/internal/testfiles"
)

// A witness remembers what the server acknowledged.
type witness struct {
	mu      sync.Mutex
	samples map[string]string // id -> the person's
	erased  map[string]bool   // people
	doubt   map[string]bool   // people whose erasure was asked for and not acknowledged
	told    int               // answers so far, in all
	sent    int               // requests so far, in all
	changed chan struct{}     // is full after each of them
}

func newWitness() *witness {
	return &witness{samples: map[string]string{}, erased: map[string]bool{}, doubt: map[string]bool{}, changed: make(chan struct{}, 1)}
}

func (w *witness) note(change func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	change()
	select {
	case w.changed <- struct{}{}:
	default:
	}
}

// await returns once so many requests were sent, or answered, since the start.
func (w *witness) await(sent, told int) {
	for range w.changed {
		w.mu.Lock()
		there := w.sent >= sent && w.told >= told
		w.mu.Unlock()
		if there {
			return
		}
	}
}

// An enroller is a client that enrols people, adds photos to them and erases some,
// until the server is gone.
type enroller struct {
	*witness
	t      *testing.T
	url    string
	name   string
	photos [][]byte
	people []string
	n      int // requests so far
}

func (e *enroller) work() {
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	for {
		alive, n := true, e.n
		e.n++
		switch last := len(e.people) - 1; {
		case n%5 == 4 && last >= 0:
			alive = e.erase(client, e.people[0])
			e.people = e.people[1:]
		case n%3 == 2 && last >= 0:
			alive = e.enrol(client, "/v1/people/"+e.people[last]+"/samples", "", n)
		default:
			alive = e.enrol(client, "/v1/people", fmt.Sprintf("%s-%d", e.name, n), n)
		}
		if !alive {
			return
		}
	}
}

// ask is false when the server is gone.
func (e *enroller) ask(client *http.Client, method, path, kind string, body []byte) (int, []byte, bool) {
	q, err := http.NewRequestWithContext(context.Background(), method, e.url+path, bytes.NewReader(body))
	if err != nil {
		e.t.Error(err)
		return 0, nil, false
	}
	q.Header.Set("Content-Type", kind)
	e.note(func() { e.sent++ })
	a, err := client.Do(q)
	if err != nil {
		return 0, nil, false
	}
	defer a.Body.Close()
	text, err := io.ReadAll(a.Body)
	return a.StatusCode, text, err == nil
}

func (e *enroller) enrol(client *http.Client, path, name string, n int) bool {
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	if name != "" {
		form.WriteField("name", name)
		form.WriteField("consent_basis", "a test")
	}
	for i := range 1 + n%2 {
		part, err := form.CreateFormFile("photo", fmt.Sprintf("%d-%d.jpg", n, i))
		if err != nil {
			e.t.Error(err)
			return false
		}
		part.Write(e.photos[(n+i)%len(e.photos)])
	}
	form.Close()
	status, text, alive := e.ask(client, http.MethodPost, path, form.FormDataContentType(), body.Bytes())
	switch {
	case !alive:
		return false
	case status == http.StatusCreated:
		var made facegate.Enrolment
		if err := json.Unmarshal(text, &made); err != nil || len(made.Samples) == 0 {
			e.t.Errorf("acknowledged: %s (%v)", text, err)
			return false
		}
		if name != "" {
			e.people = append(e.people, made.ID)
		}
		e.note(func() {
			e.told++
			for _, s := range made.Samples {
				e.samples[s.ID] = made.ID
			}
		})
	case status != http.StatusOK && status != http.StatusServiceUnavailable: // there already; busy
		e.t.Errorf("%s: %d %s", path, status, text)
		return false
	}
	return true
}

func (e *enroller) erase(client *http.Client, id string) bool {
	e.note(func() { e.doubt[id] = true })
	status, text, alive := e.ask(client, http.MethodDelete, "/v1/people/"+id, "", nil)
	if alive && status != http.StatusNoContent {
		e.t.Errorf("erase: %d %s", status, text)
	}
	if alive {
		e.note(func() { e.told++; delete(e.doubt, id); e.erased[id] = true })
	}
	return alive
}

// However often the server is killed while people are enrolled, by several at
// once: what it acknowledged is there after the restart, nothing is there by half,
// and the audit tells of all of it.
func TestProgramKilledLosesNoSample(t *testing.T) {
	for _, tt := range []struct {
		name   string
		rounds int
		env    []string
		args   []string
	}{
		{"plain", 40, nil, nil},
		{"encrypted, photos kept", 10, []string{"FACEGATE_KEY=6b8e1f0a2c4d5e7f9081726354afbecd0123456789abcdeffedcba9876543210"}, []string{"--keep-photos"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			u := newUser(t, false)
			u.env = append(u.env, tt.env...)
			folder := testfiles.Photos(t, "people", "probes")
			var photos [][]byte
			for _, name := range []string{"people/obama/obama2.jpg", "people/biden/biden2.jpg", "probes/obama-240p.jpg", "probes/obama_small.jpg", "people/rose_leslie/img1.jpg"} {
				photos = append(photos, read(t, filepath.Join(folder, filepath.FromSlash(name))))
			}
			seed := rand.Uint64()
			t.Logf("seed %d", seed)
			random := rand.New(rand.NewPCG(seed, 0))
			w := newWitness()
			var enrollers []*enroller
			for c := range 5 {
				enrollers = append(enrollers, &enroller{witness: w, t: t, name: fmt.Sprintf("c%d", c), photos: photos})
			}
			s := u.serve(append(tt.args, "--workers=1", "--log-level=error")...)
			for round := range tt.rounds {
				var clients sync.WaitGroup
				for _, e := range enrollers {
					e.url = s.url
					clients.Go(e.work)
				}
				// The moment is that of a request sent, or of an answer heard; where the
				// requests of the others are by then is anybody's guess.
				w.mu.Lock()
				sent, told := w.sent+1+random.IntN(20), 0
				if random.IntN(2) == 0 {
					sent, told = 0, w.told+1+random.IntN(12)
				}
				w.mu.Unlock()
				w.await(sent, told)
				s.end(syscall.SIGKILL)
				clients.Wait()
				s = u.serve(append(tt.args, "--workers=1", "--log-level=error")...)
				w.hold(t, filepath.Join(u.dir, "data", databaseFile))
				if t.Failed() {
					t.Fatalf("round %d", round)
				}
			}
			u.want(exitOK, "check")
			u.want(exitOK, "audit", "verify")
			if code := s.end(syscall.SIGTERM); code != exitOK {
				t.Errorf("exit code %d\n%s", code, s.stderr.String())
			}
			t.Logf("%d samples acknowledged and held, %d people erased", len(w.samples), len(w.erased))
		})
	}
}

// hold compares the database with what was acknowledged.
func (w *witness) hold(t *testing.T, path string) {
	t.Helper()
	store, err := enroll.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	if c, err := store.Check(t.Context()); err != nil || !c.Healthy() {
		t.Errorf("after a kill: %+v (%v)", c, err)
	}
	people := &enroll.Service{Store: store}
	for id, person := range w.samples {
		_, err := people.Sample(t.Context(), id)
		switch gone := facegate.CodeOf(err) == facegate.CodeSampleNotFound; {
		case w.erased[person] && gone:
			delete(w.samples, id)
		case w.erased[person]:
			t.Errorf("the sample %s of somebody erased is there", id)
		case w.doubt[person] && gone:
			delete(w.samples, id)
			delete(w.doubt, person)
			w.erased[person] = true
		case err != nil:
			t.Errorf("the sample %s was acknowledged: %v", id, err)
		}
	}
	db, err := sql.Open("sqlite3", "file:"+path+"?mode=ro")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for what, query := range map[string]string{
		"samples without a picture":            `SELECT count(*) FROM samples WHERE id NOT IN (SELECT sample_id FROM sample_thumbnails)`,
		"samples that the audit does not know": `SELECT count(*) FROM samples WHERE id NOT IN (SELECT sample_id FROM audit WHERE action = 'sample.add')`,
		"people whom the audit does not know":  `SELECT count(*) FROM people WHERE id NOT IN (SELECT person_id FROM audit WHERE action = 'person.create')`,
		"people without a sample":              `SELECT count(*) FROM people WHERE id NOT IN (SELECT person_id FROM samples)`,
		"people whom only the audit knows": `SELECT count(*) FROM audit WHERE action = 'person.create' AND person_id NOT IN (SELECT id FROM people)
			AND person_id NOT IN (SELECT person_id FROM audit WHERE action = 'person.delete')`,
		"samples that only the audit knows": `SELECT count(*) FROM audit WHERE action = 'sample.add' AND sample_id NOT IN (SELECT id FROM samples)
			AND person_id NOT IN (SELECT person_id FROM audit WHERE action = 'person.delete')`,
		"samples that the gallery is not told of": `SELECT count(*) FROM samples WHERE id NOT IN (SELECT sample_id FROM gallery_log WHERE sample_id IS NOT NULL)`,
	} {
		var n int
		if err := db.QueryRow(query).Scan(&n); err != nil || n != 0 {
			t.Errorf("%d %s (%v)", n, what, err)
		}
	}
}
