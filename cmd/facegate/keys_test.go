package main

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"facegate"
)

// ask sends a request to a server under way.
func (s *server) ask(method, path, key, body string) (int, string) {
	s.t.Helper()
	req, err := http.NewRequest(method, s.url+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	if key != "" {
		req.Header.Set("X-Api-Key", key)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return resp.StatusCode, string(answer)
}

// A server that runs asks for keys from the moment another process makes one.
func TestProgramAsksForKeys(t *testing.T) {
	u := newUser(t, false)
	s := u.serve()
	line, err := s.stdout.ReadString('\n')
	contains(t, "serve", line, "Everybody on this machine may use it")
	if err != nil {
		t.Fatal(err)
	}
	link, err := s.stdout.ReadString('\n')
	contains(t, "serve", link, s.url+"/#/setup?link=")
	if err != nil {
		t.Fatal(err)
	}
	_, secret, _ := strings.Cut(strings.TrimSpace(link), "link=")

	if status, _ := s.ask("GET", "/v1/people", "", ""); status != 200 {
		t.Errorf("at first: %d", status)
	}
	made := u.want(exitOK, "keys", "create", "door", "--scope=identify,enroll", "--expires=90d")
	key := strings.TrimSpace(made.stdout)
	contains(t, "keys create", made.stderr, "not shown again")
	for shown, status := range map[string]int{"": 401, key: 200, "8a6e0804-2bd0-4672-b79d-d97027f9071a": 401} {
		if got, _ := s.ask("GET", "/v1/people", shown, ""); got != status {
			t.Errorf("with %q: %d, want %d", shown, got, status)
		}
	}
	if got, _ := s.ask("GET", "/v1/keys", key, ""); got != 403 {
		t.Errorf("a key that is no admin lists keys: %d", got)
	}

	list := u.want(exitOK, "keys").stdout
	contains(t, "keys", list, "door", "identify,enroll", "…"+key[32:], "until ")
	if strings.Contains(list, key) {
		t.Error("the list tells the key")
	}
	var k facegate.Key
	if err := json.Unmarshal([]byte(u.want(exitOK, "keys", "--json").stdout), &k); err != nil || k.Name != "door" || len(k.Scopes) != 2 || k.ExpiresAt == nil {
		t.Errorf("%+v %v", k, err)
	}
	u.want(exitFailed, "keys", "revoke", "window")
	u.want(exitOK, "keys", "revoke", "door")
	if got, _ := s.ask("GET", "/v1/people", key, ""); got != 401 {
		t.Errorf("revoked: %d", got)
	}
	contains(t, "a scope there is not", u.want(exitFailed, "keys", "create", "x", "--scope=fly").stderr, `no scope "fly"`, "-> there are: detect")

	// The link of the terminal makes the account, once.
	body := `{"link":"` + secret + `","name":"Ada","password":"a stitch in time"}`
	for _, want := range []int{201, 403} {
		if got, answer := s.ask("POST", "/v1/setup", "", body); got != want {
			t.Errorf("setup: %d %s, want %d", got, answer, want)
		}
	}
	again := strings.TrimSpace(u.want(exitOK, "setup", "--listen="+strings.TrimPrefix(s.url, "http://")).stdout)
	_, secret, _ = strings.Cut(again, "link=")
	if got, answer := s.ask("POST", "/v1/setup", "", `{"link":"`+secret+`","name":"Eve","password":"saves nine"}`); got != 201 {
		t.Errorf("a second account: %d %s", got, answer)
	}

	// An account that another process deletes is out at once.
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	eve := &http.Client{Jar: jar}
	signIn := func() (*http.Response, error) {
		return eve.Post(s.url+"/v1/session", "application/json", strings.NewReader(`{"name":"Eve","password":"saves nine"}`))
	}
	look := func() (*http.Response, error) { return eve.Get(s.url + "/v1/keys") }
	expect := func(what string, do func() (*http.Response, error), want int) {
		t.Helper()
		resp, err := do()
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("Eve %s: %d, want %d", what, resp.StatusCode, want)
		}
	}
	expect("signs in", signIn, 200)
	expect("looks", look, 200)
	contains(t, "accounts", u.want(exitOK, "accounts").stdout, "Ada", "Eve")
	contains(t, "an account there is not", u.want(exitFailed, "accounts", "delete", "Eve", "Adam").stderr, `no account called "Adam"`, "-> see which there are")
	contains(t, "all accounts", u.want(exitFailed, "accounts", "delete", "Eve", "Ada", "Eve").stderr, "these are all accounts", "-> leave one out")
	contains(t, "accounts, after that", u.want(exitOK, "accounts").stdout, "Ada", "Eve")
	contains(t, "accounts delete", u.want(exitOK, "accounts", "delete", "Eve").stdout, "deleted the account Eve")
	expect("looks, deleted", look, 401)
	expect("signs in, deleted", signIn, 401)
	contains(t, "the last account", u.want(exitFailed, "accounts", "delete", "Ada").stderr, "Ada is the last account", "-> make another account first")
	var a facegate.Account
	if err := json.Unmarshal([]byte(u.want(exitOK, "accounts", "--json").stdout), &a); err != nil || a.Name != "Ada" {
		t.Errorf("%+v %v", a, err)
	}
	contains(t, "the audit", u.want(exitOK, "audit", "--action=account.delete").stdout, "cli", "Eve")
	if code := s.end(syscall.SIGTERM); code != exitOK {
		t.Errorf("exit code %d", code)
	}
	for _, told := range []string{secret, key, "stitch"} {
		if strings.Contains(s.stderr.String(), told) {
			t.Errorf("the log tells %q", told)
		}
	}
	if used := u.want(exitOK, "keys", "--json").stdout; !strings.Contains(used, `"last_used_at"`) {
		t.Errorf("no last use: %s", used)
	}
}

func TestProgramRefusesToServeEverybody(t *testing.T) {
	u := newUser(t, false)
	contains(t, "--auth=off for all", u.want(exitFailed, "serve", "--listen=0.0.0.0:0", "--auth=off").stderr, "--auth=off would let everybody")
	contains(t, "half a certificate", u.want(exitUsage, "serve", "--tls-cert=x.pem").stderr, "--tls-cert and --tls-key go together")
	contains(t, "no certificate", u.want(exitFailed, "serve", "--listen=127.0.0.1:0", "--tls-cert=x.pem", "--tls-key=y.pem").stderr, "certificate cannot be used")
}

// Over TLS the server answers, and tells health that it does.
func TestProgramServesTLS(t *testing.T) {
	openssl, err := exec.LookPath("openssl")
	if err != nil {
		t.Skip("facegate: needs openssl")
	}
	u := newUser(t, false)
	cert, key := u.dir+"/cert.pem", u.dir+"/key.pem"
	make := exec.Command(openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1",
		"-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", cert)
	if out, err := make.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	s := u.command("serve", "--listen=127.0.0.1:0", "--tls-cert="+cert, "--tls-key="+key)
	out, err := s.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Process.Kill(); _ = s.Wait() }()
	line, err := bufio.NewReader(out).ReadString('\n')
	_, address, found := strings.Cut(line, "https://")
	if err != nil || !found {
		t.Fatalf("the server says %q (%v)", line, err)
	}
	address = strings.Fields(address)[0]
	u.want(exitOK, "health", "--listen="+address, "--tls-cert="+cert)

	pem, err := os.ReadFile(cert)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}}
	resp, err := client.Get("https://" + address + "/healthz")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Errorf("status %d", resp.StatusCode)
	}
}
