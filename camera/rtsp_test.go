package camera_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bluenviron/gortsplib/v5"
	"github.com/bluenviron/gortsplib/v5/pkg/base"
	"github.com/bluenviron/gortsplib/v5/pkg/description"
	"github.com/bluenviron/gortsplib/v5/pkg/format"
	"github.com/bluenviron/gortsplib/v5/pkg/liberrors"

	"facegate"
)

// An rtspServer serves a film over RTSP, over and over, until its line is cut. It
// asks for a password where it has one.
type rtspServer struct {
	address        string
	user, password string
	units          [][][]byte // access units of the film, each of NAL units
	silent         atomic.Bool
	garbled        atomic.Bool

	server *gortsplib.Server
	stream *gortsplib.ServerStream
	stop   chan struct{}
	ended  sync.WaitGroup
}

func newRTSPServer(t testing.TB, film facegate.Source, user, password string) *rtspServer {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &rtspServer{address: l.Addr().String(), user: user, password: password, units: accessUnits(t, film)}
	l.Close()
	s.start(t)
	t.Cleanup(s.cut)
	return s
}

// accessUnits is the film as H.264 with a key picture twice a second.
func accessUnits(t testing.TB, film facegate.Source) (units [][][]byte) {
	t.Helper()
	file := t.TempDir() + "/film.h264"
	out, err := exec.Command("ffmpeg", "-v", "error", "-i", film.Reveal(), "-an", "-c:v", "libx264", "-preset", "ultrafast", "-crf", "20", "-g", "12",
		"-bf", "0", "-x264-params", "aud=1:repeat-headers=1", "-f", "h264", file).CombinedOutput()
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

func (s *rtspServer) start(t testing.TB) {
	t.Helper()
	s.server = &gortsplib.Server{Handler: s, RTSPAddress: s.address}
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
		ticker := time.NewTicker(40 * time.Millisecond)
		defer ticker.Stop()
		for n := 0; ; n++ {
			select {
			case <-stop:
				return
			case <-ticker.C:
			}
			if s.silent.Load() {
				continue
			}
			unit := s.units[n%len(s.units)]
			if s.garbled.Load() {
				unit = garble(unit, n)
			}
			packets, err := encoder.Encode(unit)
			if err != nil {
				return
			}
			for _, p := range packets {
				p.Timestamp = uint32(n * 3600)
				if s.stream.WritePacketRTP(s.stream.Desc.Medias[0], p) != nil {
					return
				}
			}
		}
	})
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

// cut ends all connections and the server.
func (s *rtspServer) cut() {
	if s.stop == nil {
		return
	}
	close(s.stop)
	s.stop = nil
	s.ended.Wait()
	s.stream.Close()
	s.server.Close()
}

func (s *rtspServer) source(password string) facegate.Source {
	if s.user == "" {
		return facegate.Source(fmt.Sprintf("rtsp://%s/door", s.address))
	}
	return facegate.Source(fmt.Sprintf("rtsp://%s:%s@%s/door", s.user, password, s.address))
}

func (s *rtspServer) admit(c *gortsplib.ServerConn, r *base.Request) (*base.Response, *gortsplib.ServerStream, error) {
	if s.user != "" && !c.VerifyCredentials(r, s.user, s.password) {
		return &base.Response{StatusCode: base.StatusUnauthorized}, nil, liberrors.ErrServerAuth{}
	}
	return &base.Response{StatusCode: base.StatusOK}, s.stream, nil
}

func (s *rtspServer) OnDescribe(c *gortsplib.ServerHandlerOnDescribeCtx) (*base.Response, *gortsplib.ServerStream, error) {
	return s.admit(c.Conn, c.Request)
}

func (s *rtspServer) OnSetup(c *gortsplib.ServerHandlerOnSetupCtx) (*base.Response, *gortsplib.ServerStream, error) {
	return s.admit(c.Conn, c.Request)
}

func (s *rtspServer) OnPlay(*gortsplib.ServerHandlerOnPlayCtx) (*base.Response, error) {
	return &base.Response{StatusCode: base.StatusOK}, nil
}
