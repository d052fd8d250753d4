package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"facegate"
	"facegate/internal/testfiles"
)

// A server is `facegate serve` under way.
type server struct {
	t      *testing.T
	cmd    *exec.Cmd
	url    string
	stdout *bufio.Reader
	stderr bytes.Buffer
}

// serve starts a server and waits for it to say where it listens.
func (u *user) serve(args ...string) *server {
	u.t.Helper()
	s := &server{t: u.t, cmd: u.command(append([]string{"serve", "--listen=127.0.0.1:0"}, args...)...)}
	s.cmd.Stderr = &s.stderr
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		u.t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		u.t.Fatal(err)
	}
	u.t.Cleanup(func() { _ = s.cmd.Process.Kill() }) // where the test ended early
	s.stdout = bufio.NewReader(out)
	line, err := s.stdout.ReadString('\n')
	_, address, found := strings.Cut(line, "http://")
	if err != nil || !found {
		_ = s.cmd.Process.Kill()
		_ = s.cmd.Wait()
		u.t.Fatalf("the server says %q (%v)\n%s", line, err, s.stderr.String())
	}
	s.url = "http://" + strings.Fields(address)[0]
	return s
}

// end sends a signal and waits for the exit code.
func (s *server) end(signal os.Signal) int {
	s.t.Helper()
	if err := s.cmd.Process.Signal(signal); err != nil {
		s.t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, s.stdout); err != nil {
		s.t.Fatal(err)
	}
	_ = s.cmd.Wait() // the code is what counts
	return s.cmd.ProcessState.ExitCode()
}

// identify asks the server who is in a photo.
func (s *server) identify(photo []byte) facegate.IdentifyResult {
	s.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("photo", "photo.jpg")
	if err != nil {
		s.t.Fatal(err)
	}
	part.Write(photo)
	form.Close()
	resp, err := http.Post(s.url+"/v1/identify", form.FormDataContentType(), &body)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		s.t.Fatalf("identify: %s %s (%v)", resp.Status, answer, err)
	}
	var result facegate.IdentifyResult
	if err := json.Unmarshal(answer, &result); err != nil {
		s.t.Fatal(err)
	}
	return result
}

// get is what the server has at a path.
func (s *server) get(path string) string {
	s.t.Helper()
	resp, err := http.Get(s.url + path)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		s.t.Fatalf("%s: %s (%v)\n%s", path, resp.Status, err, body)
	}
	return string(body)
}

func TestProgramServes(t *testing.T) {
	u := newUser(t, false)
	photos := testfiles.Photos(t, "people", "probes")
	photo := read(t, filepath.Join(photos, "probes", "obama1.jpg"))
	u.want(exitOK, "import", filepath.Join(photos, "people"))

	s := u.serve("--log-format=json")
	address := strings.TrimPrefix(s.url, "http://")
	u.want(exitOK, "health", "--listen="+address)
	if r := s.identify(photo); len(r.Faces) != 1 || r.Faces[0].Decision != facegate.Match || r.Faces[0].Candidates[0].Person.Name != "obama" {
		t.Errorf("%+v", r)
	}

	// What another process does, the server sees.
	u.want(exitOK, "people", "delete", "obama")
	contains(t, "metrics", s.get("/metrics"), "\nfacegate_gallery_people 5\n", "\nfacegate_gallery_samples 8\n")
	contains(t, "thresholds", s.get("/v1/thresholds"), `"people":5,"samples":8,`)
	if r := s.identify(photo); len(r.Faces) != 1 || r.Faces[0].Decision != facegate.Unknown {
		t.Errorf("somebody deleted is %+v", r.Faces)
	}
	contains(t, "a port that is taken", u.want(exitFailed, "serve", "--listen="+address).stderr, "cannot listen on "+address, "\n  -> ")

	if code := s.end(syscall.SIGTERM); code != exitOK {
		t.Errorf("exit code %d after SIGTERM\n%s", code, s.stderr.String())
	}
	for _, line := range strings.Split(strings.TrimSpace(s.stderr.String()), "\n") {
		if !json.Valid([]byte(line)) {
			t.Errorf("the log line %q is no JSON", line)
		}
	}
	if conn, err := net.Dial("tcp", address); err == nil {
		conn.Close()
		t.Error("somebody still listens")
	}
	u.want(exitFailed, "health", "--listen="+address)
	for _, leftover := range []string{"facegate.db-wal", "facegate.db-shm"} {
		if _, err := os.Stat(filepath.Join(u.dir, "data", leftover)); err == nil {
			t.Errorf("%s is left behind: the database was not closed", leftover)
		}
	}
}

// A request that is under way when the signal comes gets its answer.
func TestProgramEndsGracefully(t *testing.T) {
	u := newUser(t, false)
	photos := testfiles.Photos(t, "people", "probes")
	photo := read(t, filepath.Join(photos, "probes", "obama1.jpg"))
	s := u.serve()

	conn, answer, req := s.hold(photo)
	s.refuseNew(syscall.SIGINT)
	if _, err := conn.Write(photo); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(answer, req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var found facegate.Analysis
	if err := json.NewDecoder(resp.Body).Decode(&found); err != nil || resp.StatusCode != http.StatusOK || len(found.Faces) != 1 {
		t.Errorf("%s, %d faces (%v)", resp.Status, len(found.Faces), err)
	}
	if _, err := io.Copy(io.Discard, s.stdout); err != nil {
		t.Fatal(err)
	}
	_ = s.cmd.Wait()
	if code := s.cmd.ProcessState.ExitCode(); code != exitOK {
		t.Errorf("exit code %d\n%s", code, s.stderr.String())
	}
}

// A second signal does not wait for anybody.
func TestProgramEndsAtOnce(t *testing.T) {
	u := newUser(t, false)
	photo := read(t, filepath.Join(testfiles.Photos(t, "probes"), "probes", "obama1.jpg"))
	s := u.serve("--shutdown-timeout=1h")
	s.hold(photo)
	s.refuseNew(syscall.SIGTERM)
	s.end(syscall.SIGTERM)
	if status := s.cmd.ProcessState.Sys().(syscall.WaitStatus); !status.Signaled() || status.Signal() != syscall.SIGTERM {
		t.Errorf("ended with %v, not by the second signal", s.cmd.ProcessState)
	}
}

// hold begins a request to detect the faces of photo, and returns when the
// server waits for its body.
func (s *server) hold(photo []byte) (net.Conn, *bufio.Reader, *http.Request) {
	s.t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { conn.Close() })
	req, err := http.NewRequest(http.MethodPost, s.url+"/v1/detect", bytes.NewReader(photo))
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "image/jpeg")
	req.Header.Set("Expect", "100-continue")
	var message bytes.Buffer
	if err := req.Write(&message); err != nil {
		s.t.Fatal(err)
	}
	if _, err := conn.Write(message.Bytes()[:message.Len()-len(photo)]); err != nil {
		s.t.Fatal(err)
	}
	answer := bufio.NewReader(conn)
	if line, err := answer.ReadString('\n'); err != nil || !strings.Contains(line, "100 Continue") {
		s.t.Fatalf("the server says %q (%v)", line, err)
	}
	if _, err := answer.ReadString('\n'); err != nil { // the empty line after it
		s.t.Fatal(err)
	}
	return conn, answer, req
}

// refuseNew sends a signal and returns when the server, having heard it, takes
// no more connections.
func (s *server) refuseNew(signal os.Signal) {
	s.t.Helper()
	if err := s.cmd.Process.Signal(signal); err != nil {
		s.t.Fatal(err)
	}
	for {
		conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
		if err != nil {
			return
		}
		conn.Close()
	}
}
