// Command facegate is the face recognition gateway: it enrols people from
// photos, tells who is in others, and serves both over HTTP.
//
// This package alone knows every room and wires them together. Each command is
// a file; config.go holds the settings, wire.go the wiring.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the program at once
	p := &program{Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr}
	os.Exit(p.run(ctx, os.Args[1:]))
}
