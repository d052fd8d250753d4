package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net"
	"slices"
	"syscall"
	"time"

	"facegate"
	"facegate/camera"
	"facegate/enroll"
	"facegate/web"
)

type serveCommand struct {
	Listen string `help:"Address to listen on; port 0 takes a free one (${default})." default:"127.0.0.1:8080" placeholder:"HOST:PORT"`

	MaxBodyBytes    size          `help:"Largest request with all its photos, in bytes (${default})." default:"67108864" placeholder:"BYTES" group:"Limits:"`
	MaxPhotos       size          `help:"Most photos in one enrolment (${default})." default:"50" placeholder:"N" group:"Limits:"`
	RequestTimeout  time.Duration `help:"Longest a request may take once its body is here (${default})." default:"30s" placeholder:"TIME" group:"Limits:"`
	ShutdownTimeout time.Duration `help:"Longest that requests under way may go on when the server is told to end (${default})." default:"20s" placeholder:"TIME" group:"Limits:"`

	Dialects []string `help:"Other systems' APIs to speak too, so that their clients work here: ${dialects}; none: none of them (${default})." default:"${standard_dialects}" placeholder:"NAME" group:"Dialects:"`

	AuditDays count `help:"Days that entries of the audit are kept; 0: for good (${default})." default:"0" placeholder:"N" group:"Records:"`

	accessSettings
	analysisSettings
	policySettings
	verifySettings
	identifySettings
	enrolSettings
	cameraSettings
}

// Validate is called by kong.
func (c *serveCommand) Validate() error {
	if c.RequestTimeout <= 0 || c.ShutdownTimeout <= 0 {
		return errors.New("--request-timeout and --shutdown-timeout must be longer than 0")
	}
	if err := web.CheckDialects(c.spoken()); err != nil {
		return fmt.Errorf("--dialects: %w", err)
	}
	return errors.Join(c.accessSettings.validate(), c.cameraSettings.validate())
}

// Run serves until ctx ends, then lets requests under way finish.
func (c *serveCommand) Run(ctx context.Context, p *program) error {
	// First, so that a port that is taken shows before models are loaded.
	listener, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return &facegate.Error{Code: facegate.CodeInvalid, Detail: "cannot listen on " + c.Listen,
			Next: "name another address with --listen, or end what listens there", Err: err}
	}
	defer listener.Close()
	if err := c.accessSettings.check(listener); err != nil {
		return err
	}
	if listener, err = c.secure(listener); err != nil {
		return err
	}
	rooms, err := p.openRooms(ctx, c.analysisSettings, c.workersFor(manyPhotos),
		wiring{policy: c.policySettings, verify: c.verifySettings, identify: c.identifySettings, enrol: c.enrolSettings})
	if err != nil {
		return err
	}
	defer rooms.Close()
	lookout, err := c.openLookout(ctx, p, rooms)
	if err != nil {
		return err
	}

	audit := &enroll.AuditLog{Store: rooms.store, Now: time.Now, Logger: p.log}
	audit.Start()
	defer audit.Close() // again, where the server could not start
	recognition := &enroll.AuditedRecognition{Recognition: rooms.recognition, Log: audit}
	server := &web.Server{
		Recognition: recognition,
		Samples:     recognition,
		Challenges: &enroll.AuditedChallenges{Log: audit,
			Challenges: &camera.Challenges{Analyser: rooms.faces, Recognition: recognition, People: rooms.people}},
		Audit:       audit,
		Exporter:    rooms.people,
		People:      rooms.people,
		GallerySize: rooms.size,
		Ready:       rooms.people.Sync,
		Thresholds:  rooms.rules,

		Logger:          p.log,
		Version:         versionOf().Version,
		Dialects:        c.spoken(),
		MaxPhotoBytes:   int64(c.MaxPhotoBytes),
		MaxBodyBytes:    int64(c.MaxBodyBytes),
		MaxPhotos:       int(c.MaxPhotos),
		MaxConnections:  maxConnections(),
		RequestTimeout:  c.RequestTimeout,
		ShutdownTimeout: c.ShutdownTimeout,
	}
	keys := &enroll.Keys{Store: rooms.store, Now: time.Now, Logger: p.log}
	accounts := &enroll.Accounts{Store: rooms.store, Now: time.Now}
	c.guard(server, listener, keys, accounts)
	lookout.show(server)
	if err := server.Initialize(); err != nil {
		return err
	}
	stopLookout, err := lookout.start(ctx)
	if err != nil {
		return err
	}
	defer stopLookout()
	people, samples := rooms.gallery.Size()
	if err := p.printf("facegate serves on %s://%s (%s, %s)\n", c.scheme(), listener.Addr(),
		plural(people, "person", "people"), plural(samples, "sample", "samples")); err != nil {
		return err
	}
	if err := c.announce(ctx, p, listener, accounts); err != nil {
		return err
	}
	if err := c.tellOfPhotos(ctx, p, rooms); err != nil {
		return err
	}
	upkeep := &enroll.Upkeep{People: rooms.people, Audit: audit, AuditAge: time.Duration(c.AuditDays) * 24 * time.Hour, Now: time.Now, Logger: p.log}
	sweeping, stopSweeping := context.WithCancel(ctx)
	swept := make(chan struct{})
	go func() { defer close(swept); upkeep.Run(sweeping) }()
	defer func() { stopSweeping(); <-swept }() // also where the server could not go on
	if err := errors.Join(server.Run(ctx, listener), audit.Close(), keys.Flush(context.WithoutCancel(ctx))); err != nil {
		return fmt.Errorf("serve: %w", err)
	}
	p.log.Info("ended in good order")
	return nil
}

// spoken is the dialects that were chosen: none is a word for the empty list,
// which neither the environment nor the command line can hold.
func (c *serveCommand) spoken() []string {
	return slices.DeleteFunc(slices.Clone(c.Dialects), func(name string) bool { return name == "" || name == "none" })
}

// maxConnections leaves a quarter of the files that the process may have open, or
// 64, to the database, cameras and all else: clients who take them all would make
// those fail.
func maxConnections() int {
	var files syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &files); err != nil || files.Cur > math.MaxInt32 {
		return 0
	}
	return max(16, int(files.Cur)-max(64, int(files.Cur)/4))
}
