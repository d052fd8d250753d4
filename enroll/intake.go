package enroll

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"facegate"

	"golang.org/x/sync/errgroup"
)

// An intake is what became of the photos of one call before anything is stored,
// each in the order the photos came in.
type intake struct {
	usable  []usablePhoto
	refused []facegate.Refusal
	skipped []facegate.Refusal
}

// A usablePhoto shows exactly one face, and a good one.
type usablePhoto struct {
	name string
	hash photoHash
	face facegate.Face
	kept keptPhoto
}

// An analyse finds and embeds the faces of a photo.
type analyse func(ctx context.Context, photo facegate.Photo) (facegate.Analysis, error)

func (s *Service) analyse(ctx context.Context, photo facegate.Photo) (facegate.Analysis, error) {
	return s.Analyser.Analyse(ctx, photo.Data, facegate.AnalyseOptions{Embed: true, Crops: true, MinScore: photo.MinScore})
}

// take judges photos. Those the person has already are skipped without a look: a
// repeated import costs no more than reading its files. personID is empty for a
// person who is yet to be stored.
//
// It fails only for reasons that lie outside the photos, such as
// [facegate.CodeBusy] or the end of the context.
func (s *Service) take(ctx context.Context, personID string, photos []facegate.Photo, analyse analyse) (intake, error) {
	if s.Analyser == nil || s.Gallery == nil {
		return intake{}, errors.New("enroll.Service takes no photos without Analyser and Gallery")
	}
	type verdict struct {
		usable           *usablePhoto
		refused, skipped *facegate.Refusal
	}
	verdicts := make([]verdict, len(photos))
	recipe := s.Analyser.Recipe()
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(s.parallel())
	for i, photo := range photos {
		group.Go(func() error {
			hash := sha256.Sum256(photo.Data)
			if err := ctx.Err(); err != nil {
				return err
			}
			stored, err := samplePhoto(ctx, s.Store.reader, personID, hash)
			if err != nil {
				return s.Store.cause(ctx, err)
			}
			if stored != nil && stored.recipe == recipe {
				verdicts[i].skipped = alreadyEnrolled(photo.Name, stored.sampleID)
				return nil
			}
			a, err := analyse(ctx, photo)
			if err != nil {
				verdicts[i].refused, err = unreadable(photo.Name, err)
				return err
			}
			if verdicts[i].refused = s.judge(photo.Name, a.Faces); verdicts[i].refused != nil {
				return nil
			}
			kept, err := s.keep(ctx, photo.Data, a.Faces[0].Crop)
			verdicts[i].usable = &usablePhoto{photo.Name, hash, a.Faces[0], kept}
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return intake{}, fmt.Errorf("analyse the photos: %w", err)
	}
	var in intake
	for _, v := range verdicts {
		switch {
		case v.usable != nil:
			in.usable = append(in.usable, *v.usable)
		case v.refused != nil:
			in.refused = append(in.refused, *v.refused)
		default:
			in.skipped = append(in.skipped, *v.skipped)
		}
	}
	return in, nil
}

// judge says why faces, all those of one photo, cannot be enrolled; nil when
// they can: exactly one face, of good quality. One large face among small ones
// is no exception: whoever stands in the background has not agreed to anything,
// and the largest face need not be the person meant.
func (s *Service) judge(photo string, faces []facegate.Face) *facegate.Refusal {
	if len(faces) == 0 {
		return &facegate.Refusal{Photo: photo, Code: facegate.CodeNoFace, Detail: "No face was found in this photo."}
	}
	if len(faces) > 1 {
		return &facegate.Refusal{Photo: photo, Code: facegate.CodeSeveralFaces,
			Detail: fmt.Sprintf("There are %d faces in this photo; enrolment needs exactly one.", len(faces))}
	}
	f := faces[0]
	if f.Quality.Overall < s.minQuality() {
		why := fmt.Sprintf("its quality is %.2f, at least %.2f is needed", f.Quality.Overall, s.minQuality())
		if len(f.Quality.Reasons) > 0 {
			why = strings.Join(f.Quality.Reasons, "; ")
		}
		return &facegate.Refusal{Photo: photo, Code: facegate.CodeLowQuality,
			Detail: sentence("The face in this photo is not good enough: " + why)}
	}
	if f.Embedding == nil {
		return &facegate.Refusal{Photo: photo, Code: facegate.CodeLowQuality,
			Detail: "The face in this photo could not be measured; try another photo."}
	}
	return nil
}

// unreadable is the refusal of a photo that the Analyser could not read. An
// error that is not the photo's fault is given back.
func unreadable(photo string, err error) (*facegate.Refusal, error) {
	if errors.Is(err, errPhotoFailed) {
		return &facegate.Refusal{Photo: photo, Code: facegate.CodeInternal, Detail: "This photo could not be processed; the log tells why."}, nil
	}
	e := facegate.AsError(err)
	switch e.Code {
	case facegate.CodeEmpty, facegate.CodeNotAnImage, facegate.CodeUnsupportedFormat, facegate.CodeTooLarge, facegate.CodeTruncated:
		detail := sentence(e.Detail)
		if e.Next != "" {
			detail += " " + sentence(e.Next)
		}
		return &facegate.Refusal{Photo: photo, Code: e.Code, Detail: detail}, nil
	}
	return nil, err
}

func alreadyEnrolled(photo, sampleID string) *facegate.Refusal {
	return &facegate.Refusal{Photo: photo, Code: facegate.CodeNearIdentical, Detail: "This photo is already enrolled for this person.", SampleID: sampleID}
}

func nearlyIdentical(photo, sampleID string) *facegate.Refusal {
	return &facegate.Refusal{Photo: photo, Code: facegate.CodeNearIdentical,
		Detail: "This photo is nearly identical to one that is already enrolled for this person.", SampleID: sampleID}
}

// sentence is s with a capital at the start and a full stop at the end.
func sentence(s string) string {
	s = strings.TrimRight(strings.TrimSpace(s), ".")
	if r, size := utf8.DecodeRuneInString(s); size > 0 {
		s = string(unicode.ToUpper(r)) + s[size:]
	}
	return s + "."
}
