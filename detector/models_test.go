package detector

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"facegate"
	"facegate/internal/testfiles"
)

// smallTable is a table of six tiny files. Each content is the word in its
// comment and a newline; the ids are what git hash-object and sha256sum say of it.
func smallTable() []ModelFile {
	return []ModelFile{
		{Name: "net.dat", Role: RoleRecognition, Size: 12, GitBlob: "8fb337aa3fc9e1be2da7b55c495c662a30ef7825", // recognition
			Variants: []ModelVariant{{What: "rounded", Size: 7, SHA256: "e665477b617f26fbb6f4bd2c96d65256462937fcae1f79903ef1a12a1b03f2b3"}}}, // coarse
		{Name: "points_5.dat", Role: RoleLandmarks, Size: 5, GitBlob: "54f9d6da5c91d556e6b54340b1327573073030af"},                         // five
		{Name: "points_68.dat", Role: RoleLandmarks, Size: 7, SHA256: "a760379e7ed5e9c437ef231cf82d8d886d53577b7379a03f937823d555b09992"}, // sixty8
		{Name: "mmod.dat", Role: RoleMMOD, Size: 5, GitBlob: "d4ef33e1861ed80bcaef5a915edcc4f133e9ef22"},                                  // mmod
		{Name: "yunet.onnx", Role: RoleDetection, Size: 6, SHA256: "fffe3e3637eee8a769c4ef5333bf39adb9d5044148f76b080249339d8fc59cc1"},    // yunet
		{Name: "live.onnx", Role: RoleLiveness, Size: 5, SHA256: "7a0c3ac0d35f7d3b985ef0e678fab3f36ef28c158cc62d095183e9589d084ae5"},      // live
	}
}

func writeFiles(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func TestFindModels(t *testing.T) {
	const recognitionID = "git:8fb337aa3fc9e1be2da7b55c495c662a30ef7825"
	tests := []struct {
		name   string
		a, b   map[string]string // two folders, searched in this order
		code   facegate.Code
		detail []string // parts of the error's detail
		want   Models   // paths as "folder/name"
	}{
		{
			name: "all in one folder",
			a:    map[string]string{"net.dat": "recognition\n", "points_5.dat": "five\n", "mmod.dat": "mmod\n", "yunet.onnx": "yunet\n", "live.onnx": "live\n"},
			want: Models{Recognition: "a/net.dat", Landmarks: "a/points_5.dat", MMOD: "a/mmod.dat", YuNet: "a/yunet.onnx", Liveness: "a/live.onnx", Points: 5,
				RecognitionID: recognitionID, LandmarksID: "git:54f9d6da5c91d556e6b54340b1327573073030af"},
		},
		{
			name: "spread, a variant, and 68 points for 5",
			a:    map[string]string{"net.dat": "coarse\n", "points_68.dat": "sixty8\n"},
			b:    map[string]string{"net.dat": "recognition\n", "mmod.dat": "mmod\n", "yunet.onnx": "yunet\n"},
			want: Models{Recognition: "a/net.dat", Landmarks: "a/points_68.dat", MMOD: "b/mmod.dat", YuNet: "b/yunet.onnx", Points: 68,
				RecognitionID: "sha256:e665477b617f26fbb6f4bd2c96d65256462937fcae1f79903ef1a12a1b03f2b3",
				LandmarksID:   "sha256:a760379e7ed5e9c437ef231cf82d8d886d53577b7379a03f937823d555b09992"},
		},
		{
			name: "5 points before 68, a good file before a damaged one",
			a:    map[string]string{"net.dat": "recognitiom\n", "points_68.dat": "sixty8\n", "mmod.dat": "mmod\n"},
			b:    map[string]string{"net.dat": "recognition\n", "points_5.dat": "five\n", "yunet.onnx": "yunet\n"},
			want: Models{Recognition: "b/net.dat", Landmarks: "b/points_5.dat", MMOD: "a/mmod.dat", YuNet: "b/yunet.onnx", Points: 5,
				RecognitionID: recognitionID, LandmarksID: "git:54f9d6da5c91d556e6b54340b1327573073030af"},
		},
		{
			name:   "nothing there",
			code:   facegate.CodeModelMissing,
			detail: []string{"missing: net.dat, points_5.dat, mmod.dat, yunet.onnx (looked in "},
		},
		{
			name:   "one bit flipped",
			a:      map[string]string{"net.dat": "recognitioo\n", "points_5.dat": "five\n", "mmod.dat": "mmod\n", "yunet.onnx": "yunet\n"},
			code:   facegate.CodeModelDamaged,
			detail: []string{"net.dat (unknown content)"},
		},
		{
			name:   "truncated and missing",
			a:      map[string]string{"net.dat": "recog", "points_5.dat": "five\n", "yunet.onnx": "yunet\n"},
			code:   facegate.CodeModelDamaged,
			detail: []string{"net.dat (5 bytes, not 12)", "missing: mmod.dat (looked in "},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a, b := t.TempDir(), t.TempDir()
			writeFiles(t, a, tt.a)
			writeFiles(t, b, tt.b)
			got, err := findModels(smallTable(), []string{a, b})
			if code := facegate.CodeOf(err); code != tt.code {
				t.Fatalf("error %v, want code %q", err, tt.code)
			}
			if err != nil {
				e := facegate.AsError(err)
				for _, part := range tt.detail {
					if !strings.Contains(e.Detail, part) {
						t.Errorf("detail %q lacks %q", e.Detail, part)
					}
				}
				if !strings.Contains(e.Next, "facegate models pull") {
					t.Errorf("next step %q does not name the command", e.Next)
				}
				return
			}
			short := func(p string) string {
				p = strings.Replace(p, a+"/", "a/", 1)
				return strings.Replace(p, b+"/", "b/", 1)
			}
			for _, p := range []*string{&got.Recognition, &got.Landmarks, &got.MMOD, &got.YuNet, &got.Liveness} {
				*p = short(*p)
			}
			if *got != tt.want {
				t.Errorf("got  %+v\nwant %+v", *got, tt.want)
			}
		})
	}
}

