package main

import (
	"bytes"
	"encoding/binary"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"facegate/internal/testfiles"
)

// withPlace is a JPEG that says in EXIF where it was taken.
func withPlace(jpeg []byte, place string) []byte {
	exif := append([]byte("Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x01\x02\x13\x00\x03\x00\x00\x00\x01\x00\x01\x00\x00\x00\x00\x00\x00"), place...)
	b := binary.BigEndian.AppendUint16(append(bytes.Clone(jpeg[:2]), 0xff, 0xe1), uint16(len(exif)+2))
	return append(append(b, exif...), jpeg[2:]...)
}

// Photos are kept where the operator wants it, without what else the file told;
// they are handed out, and forgotten.
func TestProgramKeepsPhotos(t *testing.T) {
	u := newUser(t, false)
	photos := testfiles.Photos(t, "people")
	whole := withPlace(read(t, filepath.Join(photos, "people", "obama", "obama.jpg")), "48.2082 N 16.3738 E")
	u.write("obama/a.jpg", whole)
	u.want(exitOK, "enroll", "obama", "obama/a.jpg", "--keep-photos")
	u.want(exitOK, "enroll", "biden", filepath.Join(photos, "people", "biden", "biden.jpg"))
	type sample struct {
		ID   string `json:"id"`
		Kept bool   `json:"photo_kept"`
	}
	of := func(s *server, name string) (person string, first sample) {
		t.Helper()
		var page struct{ People []struct{ ID string } }
		s.api("GET", "/v1/people?query="+name, "", &page)
		var list struct{ Samples []sample }
		s.api("GET", "/v1/people/"+page.People[0].ID+"/samples", "", &list)
		return page.People[0].ID, list.Samples[0]
	}
	picture := func(s *server, person string, of sample, what string) []byte {
		t.Helper()
		resp, err := http.Get(s.url + "/v1/people/" + person + "/samples/" + of.ID + "/" + what)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		data, err := io.ReadAll(resp.Body)
		if err != nil || resp.StatusCode != http.StatusOK || resp.Header.Get("Content-Type") != "image/jpeg" {
			t.Fatalf("%d %v %v", resp.StatusCode, resp.Header, err)
		}
		return data
	}

	s := u.serve() // without the setting: what is kept is still there, and it says so
	person, kept := of(s, "obama")
	if got := picture(s, person, kept, "photo"); !kept.Kept || bytes.Contains(got, []byte("48.2082")) || len(got) < len(whole)/2 {
		t.Errorf("%d bytes of %d, kept %v", len(got), len(whole), kept.Kept)
	}
	other, bare := of(s, "biden")
	if got := picture(s, other, bare, "photo"); bare.Kept || !bytes.Equal(got, picture(s, other, bare, "thumbnail")) {
		t.Errorf("%d bytes, kept %v", len(got), bare.Kept)
	}
	contains(t, "forget", u.want(exitOK, "people", "forget-photos", "biden").stdout, "erased 0 photos")
	contains(t, "forget", u.want(exitOK, "people", "forget-photos").stdout, "erased 1 photo\n")
	if got := picture(s, person, kept, "photo"); !bytes.Equal(got, picture(s, person, kept, "thumbnail")) {
		t.Errorf("%d bytes after it was forgotten", len(got))
	}
	if code := s.end(syscall.SIGTERM); code != exitOK {
		t.Errorf("exit code %d", code)
	}
	contains(t, "serve", s.stderr.String(), "1 photo is kept from when --keep-photos was on", "facegate people forget-photos")
	if file, err := os.ReadFile(filepath.Join(u.dir, "data", databaseFile)); err != nil || bytes.Contains(file, whole[len(whole)/2:len(whole)/2+64]) {
		t.Errorf("the photo is still in the database (%v)", err)
	}
	contains(t, "audit", u.want(exitOK, "audit", "--action=person.forget_photos").stdout, "person.forget_photos")
	if s := u.serve(); strings.Contains(s.stderr.String(), "keep-photos") {
		t.Error("it tells of photos where there are none")
	}
}
