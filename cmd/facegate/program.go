package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"facegate"

	"github.com/alecthomas/kong"
)

// Exit codes. They are part of the interface: docs/cli.md.
const (
	exitOK       = 0
	exitFailed   = 1 // something went wrong; the error says what and what to do
	exitUsage    = 2 // the command line or the configuration is wrong
	exitNegative = 3 // an answer, and it is no: no match, a face nobody matches, no face
	exitRefused  = 4 // photos were refused; the others were worked on
	exitModels   = 5 // model files are missing or damaged
)

// exitStatus ends the program with a code without being an error to print.
type exitStatus int

func (s exitStatus) Error() string { return fmt.Sprintf("exit status %d", int(s)) }

// A program is one start of facegate, with its streams.
type program struct {
	Stdin          io.Reader
	Stdout, Stderr io.Writer

	settings *settings
	log      *slog.Logger
}

// run does what args (without the program's name) ask, until done or ctx ends,
// and returns the exit code.
func (p *program) run(ctx context.Context, args []string) (code int) {
	var cli commandLine
	exited := -1
	parser, err := newParser(&cli, p, func(status int) { exited = status })
	if err != nil {
		return p.fail(err)
	}
	command, err := parser.Parse(args)
	if exited >= 0 { // --help has been printed
		return exited
	}
	if err != nil {
		p.printError(facegate.NewError(facegate.CodeInvalid, err.Error(), usageHint(err)))
		return exitUsage
	}
	p.settings = &cli.settings
	quiet := slog.LevelWarn
	if command.Selected() != nil && command.Selected().Name == "serve" {
		quiet = slog.LevelInfo
	}
	p.log = newLogger(p.Stderr, logLevel(cli.LogLevel, quiet), cli.LogFormat)
	ctx = facegate.WithActor(ctx, facegate.Actor{Name: "cli"})
	command.BindTo(ctx, (*context.Context)(nil))
	if err := command.Run(p); err != nil {
		return p.fail(err)
	}
	return exitOK
}

// usageHint is the help to ask for after a usage error.
func usageHint(err error) string {
	var parse *kong.ParseError
	if errors.As(err, &parse) && parse.Context != nil {
		if node := parse.Context.Selected(); node != nil {
			return "see: " + strings.TrimSpace("facegate "+commandPath(node)) + " --help"
		}
	}
	return "see: facegate --help"
}

func commandPath(node *kong.Node) string {
	var names []string
	for n := node; n != nil && n.Type == kong.CommandNode; n = n.Parent {
		names = append([]string{n.Name}, names...)
	}
	return strings.Join(names, " ")
}

// fail prints err, unless it is a mere exit status, and returns the exit code.
func (p *program) fail(err error) int {
	var status exitStatus
	if errors.As(err, &status) {
		return int(status)
	}
	p.printError(err)
	return exitCodeOf(err)
}

func exitCodeOf(err error) int {
	switch code := facegate.CodeOf(err); {
	case code == facegate.CodeModelMissing || code == facegate.CodeModelDamaged:
		return exitModels
	case refused(err), code == facegate.CodeNoUsablePhoto:
		return exitRefused
	}
	return exitFailed
}

// refused reports whether err means that a photo was refused, rather than that
// the program failed: other photos then go on.
func refused(err error) bool {
	switch facegate.CodeOf(err) {
	case codeUnreadable, facegate.CodeEmpty, facegate.CodeNotAnImage, facegate.CodeUnsupportedFormat, facegate.CodeTooLarge,
		facegate.CodeTruncated, facegate.CodeNoFace, facegate.CodeSeveralFaces, facegate.CodeLowQuality,
		facegate.CodeNearIdentical:
		return true
	}
	return false
}

// printError tells a person what is wrong and what to do next.
func (p *program) printError(err error) {
	e := facegate.AsError(err)
	detail, next := e.Error(), e.Next
	switch e.Code {
	case facegate.CodeInternal:
		var own *facegate.Error
		if !errors.As(err, &own) { // AsError's words are for strangers; whoever sits here may know all
			detail, next = err.Error(), ""
		}
	case facegate.CodeCanceled:
		detail = "interrupted"
	}
	fmt.Fprintf(p.Stderr, "facegate: %s\n", detail)
	if next != "" {
		fmt.Fprintf(p.Stderr, "  -> %s\n", next)
	}
}

// warn tells a person something that is no failure.
func (p *program) warn(what, next string) {
	fmt.Fprintf(p.Stderr, "facegate: %s\n", what)
	if next != "" {
		fmt.Fprintf(p.Stderr, "  -> %s\n", next)
	}
}