func TestCheckModelsUnreadable(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "net.dat"), 0o755); err != nil {
		t.Fatal(err)
	}
	s := checkModels(smallTable(), []string{dir})[0]
	if s.State != ModelDamaged || s.Detail != "not a file" {
		t.Errorf("a folder in a model's place: %+v", s)
	}
}

// Who put a damaged file first is told that it is not the one in use.
func TestCheckModelsTellsOfADamagedFileBefore(t *testing.T) {
	first, second := t.TempDir(), t.TempDir()
	writeFiles(t, first, map[string]string{"net.dat": "recognitiom\n"})
	writeFiles(t, second, map[string]string{"net.dat": "recognition\n", "mmod.dat": "mmod\n"})
	for _, s := range checkModels(smallTable(), []string{first, second}) {
		want := ""
		if s.Name == "net.dat" {
			want = filepath.Join(first, "net.dat")
		}
		if s.Damaged != want || s.Name == "net.dat" && s.Path != filepath.Join(second, "net.dat") {
			t.Errorf("%+v, want the damaged %q", s, want)
		}
	}
}

func TestModelDirs(t *testing.T) {
	t.Setenv("XDG_DATA_HOME", "/data")
	want := []string{"/mine", "./models", "../shared/models", "/data/facegate/models"}
	if got := ModelDirs("/mine"); !reflect.DeepEqual(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	t.Setenv("XDG_DATA_HOME", "relative") // the specification: to be ignored
	t.Setenv("HOME", "/home/u")
	want = []string{"./models", "../shared/models", "/home/u/.local/share/facegate/models"}
	if got := ModelDirs(""); !reflect.DeepEqual(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// The table itself: ids well-formed, every needed file obtainable or replaceable.
func TestModelFiles(t *testing.T) {
	obtainable := map[ModelRole]bool{}
	for _, f := range ModelFiles() {
		if f.URL != "" {
			obtainable[f.Role] = true
			if f.id() == "" || f.Size == 0 || !strings.HasPrefix(f.URL, "https://") || !strings.HasSuffix(f.URL, "/"+f.Name) {
				t.Errorf("%s: cannot be pulled safely: %+v", f.Name, f)
			}
		}
		if f.GitBlob != "" && len(f.GitBlob) != 40 || f.SHA256 != "" && len(f.SHA256) != 64 {
			t.Errorf("%s: id of a wrong length", f.Name)
		}
		if f.Licence == "" || f.Purpose == "" {
			t.Errorf("%s: no licence or purpose", f.Name)
		}
	}
	for _, role := range []ModelRole{RoleRecognition, RoleLandmarks, RoleMMOD, RoleDetection} {
		if !obtainable[role] {
			t.Errorf("no file for %s can be pulled", role)
		}
	}
}

// The real files verify.
func TestCheckModelsReal(t *testing.T) {
	dir := testfiles.Models(t)
	for _, s := range CheckModels([]string{dir}) {
		switch s.Role {
		case RoleRecognition, RoleMMOD, RoleDetection:
			if !s.State.Usable() {
				t.Errorf("%s is %s: %s", s.Name, s.State, s.Detail)
			}
		}
	}
	if _, err := FindModels([]string{dir}); err != nil {
		t.Error(err)
	}
}

func TestStage(t *testing.T) {
	dir := t.TempDir()
	writeFiles(t, dir, map[string]string{"net.dat": "recognition\n", "points_68.dat": "sixty8\n", "mmod.dat": "mmod\n", "yunet.onnx": "yunet\n"})
	m, err := findModels(smallTable(), []string{dir})
	if err != nil {
		t.Fatal(err)
	}
	staged, cleanup, err := m.Stage()
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"dlib_face_recognition_resnet_model_v1.dat": "recognition\n",
		"shape_predictor_5_face_landmarks.dat":      "sixty8\n",
		"mmod_human_face_detector.dat":              "mmod\n",
	} {
		got, err := os.ReadFile(filepath.Join(staged, name))
		if err != nil || string(got) != want {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	cleanup()
	if _, err := os.Stat(staged); !os.IsNotExist(err) {
		t.Errorf("the folder is still there: %v", err)
	}
	if _, err := os.Stat(m.Recognition); err != nil {
		t.Errorf("cleanup took the model itself: %v", err)
	}
}
