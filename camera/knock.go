package camera

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"strings"
	"time"
)

// knock asks an RTSP server whether it is there (OPTIONS, RFC 2326 section 10.1)
// before OpenCV opens the stream. OpenCV opens one capture at a time in the whole
// program and cannot be told to stop: a host that does not answer must not get
// that far.
func knock(ctx context.Context, source string, timeout time.Duration) error {
	u, err := url.Parse(source)
	if err != nil || u.Hostname() == "" {
		return errors.New("not a URL")
	}
	secure := strings.EqualFold(u.Scheme, "rtsps")
	port := u.Port()
	if port == "" {
		if port = "554"; secure {
			port = "322"
		}
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	address := net.JoinHostPort(u.Hostname(), port)
	var conn net.Conn
	if secure { // FFmpeg does not verify certificates of RTSP servers either: cameras sign their own
		conn, err = (&tls.Dialer{Config: &tls.Config{InsecureSkipVerify: true}}).DialContext(ctx, "tcp", address)
	} else {
		conn, err = (&net.Dialer{}).DialContext(ctx, "tcp", address)
	}
	if err != nil {
		return err
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	u.User = nil
	_, err = fmt.Fprintf(conn, "OPTIONS %s RTSP/1.0\r\nCSeq: 1\r\nUser-Agent: facegate\r\n\r\n", u)
	var line string
	if err == nil {
		line, err = bufio.NewReader(conn).ReadString('\n')
	}
	switch {
	case ctx.Err() != nil && errors.Is(err, os.ErrDeadlineExceeded):
		return fmt.Errorf("no answer from %s: %w", address, ctx.Err())
	case err != nil:
		return fmt.Errorf("no answer from %s: %w", address, err)
	case !strings.HasPrefix(line, "RTSP/"):
		return fmt.Errorf("%s does not speak RTSP", address)
	}
	return nil
}
