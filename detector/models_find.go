package detector

import (
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"facegate"
)

// Models are the model files to work with. They may lie in different folders.
type Models struct {
	Recognition string // path of dlib's ResNet
	Landmarks   string // path of the 5- or 68-point shape predictor
	MMOD        string // path of dlib's CNN face detector
	YuNet       string // path of YuNet
	Liveness    string // path of MiniFASNet; empty where there is none

	Points        int    // landmarks of the shape predictor, 5 or 68
	RecognitionID string // content id of Recognition, such as "git:ddb5..." or "sha256:9270..."
	LandmarksID   string // content id of Landmarks
}

// A ModelState says what a model file is.
type ModelState string

// States of a model file.
const (
	ModelOfficial ModelState = "official" // verified: the official content
	ModelKnown    ModelState = "known"    // verified: known content, not the official file
	ModelDamaged  ModelState = "damaged"  // there, but of unknown content
	ModelMissing  ModelState = "missing"
)

// Usable reports whether a file in this state serves.
func (s ModelState) Usable() bool { return s == ModelOfficial || s == ModelKnown }

// A ModelStatus is one line of the report on model files.
type ModelStatus struct {
	Name    string     `json:"name"`
	Role    ModelRole  `json:"role"`
	State   ModelState `json:"state"`
	Path    string     `json:"path,omitempty"`    // the file looked at
	ID      string     `json:"id,omitempty"`      // of usable content: "git:<blob id>" or "sha256:<hash>"
	Detail  string     `json:"detail,omitempty"`  // how a variant differs, what is wrong with a damaged file
	Damaged string     `json:"damaged,omitempty"` // the path of a damaged file that came first, where this one serves instead
	Needed  bool       `json:"needed"`            // the program does not recognise faces without it (or a stand-in)
	Purpose string     `json:"purpose"`
	Licence string     `json:"licence"`
	Note    string     `json:"note,omitempty"`
}

// FindModels finds the model files in dirs, the first usable file of each name
// winning, and verifies the whole content of each (about 0.1 s in all).
//
// Errors: one facegate.Error, [facegate.CodeModelMissing] or
// [facegate.CodeModelDamaged], that names every file at fault, where it was
// looked for, and the command that mends it.
func FindModels(dirs []string) (*Models, error) {
	return findModels(ModelFiles(), dirs)
}

// CheckModels reports on every known model file. Where several folders hold a
// file of one name, the report is on the one FindModels would take.
func CheckModels(dirs []string) []ModelStatus {
	return checkModels(ModelFiles(), dirs)
}

func findModels(table []ModelFile, dirs []string) (*Models, error) {
	chosen := map[ModelRole]ModelStatus{}
	for _, s := range checkModels(table, dirs) {
		if best, ok := chosen[s.Role]; !ok || !best.State.Usable() && s.State.Usable() {
			chosen[s.Role] = s
		}
	}
	var missing, damaged []string
	for _, f := range table {
		s := chosen[f.Role]
		if s.Name != f.Name || !s.Needed || s.State.Usable() {
			continue
		}
		if s.State == ModelDamaged {
			damaged = append(damaged, fmt.Sprintf("%s (%s)", s.Path, s.Detail))
		} else {
			missing = append(missing, s.Name)
		}
	}
	if len(missing)+len(damaged) > 0 {
		return nil, modelError(missing, damaged, dirs)
	}
	m := &Models{
		Recognition:   chosen[RoleRecognition].Path,
		Landmarks:     chosen[RoleLandmarks].Path,
		MMOD:          chosen[RoleMMOD].Path,
		YuNet:         chosen[RoleDetection].Path,
		Points:        5,
		RecognitionID: chosen[RoleRecognition].ID,
		LandmarksID:   chosen[RoleLandmarks].ID,
	}
	if strings.Contains(chosen[RoleLandmarks].Name, "68") {
		m.Points = 68
	}
	if s := chosen[RoleLiveness]; s.State.Usable() {
		m.Liveness = s.Path
	}
	return m, nil
}

func modelError(missing, damaged, dirs []string) *facegate.Error {
	var parts []string
	code := facegate.CodeModelMissing
	if len(damaged) > 0 {
		code = facegate.CodeModelDamaged
		parts = append(parts, "damaged: "+strings.Join(damaged, ", "))
	}
	if len(missing) > 0 {
		parts = append(parts, fmt.Sprintf("missing: %s (looked in %s)", strings.Join(missing, ", "), strings.Join(dirs, ", ")))
	}
	return facegate.NewError(code, "model files "+strings.Join(parts, "; "),
		"run `facegate models pull`, or name the folder that holds them with --models")
}

