package web

import (
	"cmp"
	"net/http"
	"slices"

	"facegate"

	"github.com/gin-gonic/gin"
)

// A comprefaceEmbeddings is a body of embeddings, as they came.
type comprefaceEmbeddings struct {
	Embeddings [][]float32 `json:"embeddings"`
	Source     []float32   `json:"source"`
	Targets    [][]float32 `json:"targets"`
}

// embeddingsOf checks the list in the field of that name.
func embeddingsOf(c *gin.Context, field string, list ...[]float32) ([]facegate.Embedding, error) {
	if len(list) == 0 || list[0] == nil {
		return nil, comprefaceRefusal(c, 5, "Field %s cannot be empty", field)
	}
	all := make([]facegate.Embedding, len(list))
	for i, numbers := range list {
		var err error
		if all[i], err = facegate.EmbeddingFromSlice(numbers); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// comprefaceRecognizeEmbeddings answers POST /recognition/embeddings/recognize.
func (s *Server) comprefaceRecognizeEmbeddings(c *gin.Context) error {
	o, err := comprefaceParams(c).comprefaceOptions(c)
	if err != nil {
		return err
	}
	var body comprefaceEmbeddings
	if err := readLooseJSON(c, &body, maxJSONBytes); err != nil {
		return err
	}
	probes, err := embeddingsOf(c, "embeddings", body.Embeddings...)
	if err != nil {
		return err
	}
	identified, err := s.identifyProbes(c, probes, facegate.IdentifyOptions{Candidates: o.predictions})
	if err != nil {
		return err
	}
	type recognized struct {
		Embedding    facegate.Embedding  `json:"embedding"`
		Similarities []comprefaceSubject `json:"similarities"`
	}
	result := make([]recognized, len(probes))
	for i := range probes {
		result[i] = recognized{probes[i], comprefaceSubjectsOf(identified[i].Candidates)}
	}
	return answer(c, http.StatusOK, map[string][]recognized{"result": result})
}

// comprefaceVerifyFaceEmbeddings answers POST
// /recognition/embeddings/faces/{image_id}/verify.
func (s *Server) comprefaceVerifyFaceEmbeddings(c *gin.Context) error {
	var body comprefaceEmbeddings
	if err := readLooseJSON(c, &body, maxJSONBytes); err != nil {
		return err
	}
	probes, err := embeddingsOf(c, "embeddings", body.Embeddings...)
	if err != nil {
		return err
	}
	err = s.answerCompared(c, facegate.Reference{SampleID: c.Param("id")}, probes)
	if facegate.CodeOf(err) == facegate.CodeSampleNotFound {
		return noSuchImage(c.Param("id"))
	}
	return err
}

// comprefaceVerifyEmbeddings answers POST /verification/embeddings/verify.
func (s *Server) comprefaceVerifyEmbeddings(c *gin.Context) error {
	var body comprefaceEmbeddings
	if err := readLooseJSON(c, &body, maxJSONBytes); err != nil {
		return err
	}
	source, err := embeddingsOf(c, "source", body.Source)
	if err != nil {
		return err
	}
	targets, err := embeddingsOf(c, "targets", body.Targets...)
	if err != nil {
		return err
	}
	return s.answerCompared(c, facegate.Reference{Embedding: &source[0]}, targets)
}

// answerCompared answers with each probe's similarity to the reference, the nearest
// first.
func (s *Server) answerCompared(c *gin.Context, r facegate.Reference, probes []facegate.Embedding) error {
	verifications, err := s.compareProbes(c, r, probes)
	if err != nil {
		return err
	}
	type compared struct {
		Embedding  facegate.Embedding `json:"embedding"`
		Similarity float64            `json:"similarity"`
	}
	result := make([]compared, len(probes))
	for i := range probes {
		result[i] = compared{probes[i], similarityOf(&verifications[i])}
	}
	slices.SortStableFunc(result, func(a, b compared) int { return cmp.Compare(b.Similarity, a.Similarity) })
	return answer(c, http.StatusOK, map[string][]compared{"result": result})
}
