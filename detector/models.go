package detector

import (
	"os"
	"path/filepath"
)

// A ModelRole is what a model file is for.
type ModelRole string

// Roles of model files. All but RoleLiveness are needed.
const (
	RoleRecognition ModelRole = "recognition" // face crop to embedding
	RoleLandmarks   ModelRole = "landmarks"   // 5 or 68 points, which align the face before it is embedded
	RoleMMOD        ModelRole = "mmod"        // dlib's CNN face detector
	RoleDetection   ModelRole = "detection"   // YuNet
	RoleLiveness    ModelRole = "liveness"    // live face or picture of one
)

// A ModelFile describes a file of trained weights, and how its content is known.
type ModelFile struct {
	Name    string    // the file name, which is also the name it is looked for under
	Role    ModelRole // several files can fill one role: the first in the table is preferred
	Purpose string
	Licence string
	Note    string // what a user must know, such as limits of the licence; may be empty

	Size    int64  // bytes of the official file
	GitBlob string // the official content's git blob id: hex SHA-1 of "blob <size>\0" and the content
	SHA256  string // the official content's hex SHA-256, where there is no GitBlob
	URL     string // the official file at a pinned commit; empty: not to be downloaded

	Variants []ModelVariant // other contents that are known to serve
	Dirs     []string       // further folders where a system package puts the file
}

// A ModelVariant is a known content of a model file that is not the official one.
type ModelVariant struct {
	What   string // how it differs
	Size   int64  // bytes
	SHA256 string // hex
}

const (
	goFaceData  = "https://raw.githubusercontent.com/Kagami/go-face-testdata/96ccafa591055ef57286ffed1c3d7e39d17140b7/models/"
	opencvZoo   = "https://media.githubusercontent.com/media/opencv/opencv_zoo/c71f7a40d34cd3830086ee9b7a01174e013ad42a/models/" // the zoo keeps its files in Git LFS
	dlibLicence = "public domain (CC0 1.0)"
)

// ModelFiles is the table of the model files this program works with.
func ModelFiles() []ModelFile {
	return []ModelFile{
		{
			Name: "dlib_face_recognition_resnet_model_v1.dat", Role: RoleRecognition,
			Purpose: "dlib's ResNet: a face as 128 numbers", Licence: dlibLicence,
			Size: 22466066, GitBlob: "ddb515897db3724ddeed593083d3f39818db1a54",
			URL: goFaceData + "dlib_face_recognition_resnet_model_v1.dat",
			Variants: []ModelVariant{{
				What: "the same network with weights rounded to 8 bits (face-api.js, MIT): distances differ in the second decimal",
				Size: 27395456, SHA256: "927093a2bf4aad1ed6f480c42dddab258cd32a80e40cd09708dc10f67502a96e",
			}},
		},
		{
			Name: "shape_predictor_5_face_landmarks.dat", Role: RoleLandmarks,
			Purpose: "dlib's 5-point predictor: aligns the face", Licence: dlibLicence,
			Size: 9150489, GitBlob: "67878ed3894d929c5e03bd1ad2d931cc6d745ee7",
			URL: goFaceData + "shape_predictor_5_face_landmarks.dat",
		},
		{
			Name: "shape_predictor_68_face_landmarks.dat", Role: RoleLandmarks,
			Purpose: "dlib's 68-point predictor: serves where the 5-point file is missing",
			Licence: "iBUG 300-W: non-commercial use only",
			Note:    "trained on the iBUG 300-W photos, whose licence excludes commercial use; the 5-point file of `facegate models pull` is free of that",
			Size:    99693937, SHA256: "fbdc2cb80eb9aa7a758672cbfdda32ba6300efe9b6e6c7a299ff7e736b11b92f",
			Dirs: []string{"/usr/share/dlib"}, // Debian's package libdlib-data
		},
		{
			Name: "mmod_human_face_detector.dat", Role: RoleMMOD,
			Purpose: "dlib's CNN face detector: go-face does not start without it", Licence: dlibLicence,
			Size: 729940, GitBlob: "f112a0a45dbda96080352c45f615d00ddd4f130c",
			URL: goFaceData + "mmod_human_face_detector.dat",
		},
		{
			Name: "face_detection_yunet_2022mar.onnx", Role: RoleDetection,
			Purpose: "YuNet: finds faces and their five landmarks", Licence: "MIT (libfacedetection.train)",
			Size: 345478, SHA256: "50ef07f702a31741ca46a4c0d947773b64143b9362780237bf0d427d6c79bab7",
			URL: opencvZoo + "face_detection_yunet/face_detection_yunet_2022mar.onnx",
		},
		{
			Name: "MiniFASNetV2_2.7_80x80.onnx", Role: RoleLiveness,
			Purpose: "MiniFASNet: a live face or a picture of one", Licence: "Apache-2.0 (Silent-Face-Anti-Spoofing)",
			Note: "optional, not used yet; its makers publish no ONNX file, so none is official and none is downloaded",
			Variants: []ModelVariant{{
				What: "an ONNX export of the published weights",
				Size: 1744126, SHA256: "f0616a1c7123d4978623910241b812943d2d5bba032eac26cc0416764517ef4a",
			}},
		},
	}
}

// ModelDirs is where model files are looked for, in this order: explicit (a
// flag or $FACEGATE_MODELS; may be empty), ./models, ../shared/models, the
// user's data folder.
func ModelDirs(explicit string) []string {
	var dirs []string
	if explicit != "" {
		dirs = append(dirs, explicit)
	}
	dirs = append(dirs, "./models", "../shared/models")
	if d := UserModelDir(); d != "" {
		dirs = append(dirs, d)
	}
	return dirs
}

// UserModelDir is the folder for model files among the user's data:
// facegate/models under $XDG_DATA_HOME or ~/.local/share (XDG Base Directory
// Specification). It is empty where the user has no home.
func UserModelDir() string {
	base := os.Getenv("XDG_DATA_HOME")
	if !filepath.IsAbs(base) {
		home, err := os.UserHomeDir()
		if err != nil {
			return ""
		}
		base = filepath.Join(home, ".local", "share")
	}
	return filepath.Join(base, "facegate", "models")
}
