package web

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"facegate"

	"github.com/gin-gonic/gin"
	"gopkg.in/yaml.v3"
)

//go:embed openapi.yaml
var description []byte

func (s *Server) serveDescription(c *gin.Context) {
	c.Header("Cache-Control", "no-cache")
	c.Data(http.StatusOK, "application/yaml", description)
}

// serveDescriptionJSON answers GET /openapi.json.
func (s *Server) serveDescriptionJSON(c *gin.Context) {
	c.Header("Cache-Control", "no-cache")
	c.Data(http.StatusOK, "application/json", s.described)
}

// Extensions of the description as JSON, for the console's page of it.
const (
	extScopes = "x-scopes" // of an operation: which of them a key needs; absent: none
	extCodes  = "x-codes"  // of the document: each error code's status and meaning
)

// describe is the description as JSON, in the order it is written in, of what
// this server does: with who may do what, and without dialects it does not speak.
func (s *Server) describe() ([]byte, error) {
	var file yaml.Node
	if err := yaml.Unmarshal(description, &file); err != nil {
		return nil, fmt.Errorf("read the description: %w", err)
	}
	document := file.Content[0]
	paths := member(document, "paths")
	for i := 0; i < len(paths.Content); {
		if s.grantOperations(paths.Content[i].Value, paths.Content[i+1]); hasOperation(paths.Content[i+1]) {
			i += 2
		} else {
			paths.Content = slices.Delete(paths.Content, i, i+2)
		}
	}
	codes := &yaml.Node{Kind: yaml.MappingNode}
	for _, code := range member(member(member(member(document, "components"), "schemas"), "Code"), "enum").Content {
		o := s.outcomes[facegate.Code(code.Value)]
		var meaning yaml.Node
		if err := meaning.Encode(map[string]any{"status": o.status, "title": o.title}); err != nil {
			return nil, fmt.Errorf("describe the codes: %w", err)
		}
		add(codes, code.Value, &meaning)
	}
	add(document, extCodes, codes)
	var b bytes.Buffer
	err := writeJSON(&b, document)
	return b.Bytes(), err
}

var methods = []string{"get", "post", "put", "patch", "delete"}

func hasOperation(path *yaml.Node) bool {
	return slices.ContainsFunc(methods, func(m string) bool { return member(path, m) != nil })
}

// grantOperations notes in the operations of a path who may use them, and takes
// out those that are not there.
func (s *Server) grantOperations(address string, path *yaml.Node) {
	pattern := strings.NewReplacer("{", ":", "}", "").Replace(address)
	for i := 0; i < len(path.Content); i += 2 {
		method := path.Content[i].Value
		if !slices.Contains(methods, method) {
			continue
		}
		g, ok := s.grantOf(strings.ToUpper(method), pattern)
		if i := strings.LastIndex(pattern, "/:"); !ok && i >= 0 { // the router has *id for one that may hold slashes
			g, ok = s.grantOf(strings.ToUpper(method), pattern[:i]+"/*"+pattern[i+2:])
		}
		if !ok {
			path.Content = slices.Delete(path.Content, i, i+2)
			i -= 2
			continue
		}
		if g.public {
			continue
		}
		scopes := &yaml.Node{Kind: yaml.SequenceNode}
		for _, scope := range g.scopes {
			scopes.Content = append(scopes.Content, &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: string(scope)})
		}
		add(path.Content[i+1], extScopes, scopes)
	}
}

func member(mapping *yaml.Node, key string) *yaml.Node {
	for i := 0; mapping != nil && i+1 < len(mapping.Content); i += 2 {
		if mapping.Content[i].Value == key {
			return mapping.Content[i+1]
		}
	}
	return nil
}

func add(mapping *yaml.Node, key string, value *yaml.Node) {
	mapping.Content = append(mapping.Content, &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: key}, value)
}

// writeJSON writes n in the order of its members, which maps would lose.
func writeJSON(b *bytes.Buffer, n *yaml.Node) error {
	list := func(brackets string, step int, write func(i int) error) error {
		b.WriteByte(brackets[0])
		for i := 0; i < len(n.Content); i += step {
			if i > 0 {
				b.WriteByte(',')
			}
			if err := write(i); err != nil {
				return err
			}
		}
		b.WriteByte(brackets[1])
		return nil
	}
	scalar := func(v any) error {
		text, err := json.Marshal(v)
		b.Write(text)
		return err
	}
	switch n.Kind {
	case yaml.MappingNode:
		return list("{}", 2, func(i int) error {
			if err := scalar(n.Content[i].Value); err != nil {
				return err
			}
			b.WriteByte(':')
			return writeJSON(b, n.Content[i+1])
		})
	case yaml.SequenceNode:
		return list("[]", 1, func(i int) error { return writeJSON(b, n.Content[i]) })
	case yaml.ScalarNode:
		if n.ShortTag() == "!!timestamp" { // JSON has none
			return scalar(n.Value)
		}
		var v any
		if err := n.Decode(&v); err != nil {
			return fmt.Errorf("line %d of the description: %w", n.Line, err)
		}
		return scalar(v)
	}
	return fmt.Errorf("line %d of the description is of a kind that is not written as JSON", n.Line)
}
