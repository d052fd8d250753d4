package web

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"time"

	"facegate"

	"github.com/coder/websocket"
	"github.com/gin-gonic/gin"
)

// socketPing is how often a client that sends nothing is asked whether it is there.
const socketPing = 20 * time.Second

// A farewell ends a conversation.
type farewell struct {
	code   websocket.StatusCode
	reason string
}

// converse opens a WebSocket (RFC 6455) and hands each picture, a binary message,
// to hear. The answer, unless it is nil, goes back as a text message of JSON, and
// a farewell ends the conversation. So does a client that sends nothing for as
// long as idle, unless that is 0. Pages of other origins are refused.
func (s *Server) converse(c *gin.Context, next string, idle time.Duration, hear func(ctx context.Context, picture []byte) (any, *farewell)) error {
	if c.GetHeader("Upgrade") == "" {
		return &statusError{http.StatusUpgradeRequired, invalid(next, "this address is a WebSocket")}
	}
	conn, err := websocket.Accept(c.Writer, c.Request, nil)
	if err != nil {
		c.Abort() // it has been answered
		return nil
	}
	defer func() { _ = conn.CloseNow() }()
	conn.SetReadLimit(s.MaxPhotoBytes)
	// Not the request's own: when the server ends, the client is told so.
	ctx, cancel := context.WithCancel(context.WithoutCancel(c.Request.Context()))
	defer cancel()
	stop := context.AfterFunc(s.streams, func() { _ = conn.Close(websocket.StatusGoingAway, "the server ends") })
	defer stop()
	go s.ping(ctx, cancel, conn)
	go s.untilShutOut(ctx, callerOf(c), func() { _ = conn.Close(websocket.StatusPolicyViolation, "you are let in no more") })
	for {
		picture := &heldReader{held: &s.bodies}
		data, end, err := read(ctx, conn, idle, picture)
		if err != nil {
			return nil
		}
		var answer any
		if end == nil {
			answer, end = hear(ctx, data)
		}
		picture.give()
		if answer != nil && !s.say(ctx, conn, answer) {
			return nil
		}
		if end != nil {
			_ = conn.Close(end.code, end.reason)
			return nil
		}
	}
}

// read waits for the next picture, for as long as idle where that is not 0, and
// reads it through counted.
func read(ctx context.Context, conn *websocket.Conn, idle time.Duration, counted *heldReader) ([]byte, *farewell, error) {
	if idle > 0 {
		silence := time.AfterFunc(idle, func() { _ = conn.Close(websocket.StatusPolicyViolation, "no picture came") })
		defer silence.Stop()
	}
	kind, message, err := conn.Reader(ctx)
	if err != nil {
		return nil, nil, err
	}
	if kind != websocket.MessageBinary {
		return nil, &farewell{websocket.StatusUnsupportedData, "send pictures, as binary messages"}, nil
	}
	counted.r = message
	picture, err := io.ReadAll(counted)
	if facegate.CodeOf(err) == facegate.CodeBusy {
		return nil, &farewell{websocket.StatusTryAgainLater, "too much is being sent to the server at once"}, nil
	}
	if err != nil {
		counted.give()
	}
	return picture, nil, err
}

// say reports whether the client has taken the answer.
func (s *Server) say(ctx context.Context, conn *websocket.Conn, answer any) bool {
	text, err := json.Marshal(answer)
	if err != nil {
		s.Logger.ErrorContext(ctx, "an answer cannot be encoded", "error", err)
		return false
	}
	ctx, done := context.WithTimeout(ctx, s.WriteTimeout)
	defer done()
	return conn.Write(ctx, websocket.MessageText, text) == nil
}

// ping ends the connection of a client that is gone without a word.
func (s *Server) ping(ctx context.Context, cancel context.CancelFunc, conn *websocket.Conn) {
	ticker := time.NewTicker(socketPing)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		waiting, done := context.WithTimeout(ctx, s.WriteTimeout)
		err := conn.Ping(waiting)
		done()
		if err != nil {
			cancel()
			return
		}
	}
}
