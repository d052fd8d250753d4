package web

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"unicode/utf8"

	"facegate"

	"github.com/gin-gonic/gin"
)

// longestSubject is how many characters the name of a new subject may have.
const longestSubject = 50

// A comprefaceSubjectBody is {"subject": name}. The .NET SDK sends the name alone
// to rename somebody, the Python SDK more fields.
type comprefaceSubjectBody struct{ name string }

func (b *comprefaceSubjectBody) UnmarshalJSON(raw []byte) error {
	if strings.HasPrefix(string(raw), `"`) {
		return json.Unmarshal(raw, &b.name)
	}
	var body struct {
		Subject string `json:"subject"`
	}
	err := json.Unmarshal(raw, &body)
	b.name = body.Subject
	return err
}

// readSubject is the name that the body gives, which may be empty.
func readSubject(c *gin.Context) (string, error) {
	var body comprefaceSubjectBody
	if err := readLooseJSON(c, &body, maxJSONBytes); err != nil {
		return "", err
	}
	name := strings.TrimSpace(body.name)
	switch {
	case utf8.RuneCountInString(name) > longestSubject:
		return "", comprefaceRefusal(c, 26, "Subject name size must be between 1 and %d", longestSubject)
	case strings.ContainsAny(name, `;/\`):
		return "", comprefaceRefusal(c, 36, `The name cannot contain the following special characters: ';', '/', '\'`)
	}
	return name, nil
}

// subject is the person of that name: CompreFace's names mean the same in capitals
// and small letters. Where several people here are told apart by that alone, only
// the name as it is written means one of them.
func (s *Server) subject(ctx context.Context, name string) (facegate.Person, error) {
	p, err := s.People.PersonByName(ctx, name)
	if facegate.CodeOf(err) != facegate.CodePersonNotFound {
		return p, err
	}
	alike, err := s.People.List(ctx, facegate.PeopleFilter{Name: name, Limit: 1})
	if err != nil {
		return facegate.Person{}, err
	}
	if alike.Total != 1 {
		return facegate.Person{}, facegate.NewError(facegate.CodePersonNotFound, fmt.Sprintf("Subject %s not found", shown(name)), "")
	}
	return alike.People[0], nil
}

// comprefaceAddSubject answers POST /recognition/subjects.
func (s *Server) comprefaceAddSubject(c *gin.Context) error {
	name, err := readSubject(c)
	if err != nil {
		return err
	}
	if name == "" {
		return comprefaceRefusal(c, 26, "Subject name cannot be empty")
	}
	ctx, cancel := s.working(c)
	defer cancel()
	alike, err := s.People.List(ctx, facegate.PeopleFilter{Name: name, Limit: 1})
	if err != nil {
		return err
	}
	if alike.Total > 0 {
		return facegate.NewError(facegate.CodeNameTaken, "the name is taken", "")
	}
	e, err := s.People.Create(ctx, facegate.NewPerson{Name: name}, nil)
	if err != nil {
		return err
	}
	return answer(c, http.StatusCreated, map[string]string{"subject": e.Name})
}

// comprefaceSubjects answers GET /recognition/subjects with all names.
func (s *Server) comprefaceSubjects(c *gin.Context) error {
	ctx, cancel := s.working(c)
	defer cancel()
	names := []string{}
	for f := (facegate.PeopleFilter{Limit: 500}); ; {
		page, err := s.People.List(ctx, f)
		if err != nil {
			return err
		}
		for _, p := range page.People {
			names = append(names, p.Name)
		}
		if f.After = page.Next; f.After == "" {
			return answer(c, http.StatusOK, map[string][]string{"subjects": names})
		}
	}
}

// comprefaceRenameSubject answers PUT /recognition/subjects/{subject}. Whoever gets
// the name of somebody else becomes one with them.
func (s *Server) comprefaceRenameSubject(c *gin.Context) error {
	name, err := readSubject(c)
	if err != nil {
		return err
	}
	updated := map[string]bool{"updated": name != "" && name != c.Param("subject")}
	if !updated["updated"] {
		return answer(c, http.StatusOK, updated)
	}
	ctx, cancel := s.working(c)
	defer cancel()
	p, err := s.subject(ctx, c.Param("subject"))
	if err != nil {
		return err
	}
	into, err := s.subject(ctx, name)
	switch {
	case facegate.CodeOf(err) == facegate.CodePersonNotFound || err == nil && into.ID == p.ID:
		_, err = s.People.Update(ctx, p.ID, facegate.PersonUpdate{Name: &name})
	case err == nil:
		_, err = s.People.Merge(ctx, into.ID, []string{p.ID})
	}
	if err != nil {
		return err
	}
	return answer(c, http.StatusOK, updated)
}

// comprefaceDeleteSubject answers DELETE /recognition/subjects/{subject}.
func (s *Server) comprefaceDeleteSubject(c *gin.Context) error {
	ctx, cancel := s.working(c)
	defer cancel()
	p, err := s.subject(ctx, c.Param("subject"))
	if err != nil {
		return err
	}
	if err := s.People.Delete(ctx, p.ID); err != nil {
		return err
	}
	return answer(c, http.StatusOK, map[string]string{"subject": p.Name})
}

// comprefaceDeleteSubjects answers DELETE /recognition/subjects: everybody.
func (s *Server) comprefaceDeleteSubjects(c *gin.Context) error {
	ctx, cancel := s.working(c)
	defer cancel()
	n, err := s.People.DeleteAll(ctx)
	if err != nil {
		return err
	}
	return answer(c, http.StatusOK, map[string]int{"deleted": n})
}
