package enroll

import (
	"context"
	"time"

	"facegate"
)

// What the audit calls what is asked about faces.
const (
	actionDetect   = "detect"
	actionIdentify = "identify"
	actionVerify   = "verify"
)

// An AuditedRecognition is a Recognition whose every answer is in the audit: who
// asked, the decision and the distance, and on whom. An answer that cannot be
// recorded is not given.
type AuditedRecognition struct {
	facegate.Recognition
	Log facegate.AuditLog
}

var (
	_ facegate.Recognition       = (*AuditedRecognition)(nil)
	_ facegate.SampleRecognition = (*AuditedRecognition)(nil)
)

// lateRecord is how long the record of a failure may wait for room.
const lateRecord = 5 * time.Second

func (r *AuditedRecognition) failed(ctx context.Context, action, personID string, cause error) error {
	if facegate.CodeOf(cause) == facegate.CodeCanceled {
		return cause
	}
	// A request that ran out of time still has to be recorded; but where nothing can
	// be written, and all the room for what waits is taken, nobody waits for good.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lateRecord)
	defer cancel()
	err := r.Log.Record(ctx, facegate.AuditRecord{Action: action, PersonID: personID,
		Detail: map[string]any{"error": string(facegate.CodeOf(cause))}})
	if err != nil {
		return err
	}
	return cause
}

// Detect is recorded with the number of faces.
func (r *AuditedRecognition) Detect(ctx context.Context, photo []byte, o facegate.AnalyseOptions) (facegate.Analysis, error) {
	a, err := r.Recognition.Detect(ctx, photo, o)
	if err != nil {
		return a, r.failed(ctx, actionDetect, "", err)
	}
	return a, r.Log.Record(ctx, facegate.AuditRecord{Action: actionDetect, Detail: map[string]any{"faces": len(a.Faces), "embeddings": o.Embed}})
}

// Identify is recorded face by face; a photo without any is recorded too.
func (r *AuditedRecognition) Identify(ctx context.Context, photo []byte, o facegate.IdentifyOptions) (facegate.IdentifyResult, error) {
	result, err := r.Recognition.Identify(ctx, photo, o)
	if err != nil {
		return result, r.failed(ctx, actionIdentify, "", err)
	}
	if len(result.Faces) == 0 {
		return result, r.Log.Record(ctx, facegate.AuditRecord{Action: actionIdentify, Detail: map[string]any{"faces": 0}})
	}
	for i, f := range result.Faces {
		if err := r.identified(ctx, f.Identification, faceDetail(i, len(result.Faces), o.Embeddings)); err != nil {
			return facegate.IdentifyResult{}, err
		}
	}
	return result, nil
}

// faceDetail tells which of a photo's faces an entry is about, and whether its
// embedding was handed out.
func faceDetail(i, of int, embeddings bool) map[string]any {
	detail := map[string]any{"face": i + 1, "faces": of}
	if embeddings {
		detail["embeddings"] = true
	}
	return detail
}

// IdentifyEmbedding is recorded like a face.
func (r *AuditedRecognition) IdentifyEmbedding(ctx context.Context, e facegate.Embedding, o facegate.IdentifyOptions) (facegate.Identification, error) {
	i, err := r.Recognition.IdentifyEmbedding(ctx, e, o)
	if err != nil {
		return i, r.failed(ctx, actionIdentify, "", err)
	}
	return i, r.identified(ctx, i, map[string]any{"by": "embedding"})
}

// identified records one decision. The person is whoever it was decided for; of
// an ambiguous answer, and one that is nobody, the nearest is in the detail.
func (r *AuditedRecognition) identified(ctx context.Context, i facegate.Identification, detail map[string]any) error {
	detail["decision"], detail["threshold"] = i.Decision, i.Threshold
	record := facegate.AuditRecord{Action: actionIdentify, Detail: detail}
	if len(i.Candidates) > 0 {
		nearest := i.Candidates[0]
		detail["distance"] = nearest.Distance
		if i.Decision == facegate.Match {
			record.PersonID, record.SampleID = nearest.Person.ID, nearest.SampleID
		} else {
			detail["nearest"] = nearest.Person.ID
		}
	}
	return r.Log.Record(ctx, record)
}

// Verify is recorded with decision and distance.
func (r *AuditedRecognition) Verify(ctx context.Context, a, b facegate.Photo, o facegate.VerifyOptions) (facegate.Verification, error) {
	v, err := r.Recognition.Verify(ctx, a, b, o)
	if err != nil {
		return v, r.failed(ctx, actionVerify, "", err)
	}
	return v, r.verified(ctx, v, "")
}

// VerifyPerson is recorded with the person, too.
func (r *AuditedRecognition) VerifyPerson(ctx context.Context, photo facegate.Photo, personID string, o facegate.VerifyOptions) (facegate.Verification, error) {
	v, err := r.Recognition.VerifyPerson(ctx, photo, personID, o)
	if err != nil {
		return v, r.failed(ctx, actionVerify, personID, err)
	}
	return v, r.verified(ctx, v, personID)
}

func (r *AuditedRecognition) verified(ctx context.Context, v facegate.Verification, personID string) error {
	return r.compared(ctx, &v, personID, map[string]any{})
}

// CompareFaces is recorded face by face.
func (r *AuditedRecognition) CompareFaces(ctx context.Context, ref facegate.Reference, photo facegate.Photo, o facegate.CompareOptions) (facegate.Comparison, error) {
	c, err := r.Recognition.CompareFaces(ctx, ref, photo, o)
	if err != nil {
		return c, r.failed(ctx, actionVerify, "", err)
	}
	for i, v := range c.Verifications {
		if err := r.compared(ctx, v, c.Person.ID, faceDetail(i, len(c.Verifications), o.Embeddings)); err != nil {
			return facegate.Comparison{}, err
		}
	}
	return c, nil
}

// CompareEmbeddings is recorded embedding by embedding.
func (r *AuditedRecognition) CompareEmbeddings(ctx context.Context, ref facegate.Reference, probes []facegate.Embedding) ([]facegate.Verification, error) {
	all, err := r.Recognition.CompareEmbeddings(ctx, ref, probes)
	if err != nil {
		return all, r.failed(ctx, actionVerify, "", err)
	}
	for i := range all {
		personID := ""
		if p := all[i].Person; p != nil {
			personID = p.ID
		}
		if err := r.compared(ctx, &all[i], personID, map[string]any{"by": "embedding"}); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// compared records one verification; nil is a face that could not be measured.
func (r *AuditedRecognition) compared(ctx context.Context, v *facegate.Verification, personID string, detail map[string]any) error {
	record := facegate.AuditRecord{Action: actionVerify, PersonID: personID, Detail: detail}
	if v != nil {
		detail["decision"], detail["distance"], detail["threshold"] = v.Decision, v.Distance, v.Threshold
		record.SampleID = v.SampleID
	}
	return r.Log.Record(ctx, record)
}

// IdentifySample is recorded like a face, where the Recognition can do it.
func (r *AuditedRecognition) IdentifySample(ctx context.Context, sampleID string, o facegate.IdentifyOptions) (facegate.Identification, error) {
	samples, ok := r.Recognition.(facegate.SampleRecognition)
	if !ok {
		return facegate.Identification{}, facegate.NewError(facegate.CodeInvalid, "samples cannot be identified here", "send a photo")
	}
	i, err := samples.IdentifySample(ctx, sampleID, o)
	if err != nil {
		return i, r.failed(ctx, actionIdentify, "", err)
	}
	return i, r.identified(ctx, i, map[string]any{"by": "sample", "sample": sampleID})
}
