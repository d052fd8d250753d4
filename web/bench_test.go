package web_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"testing"

	"facegate"
	"facegate/web"
)

// instant is a Recognition that answers at once, so that what is measured is
// HTTP alone: parsing, limits, metrics, log and the answer.
type instant struct {
	facegate.Recognition
	result facegate.IdentifyResult
}

func (i instant) Identify(context.Context, []byte, facegate.IdentifyOptions) (facegate.IdentifyResult, error) {
	return i.result, nil
}

// BenchmarkIdentify is the hot path: the service called directly, the same over
// HTTP on a kept-alive connection, and HTTP alone around no work. HTTP's share
// is http-alone over service, which is far steadier than the difference of the
// first two.
func BenchmarkIdentify(b *testing.B) {
	g := newGateway(b)
	g.enrol(b, "obama", "Barack Obama", "people/obama/obama.jpg")
	g.Logger = slog.New(slog.NewJSONHandler(io.Discard, nil))
	for _, photo := range []string{"probes/obama-480p.jpg", "probes/obama-1080p.jpg"} {
		data := readPhoto(b, photo)
		b.Run("service/"+photo, func(b *testing.B) {
			for b.Loop() {
				if _, err := g.Recognition.Identify(b.Context(), data, facegate.IdentifyOptions{}); err != nil {
					b.Fatal(err)
				}
			}
		})
		result, err := g.Recognition.Identify(b.Context(), data, facegate.IdentifyOptions{})
		if err != nil {
			b.Fatal(err)
		}
		b.Run("http/"+photo, func(b *testing.B) { benchmarkHTTP(b, g.Server, multi(file(b, "photo", photo))) })
		alone := &web.Server{Recognition: instant{result: result}, People: nobody{}, GallerySize: g.GallerySize, Logger: g.Logger}
		if err := alone.Initialize(); err != nil {
			b.Fatal(err)
		}
		b.Run("http-alone/"+photo, func(b *testing.B) { benchmarkHTTP(b, alone, multi(file(b, "photo", photo))) })
	}
}

// benchmarkHTTP identifies one photo again and again over one connection.
func benchmarkHTTP(b *testing.B, s *web.Server, upload body) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx, ln) }()
	transport := &http.Transport{}
	client := &http.Client{Transport: transport}
	url := "http://" + ln.Addr().String() + "/v1/identify"
	b.SetBytes(int64(len(upload.data)))
	b.ReportAllocs()
	for b.Loop() {
		r, err := client.Post(url, upload.kind, bytes.NewReader(upload.data))
		if err != nil {
			b.Fatal(err)
		}
		answer, err := io.ReadAll(r.Body)
		_ = r.Body.Close()
		if err != nil || r.StatusCode != http.StatusOK {
			b.Fatalf("%d %s %v", r.StatusCode, answer, err)
		}
	}
	transport.CloseIdleConnections()
	cancel()
	if err := <-done; err != nil {
		b.Error(err)
	}
}
