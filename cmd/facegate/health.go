package main

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"facegate"
)

type healthCommand struct {
	Listen  string `help:"Where the server listens (${default})." default:"127.0.0.1:8080" placeholder:"HOST:PORT"`
	TLSCert string `name:"tls-cert" help:"Certificate chain of the server, where it serves HTTPS." placeholder:"FILE"`
}

// Run fails unless a server on this machine is ready: for Docker's health check.
func (c *healthCommand) Run(ctx context.Context, p *program) error {
	url, err := localURL(c.Listen)
	if err != nil {
		return err
	}
	transport := &http.Transport{} // no proxy: the server is here
	if c.TLSCert != "" {
		url = strings.Replace(url, "http:", "https:", 1)
		// The certificate is for the name others call this machine by, and nothing is told or asked that it would guard.
		transport.TLSClientConfig = &tls.Config{InsecureSkipVerify: true}
	}
	ctx, cancel := context.WithTimeout(ctx, 4*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/readyz", nil)
	if err != nil {
		return facegate.NewError(facegate.CodeInvalid, fmt.Sprintf("%q is no address to listen on", c.Listen), "give one such as 127.0.0.1:8080")
	}
	client := &http.Client{Transport: transport}
	resp, err := client.Do(req)
	if err != nil {
		return &facegate.Error{Code: facegate.CodeInternal, Detail: "no server answers on " + url, Next: "start one: facegate serve", Err: err}
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		var problem struct{ Detail, Next string }
		_ = json.NewDecoder(io.LimitReader(resp.Body, 64<<10)).Decode(&problem) // the status tells enough
		return facegate.NewError(facegate.CodeInternal, fmt.Sprintf("the server on %s is not ready: %s %s", url, resp.Status, problem.Detail), problem.Next)
	}
	return p.printf("ready\n")
}

// localURL is where this machine reaches a server that listens on address.
func localURL(address string) (string, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return "", facegate.NewError(facegate.CodeInvalid, fmt.Sprintf("%q is no address to listen on: %v", address, err), "give one such as 127.0.0.1:8080")
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
		if ip != nil && ip.To4() == nil {
			host = "::1"
		}
	}
	return "http://" + net.JoinHostPort(host, port), nil
}
