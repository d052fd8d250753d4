package camera_test

import (
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"facegate"
	"facegate/internal/testrtsp"
)

func TestRTSPLineIsCut(t *testing.T) {
	server := testrtsp.Loop(t, obamaWalks(t).Reveal(), "joe", "s3cret@word")
	h := newHouse(t)
	id := h.add(t, "door", facegate.Source(server.URL(password)), facegate.CameraSettings{FPS: 5})
	h.awaitPerson(t, "obama")
	if s := h.awaitState(t, id, facegate.CameraOnline); s.Width != 640 || s.Height != 360 || s.Retries != 0 {
		t.Errorf("%+v", s)
	}
	server.Cut()
	s := h.awaitState(t, id, facegate.CameraRetrying)
	if s.LastError == "" || s.LastErrorAt == nil {
		t.Errorf("%+v", s)
	}
	frames := s.Frames
	h.await(t, id, "trying again", func(s facegate.CameraStatus) bool { return s.Retries >= 2 })
	server.Start(t)
	h.await(t, id, "online again", func(s facegate.CameraStatus) bool {
		return s.State == facegate.CameraOnline && s.Frames > frames+25
	})
	server.Silent.Store(true)
	h.awaitState(t, id, facegate.CameraStalled)
	server.Silent.Store(false)
	h.awaitState(t, id, facegate.CameraOnline)
	if err := h.Remove(context.Background(), id); err != nil {
		t.Fatal(err)
	}
	// Whatever happened to the line: one sighting of one person, within the cool-down.
	if got := who(h.log.last()); got != "match obama" {
		t.Errorf("seen: %s", got)
	}
	for _, s := range h.log.last() {
		if !s.Ended {
			t.Errorf("a sighting of a removed camera is open: %+v", s)
		}
	}
}

// A stream may send anything: it is looked at again once it makes sense.
func TestRTSPBrokenPictures(t *testing.T) {
	server := testrtsp.Loop(t, obamaWalks(t).Reveal(), "", "")
	server.Garbled.Store(true)
	h := newHouse(t)
	id := h.add(t, "door", facegate.Source(server.URL("")), facegate.CameraSettings{FPS: 5})
	h.await(t, id, "in trouble", func(s facegate.CameraStatus) bool { return s.Retries > 0 || s.Frames > 100 })
	server.Garbled.Store(false)
	h.awaitState(t, id, facegate.CameraOnline)
	server.Garbled.Store(true)
	before := h.await(t, id, "known", func(facegate.CameraStatus) bool { return true })
	h.await(t, id, "in trouble again", func(s facegate.CameraStatus) bool { return s.Retries > before.Retries || s.Frames > before.Frames+50 })
	server.Garbled.Store(false)
	h.awaitPerson(t, "obama")
	for _, s := range h.log.last() {
		if s.Person != nil && s.Person.Name != "obama" {
			t.Errorf("somebody is called %s", s.Person.Name)
		}
	}
}

func TestRTSPWrongPassword(t *testing.T) {
	server := testrtsp.Loop(t, film(t, 1).Reveal(), "joe", "s3cret@word")
	h := newHouse(t)
	id := h.add(t, "door", facegate.Source(server.URL("s3cret-wrong")), facegate.CameraSettings{})
	s := h.awaitState(t, id, facegate.CameraRetrying)
	if !strings.Contains(s.LastError, "401") {
		t.Errorf("%+v", s)
	}
	// The right one mends it; a changed path with the password hidden keeps it.
	right := facegate.Source(server.URL(password))
	if _, err := h.Update(context.Background(), id, facegate.CameraUpdate{Source: &right}); err != nil {
		t.Fatal(err)
	}
	h.awaitState(t, id, facegate.CameraOnline)
	shown := facegate.Source(strings.Replace(right.String(), "/door", "/gate", 1))
	c, err := h.Update(context.Background(), id, facegate.CameraUpdate{Source: &shown})
	if err != nil || c.Source.Reveal() != strings.Replace(right.Reveal(), "/door", "/gate", 1) {
		t.Fatal(c.Source, err)
	}
	frames := c.Status.Frames
	h.await(t, id, "online", func(s facegate.CameraStatus) bool { return s.State == facegate.CameraOnline && s.Frames > frames })
}

