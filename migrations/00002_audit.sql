-- +goose Up

-- Who did what to whom. Rows outlive what they tell of, so there are no foreign
-- keys; and they hold ids, never names, so that an erased person stays erased.
CREATE TABLE audit (
    seq        INTEGER PRIMARY KEY AUTOINCREMENT,
    at         INTEGER NOT NULL,
    actor      TEXT NOT NULL,
    action     TEXT NOT NULL CHECK (action <> ''),
    person_id  TEXT,
    sample_id  TEXT,
    detail     TEXT NOT NULL DEFAULT '{}' CHECK (json_type(detail) = 'object'),
    request_id TEXT NOT NULL DEFAULT ''
) STRICT;

CREATE INDEX audit_by_person ON audit (person_id, seq) WHERE person_id IS NOT NULL;

-- +goose StatementBegin
CREATE TRIGGER audit_is_never_changed BEFORE UPDATE ON audit
BEGIN
    SELECT RAISE(ABORT, 'the audit is append-only');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER audit_is_never_deleted BEFORE DELETE ON audit
BEGIN
    SELECT RAISE(ABORT, 'the audit is append-only');
END;
-- +goose StatementEnd
