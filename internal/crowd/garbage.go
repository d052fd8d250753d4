package crowd

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// litter is a client that sends one kind of garbage, the i-th: every kind has about
// as many clients.
func (c *Crowd) litter(i int) func(context.Context, *Report, int) {
	const form = "multipart/form-data; boundary=x"
	head := "--x\r\nContent-Disposition: form-data; name=\"photo\"; filename=\"a.jpg\"\r\n\r\n"
	bomb := bombPNG()
	simple := func(name, path, kind, key string, body []byte, want ...int) func(context.Context, *Report, int) {
		return func(ctx context.Context, r *Report, _ int) {
			status, header, answer, err := c.send(ctx, path, kind, key, body)
			if ctx.Err() != nil {
				return
			}
			r.count(name, status)
			if err == nil {
				r.check(name, status, header, answer, append(want, http.StatusServiceUnavailable)...)
			} else if status != 0 || len(body) < 1<<20 { // who sends much may find the door shut before the end
				r.fault(name, status, "no answer: %v", err)
			}
		}
	}
	kinds := []func(context.Context, *Report, int){
		simple("broken picture", "/v1/detect", "image/jpeg", c.Key, c.Photo[:len(c.Photo)/2], 400),
		simple("no picture", "/v1/identify", "image/png", c.Key, bytes.Repeat([]byte("no picture "), 1000), 415),
		simple("huge pixels", "/v1/detect", "image/png", c.Key, bomb, 413),
		simple("broken form", "/v1/identify", form, c.Key, []byte(head+"abc"), 400),
		simple("wrong form", "/v1/verify", form, c.Key, []byte(head+"abc\r\n--x\r\nContent-Disposition: form-data; name=\"treshold\"\r\n\r\n1\r\n--x--\r\n"), 400),
		simple("wrong JSON", "/v1/identify", "application/json", c.Key, []byte(`{"embedding":[1,2,`), 400),
		simple("wrong key", "/v1/identify", "image/jpeg", "00000000-0000-4000-8000-000000000000", c.Photo, 401, 429),
		simple("wrong address", "/v1/nothing", "image/jpeg", c.Key, c.Photo, 404),
		simple("too large", "/v1/detect", "image/jpeg", c.Key, append([]byte("\xff\xd8\xff"), make([]byte, c.MaxPhoto)...), 413),
		c.flood,
		c.halfBody,
		c.slowBody,
		c.hangUp,
		c.noHTTP,
	}
	return kinds[i%len(kinds)]
}

// bombPNG is a PNG whose header announces 60,000 x 60,000 pixels.
func bombPNG() []byte {
	header := []byte("IHDR\x00\x00\xea\x60\x00\x00\xea\x60\x08\x06\x00\x00\x00")
	png := append([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0d"), header...)
	return append(binary.BigEndian.AppendUint32(png, crc32.ChecksumIEEE(header)), "\x00\x00\x00\x00IEND\xaeB`\x82"...)
}

// flood sends a photo as large as it may be, which is none.
func (c *Crowd) flood(ctx context.Context, r *Report, _ int) {
	const name = "large and no picture"
	body := append([]byte("\xff\xd8\xff"), make([]byte, c.MaxPhoto-3)...)
	status, header, answer, err := c.send(ctx, "/v1/detect", "image/jpeg", c.Key, body)
	if ctx.Err() != nil {
		return
	}
	r.count(name, status)
	if err == nil { // else the door was shut while it still sent
		r.check(name, status, header, answer, 400, 408, 503)
	}
}

// dial begins a request on a connection of its own.
func (c *Crowd) dial(ctx context.Context, r *Report, kind string, text string) net.Conn {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", strings.TrimPrefix(c.URL, "http://"))
	if err == nil {
		_, err = io.WriteString(conn, text)
	}
	if err != nil && ctx.Err() == nil {
		r.fault(kind, 0, "%v", err)
	}
	if err != nil {
		if conn != nil {
			_ = conn.Close()
		}
		return nil
	}
	return conn
}

func (c *Crowd) head(length int) string {
	return fmt.Sprintf("POST /v1/detect HTTP/1.1\r\nHost: localhost\r\nX-Api-Key: %s\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n", c.Key, length)
}

// hear takes the answer that comes on a connection.
func (r *Report) hear(ctx context.Context, kind string, conn net.Conn, want ...int) {
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	a, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if ctx.Err() != nil {
		return
	}
	if err != nil {
		r.count(kind, 0)
		return
	}
	defer a.Body.Close()
	answer, _ := io.ReadAll(a.Body)
	r.count(kind, a.StatusCode)
	r.check(kind, a.StatusCode, a.Header, answer, want...)
}

// halfBody announces more than it sends.
func (c *Crowd) halfBody(ctx context.Context, r *Report, _ int) {
	const kind = "half a body"
	conn := c.dial(ctx, r, kind, c.head(len(c.Photo))+string(c.Photo[:len(c.Photo)/2]))
	if conn == nil {
		return
	}
	defer conn.Close()
	_ = conn.(*net.TCPConn).CloseWrite()
	r.hear(ctx, kind, conn, 400, 503)
}

// slowBody sends a few bytes now and then, until it is cut off.
func (c *Crowd) slowBody(ctx context.Context, r *Report, _ int) {
	const kind = "slow body"
	conn := c.dial(ctx, r, kind, c.head(len(c.Photo)))
	if conn == nil {
		return
	}
	defer conn.Close()
	over, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		for _, b := range c.Photo {
			select {
			case <-over.Done():
				return
			case <-time.After(100 * time.Millisecond):
			}
			if _, err := conn.Write([]byte{b}); err != nil {
				return
			}
		}
	}()
	r.hear(ctx, kind, conn, 408, 503)
}

// hangUp goes away before the answer comes.
func (c *Crowd) hangUp(ctx context.Context, r *Report, n int) {
	const kind = "hang-up"
	conn := c.dial(ctx, r, kind, c.head(len(c.Photo))+string(c.Photo[:len(c.Photo)>>(n%2)]))
	if conn == nil {
		return
	}
	r.count(kind, 0)
	_ = conn.Close()
}

// noHTTP speaks something else.
func (c *Crowd) noHTTP(ctx context.Context, r *Report, _ int) {
	const kind = "no HTTP"
	conn := c.dial(ctx, r, kind, "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 a TLS client\r\n\r\n")
	if conn == nil {
		return
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	_, _ = io.Copy(io.Discard, conn) // net/http's own answer is plain text
	r.count(kind, 0)
}