// vlc serves RTSP over UDP only.
func TestRTSPFromVLC(t *testing.T) {
	if _, err := exec.LookPath("cvlc"); err != nil {
		t.Skip("facegate: needs cvlc (Debian's vlc-bin)")
	}
	// vlc does not run as root: as nobody it has to be able to read the film.
	dir, err := os.MkdirTemp("", "facegate-vlc")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	movie, err := os.ReadFile(obamaWalks(t).Reveal())
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "film.mp4"), movie, 0o644)
	}
	if err == nil {
		err = os.Chmod(dir, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	vlc := exec.Command("cvlc", "-q", "-I", "dummy", "--no-audio", "--loop", "--sout-keep", filepath.Join(dir, "film.mp4"), "--sout", "#rtp{sdp=rtsp://"+address+"/door}")
	vlc.Env = append(os.Environ(), "HOME="+dir)
	vlc.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if os.Getuid() == 0 {
		vlc.SysProcAttr.Credential = &syscall.Credential{Uid: 65534, Gid: 65534}
	}
	if err := vlc.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		vlc.Process.Kill()
		vlc.Wait()
	})
	h := newHouse(t)
	id := h.add(t, "auto", facegate.Source("rtsp://"+address+"/door"), facegate.CameraSettings{FPS: 5})
	h.awaitPerson(t, "obama")
	if _, err := h.Update(context.Background(), id, facegate.CameraUpdate{Settings: &facegate.CameraSettings{Transport: facegate.UDP}}); err != nil {
		t.Fatal(err)
	}
	before := h.await(t, id, "known", func(facegate.CameraStatus) bool { return true })
	h.await(t, id, "online over UDP", func(s facegate.CameraStatus) bool {
		return s.State == facegate.CameraOnline && s.Frames > before.Frames+10
	})
	tcp := facegate.CameraUpdate{Settings: &facegate.CameraSettings{Transport: facegate.TCP}}
	if _, err := h.Update(context.Background(), id, tcp); err != nil {
		t.Fatal(err)
	}
	if s := h.awaitState(t, id, facegate.CameraRetrying); !strings.Contains(s.LastError, "461") {
		t.Errorf("%+v\n%s", s, h.logged)
	}
	if err := h.Remove(context.Background(), id); err != nil {
		t.Fatal(err)
	}
	if got := who(h.log.last()); got != "match obama" { // over and over, within the cool-down
		t.Errorf("seen: %s", got)
	}
}

// By TCP and by UDP the same is seen.
func TestRTSPTransports(t *testing.T) {
	server := testrtsp.Stage(t, obamaWalks(t).Reveal(), "", "")
	h := newHouse(t)
	ids := map[facegate.Transport]string{}
	for _, transport := range []facegate.Transport{facegate.TCP, facegate.UDP} {
		ids[transport] = h.add(t, string(transport), facegate.Source(server.URL("")), facegate.CameraSettings{FPS: 5, Transport: transport})
		h.awaitState(t, ids[transport], facegate.CameraOnline)
	}
	server.Play(0, 5)
	h.await(t, ids[facegate.TCP], "over", func(facegate.CameraStatus) bool {
		seen := h.log.last()
		return len(seen) == 2 && seen[0].Ended && seen[1].Ended
	})
	if got := who(h.log.last()); got != "match obama, match obama" {
		t.Errorf("seen: %s", got)
	}
	for transport, id := range ids {
		if s := h.awaitState(t, id, facegate.CameraOnline); s.Retries != 0 || s.Sightings != 1 {
			t.Errorf("%s: %+v", transport, s)
		}
	}
}
