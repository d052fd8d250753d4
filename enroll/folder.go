package enroll

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"facegate"
)

// A personFolder is a folder of photos, named as its person.
type personFolder struct {
	name    string
	photos  []string // paths from the root of the import, sorted
	refused []facegate.Refusal
}

// personFolders lists the folders in root. Loose files beside them, such as a
// README, are left alone; but loose photos mean that the folder is laid out
// otherwise, and their person cannot be guessed.
func personFolders(root *os.Root, dir string) ([]personFolder, error) {
	entries, err := fs.ReadDir(root.FS(), ".")
	if err != nil {
		return nil, invalidFolder(fmt.Sprintf("the folder %s cannot be read", dir), err)
	}
	var folders []personFolder
	for _, e := range entries {
		if isHidden(e.Name()) {
			continue
		}
		info, err := root.Stat(e.Name())
		if err != nil { // such as a link that leads out
			folders = append(folders, personFolder{name: e.Name(), refused: []facegate.Refusal{unreachable(e.Name())}})
			continue
		}
		switch {
		case info.IsDir():
			folders = append(folders, listPhotos(root, e.Name()))
		case info.Mode().IsRegular() && hasPhotoName(e.Name()):
			return nil, invalidFolder(fmt.Sprintf("the folder %s holds photos itself (%s), so it is not clear whom they show", dir, e.Name()), nil)
		}
	}
	if len(folders) == 0 {
		return nil, invalidFolder(fmt.Sprintf("the folder %s holds no folders", dir), nil)
	}
	return folders, nil
}

func listPhotos(root *os.Root, name string) personFolder {
	f := personFolder{name: name}
	entries, err := fs.ReadDir(root.FS(), name)
	if err != nil {
		f.refused = append(f.refused, unreachable(name))
		return f
	}
	for _, e := range entries {
		if isHidden(e.Name()) {
			continue
		}
		photo := path.Join(name, e.Name())
		switch info, err := root.Stat(photo); {
		case err != nil:
			f.refused = append(f.refused, unreachable(photo))
		case info.IsDir():
			f.refused = append(f.refused, facegate.Refusal{Photo: photo, Code: facegate.CodeInvalid,
				Detail: "This is a folder within a person's folder; its photos were not read."})
		case !info.Mode().IsRegular(): // reading a pipe would never end
			f.refused = append(f.refused, facegate.Refusal{Photo: photo, Code: facegate.CodeNotAnImage, Detail: "This is not a file."})
		default:
			f.photos = append(f.photos, photo)
		}
	}
	if len(f.photos) == 0 && len(f.refused) == 0 {
		f.refused = append(f.refused, facegate.Refusal{Photo: name, Code: facegate.CodeInvalid, Detail: "This folder holds no photos."})
	}
	return f
}

// readPhoto reads a file of at most limit bytes.
func readPhoto(root *os.Root, name string, limit int64) ([]byte, *facegate.Refusal) {
	file, err := root.Open(name)
	if err != nil {
		r := unreachable(name)
		return nil, &r
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, limit+1))
	if err != nil {
		r := unreachable(name)
		return nil, &r
	}
	if int64(len(data)) > limit {
		return nil, &facegate.Refusal{Photo: name, Code: facegate.CodeTooLarge,
			Detail: fmt.Sprintf("The file is larger than %d MiB.", limit>>20)}
	}
	return data, nil
}

func unreachable(name string) facegate.Refusal {
	return facegate.Refusal{Photo: name, Code: facegate.CodeInvalid,
		Detail: "This file or folder cannot be read: its permissions forbid it, or it is a link that leads nowhere or out of the folder."}
}

func isHidden(name string) bool { return strings.HasPrefix(name, ".") }

func hasPhotoName(name string) bool {
	return slices.Contains([]string{".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff"}, strings.ToLower(path.Ext(name)))
}
