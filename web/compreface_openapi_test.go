package web_test

import (
	"encoding/json"
	"testing"

	"facegate"
)

// comprefaceCalls are the calls of CompreFace's clients whose answers must be as
// described, on a gateway with anybody in it.
func comprefaceCalls(t *testing.T) []call {
	obama, both := named("file", file(t, "", "people/obama/obama.jpg")), named("file", file(t, "", "probes/kit_with_rose.jpg"))
	again := named("file", file(t, "", "people/obama/obama2.jpg"))
	pair := multi(named("source_image", obama), named("target_image", both))
	everything := "?face_plugins=landmarks,calculator&status=true"
	keepImage := func(g *gateway, answer []byte) {
		var added struct {
			ImageID string `json:"image_id"`
		}
		if json.Unmarshal(answer, &added) == nil {
			g.vars["image"] = added.ImageID
		}
	}
	keepKey := func(g *gateway, answer []byte) {
		_, header := g.key(t, facegate.NewKey{Scopes: []facegate.Scope{facegate.ScopeEnroll}})
		g.vars["secret"] = header["X-Api-Key"]
	}
	return []call{
		{operation: "comprefaceConfig", method: "GET", path: "/api/v1/config", status: 200, keep: keepKey},
		{operation: "comprefaceAddSubject", method: "POST", path: "/api/v1/recognition/subjects", status: 201, body: jsonBody(`{"subject":"Grace"}`)},
		{operation: "comprefaceAddSubject", method: "POST", path: "/api/v1/recognition/subjects", status: 400, body: jsonBody(`{"subject":"Grace"}`)},
		{operation: "comprefaceListSubjects", method: "GET", path: "/api/v1/recognition/subjects", status: 200},
		{operation: "comprefaceRenameSubject", method: "PUT", path: "/api/v1/recognition/subjects/Grace", status: 200, body: jsonBody(`{"subject":"Grace Hopper"}`)},
		{operation: "comprefaceRenameSubject", method: "PUT", path: "/api/v1/recognition/subjects/Grace", status: 404, body: jsonBody(`"Grace H"`)},
		{operation: "comprefaceDeleteSubject", method: "DELETE", path: "/api/v1/recognition/subjects/Grace%20Hopper", status: 200},
		{operation: "comprefaceDeleteSubject", method: "DELETE", path: "/api/v1/recognition/subjects/Grace", status: 404},
		{operation: "comprefaceAddFace", method: "POST", path: "/api/v1/recognition/faces?subject=Barack&det_prob_threshold=0.8", status: 201, body: multi(obama), keep: keepImage},
		{operation: "comprefaceAddFace", method: "POST", path: "/api/v1/recognition/faces?subject=Barack", status: 201, body: jsonBody(`{"file":"` + base64Of(again) + `"}`)},
		{operation: "comprefaceAddFace", method: "POST", path: "/api/v1/recognition/faces?subject=Barack", status: 400, body: multi(both)},
		{operation: "comprefaceListFaces", method: "GET", path: "/api/v1/recognition/faces?page=0&size=1&subject=Barack", status: 200},
		{operation: "comprefaceGetPicture", method: "GET", path: "/api/v1/recognition/faces/{image}/img", status: 200},
		{operation: "comprefaceGetPicture", method: "GET", path: "/api/v1/recognition/faces/{none}/img", status: 404},
		{operation: "comprefaceGetSharedPicture", method: "GET", path: "/api/v1/static/{secret}/images/{image}", status: 200},
		{operation: "comprefaceGetSharedPicture", method: "GET", path: "/api/v1/static/{none}/images/{image}", status: 404},
		{operation: "comprefaceRecognize", method: "POST", path: "/api/v1/recognition/recognize" + everything + "&prediction_count=2&limit=2&detect_faces=true", status: 200, body: multi(both)},
		{operation: "comprefaceRecognize", method: "POST", path: "/api/v1/recognition/recognize", status: 200, body: jsonBody(`{"file":"` + base64Of(obama) + `"}`)},
		{operation: "comprefaceRecognize", method: "POST", path: "/api/v1/recognition/recognize", status: 400, body: multi(blank())},
		{operation: "comprefaceRecognize", method: "POST", path: "/api/v1/recognition/recognize", status: 413, body: multi(fileOf("file", "a.jpg", make([]byte, 20<<20+1)))},
		{operation: "comprefaceVerifyFace", method: "POST", path: "/api/v1/recognition/faces/{image}/verify" + everything, status: 200, body: multi(both)},
		{operation: "comprefaceVerifyFace", method: "POST", path: "/api/v1/recognition/faces/{none}/verify", status: 404, body: multi(obama)},
		{operation: "comprefaceVerify", method: "POST", path: "/api/v1/verification/verify" + everything, status: 200, body: pair},
		{operation: "comprefaceVerify", method: "POST", path: "/api/v1/verification/verify", status: 400, body: multi(obama)},
		{operation: "comprefaceDetect", method: "POST", path: "/api/v1/detection/detect" + everything, status: 200, body: multi(both)},
		{operation: "comprefaceDetect", method: "POST", path: "/api/v1/detection/detect?limit=-1", status: 400, body: multi(both)},
		{operation: "comprefaceRecognizeEmbeddings", method: "POST", path: "/api/v1/recognition/embeddings/recognize?prediction_count=2", status: 200, body: jsonBody(`{"embeddings":[{embedding}]}`)},
		{operation: "comprefaceVerifyFaceEmbeddings", method: "POST", path: "/api/v1/recognition/embeddings/faces/{image}/verify", status: 200, body: jsonBody(`{"embeddings":[{embedding},{embedding}]}`)},
		{operation: "comprefaceVerifyEmbeddings", method: "POST", path: "/api/v1/verification/embeddings/verify", status: 200, body: jsonBody(`{"source":{embedding},"targets":[{embedding}]}`)},
		{operation: "comprefaceVerifyEmbeddings", method: "POST", path: "/api/v1/verification/embeddings/verify", status: 400, body: jsonBody(`{"source":[1],"targets":[{embedding}]}`)},
		{operation: "comprefaceDeleteFace", method: "DELETE", path: "/api/v1/recognition/faces/{image}", status: 200},
		{operation: "comprefaceDeleteFace", method: "DELETE", path: "/api/v1/recognition/faces/{image}", status: 404},
		{operation: "comprefaceDeleteFaces", method: "POST", path: "/api/v1/recognition/faces/delete", status: 200, body: jsonBody(`["{image}"]`)},
		{operation: "comprefaceDeleteFaces", method: "POST", path: "/api/v1/recognition/faces/delete", status: 400, body: jsonBody(`{"ids":[]}`)},
		{operation: "comprefaceClearFaces", method: "DELETE", path: "/api/v1/recognition/faces?subject=Barack", status: 200},
		{operation: "comprefaceDeleteSubjects", method: "DELETE", path: "/api/v1/recognition/subjects", status: 200},
	}
}
