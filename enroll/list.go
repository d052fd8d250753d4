package enroll

import (
	"context"
	"database/sql"
	"encoding/base64"
	"fmt"
	"strings"

	"facegate"

	"golang.org/x/text/unicode/norm"
)

const (
	defaultPage = 50
	maxPage     = 500
	// maxQuery is in bytes: more than any name or external id has, and less than a
	// pattern of SQLite may have once everything in it is escaped.
	maxQuery = 4096
)

// List is one page of the people that f selects, ordered by name without regard
// to case. The cursor is the name that ended the page before, so people enrolled
// or erased meanwhile neither repeat nor hide others.
func (s *Service) List(ctx context.Context, f facegate.PeopleFilter) (facegate.PeoplePage, error) {
	limit := f.Limit
	if limit == 0 {
		limit = defaultPage
	}
	if limit < 1 || limit > maxPage {
		return facegate.PeoplePage{}, invalid(fmt.Sprintf("the page size %d is out of range", f.Limit), fmt.Sprintf("ask for 1 to %d people a page", maxPage))
	}
	if len(f.Query) > maxQuery {
		return facegate.PeoplePage{}, invalid("the text to look for is too long", "give a part of a name or an external id")
	}
	after, err := base64.RawURLEncoding.DecodeString(f.After)
	if err != nil {
		return facegate.PeoplePage{}, invalid("the page cursor is damaged", "use the next cursor of the page before as it is, or none")
	}
	where, args := selection(f)

	page := facegate.PeoplePage{People: []facegate.Person{}}
	err = s.Store.read(ctx, func(tx *sql.Tx) error {
		if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM people p WHERE `+where, args...).Scan(&page.Total); err != nil {
			return fmt.Errorf("count the people: %w", err)
		}
		if len(after) > 0 {
			where += ` AND (p.name_folded, p.name) > (?, ?)`
			args = append(args, fold(string(after)), string(after))
		}
		// One more than the page tells whether there is a next one.
		page.People, err = selectPeople(ctx, tx, where, append(args, limit+1))
		return err
	})
	if err != nil {
		return facegate.PeoplePage{}, fmt.Errorf("list people: %w", err)
	}
	if len(page.People) > limit {
		page.People = page.People[:limit]
		page.Next = base64.RawURLEncoding.EncodeToString([]byte(page.People[limit-1].Name))
	}
	return page, nil
}

// selection is f as a condition.
func selection(f facegate.PeopleFilter) (where string, args []any) {
	where = "TRUE"
	if query := fold(strings.TrimSpace(f.Query)); query != "" {
		pattern := "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(query) + "%"
		where += ` AND (p.name_folded LIKE ? ESCAPE '\' OR p.external_id_folded LIKE ? ESCAPE '\')`
		args = append(args, pattern, pattern)
	}
	if f.Name != "" {
		where += ` AND p.name_folded = ?`
		args = append(args, fold(strings.Join(strings.Fields(f.Name), " ")))
	}
	if tag := norm.NFC.String(strings.TrimSpace(f.Tag)); tag != "" {
		where += ` AND EXISTS (SELECT 1 FROM json_each(p.tags) t WHERE t.value = ?)`
		args = append(args, tag)
	}
	return where, args
}

func selectPeople(ctx context.Context, tx *sql.Tx, where string, args []any) ([]facegate.Person, error) {
	rows, err := tx.QueryContext(ctx,
		`SELECT `+personColumns+` FROM people p WHERE `+where+` ORDER BY p.name_folded, p.name LIMIT ?`, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	people := []facegate.Person{}
	for rows.Next() {
		p, err := scanPerson(rows)
		if err != nil {
			return nil, err
		}
		people = append(people, p)
	}
	return people, rows.Err()
}
