// Package testbroker runs a real mosquitto for tests, and subscribes to it.
package testbroker

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// patience bounds waits for what must happen; no test measures by it.
const patience = 60 * time.Second

// A Broker is a mosquitto on a port of its own.
type Broker struct {
	Address string // host:port

	t      testing.TB
	binary string
	config string
	dir    string
	cmd    *exec.Cmd
	ended  chan struct{}
}

// Start starts a broker that takes everybody, and keeps its sessions and what is
// retained over a restart. settings are lines of mosquitto.conf to add; with a
// listener among them they replace the listener. The test is skipped where
// mosquitto is not installed.
func Start(t testing.TB, settings ...string) *Broker {
	t.Helper()
	b := &Broker{t: t, dir: t.TempDir()}
	for _, name := range []string{"mosquitto", "/usr/sbin/mosquitto"} { // Debian's users do not have sbin in their path
		if path, err := exec.LookPath(name); err == nil {
			b.binary = path
			break
		}
	}
	if b.binary == "" {
		t.Skip("facegate: needs mosquitto (Debian: mosquitto)")
	}
	b.Address = FreeAddress(t)
	_, port, _ := strings.Cut(b.Address, ":")
	config := []string{"listener " + port + " 127.0.0.1"}
	config = append(config, settings...)
	if !strings.Contains(strings.Join(settings, "\n"), "allow_anonymous") {
		config = append(config, "allow_anonymous true")
	}
	config = append(config, "persistence true", "persistence_location "+b.dir+"/", "log_dest none", "max_queued_messages 0")
	if os.Getuid() == 0 {
		config = append(config, "user root") // else it could not write into the test's folder
	}
	b.config = filepath.Join(b.dir, "mosquitto.conf")
	if err := os.WriteFile(b.config, []byte(strings.Join(config, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Kill)
	b.Restart()
	return b
}

// FreeAddress is an address on which nobody listens.
func FreeAddress(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// Restart starts the broker again, on the same port, and waits until it listens.
func (b *Broker) Restart() {
	b.t.Helper()
	b.cmd = exec.Command(b.binary, "-c", b.config)
	if err := b.cmd.Start(); err != nil {
		b.t.Fatal(err)
	}
	b.ended = make(chan struct{})
	go func(cmd *exec.Cmd, ended chan struct{}) {
		defer close(ended)
		_ = cmd.Wait() // it is killed
	}(b.cmd, b.ended)
	for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		if conn, err := net.Dial("tcp", b.Address); err == nil {
			_ = conn.Close()
			return
		}
		select {
		case <-b.ended:
			b.t.Fatalf("mosquitto ended: %v", b.cmd.ProcessState)
		default:
		}
		if time.Now().After(deadline) {
			b.t.Fatal("mosquitto does not listen")
		}
	}
}

// Kill kills the broker (SIGKILL), if it runs.
func (b *Broker) Kill() { b.end(syscall.SIGKILL) }

// Stop ends the broker in good order: it saves sessions and what is retained.
func (b *Broker) Stop() { b.end(syscall.SIGTERM) }

func (b *Broker) end(signal syscall.Signal) {
	if b.cmd == nil {
		return
	}
	_ = b.cmd.Process.Signal(signal)
	<-b.ended
	b.cmd = nil
}

// Save has the broker write its sessions and what is retained, and returns when
// the file is there.
func (b *Broker) Save() {
	b.t.Helper()
	file := filepath.Join(b.dir, "mosquitto.db")
	var before time.Time
	if info, err := os.Stat(file); err == nil {
		before = info.ModTime()
	}
	if err := b.cmd.Process.Signal(syscall.SIGUSR1); err != nil {
		b.t.Fatal(err)
	}
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if info, err := os.Stat(file); err == nil && info.ModTime().After(before) {
			return
		}
	}
	b.t.Fatal("mosquitto does not save")
}

// URL is the broker's address for clients.
func (b *Broker) URL() string { return fmt.Sprintf("mqtt://%s", b.Address) }
