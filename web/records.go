package web

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"facegate"

	"github.com/gin-gonic/gin"
)

// recordsRoutes are who asked what, and what is kept about a person. Where there
// is no audit or exporter, their addresses say so.
func (s *Server) recordsRoutes(v1 *gin.RouterGroup) {
	v1.GET("/audit", s.handle(s.audit))
	v1.GET("/audit/export", s.handle(s.exportAudit))
	v1.GET("/audit/check", s.handle(s.checkAudit))
	v1.GET("/people/:id/export", s.handle(s.exportPerson))
}

func notKept(what string) error {
	return facegate.NewError(facegate.CodeNotFound, "this gateway keeps no "+what, "")
}

func auditFilter(c *gin.Context, more ...string) (facegate.AuditFilter, *params, error) {
	q, err := queryParams(c.Request.URL, append(more, "actor", "action", "person", "request_id", "decision", "from", "to")...)
	if err != nil {
		return facegate.AuditFilter{}, nil, err
	}
	var f facegate.AuditFilter
	f.Actor, _ = q.text("actor")
	f.Action, _ = q.text("action")
	f.PersonID, _ = q.text("person")
	f.RequestID, _ = q.text("request_id")
	decision, _ := q.text("decision")
	f.Decision = facegate.Decision(decision)
	f.From, f.To = q.moment("from"), q.moment("to")
	return f, q, q.err
}

// audit answers GET /v1/audit.
func (s *Server) audit(c *gin.Context) error {
	if s.Audit == nil {
		return notKept("audit")
	}
	f, q, err := auditFilter(c, "limit", "before")
	if err != nil {
		return err
	}
	f.Limit = q.count("limit", 1, 1000)
	f.Before = int64(q.count("before", 1, 1<<53))
	if q.err != nil {
		return q.err
	}
	ctx, cancel := s.working(c)
	defer cancel()
	page, err := s.Audit.Entries(ctx, f)
	if err != nil {
		return err
	}
	page.Entries = whole(page.Entries)
	return answer(c, http.StatusOK, page)
}

// checkAudit answers GET /v1/audit/check.
func (s *Server) checkAudit(c *gin.Context) error {
	if s.Audit == nil {
		return notKept("audit")
	}
	check, err := s.Audit.Verify(c.Request.Context())
	if err != nil {
		return err
	}
	return answer(c, http.StatusOK, check)
}

// exportAudit answers GET /v1/audit/export: all entries, the oldest first, as
// they are read. It may take as long as the client keeps taking them.
func (s *Server) exportAudit(c *gin.Context) error {
	if s.Audit == nil {
		return notKept("audit")
	}
	f, q, err := auditFilter(c, "format")
	if err != nil {
		return err
	}
	format, _ := q.text("format")
	switch {
	case q.err != nil:
		return q.err
	case format != "" && format != "csv" && format != "json":
		return invalid("give csv or json", "there is no format %q", shown(format))
	}
	if err := s.Audit.Record(c.Request.Context(), facegate.AuditRecord{Action: "audit.export"}); err != nil {
		return err
	}
	if format == "json" {
		return s.exportAuditJSON(c, f)
	}
	c.Header("Content-Type", "text/csv; charset=utf-8")
	c.Header("Content-Disposition", `attachment; filename="audit.csv"`)
	w := csv.NewWriter(c.Writer)
	if err := w.Write(AuditColumns()); err != nil {
		return err
	}
	if err := s.Audit.Each(c.Request.Context(), f, func(e facegate.AuditEntry) error { return w.Write(AuditRow(e)) }); err != nil {
		return err
	}
	w.Flush()
	return w.Error()
}

func (s *Server) exportAuditJSON(c *gin.Context, f facegate.AuditFilter) error {
	c.Header("Content-Type", "application/json")
	c.Header("Content-Disposition", `attachment; filename="audit.json"`)
	before := "["
	if err := s.Audit.Each(c.Request.Context(), f, func(e facegate.AuditEntry) error {
		line, err := json.Marshal(e)
		if err == nil {
			_, err = c.Writer.WriteString(before + "\n" + string(line))
			before = ","
		}
		return err
	}); err != nil {
		return err
	}
	if before == "[" {
		before = "[\n"
	} else {
		before = "\n"
	}
	_, err := c.Writer.WriteString(before + "]\n")
	return err
}

// AuditColumns are the columns of the audit as CSV.
func AuditColumns() []string {
	return []string{"seq", "at", "actor", "actor_id", "address", "action", "person_id", "sample_id", "decision", "distance", "detail", "request_id", "hash"}
}

// AuditRow is an entry as a row of CSV.
func AuditRow(e facegate.AuditEntry) []string {
	var d struct {
		Decision string   `json:"decision"`
		Distance *float64 `json:"distance"`
	}
	_ = json.Unmarshal(e.Detail, &d) // a detail without them
	distance := ""
	if d.Distance != nil {
		distance = strconv.FormatFloat(*d.Distance, 'f', -1, 64)
	}
	return []string{strconv.FormatInt(e.Seq, 10), e.At.Format(time.RFC3339Nano), cell(e.Actor), e.ActorID, e.Address, e.Action, e.PersonID, e.SampleID,
		d.Decision, distance, string(e.Detail), cell(e.RequestID), e.Hash}
}

// cell keeps text that others chose from being a formula to whoever opens it in a
// spreadsheet.
func cell(text string) string {
	if text != "" && strings.ContainsRune("=+-@\t\r", rune(text[0])) {
		return "'" + text
	}
	return text
}

// exportPerson answers GET /v1/people/{id}/export.
func (s *Server) exportPerson(c *gin.Context) error {
	if s.Exporter == nil {
		return notKept("people's data to export")
	}
	id := c.Param("id")
	if _, err := s.People.Person(c.Request.Context(), id); err != nil {
		return err
	}
	c.Header("Content-Type", "application/zip")
	c.Header("Content-Disposition", fmt.Sprintf(`attachment; filename="person-%s.zip"`, id))
	return s.Exporter.Export(c.Request.Context(), id, c.Writer)
}
