package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"time"

	"facegate"
	"facegate/enroll"
	"facegate/web"
)

// accessSettings say who may use the server.
type accessSettings struct {
	Auth          string   `help:"Ask for keys and accounts: auto, on or off. auto asks once there is one, and always where the server listens for other machines; off is for a loopback address alone (${default})." enum:"auto,on,off" default:"auto" placeholder:"MODE" group:"Access:"`
	TLSCert       string   `name:"tls-cert" help:"Certificate chain (PEM), to serve HTTPS." placeholder:"FILE" group:"Access:"`
	TLSKey        string   `name:"tls-key" help:"Private key (PEM) of the certificate." placeholder:"FILE" group:"Access:"`
	AllowedHost   []string `help:"Name under which a server on a loopback address may be asked for, besides this machine's own: that of a proxy before it." placeholder:"NAME" group:"Access:"`
	CORSOrigin    []string `name:"cors-origin" help:"Origin whose web pages may use the API, such as https://example.com." placeholder:"ORIGIN" group:"Access:"`
	KeyRate       float64  `help:"Faces a second that a key without a limit of its own may ask about, on average; 0: any number (${default})." default:"0" placeholder:"N" group:"Access:"`
	KeyBurst      count    `help:"Faces it may ask about at once after a pause; 0: those of one second (${default})." default:"0" placeholder:"N" group:"Access:"`
	KeyConcurrent count    `help:"Requests it may have under way; 0: any number (${default})." default:"0" placeholder:"N" group:"Access:"`
}

// Validate is called by the commands that have these settings.
func (s accessSettings) validate() error {
	switch {
	case (s.TLSCert == "") != (s.TLSKey == ""):
		return fmt.Errorf("--tls-cert and --tls-key go together")
	case s.KeyRate < 0 || s.KeyRate > 1e6 || s.KeyRate != s.KeyRate:
		return fmt.Errorf("--key-rate must be from 0 to 1000000")
	}
	return nil
}

// isLoopback reports whether only this machine reaches an address.
func isLoopback(address net.Addr) bool {
	tcp, ok := address.(*net.TCPAddr)
	return ok && tcp.IP.IsLoopback()
}

// check refuses a server that nobody is asked by and that others reach.
func (s accessSettings) check(listener net.Listener) error {
	if web.AuthMode(s.Auth) == web.AuthOff && !isLoopback(listener.Addr()) {
		return facegate.NewError(facegate.CodeInvalid,
			fmt.Sprintf("--auth=off would let everybody who reaches %s see and change everything", listener.Addr()),
			"listen on 127.0.0.1, or leave --auth=off out")
	}
	return nil
}

// secure is listener with TLS where there is a certificate.
func (s accessSettings) secure(listener net.Listener) (net.Listener, error) {
	if s.TLSCert == "" {
		return listener, nil
	}
	certificate, err := tls.LoadX509KeyPair(s.TLSCert, s.TLSKey)
	if err != nil {
		return nil, &facegate.Error{Code: facegate.CodeInvalid, Detail: "the certificate cannot be used",
			Next: "check the files of --tls-cert and --tls-key", Err: err}
	}
	return tls.NewListener(listener, &tls.Config{
		Certificates: []tls.Certificate{certificate},
		MinVersion:   tls.VersionTLS12,
		NextProtos:   []string{"http/1.1"},
	}), nil
}

func (s accessSettings) scheme() string {
	if s.TLSCert != "" {
		return "https"
	}
	return "http"
}

// guard tells server who may use it.
func (s accessSettings) guard(server *web.Server, listener net.Listener, keys facegate.Keys, accounts facegate.Accounts) {
	server.Keys, server.Accounts = keys, accounts
	server.Auth, server.Loopback, server.TLS = web.AuthMode(s.Auth), isLoopback(listener.Addr()), s.TLSCert != ""
	server.AllowedHosts, server.CORSOrigins = s.AllowedHost, s.CORSOrigin
	server.KeyLimit = facegate.KeyLimit{Faces: s.KeyRate, Burst: int(s.KeyBurst), Concurrent: int(s.KeyConcurrent)}
}

// announce prints, until there is an account, where to make one, and who may use
// the server meanwhile. The link is a secret: it goes to whoever started the
// server, and not to the log.
func (s accessSettings) announce(ctx context.Context, p *program, listener net.Listener, accounts *enroll.Accounts) error {
	if web.AuthMode(s.Auth) == web.AuthOff {
		return p.printf("Everybody on this machine may use it: --auth=off.\n")
	}
	has, err := accounts.HasAccount(ctx)
	if err != nil || has {
		return err
	}
	claimed, err := accounts.Claimed(ctx)
	if err != nil {
		return err
	}
	if web.AuthMode(s.Auth) == web.AuthAuto && isLoopback(listener.Addr()) && !claimed {
		if err := p.printf("Everybody on this machine may use it until there is an account or a key.\n"); err != nil {
			return err
		}
	}
	link, expires, err := accounts.SetupLink(ctx)
	if err != nil {
		return err
	}
	return p.printf("Make the admin account, once, until %s: %s\n", day(expires), setupURL(s.scheme(), listener.Addr().String(), link))
}

// setupURL keeps the secret behind the #, which no browser sends and no server
// logs.
func setupURL(scheme, address, link string) string {
	if host, port, err := net.SplitHostPort(address); err == nil {
		if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
			address = net.JoinHostPort("localhost", port)
		}
	}
	return scheme + "://" + address + "/#/setup?link=" + link
}

type setupCommand struct {
	Listen  string `help:"Where the server listens (${default})." default:"127.0.0.1:8080" placeholder:"HOST:PORT"`
	TLSCert string `name:"tls-cert" help:"Certificate chain of the server, where it serves HTTPS." placeholder:"FILE"`
}

// setupLink is the line of `facegate setup --json`.
type setupLink struct {
	URL       string    `json:"url"`
	ExpiresAt time.Time `json:"expires_at"`
}

// Run prints a one-time link that makes an account, or gives one a new password.
func (c *setupCommand) Run(ctx context.Context, p *program) error {
	store, err := p.openStore(ctx)
	if err != nil {
		return err
	}
	defer store.Close()
	accounts := &enroll.Accounts{Store: store.store, Now: time.Now}
	link, expires, err := accounts.SetupLink(ctx)
	if err != nil {
		return err
	}
	url := setupURL(accessSettings{TLSCert: c.TLSCert}.scheme(), c.Listen, link)
	if p.settings.JSON {
		return p.printJSON(setupLink{url, expires})
	}
	return p.printf("Make an account, or give one a new password, once, until %s: %s\n", day(expires), url)
}