func checkModels(table []ModelFile, dirs []string) []ModelStatus {
	report := make([]ModelStatus, 0, len(table))
	for _, f := range table {
		best := f.status(ModelMissing)
		for _, dir := range append(dirs[:len(dirs):len(dirs)], f.Dirs...) {
			s := f.Check(filepath.Join(dir, f.Name))
			if s.State.Usable() {
				s.Damaged = best.Path
				best = s
				break
			}
			if s.State == ModelDamaged && best.State == ModelMissing {
				best = s
			}
		}
		report = append(report, best)
	}
	return report
}

func (f ModelFile) status(s ModelState) ModelStatus {
	return ModelStatus{Name: f.Name, Role: f.Role, State: s, Needed: f.Role != RoleLiveness,
		Purpose: f.Purpose, Licence: f.Licence, Note: f.Note}
}

// Check reads the file at path and tells whether it is f.
func (f ModelFile) Check(path string) ModelStatus {
	s := f.status(ModelDamaged)
	if abs, err := filepath.Abs(path); err == nil {
		path = abs
	}
	s.Path = path
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return f.status(ModelMissing)
	case err != nil:
		s.Detail = err.Error()
		return s
	case !info.Mode().IsRegular():
		s.Detail = "not a file"
		return s
	}
	for _, v := range f.Variants {
		if v.Size != info.Size() {
			continue
		}
		sum, err := contentID(path, info.Size(), false)
		if err != nil {
			s.Detail = err.Error()
			return s
		}
		if sum == "sha256:"+v.SHA256 {
			s.State, s.ID, s.Detail = ModelKnown, sum, v.What
			return s
		}
	}
	if id := f.id(); id != "" {
		got, err := contentID(path, info.Size(), f.GitBlob != "")
		if err != nil {
			s.Detail = err.Error()
			return s
		}
		if got == id {
			s.State, s.ID = ModelOfficial, id
			return s
		}
	}
	s.Detail = f.mismatch(info.Size())
	return s
}

// mismatch says in what a file of this size differs from f.
func (f ModelFile) mismatch(size int64) string {
	sized := func(v ModelVariant) bool { return v.Size == size }
	if f.Size == 0 || size == f.Size || slices.ContainsFunc(f.Variants, sized) {
		return "unknown content"
	}
	return fmt.Sprintf("%d bytes, not %d", size, f.Size)
}

// id is the official content id; empty where none is known.
func (f ModelFile) id() string {
	switch {
	case f.GitBlob != "":
		return "git:" + f.GitBlob
	case f.SHA256 != "":
		return "sha256:" + f.SHA256
	}
	return ""
}

func contentID(path string, size int64, gitBlob bool) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	var h hash.Hash
	kind := "sha256:"
	if gitBlob {
		kind, h = "git:", sha1.New()
		fmt.Fprintf(h, "blob %d\x00", size)
	} else {
		h = sha256.New()
	}
	if _, err := io.Copy(h, file); err != nil {
		return "", fmt.Errorf("read %s: %w", path, err)
	}
	return kind + hex.EncodeToString(h.Sum(nil)), nil
}

// Stage makes a temporary folder with links to the files under the names
// go-face insists on. Call cleanup once the recognizers are loaded.
func (m *Models) Stage() (dir string, cleanup func(), err error) {
	dir, err = os.MkdirTemp("", "facegate-models-")
	if err != nil {
		return "", nil, fmt.Errorf("stage models: %w", err)
	}
	cleanup = func() { os.RemoveAll(dir) }
	for name, path := range map[string]string{
		"dlib_face_recognition_resnet_model_v1.dat": m.Recognition,
		"shape_predictor_5_face_landmarks.dat":      m.Landmarks, // dlib aligns with 5 or 68 points, whatever the name says
		"mmod_human_face_detector.dat":              m.MMOD,
	} {
		abs, err := filepath.Abs(path)
		if err == nil {
			err = os.Symlink(abs, filepath.Join(dir, name))
		}
		if err != nil {
			cleanup()
			return "", nil, fmt.Errorf("stage models: %w", err)
		}
	}
	return dir, cleanup, nil
}
