package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"facegate/detector"
)

// load asks the program itself, `facegate serve`, with 1, 2 and 8 clients at once,
// and reads its memory on the way.
func (b *bench) load(ctx context.Context) error {
	data, err := os.MkdirTemp("", "facegate-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(data)
	r, err := b.open(ctx, data)
	if err != nil {
		return err
	}
	err = b.enrol(ctx, r)
	r.close()
	if err != nil {
		return err
	}
	server, err := startServer(b.program, data, b.models)
	if err != nil {
		return err
	}
	defer server.stop()
	photo, err := b.photo(httpPhoto)
	if err != nil {
		return err
	}
	c, err := newClient(server.url, photo)
	if err != nil {
		return err
	}

	if _, err := ask(ctx, c, 2, 20); err != nil { // warm up
		return err
	}
	type figures struct{ p50, p99, rate []float64 }
	counts := []int{1, 2, 8}
	all := make([]figures, len(counts))
	for range max(1, b.rounds/4) {
		for i, clients := range counts {
			start := time.Now()
			took, err := ask(ctx, c, clients, 120)
			if err != nil {
				return err
			}
			f := &all[i]
			f.rate = append(f.rate, float64(len(took))/time.Since(start).Seconds())
			f.p50, f.p99 = append(f.p50, float64(median(took))), append(f.p99, float64(quantile(took, 0.99)))
		}
	}
	for i, clients := range counts {
		f, name := all[i], fmt.Sprintf("facegate serve, %d clients", clients)
		rate, alone := median(f.rate), median(all[0].rate)
		if clients == 1 {
			name = "facegate serve, 1 client"
			b.table.add(name+", requests a second", fmt.Sprintf("%.1f", rate))
		} else {
			b.table.add(name+", requests a second", fmt.Sprintf("%.1f", rate), fmt.Sprintf("1 client: %.1f", alone), fmt.Sprintf("%.2f", rate/alone))
		}
		p50, p99 := time.Duration(median(f.p50)), time.Duration(median(f.p99))
		b.table.add(name+", latency p99", ms(p99), "p50: "+ms(p50), fmt.Sprintf("%.2f", float64(p99)/float64(p50)))
	}

	// Memory, after that and more: on the smallest photo, for time's sake.
	if photo, err = b.photo("probes/obama-240p.jpg"); err != nil {
		return err
	}
	if c, err = newClient(server.url, photo); err != nil {
		return err
	}
	if _, err := ask(ctx, c, 2, b.soak/10); err != nil {
		return err
	}
	early, err := server.resident()
	if err != nil {
		return err
	}
	if _, err := ask(ctx, c, 2, b.soak-b.soak/10); err != nil {
		return err
	}
	late, err := server.resident()
	if err != nil {
		return err
	}
	b.table.add(fmt.Sprintf("resident memory after %d requests", b.soak), fmt.Sprintf("%.1f MB", late/1e6),
		fmt.Sprintf("after %d: %.1f MB", b.soak/10, early/1e6), fmt.Sprintf("%.2f", late/early), "1 (flat)")
	return nil
}

// ask has n requests answered, by so many clients at once; it returns how long
// each took.
func ask(ctx context.Context, c *client, clients, n int) ([]time.Duration, error) {
	took, errs := make([]time.Duration, n), make([]error, clients)
	var next atomic.Int64
	var all sync.WaitGroup
	for i := range clients {
		all.Go(func() {
			for errs[i] == nil {
				at := int(next.Add(1)) - 1
				if at >= n {
					return
				}
				took[at], errs[i] = c.identify(ctx)
			}
		})
	}
	all.Wait()
	return took, errors.Join(errs...)
}

// A server is a running `facegate serve`.
type server struct {
	cmd *exec.Cmd
	url string
}

func startServer(program, data string, m *detector.Models, more ...string) (*server, error) {
	args := []string{"serve", "--listen", "127.0.0.1:0", "--data", data, "--models", filepath.Dir(m.Recognition), "--log-level", "error"}
	s := &server{cmd: exec.Command(program, append(args, more...)...)}
	s.cmd.Stderr = os.Stderr
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := s.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", program, err)
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if _, rest, ok := strings.Cut(lines.Text(), "serves on "); ok {
			s.url, _, _ = strings.Cut(rest, " ")
			go io.Copy(io.Discard, out)
			return s, nil
		}
	}
	return nil, errors.Join(fmt.Errorf("%s serve ended before it served", program), s.cmd.Wait())
}

func (s *server) stop() {
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	_ = s.cmd.Wait()
}

// resident is the server's memory in bytes, as Linux counts it.
func (s *server) resident() (float64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	var kB float64
	_, rest, _ := strings.Cut(string(status), "VmRSS:")
	if _, err := fmt.Sscan(rest, &kB); err != nil {
		return 0, fmt.Errorf("read VmRSS: %w", err)
	}
	return kB * 1024, nil
}
