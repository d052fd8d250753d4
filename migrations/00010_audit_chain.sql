-- +goose Up

-- Each row's hash is over its content and the hash before it (enroll/audit.go),
-- so a row that is changed or taken out shows. Rows from before this migration
-- get their hash when the database is opened.
ALTER TABLE audit ADD COLUMN actor_id TEXT NOT NULL DEFAULT '';
ALTER TABLE audit ADD COLUMN address TEXT NOT NULL DEFAULT '';
ALTER TABLE audit ADD COLUMN hash BLOB;

CREATE INDEX audit_by_time ON audit (at);
CREATE INDEX audit_by_request ON audit (request_id) WHERE request_id <> '';

-- Where the chain starts: the last row that retention took out, and its hash.
CREATE TABLE audit_anchor (
    id   INTEGER PRIMARY KEY CHECK (id = 1),
    seq  INTEGER NOT NULL,
    hash BLOB NOT NULL CHECK (length(hash) = 32)
) STRICT;
INSERT INTO audit_anchor (id, seq, hash) VALUES (1, 0, zeroblob(32));

DROP TRIGGER audit_is_never_changed;
DROP TRIGGER audit_is_never_deleted;

-- +goose StatementBegin
CREATE TRIGGER audit_is_chained BEFORE INSERT ON audit WHEN new.hash IS NULL OR length(new.hash) <> 32
BEGIN
    SELECT RAISE(ABORT, 'an audit row needs its hash');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER audit_is_never_changed BEFORE UPDATE ON audit WHEN old.hash IS NOT NULL
BEGIN
    SELECT RAISE(ABORT, 'the audit is append-only');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER audit_is_never_deleted BEFORE DELETE ON audit WHEN old.seq > (SELECT seq FROM audit_anchor)
BEGIN
    SELECT RAISE(ABORT, 'the audit is append-only');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER audit_anchor_only_moves_on BEFORE UPDATE ON audit_anchor WHEN new.seq <= old.seq
BEGIN
    SELECT RAISE(ABORT, 'the audit is append-only');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER audit_anchor_stays BEFORE DELETE ON audit_anchor
BEGIN
    SELECT RAISE(ABORT, 'the audit is append-only');
END;
-- +goose StatementEnd
