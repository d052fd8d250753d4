// Package testrtsp runs a real RTSP server for tests, whose line can be cut.
package testrtsp

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bluenviron/gortsplib/v5"
	"github.com/bluenviron/gortsplib/v5/pkg/base"
	"github.com/bluenviron/gortsplib/v5/pkg/description"
	"github.com/bluenviron/gortsplib/v5/pkg/format"
	"github.com/bluenviron/gortsplib/v5/pkg/liberrors"
)

const (
	perSecond = 25 // pictures
	group     = 12 // of them from one key picture to the next
)

// A Server serves a film over RTSP, by TCP and UDP, until its line is cut.
type Server struct {
	Silent  atomic.Bool // it sends nothing
	Garbled atomic.Bool // it sends broken pictures

	address        string
	ports          [2]int // of UDP: pictures, and what is said of them
	user, password string
	units          [][][]byte // access units of the film, each of NAL units
	idle           int        // of them that are sent over and over while nothing is played

	mu    sync.Mutex
	rest  int           // idle pictures sent since the last that was played
	queue [][][]byte    // to be played
	done  chan struct{} // closed when that is done

	server *gortsplib.Server
	stream *gortsplib.ServerStream
	stop   chan struct{}
	ended  sync.WaitGroup
}

// Loop serves a film over and over. It asks for a password where there is one.
func Loop(t testing.TB, film, user, password string) *Server {
	t.Helper()
	s := &Server{user: user, password: password, units: accessUnits(t, film)}
	s.idle = len(s.units)
	s.begin(t)
	return s
}

// Stage serves a film when it is told to, see [Server.Play], and its first half
// second over and over until then and after.
func Stage(t testing.TB, film, user, password string) *Server {
	t.Helper()
	s := &Server{user: user, password: password, units: accessUnits(t, film), idle: group}
	s.begin(t)
	return s
}

func (s *Server) begin(t testing.TB) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.address = l.Addr().String()
	l.Close()
	for s.ports[0] == 0 { // RTP has an even port, and RTCP the next
		a, err := net.ListenPacket("udp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		port := a.LocalAddr().(*net.UDPAddr).Port
		b, err := net.ListenPacket("udp", fmt.Sprintf("127.0.0.1:%d", port+1))
		if a.Close(); err != nil {
			continue
		}
		if b.Close(); port%2 == 0 {
			s.ports = [2]int{port, port + 1}
		}
	}
	s.Start(t)
	t.Cleanup(s.Cut)
}

// accessUnits is the film as H.264 with a key picture twice a second.
func accessUnits(t testing.TB, film string) (units [][][]byte) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "film.h264")
	out, err := exec.Command("ffmpeg", "-v", "error", "-i", film, "-an", "-c:v", "libx264", "-preset", "ultrafast", "-crf", "20", "-g", fmt.Sprint(group),
		"-bf", "0", "-x264-params", "aud=1:repeat-headers=1:scenecut=0", "-f", "h264", file).CombinedOutput()
	if err != nil {
		t.Fatalf("ffmpeg: %v\n%s", err, out)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	data = bytes.ReplaceAll(data, []byte{0, 0, 0, 1}, []byte{0, 0, 1})
	for _, nal := range bytes.Split(data, []byte{0, 0, 1}) {
		if len(nal) == 0 {
			continue
		}
		if nal[0]&0x1f == 9 { // access unit delimiter
			units = append(units, nil)
			continue
		}
		units[len(units)-1] = append(units[len(units)-1], nal)
	}
	return units
}

