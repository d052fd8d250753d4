package facegate

import (
	"context"
	"time"
)

// CodeCameraNotFound is the code of an error about a camera that is not there.
const CodeCameraNotFound Code = "camera_not_found"

// A CameraRef names a camera.
type CameraRef struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// A Camera is a stream that is looked at. Names are unique.
type Camera struct {
	ID     string `json:"id"` // UUID
	Name   string `json:"name"`
	Source Source `json:"source"` // its JSON form hides passwords
	CameraSettings
	Paused    bool      `json:"paused"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
}

// Ref is the short form of c.
func (c Camera) Ref() CameraRef { return CameraRef{c.ID, c.Name} }

// CameraSettings say how a camera is looked at. The zero value of a field chooses
// its default.
type CameraSettings struct {
	Transport  Transport `json:"transport,omitempty"`        // of RTSP: tcp or udp; empty: tcp, or udp where the server has nothing else
	Pace       Pace      `json:"pace,omitempty"`             // of files and folders: real (the default) or fast
	FPS        float64   `json:"fps,omitempty"`              // pictures searched for faces per second, at most, 0..60; 0: 10. Half as many while all who are in sight are known
	MinFace    int       `json:"min_face,omitempty"`         // px of the stream's picture, shorter side of the box; smaller faces are ignored; 0: 24
	MotionGate bool      `json:"motion_gate,omitempty"`      // look for faces only where something moves
	Zones      []Zone    `json:"zones,omitempty"`            // where faces count; none: everywhere
	Schedule   []Window  `json:"schedule,omitempty"`         // when the camera is looked at; none: always
	Cooldown   *float64  `json:"cooldown_seconds,omitempty"` // somebody seen again within it continues their sighting, 0..86400; nil: 30
	Liveness   *float64  `json:"liveness,omitempty"`         // least liveness score, 0..1, of a match; nil: not judged
}

// Transport is how RTSP carries pictures.
type Transport string

// Transports.
const (
	TCP Transport = "tcp"
	UDP Transport = "udp"
)

// Pace is how fast a file or folder is played.
type Pace string

// Paces. At RealPace a file behaves as a camera does: pictures that come while
// the one before is looked at are dropped. At FastPace none is dropped, and the
// time of everything is the file's own.
const (
	RealPace Pace = "real"
	FastPace Pace = "fast"
)

// A Zone is a polygon in the picture. A face belongs to it when the middle of its
// box lies inside. With one include zone or more a face has to be in one of them;
// a face in a mask is never looked at.
type Zone struct {
	Name   string       `json:"name,omitempty"`
	Mode   ZoneMode     `json:"mode"`
	Points [][2]float64 `json:"points"` // three or more corners x, y; 0..1 from the top left corner, shares of width and height
}

// ZoneMode says what a zone is for.
type ZoneMode string

// Modes of zones.
const (
	Include ZoneMode = "include"
	Mask    ZoneMode = "mask"
)

// A Window is a span of the day, in the server's time zone. One that ends before
// it starts runs over midnight and belongs to the day it starts on.
type Window struct {
	Days []string `json:"days,omitempty"` // mon, tue, wed, thu, fri, sat, sun; none: every day
	From string   `json:"from"`           // "08:00"
	To   string   `json:"to"`             // "18:30", exclusive; "24:00" is midnight
}

// CameraState is how a camera does.
type CameraState string

// States of cameras.
const (
	CameraConnecting CameraState = "connecting" // opening the source
	CameraOnline     CameraState = "online"     // pictures come
	CameraStalled    CameraState = "stalled"    // the source is open, but no picture came of late
	CameraRetrying   CameraState = "retrying"   // the source failed; it is opened again in a while
	CameraPaused     CameraState = "paused"     // by its user, or outside its schedule (see CameraStatus.Detail)
	CameraEnded      CameraState = "ended"      // a file or folder has been seen to its end
)

// CameraStatus is what is known of a running camera. Counts start at zero when
// the program does.
type CameraStatus struct {
	State       CameraState `json:"state"`
	Since       time.Time   `json:"since"`            // when it came into this state
	Detail      string      `json:"detail,omitempty"` // why, in words
	Width       int         `json:"width"`            // px of the stream's picture; 0: not known yet
	Height      int         `json:"height"`
	FPS         float64     `json:"fps"`          // pictures that came per second, of late
	AnalysedFPS float64     `json:"analysed_fps"` // pictures searched for faces per second, of late
	Frames      uint64      `json:"frames"`       // pictures that came
	Analysed    uint64      `json:"analysed"`     // pictures searched for faces
	Dropped     uint64      `json:"dropped"`      // pictures that were due to be searched, and given up for a newer one
	Still       uint64      `json:"still"`        // pictures the motion gate held back
	Faces       uint64      `json:"faces"`        // faces found in pictures
	Embeddings  uint64      `json:"embeddings"`   // faces embedded
	Tracks      uint64      `json:"tracks"`       // faces followed
	Sightings   uint64      `json:"sightings"`    // sightings reported, each once
	Unreported  uint64      `json:"unreported"`   // reports that a sink refused
	Unresolved  uint64      `json:"unresolved"`   // tracks that ended before there was evidence enough to tell anything
	Retries     uint64      `json:"retries"`      // times the source was opened again
	LastError   string      `json:"last_error,omitempty"`
	LastErrorAt *time.Time  `json:"last_error_at,omitempty"`
	LastFrameAt *time.Time  `json:"last_frame_at,omitempty"`
	Viewers     int         `json:"viewers"` // of the live view
}

// CameraInfo is a camera and how it does.
type CameraInfo struct {
	Camera
	Status CameraStatus `json:"status"`
}

// A CameraUpdate changes the fields that are not nil. A source with its password
// hidden, as the API shows it, keeps the password.
type CameraUpdate struct {
	Name     *string         `json:"name"`
	Source   *Source         `json:"source"`
	Settings *CameraSettings `json:"settings"` // replaces all of them
	Paused   *bool           `json:"paused"`
}

// A CameraView is what a camera sees just now, as data: for drawing boxes over
// its live picture.
type CameraView struct {
	Camera CameraRef   `json:"camera"`
	At     time.Time   `json:"at"`
	Width  int         `json:"width"` // px of the picture the boxes are in
	Height int         `json:"height"`
	Tracks []TrackView `json:"tracks"`
}

// A TrackView is a face that is followed just now.
type TrackView struct {
	TrackID    int64      `json:"track_id"`
	Box        Box        `json:"box"` // px of the stream's picture
	Decided    bool       `json:"decided"`
	Decision   Decision   `json:"decision,omitempty"` // so far; empty until there is evidence enough
	Person     *PersonRef `json:"person,omitempty"`
	UnknownID  string     `json:"unknown_id,omitempty"`
	Similarity float64    `json:"similarity,omitempty"`
	Liveness   *float64   `json:"liveness,omitempty"`
	Evidence   int        `json:"evidence"`
	FirstSeen  time.Time  `json:"first_seen"`
	SightingID string     `json:"sighting_id,omitempty"` // once reported
}

// Cameras is the service that looks at streams. Changes take effect at once and
// are stored; one camera never waits for another's source.
//
// Errors: [CodeCameraNotFound], [CodeNameTaken], [CodeInvalid] for settings out
// of range, and for Push those of decoding a photo.
type Cameras interface {
	List(ctx context.Context) ([]CameraInfo, error) // by name
	Camera(ctx context.Context, id string) (CameraInfo, error)
	// Add starts looking at a camera: name, source, settings and paused are taken
	// from c. It does not wait for the source.
	Add(ctx context.Context, c Camera) (CameraInfo, error)
	Update(ctx context.Context, id string, u CameraUpdate) (CameraInfo, error)
	Pause(ctx context.Context, id string, paused bool) (CameraInfo, error)
	// Remove ends a camera; its open sightings are reported as ended.
	Remove(ctx context.Context, id string) error
	// View is what the camera sees just now.
	View(ctx context.Context, id string) (CameraView, error)
	// Live sends the camera's pictures as JPEG with boxes and names drawn in,
	// always the newest; a slow reader misses some. The channel is closed when ctx
	// ends or the camera is removed.
	Live(ctx context.Context, id string) (<-chan []byte, error)
	// Views sends what the camera sees, after each picture that was looked at, in
	// the same way.
	Views(ctx context.Context, id string) (<-chan CameraView, error)
	// Push hands a picture (JPEG, PNG, ...) taken at that time to a camera whose
	// source is pushed. It does not wait for it to be looked at; a picture that is
	// still waiting is replaced.
	Push(ctx context.Context, id string, picture []byte, at time.Time) error
}

// A CameraStore keeps cameras over restarts. It stores sources encrypted where
// the rest of the database is.
type CameraStore interface {
	Cameras(ctx context.Context) ([]Camera, error)
	// SaveCamera adds the camera, or replaces the one with its id. It fails with
	// CodeNameTaken.
	SaveCamera(ctx context.Context, c Camera) error
	DeleteCamera(ctx context.Context, id string) error
}
