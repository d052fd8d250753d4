package web_test

import (
	"encoding/json"
	"testing"

	"facegate"
)

// nativeCalls call every operation of the native API, and most of them in ways
// that are refused. They need each other, in their order.
func nativeCalls(t *testing.T, g *gateway) []call {
	t.Helper()
	g.enrol(t, "biden", "Joe Biden", "people/biden/biden.jpg")
	g.vars["none"] = "0197c7a2-4b1e-7c44-9d0b-3f6a1c2d4e5f"
	probe, crowd := file(t, "photo", "probes/obama1.jpg"), file(t, "photo", "probes/obama_and_biden.jpg")
	garbage := fileOf("photo", "garbage.jpg", []byte("no picture"))
	pair := func(second string) body {
		a, b := probe, file(t, "photo_b", second)
		a.field = "photo_a"
		return multi(a, b)
	}
	keepPerson := func(g *gateway, answer []byte) {
		var e facegate.Enrolment
		if json.Unmarshal(answer, &e) == nil && len(e.Samples) > 0 {
			g.vars["obama"], g.vars["sample"] = e.ID, e.Samples[0].ID
		}
	}
	keepEmbedding := func(g *gateway, answer []byte) {
		var a facegate.Analysis
		if json.Unmarshal(answer, &a) == nil && len(a.Faces) > 0 {
			e, _ := json.Marshal(a.Faces[0].Embedding)
			g.vars["embedding"] = string(e)
		}
	}
	keepKey := func(g *gateway, answer []byte) {
		var k facegate.Key
		if json.Unmarshal(answer, &k) == nil {
			g.vars["key"] = k.ID
		}
	}
	g.vars["link"] = g.link(t)
	keepAccount := func(g *gateway, answer []byte) {
		var s struct{ Account facegate.Account }
		if json.Unmarshal(answer, &s) == nil {
			g.vars["account"], g.vars["link"] = s.Account.ID, g.link(t)
		}
	}
	keepAs := func(name string) func(*gateway, []byte) {
		return func(g *gateway, answer []byte) { g.vars[name] = decodeID(t, answer) }
	}
	g.see(t, "seen", 1, "people/rose_leslie/img1.jpg")
	g.see(t, "also", 2, "people/kit_harington/john1.jpeg")
	return []call{
		{operation: "getHealth", method: "GET", path: "/healthz", status: 200},
		{operation: "getReadiness", method: "GET", path: "/readyz", status: 200},
		{operation: "getMetrics", method: "GET", path: "/metrics", status: 200},
		{operation: "getDescription", method: "GET", path: "/openapi.yaml", status: 200},
		{operation: "getDescriptionJSON", method: "GET", path: "/openapi.json", status: 200},
		{operation: "getErrors", method: "GET", path: "/errors", status: 200},
		{operation: "getThresholds", method: "GET", path: "/v1/thresholds", status: 200},
		{operation: "createPerson", method: "POST", path: "/v1/people", status: 201, keep: keepPerson, body: multi(text("name", "Barack Obama"),
			text("tags", "potus"), text("tags", "guest"), text("external_id", "44"), text("notes", "n"), text("consent_basis", "form"), text("consent_at", "2026-04-01"),
			text("expires_at", "2036-04-01"), file(t, "photo", "people/obama/obama.jpg"), crowd, garbage)},
		{operation: "createPerson", method: "POST", path: "/v1/people", status: 201, body: multi(text("name", "Joseph"), file(t, "photo", "people/biden/biden2.jpg"))},
		{operation: "createPerson", method: "POST", path: "/v1/people", status: 201, body: jsonBody(`{"name":"Ada","consent":{"basis":"form","at":null},"expires_at":"2036-04-01"}`)},
		{operation: "createPerson", method: "POST", path: "/v1/people", status: 409, body: jsonBody(`{"name":"Ada"}`)},
		{operation: "createPerson", method: "POST", path: "/v1/people", status: 400, body: jsonBody(`{"nmae":"Ada"}`)},
		{operation: "createPerson", method: "POST", path: "/v1/people", status: 422, body: multi(text("name", "Nobody"), crowd, garbage)},
		{operation: "createPerson", method: "POST", path: "/v1/people", status: 415, body: body{"text/plain", []byte("Ada")}},
		{operation: "listPeople", method: "GET", path: "/v1/people?limit=2&query=o", status: 200},
		{operation: "listPeople", method: "GET", path: "/v1/people?limit=0", status: 400},
		{operation: "getPerson", method: "GET", path: "/v1/people/{obama}", status: 200},
		{operation: "getPerson", method: "GET", path: "/v1/people/{none}", status: 404},
		{operation: "updatePerson", method: "PATCH", path: "/v1/people/{obama}", status: 200, body: jsonBody(`{"name":"B. Obama","notes":null,"expires_at":null,"consent":{"basis":"form 2"}}`)},
		{operation: "updatePerson", method: "PATCH", path: "/v1/people/{obama}", status: 409, body: jsonBody(`{"name":"Joe Biden"}`)},
		{operation: "createPerson", method: "POST", path: "/v1/people", status: 201, body: jsonBody(`{"name":"Barry"}`), keep: keepAs("barry")},
		{operation: "mergePeople", method: "POST", path: "/v1/people/{obama}/merge", status: 200, body: jsonBody(`{"others":["{barry}"]}`)},
		{operation: "mergePeople", method: "POST", path: "/v1/people/{obama}/merge", status: 404, body: jsonBody(`{"others":["{barry}"]}`)},
		{operation: "mergePeople", method: "POST", path: "/v1/people/{obama}/merge", status: 400, body: jsonBody(`{"others":[]}`)},
		{operation: "getPortrait", method: "GET", path: "/v1/people/{obama}/portrait", status: 200},
		{operation: "getPortrait", method: "GET", path: "/v1/people/{none}/portrait", status: 404},
		{operation: "addSamples", method: "POST", path: "/v1/people/{obama}/samples", status: 201, body: multi(file(t, "photo", "people/obama/obama2.jpg"), crowd)},
		{operation: "addSamples", method: "POST", path: "/v1/people/{obama}/samples", status: 200, body: multi(file(t, "photo", "people/obama/obama2.jpg"))},
		{operation: "addSamples", method: "POST", path: "/v1/people/{obama}/samples", status: 422, body: multi(crowd)},
		{operation: "addSamples", method: "POST", path: "/v1/people/{none}/samples", status: 404, body: multi(file(t, "photo", "people/obama/obama2.jpg"))},
		{operation: "listSamples", method: "GET", path: "/v1/people/{obama}/samples", status: 200},
		{operation: "getPhoto", method: "GET", path: "/v1/people/{obama}/samples/{sample}/photo", status: 200},
		{operation: "getThumbnail", method: "GET", path: "/v1/people/{obama}/samples/{sample}/thumbnail", status: 200},
		{operation: "detect", method: "POST", path: "/v1/detect?embedding=true", status: 200, body: multi(probe), keep: keepEmbedding},
		{operation: "detect", method: "POST", path: "/v1/detect", status: 200, body: multi(crowd, text("limit", "1"), text("min_score", "0.5"))},
		{operation: "detect", method: "POST", path: "/v1/detect", status: 200, body: body{"image/jpeg", probe.data}},
		{operation: "detect", method: "POST", path: "/v1/detect", status: 415, body: multi(garbage)},
		{operation: "detect", method: "POST", path: "/v1/detect", status: 413, body: multi(fileOf("photo", "large.jpg", make([]byte, 20<<20+1)))},
		{operation: "identify", method: "POST", path: "/v1/identify?candidates=3", status: 200, body: multi(crowd, text("threshold", "0.5"))},
		{operation: "identify", method: "POST", path: "/v1/identify", status: 200, body: jsonBody(`{"embedding":{embedding},"candidates":1}`)},
		{operation: "identify", method: "POST", path: "/v1/identify", status: 400, body: jsonBody(`{"embedding":[1]}`)},
		{operation: "identify", method: "POST", path: "/v1/identify?explain=true", status: 200, body: multi(crowd)},
		{operation: "identifySample", method: "GET", path: "/v1/identify?sample={sample}&explain=true", status: 200},
		{operation: "identifySample", method: "GET", path: "/v1/identify?sample={none}", status: 404},
		{operation: "identifySample", method: "GET", path: "/v1/identify", status: 400},
		{operation: "setThresholds", method: "PUT", path: "/v1/thresholds", status: 200, body: jsonBody(`{"target_fpir":0.001}`)},
		{operation: "setThresholds", method: "PUT", path: "/v1/thresholds", status: 400, body: jsonBody(`{}`)},
		{operation: "setThresholds", method: "PUT", path: "/v1/thresholds", status: 400, body: jsonBody(`{"policy":"strict","verify":0.5}`)},
		{operation: "setThresholds", method: "PUT", path: "/v1/thresholds", status: 400, body: jsonBody(`{"calibration":"gallery"}`)}, // too few people
		{operation: "setThresholds", method: "PUT", path: "/v1/thresholds", status: 200, body: jsonBody(`{"policy":"normal","calibration":"reference"}`)},
		{operation: "getCalibration", method: "GET", path: "/v1/thresholds/calibration", status: 200},
		{operation: "getOwnPairs", method: "GET", path: "/v1/thresholds/pairs?threshold=0.7&limit=5", status: 200},
		{operation: "getOwnPairs", method: "GET", path: "/v1/thresholds/pairs", status: 200},
		{operation: "getOwnPairs", method: "GET", path: "/v1/thresholds/pairs?threshold=3", status: 400},
		{operation: "verify", method: "POST", path: "/v1/verify", status: 200, body: pair("probes/obama3.jpg")},
		{operation: "verify", method: "POST", path: "/v1/verify", status: 422, body: pair("probes/obama_and_biden.jpg")},
		{operation: "verify", method: "POST", path: "/v1/verify", status: 200, body: multi(probe, text("person", "{obama}"), text("threshold", "0.6"), text("face", "largest"))},
		{operation: "verify", method: "POST", path: "/v1/verify?person=Ada", status: 409, body: multi(probe)},
		{operation: "verify", method: "POST", path: "/v1/verify?person=Nobody", status: 404, body: multi(probe)},
		{operation: "verifyByChallenge", method: "GET", path: "/v1/verify/challenge?person=Joe+Biden", status: 426},
		{operation: "verifyByChallenge", method: "GET", path: "/v1/verify/challenge", status: 400},
		{operation: "verifyByChallenge", method: "GET", path: "/v1/verify/challenge?person=nobody", status: 404},
		{operation: "getSession", method: "GET", path: "/v1/session", status: 200},
		{operation: "setUp", method: "POST", path: "/v1/setup", status: 403, body: jsonBody(`{"link":"x","name":"Ada","password":"analytical engine"}`)},
		{operation: "setUp", method: "POST", path: "/v1/setup", status: 400, body: jsonBody(`{"link":"{link}","name":"Ada","password":"password1"}`)},
		{operation: "setUp", method: "POST", path: "/v1/setup", status: 201, keep: keepAccount, body: jsonBody(`{"link":"{link}","name":"Ada","password":"analytical engine"}`)},
		{operation: "signIn", method: "POST", path: "/v1/session", status: 401, body: jsonBody(`{"name":"Ada","password":"difference engine"}`)},
		{operation: "signIn", method: "POST", path: "/v1/session", status: 200, body: jsonBody(`{"name":"ada","password":"analytical engine"}`)},
		{operation: "signOut", method: "DELETE", path: "/v1/session", status: 204},
		{operation: "listAccounts", method: "GET", path: "/v1/accounts", status: 200},
		{operation: "deleteAccount", method: "DELETE", path: "/v1/accounts/{account}", status: 409},
		{operation: "deleteAccount", method: "DELETE", path: "/v1/accounts/{none}", status: 404},
		{operation: "setUp", method: "POST", path: "/v1/setup", status: 201, keep: keepAccount, body: jsonBody(`{"link":"{link}","name":"Charles","password":"difference engine"}`)},
		{operation: "deleteAccount", method: "DELETE", path: "/v1/accounts/{account}", status: 204},
		{operation: "createKey", method: "POST", path: "/v1/keys", status: 201, keep: keepKey,
			body: jsonBody(`{"name":"door","scopes":["verify","identify"],"limit":{"faces_per_second":2.5,"concurrent":3},"expires_at":"2036-04-01"}`)},
		{operation: "createKey", method: "POST", path: "/v1/keys", status: 400, body: jsonBody(`{"name":"door","scopes":["fly"]}`)},
		{operation: "listKeys", method: "GET", path: "/v1/keys", status: 200},
		{operation: "listAudit", method: "GET", path: "/v1/audit?action=person.&limit=2", status: 200},
		{operation: "listAudit", method: "GET", path: "/v1/audit?limit=0", status: 400},
		{operation: "exportAudit", method: "GET", path: "/v1/audit/export", status: 200},
		{operation: "exportAudit", method: "GET", path: "/v1/audit/export?format=json&person={obama}", status: 200},
		{operation: "exportAudit", method: "GET", path: "/v1/audit/export?format=xml", status: 400},
		{operation: "checkAudit", method: "GET", path: "/v1/audit/check", status: 200},
		{operation: "exportPerson", method: "GET", path: "/v1/people/{obama}/export", status: 200},
		{operation: "exportPerson", method: "GET", path: "/v1/people/{none}/export", status: 404},
		{operation: "revokeKey", method: "DELETE", path: "/v1/keys/{key}", status: 200},
		{operation: "revokeKey", method: "DELETE", path: "/v1/keys/{none}", status: 404},
		{operation: "addCamera", method: "POST", path: "/v1/cameras", status: 201, keep: keepAs("camera"), body: jsonBody(`{"name":"webcam","source":"push:","fps":5,"min_face":40,
			"zones":[{"name":"way","mode":"include","points":[[0,0],[1,0],[1,1]]}],"schedule":[{"days":["mon"],"from":"00:00","to":"24:00"}],"cooldown_seconds":10,"paused":null}`)},
		{operation: "addCamera", method: "POST", path: "/v1/cameras", status: 409, body: jsonBody(`{"name":"webcam","source":"push:"}`)},
		{operation: "addCamera", method: "POST", path: "/v1/cameras", status: 400, body: jsonBody(`{"name":"x","source":""}`)},
		{operation: "listCameras", method: "GET", path: "/v1/cameras", status: 200},
		{operation: "getCamera", method: "GET", path: "/v1/cameras/{camera}", status: 200},
		{operation: "getCamera", method: "GET", path: "/v1/cameras/{none}", status: 404},
		{operation: "updateCamera", method: "PATCH", path: "/v1/cameras/{camera}", status: 200, body: jsonBody(`{"motion_gate":true,"zones":null,"schedule":null,"liveness":null,"transport":"udp","pace":"real"}`)},
		{operation: "updateCamera", method: "PATCH", path: "/v1/cameras/{camera}", status: 400, body: jsonBody(`{"fps":-1}`)},
		{operation: "pauseCamera", method: "POST", path: "/v1/cameras/{camera}/pause", status: 200},
		{operation: "resumeCamera", method: "POST", path: "/v1/cameras/{camera}/resume", status: 200},
		{operation: "getCameraView", method: "GET", path: "/v1/cameras/{camera}/view", status: 200},
		{operation: "getCameraLive", method: "GET", path: "/v1/cameras/{camera}/live", status: 200, stream: true},
		{operation: "pushPictures", method: "GET", path: "/v1/cameras/{camera}/push", status: 426},
		{operation: "pushPicture", method: "POST", path: "/v1/cameras/{camera}/push", status: 204, body: body{"image/jpeg", probe.data}},
		{operation: "pushPicture", method: "POST", path: "/v1/cameras/{camera}/push", status: 415, body: body{"image/jpeg", []byte("no picture")}},
		{operation: "removeCamera", method: "DELETE", path: "/v1/cameras/{camera}", status: 204},
		{operation: "listSightings", method: "GET", path: "/v1/sightings?camera=door&decision=unknown,match&open=true&since=2026-04-01&limit=2", status: 200},
		{operation: "listSightings", method: "GET", path: "/v1/sightings?limit=0", status: 400},
		{operation: "streamSightings", method: "GET", path: "/v1/sightings/stream?after=0", status: 200, stream: true},
		{operation: "getSighting", method: "GET", path: "/v1/sightings/{seen}", status: 200},
		{operation: "getSighting", method: "GET", path: "/v1/sightings/{none}", status: 404},
		{operation: "getSightingPhoto", method: "GET", path: "/v1/sightings/{seen}/photo", status: 200},
		{operation: "getSightingCrop", method: "GET", path: "/v1/sightings/{seen}/crop", status: 200},
		{operation: "listUnknowns", method: "GET", path: "/v1/unknowns?limit=1", status: 200},
		{operation: "getUnknown", method: "GET", path: "/v1/unknowns/{seen.unknown}", status: 200},
		{operation: "getUnknown", method: "GET", path: "/v1/unknowns/{none}", status: 404},
		{operation: "getUnknownCrop", method: "GET", path: "/v1/unknowns/{seen.unknown}/crop", status: 200},
		{operation: "mergeUnknowns", method: "POST", path: "/v1/unknowns/{seen.unknown}/merge", status: 200, body: jsonBody(`{"others":["{also.unknown}"]}`)},
		{operation: "mergeUnknowns", method: "POST", path: "/v1/unknowns/{seen.unknown}/merge", status: 404, body: jsonBody(`{"others":["{none}"]}`)},
		{operation: "splitUnknown", method: "POST", path: "/v1/unknowns/{seen.unknown}/split", status: 201, body: jsonBody(`{"sightings":["{also}"]}`), keep: keepAs("new")},
		{operation: "nameUnknown", method: "POST", path: "/v1/unknowns/{seen.unknown}/name", status: 409, body: jsonBody(`{"name":"Joe Biden"}`)},
		{operation: "nameUnknown", method: "POST", path: "/v1/unknowns/{seen.unknown}/name", status: 201, body: jsonBody(`{"name":"Rose","consent":{"basis":"form"}}`), keep: keepAs("rose")},
		{operation: "getSighting", method: "GET", path: "/v1/sightings/{seen}", status: 200},
		{operation: "deleteUnknown", method: "DELETE", path: "/v1/unknowns/{new}", status: 204},
		{operation: "deleteSighting", method: "DELETE", path: "/v1/sightings/{seen}", status: 204},
		{operation: "addWebhook", method: "POST", path: "/v1/webhooks", status: 201, body: jsonBody(`{"url":"http://127.0.0.1:1/hook"}`), keep: keepAs("hook")},
		{operation: "addWebhook", method: "POST", path: "/v1/webhooks", status: 400, body: jsonBody(`{"url":"nonsense"}`)},
		{operation: "listWebhooks", method: "GET", path: "/v1/webhooks", status: 200},
		{operation: "getWebhook", method: "GET", path: "/v1/webhooks/{hook}", status: 200},
		{operation: "getWebhook", method: "GET", path: "/v1/webhooks/{none}", status: 404},
		{operation: "updateWebhook", method: "PATCH", path: "/v1/webhooks/{hook}", status: 200, body: jsonBody(`{"paused":true,"secret":"another secret"}`)},
		{operation: "removeWebhook", method: "DELETE", path: "/v1/webhooks/{hook}", status: 204},
		{operation: "deleteSample", method: "DELETE", path: "/v1/people/{obama}/samples/{sample}", status: 204},
		{operation: "deleteSample", method: "DELETE", path: "/v1/people/{obama}/samples/{sample}", status: 404},
		{operation: "deletePerson", method: "DELETE", path: "/v1/people/{obama}", status: 204},
		{operation: "deletePerson", method: "DELETE", path: "/v1/people/{obama}", status: 404},
	}
}

func decodeID(t *testing.T, answer []byte) string {
	t.Helper()
	var v struct{ ID string }
	if err := json.Unmarshal(answer, &v); err != nil || v.ID == "" {
		t.Errorf("no id in %s", answer)
	}
	return v.ID
}
