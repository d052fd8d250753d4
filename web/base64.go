package web

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
)

// A base64Photo is a picture as base64, of either alphabet, with or without padding.
// What is no string in JSON is not given, what is no base64 is bad.
type base64Photo struct {
	given, bad bool
	address    bool // it is a URL
	data       []byte
	max        int64 // of data; what is longer is read to one byte beyond
}

func (p *base64Photo) UnmarshalJSON(raw []byte) error {
	if len(raw) < 3 || raw[0] != '"' { // the empty string, too
		return nil
	}
	text := raw[1 : len(raw)-1]
	if bytes.IndexByte(text, '\\') >= 0 { // some write / as \/
		var s string
		if err := json.Unmarshal(raw, &s); err != nil {
			return err
		}
		text = []byte(s)
	}
	p.decode(text)
	return nil
}

// decode reads text, which is given.
func (p *base64Photo) decode(text []byte) {
	p.given = true
	if p.address = isAddress(text); p.address {
		return
	}
	var out bytes.Buffer
	out.Grow(int(min(int64(base64.RawStdEncoding.DecodedLen(len(text))), p.max) + 1))
	_, err := io.Copy(&out, io.LimitReader(base64.NewDecoder(base64.RawStdEncoding, &standardBase64{bytes.NewReader(text)}), p.max+1))
	p.bad, p.data = err != nil, out.Bytes()
}

// isAddress tells what has a scheme. Two slashes alone are none: base64 may begin
// with them.
func isAddress(text []byte) bool { return bytes.IndexByte(text[:min(len(text), 16)], ':') >= 0 }

// standardBase64 makes base64 of any kind that of the standard alphabet without
// padding or white space.
type standardBase64 struct{ text *bytes.Reader }

func (r *standardBase64) Read(p []byte) (int, error) {
	for {
		n, err := r.text.Read(p)
		kept := p[:0]
		for _, b := range p[:n] {
			switch b {
			case '-':
				b = '+'
			case '_':
				b = '/'
			case '=', ' ', '\n', '\r', '\t':
				continue
			}
			kept = append(kept, b)
		}
		if len(kept) > 0 || err != nil {
			return len(kept), err
		}
	}
}
