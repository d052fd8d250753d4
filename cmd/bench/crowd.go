package main

import (
	"bufio"
	"context"
	"fmt"
	"maps"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"facegate"
	"facegate/detector"
	"facegate/enroll"
	"facegate/internal/crowd"
)

// crowd lets many clients at the program at once, a third of whom send garbage,
// and then as many who all send photos of the largest size. It watches memory,
// goroutines and files meanwhile, and fails where something happened that must not.
func (b *bench) crowd(ctx context.Context) error {
	data, err := os.MkdirTemp("", "facegate-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(data)
	r, err := b.open(ctx, data)
	if err != nil {
		return err
	}
	c := &crowd.Crowd{Clients: b.clients, MaxPhoto: detector.DefaultLimits.Bytes}
	err = b.enrol(ctx, r)
	if err == nil {
		_, c.Key, err = (&enroll.Keys{Store: r.store}).Create(ctx, facegate.NewKey{Name: "crowd", Scopes: facegate.Scopes()})
	}
	if err == nil {
		var person facegate.Person
		person, err = r.people.PersonByName(ctx, httpPerson)
		c.Person = person.Ref()
	}
	r.close()
	if err != nil {
		return err
	}
	if c.Photo, err = b.photo("probes/obama-240p.jpg"); err != nil {
		return err
	}
	server, err := startServer(b.program, data, b.models)
	if err != nil {
		return err
	}
	defer server.stop()
	c.URL = server.url

	// First its pools fill, of connections to the database too.
	warm := &crowd.Crowd{URL: c.URL, Key: c.Key, Clients: 16, Each: 6, Photo: c.Photo, Person: c.Person, Serious: true}
	b.faults = warm.Run(ctx).Faults
	crowd.Leave()
	before, err := server.vitals(c.Key)
	if err != nil {
		return err
	}
	report, memory := b.watch(ctx, server, c)
	if err := b.tellCrowd(report, memory); err != nil {
		return err
	}
	c.Flood = true
	flood, peak := b.watch(ctx, server, c)
	b.table.add(fmt.Sprintf("all %d send %d MB: resident memory, the most", c.Clients, c.MaxPhoto>>20), megabytes(slices.Max(peak)),
		"answers: "+statuses(sum(flood.Statuses)))
	b.faults = slices.Concat(b.faults, report.Faults, flood.Faults)
	crowd.Leave()
	after, err := server.settle(ctx, c.Key, before)
	if err != nil {
		return err
	}
	b.table.add("goroutines, after it all", fmt.Sprint(after.goroutines), fmt.Sprintf("before: %d", before.goroutines), ratio(after.goroutines, before.goroutines), "1")
	b.table.add("open files, after it all", fmt.Sprint(after.files), fmt.Sprintf("before: %d", before.files), ratio(after.files, before.files), "1")
	return nil
}

// watch runs the crowd, and reads the server's memory each second.
func (b *bench) watch(ctx context.Context, s *server, c *crowd.Crowd) (*crowd.Report, []float64) {
	ctx, cancel := context.WithTimeout(ctx, b.lasts)
	defer cancel()
	var memory []float64
	var watching sync.WaitGroup
	watching.Go(func() {
		for {
			if bytes, err := s.resident(); err == nil {
				memory = append(memory, bytes)
			}
			select {
			case <-ctx.Done():
				return
			case <-time.After(time.Second):
			}
		}
	})
	report := c.Run(ctx)
	watching.Wait()
	return report, memory
}

func (b *bench) tellCrowd(r *crowd.Report, memory []float64) error {
	if len(r.Took) == 0 {
		return fmt.Errorf("no good request was answered: %s", strings.Join(r.Faults, "\n"))
	}
	name := fmt.Sprintf("%d clients, a third garbage", b.clients)
	add := func(what, value string, more ...string) {
		b.table.add(append([]string{name + ": " + what, value}, more...)...)
	}
	add("good answers a second", fmt.Sprintf("%.1f", float64(len(r.Took))/b.lasts.Seconds()))
	p50, p99 := quantile(r.Took, 0.5), quantile(r.Took, 0.99)
	add("latency of good requests, p99", ms(p99), "p50: "+ms(p50), fmt.Sprintf("%.2f", float64(p99)/float64(p50)))
	if len(r.Refused) > 0 {
		tries := len(r.Took) + len(r.Refused)
		add("good requests told to come again", fmt.Sprintf("%.0f%%", 100*float64(len(r.Refused))/float64(tries)),
			"told within, p99: "+ms(quantile(r.Refused, 0.99)))
		add("from the first try on, p99", ms(quantile(r.Waited, 0.99)), "p50: "+ms(quantile(r.Waited, 0.5)))
	}
	for _, kind := range slices.Sorted(maps.Keys(r.Statuses)) {
		add("answers to "+kind, statuses(r.Statuses[kind]))
	}
	warm := memory[len(memory)/4:]
	quarter := max(1, len(warm)/3)
	early, late := median(warm[:quarter]), median(warm[len(warm)-quarter:])
	add("resident memory, last quarter", megabytes(late), "second quarter: "+megabytes(early), fmt.Sprintf("%.2f", late/early), "1 (flat)")
	return nil
}

func megabytes(bytes float64) string { return fmt.Sprintf("%.1f MB", bytes/1e6) }

func ratio(a, b int) string { return fmt.Sprintf("%.2f", float64(a)/float64(b)) }

func sum(by map[string]map[int]int) map[int]int {
	all := map[int]int{}
	for _, counts := range by {
		for status, n := range counts {
			all[status] += n
		}
	}
	return all
}

// statuses is "200: 17, none: 3".
func statuses(counts map[int]int) string {
	var parts []string
	for _, status := range slices.Sorted(maps.Keys(counts)) {
		name := strconv.Itoa(status)
		if status == 0 {
			name = "none"
		}
		parts = append(parts, fmt.Sprintf("%s: %d", name, counts[status]))
	}
	return strings.Join(parts, ", ")
}

// vitals are what must be as before when all are gone.
type vitals struct{ goroutines, files int }

func (s *server) vitals(key string) (v vitals, err error) {
	q, err := http.NewRequest(http.MethodGet, s.url+"/metrics", nil)
	if err != nil {
		return v, err
	}
	q.Header.Set("X-Api-Key", key)
	q.Close = true
	a, err := http.DefaultClient.Do(q)
	if err != nil {
		return v, err
	}
	defer a.Body.Close()
	lines := bufio.NewScanner(a.Body)
	for lines.Scan() {
		name, value, _ := strings.Cut(lines.Text(), " ")
		for metric, field := range map[string]*int{"go_goroutines": &v.goroutines, "process_open_fds": &v.files} {
			if name == metric {
				n, err := strconv.ParseFloat(value, 64)
				if err != nil {
					return v, fmt.Errorf("read the metric %s: %w", name, err)
				}
				*field = int(n)
			}
		}
	}
	if v.goroutines == 0 || v.files == 0 {
		return v, fmt.Errorf("no goroutines or files in the metrics (%s)", a.Status)
	}
	return v, lines.Err()
}

// settle waits until the server is as it was, or half a minute: the slowest
// clients are cut off within ten seconds.
func (s *server) settle(ctx context.Context, key string, before vitals) (v vitals, err error) {
	for range 30 {
		if v, err = s.vitals(key); err != nil || v.goroutines <= before.goroutines && v.files <= before.files {
			return v, err
		}
		select {
		case <-ctx.Done():
			return v, ctx.Err()
		case <-time.After(time.Second):
		}
	}
	return v, nil
}