// Start begins to serve, at the address as before.
func (s *Server) Start(t testing.TB) {
	t.Helper()
	s.server = &gortsplib.Server{Handler: s, RTSPAddress: s.address,
		UDPRTPAddress: fmt.Sprintf("127.0.0.1:%d", s.ports[0]), UDPRTCPAddress: fmt.Sprintf("127.0.0.1:%d", s.ports[1])}
	if err := s.server.Start(); err != nil {
		t.Fatal(err)
	}
	s.stream = &gortsplib.ServerStream{Server: s.server, Desc: &description.Session{Medias: []*description.Media{{
		Type: description.MediaTypeVideo, Formats: []format.Format{&format.H264{PayloadTyp: 96, PacketizationMode: 1}}}}}}
	if err := s.stream.Initialize(); err != nil {
		t.Fatal(err)
	}
	encoder, err := s.stream.Desc.Medias[0].Formats[0].(*format.H264).CreateEncoder()
	if err != nil {
		t.Fatal(err)
	}
	stop := make(chan struct{})
	s.stop = stop
	s.ended.Go(func() {
		ticker := time.NewTicker(time.Second / perSecond)
		defer ticker.Stop()
		for n := 0; ; n++ {
			select {
			case <-stop:
				return
			case <-ticker.C:
			}
			if s.Silent.Load() {
				continue
			}
			unit := s.next()
			if s.Garbled.Load() {
				unit = garble(unit, n)
			}
			packets, err := encoder.Encode(unit)
			if err != nil {
				return
			}
			for _, p := range packets {
				p.Timestamp = uint32(n * 90000 / perSecond)
				if s.stream.WritePacketRTP(s.stream.Desc.Medias[0], p) != nil {
					return
				}
			}
		}
	})
}

// next is the next picture to send. What is played begins with a key picture, and
// so do the idle ones after it.
func (s *Server) next() [][]byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.queue) == 0 {
		s.rest++
		return s.units[(s.rest-1)%s.idle]
	}
	s.rest = 0
	unit := s.queue[0]
	if s.queue = s.queue[1:]; len(s.queue) == 0 {
		close(s.done)
	}
	return unit
}

// Play sends a part of the film, from one second to another, at its own pace, and
// returns when that is done.
func (s *Server) Play(from, to float64) {
	at := func(seconds float64) int { return min(int(seconds*perSecond)/group*group, len(s.units)) }
	s.mu.Lock()
	s.queue, s.done = s.units[at(from):at(to)], make(chan struct{})
	done := s.done
	s.mu.Unlock()
	<-done
}

// garble spoils most of what a picture consists of, and its length.
func garble(unit [][]byte, seed int) [][]byte {
	random := rand.New(rand.NewPCG(7, uint64(seed)))
	var spoilt [][]byte
	for _, nal := range unit {
		nal = bytes.Clone(nal[:1+random.IntN(len(nal))])
		for i := 1; i < len(nal); i++ {
			if random.IntN(3) == 0 {
				nal[i] = byte(random.Uint32())
			}
		}
		spoilt = append(spoilt, nal)
	}
	return spoilt
}

// Cut ends all connections and the server.
func (s *Server) Cut() {
	if s.stop == nil {
		return
	}
	close(s.stop)
	s.stop = nil
	s.ended.Wait()
	s.stream.Close()
	s.server.Close()
}

// URL is where the film is, with that password.
func (s *Server) URL(password string) string {
	if s.user == "" {
		return fmt.Sprintf("rtsp://%s/door", s.address)
	}
	return fmt.Sprintf("rtsp://%s:%s@%s/door", s.user, password, s.address)
}

func (s *Server) admit(c *gortsplib.ServerConn, r *base.Request) (*base.Response, *gortsplib.ServerStream, error) {
	if s.user != "" && !c.VerifyCredentials(r, s.user, s.password) {
		return &base.Response{StatusCode: base.StatusUnauthorized}, nil, liberrors.ErrServerAuth{}
	}
	return &base.Response{StatusCode: base.StatusOK}, s.stream, nil
}

// OnDescribe implements gortsplib.ServerHandlerOnDescribe.
func (s *Server) OnDescribe(c *gortsplib.ServerHandlerOnDescribeCtx) (*base.Response, *gortsplib.ServerStream, error) {
	return s.admit(c.Conn, c.Request)
}

// OnSetup implements gortsplib.ServerHandlerOnSetup.
func (s *Server) OnSetup(c *gortsplib.ServerHandlerOnSetupCtx) (*base.Response, *gortsplib.ServerStream, error) {
	return s.admit(c.Conn, c.Request)
}

// OnPlay implements gortsplib.ServerHandlerOnPlay.
func (s *Server) OnPlay(*gortsplib.ServerHandlerOnPlayCtx) (*base.Response, error) {
	return &base.Response{StatusCode: base.StatusOK}, nil
}
