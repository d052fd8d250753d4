package facegate

import "context"

// A Frame is one picture of a stream: 8-bit BGR, row by row without gaps,
// 3*Width*Height bytes. Pix may be memory of OpenCV: it is valid only as long as
// its owner says, and nobody who is handed a Frame keeps it.
type Frame struct {
	Width, Height int
	Pix           []byte
}

// A FrameAnalyser is an [Analyser] for pictures that are decoded already, in two
// steps: streams look for faces often, and embed few. Both wait for a free worker
// as Analyse does, with the same errors.
type FrameAnalyser interface {
	// DetectFrame finds faces: box, landmarks, score and quality, the largest first.
	DetectFrame(ctx context.Context, f Frame) ([]Face, error)
	// FollowFaces finds faces that were in boxes a moment ago, and have moved by
	// half their width at most. It takes a small part of DetectFrame's time for each.
	FollowFaces(ctx context.Context, f Frame, near []Box) ([]Face, error)
	// EmbedFace sets the face's Embedding and Crop. The embedding stays nil where
	// dlib does not see a face there.
	EmbedFace(ctx context.Context, f Frame, face *Face) error
}
