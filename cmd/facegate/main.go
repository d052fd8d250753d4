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
	ctx, end := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-signals
		// A second signal ends the program at once: it must not be caught any more
		// by the time that anybody can tell the first one was heard.
		signal.Stop(signals)
		end()
	}()
	p := &program{Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr}
	os.Exit(p.run(ctx, os.Args[1:]))
}
