package web_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"facegate"
	"facegate/web"
)

// FuzzCompreFace asks as any client of CompreFace might: with any name or id, any
// options, and any body. {face} and {pixel} in it stand for pictures.
func FuzzCompreFace(f *testing.F) {
	g := newFuzzed(f, speaksCompreface)
	var asked []operation
	for _, o := range g.operations {
		if strings.HasPrefix(o.path, "/api/v1/") && o.id != "comprefaceDeleteSubjects" {
			asked = append(asked, o)
		}
	}
	if len(asked) < 17 {
		f.Fatalf("only %d operations: %v", len(asked), asked)
	}
	const form, jsonMedia = "multipart/form-data; boundary=x", "application/json"
	part := func(disposition, content string) string {
		return "--x\r\nContent-Disposition: form-data; " + disposition + "\r\n\r\n" + content + "\r\n"
	}
	for i, o := range asked {
		id := g.unfilled(o)
		add := func(query, media, content string) { f.Add(uint8(i), id, query, media, content) }
		if len(o.media) == 0 {
			for _, query := range []string{"", "?page=1?size=2?subject=obama", "&subject=", "page=-1&size=99999", "page=2147483647&size=1000", "subject=%ff", "subject=%zz", "a;b"} {
				add(query, "", "")
			}
			continue
		}
		if o.takes("multipart/form-data") {
			fields := []string{"file"}
			if o.id == "comprefaceVerify" {
				fields = []string{"source_image", "target_image"}
			}
			photo := ""
			for _, field := range fields {
				photo += part(`name="`+field+`"; filename="a.jpg"`, "{face}")
			}
			for _, query := range []string{"subject=Obama?det_prob_threshold=0.8", "&limit=0&prediction_count=2&face_plugins=landmarks,calculator&status=True", "detect_faces=false&subject=Eva"} {
				add(query, form, photo+"--x--\r\n")
			}
			add("limit=-1", form, "")
			add("prediction_count=0", form, "")
		}
		add("subject=Eva", form, part(`name="file"; filename="a.exe"`, "{pixel}")+"--x--\r\n")
		add("subject=Eva", form, part(`name="file"; filename="a.png"`, "{pixel}")+part(`name="source_image"`, "http://x/a.jpg")+"--x--\r\n")
		for _, content := range []string{`{"subject":"Eva"}`, `"Eva"`, `{"subject":null,"api_endpoint":"Obama"}`, `{"subject":"a/b"}`, `{"subject":"` + "\u202e\u0000" + `"}`, `{"file":"iVBORw0KGgo=","x":[{}]}`,
			`{"file":"http://x/a.jpg"}`, `{"file":"a\u002fb-_=\n"}`, `{"FILE":1}`, `{"source_image":"AAAA","target_image":"AAAA"}`, `{"embeddings":[{embedding}]}`, `{"embeddings":[[1e39]]}`, `{"embeddings":[null]}`,
			`{"source":{embedding},"targets":[{embedding},{embedding}]}`, `{"source":[],"targets":[[]]}`, `["{obama.sample}","none",""]`, `[]`, `[[[[`, `null`, ``, `7`} {
			add("", jsonMedia, content)
		}
	}
	f.Fuzz(func(t *testing.T, which uint8, id, query, media, content string) {
		if strings.Count(content, "{face}") > 2 {
			t.Skip("a look at a face takes long")
		}
		o := asked[int(which)%len(asked)]
		g.send(t, o, g.fill(id), g.fill(query), http.Header{"Content-Type": {media}}, g.fill(content))
		if o.method != http.MethodGet {
			g.repopulate(t)
		}
	})
}

// FuzzCompreFaceBase64 reads pictures back as they were, in whatever kind of base64,
// and takes nothing for a picture that is no base64, as far as it is read.
func FuzzCompreFaceBase64(f *testing.F) {
	for _, s := range []string{"", "a", "AAAA", "a-_=", "a+/=", `a\/b`, "http://x", "data:x", " A A\nA=", "\u0041AAA", "AAA*", "====", "\xff"} {
		f.Add([]byte(s), s)
	}
	f.Add([]byte{0xff, 0xff}, "//8=") // as an address without its scheme begins
	f.Fuzz(func(t *testing.T, picture []byte, text string) {
		for _, encoding := range []*base64.Encoding{base64.StdEncoding, base64.RawStdEncoding, base64.URLEncoding, base64.RawURLEncoding} {
			value := must(json.Marshal(encoding.EncodeToString(picture)))
			data, given, bad, address := web.DecodePhoto(value, 1000)
			if want := picture[:min(len(picture), 1001)]; given != (len(picture) > 0) || bad || address || given && !bytes.Equal(data, want) {
				t.Errorf("%s: %q %v %v %v", value, data, given, bad, address)
			}
		}
		data, given, bad, address := web.DecodePhoto(must(json.Marshal(text)), 1000)
		if whole := len(data) <= 1000; len(data) > 1001 || address && data != nil || given && !bad && !address && whole && strings.ContainsAny(text, "*,.!\"'<>{}") {
			t.Errorf("%q: %q %v %v %v", text, data, given, bad, address)
		}
	})
}

// unfilled is an id, or a name, that an operation finds something by.
func (g *fuzzed) unfilled(o operation) string {
	switch {
	case strings.Contains(o.path, "{subject}"):
		return "obama"
	case strings.Contains(o.path, "{id}"):
		return "{obama.sample}"
	}
	return ""
}

// repopulate puts back what an answer may have erased, and takes out what is too
// much.
func (g *fuzzed) repopulate(t *testing.T) {
	t.Helper()
	people, err := g.people.List(t.Context(), facegate.PeopleFilter{Limit: 1})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := g.people.Sample(t.Context(), g.vars["obama.sample"]); err == nil && people.Total < 8 {
		return
	}
	if _, err := g.people.DeleteAll(t.Context()); err != nil {
		t.Fatal(err)
	}
	g.enrol(t, "obama", "Obama", "people/obama/obama.jpg")
	g.enrol(t, "biden", "Biden", "people/biden/biden.jpg")
}
