-- +goose Up

-- Embeddings may be sealed (enroll/vault.go), and are then longer. SQLite cannot
-- change a CHECK, so the column is made anew.
DROP TRIGGER gallery_sample_changed;
ALTER TABLE samples ADD COLUMN template BLOB CHECK (length(template) IN (512, 541)); -- 128 float32, little-endian; sealed: 1 + 12 + 16 bytes more
UPDATE samples SET template = embedding;
ALTER TABLE samples DROP COLUMN embedding;
ALTER TABLE samples RENAME COLUMN template TO embedding;

-- +goose StatementBegin
CREATE TRIGGER gallery_sample_changed AFTER UPDATE OF id, person_id, embedding, recipe ON samples
BEGIN
    INSERT INTO gallery_log (op, sample_id, person_id) VALUES ('remove', old.id, old.person_id);
    INSERT INTO gallery_log (op, sample_id, person_id) VALUES ('add', new.id, new.person_id);
END;
-- +goose StatementEnd

-- One row, where the templates are sealed: it tells whether a key is the right one.
CREATE TABLE template_check (
    id     INTEGER PRIMARY KEY CHECK (id = 1),
    sealed BLOB NOT NULL
) STRICT;

-- No process that was started without the key may leave something readable.
-- +goose StatementBegin
CREATE TRIGGER samples_are_sealed BEFORE INSERT ON samples
WHEN length(new.embedding) IS NOT 541 AND EXISTS (SELECT 1 FROM template_check)
BEGIN
    SELECT RAISE(ABORT, 'the database is encrypted: start again with its key');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER samples_stay_sealed BEFORE UPDATE OF embedding ON samples
WHEN length(new.embedding) IS NOT 541 AND EXISTS (SELECT 1 FROM template_check)
BEGIN
    SELECT RAISE(ABORT, 'the database is encrypted: start again with its key');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER sample_thumbnails_are_sealed BEFORE INSERT ON sample_thumbnails
WHEN substr(new.jpeg, 1, 1) <> x'01' AND EXISTS (SELECT 1 FROM template_check)
BEGIN
    SELECT RAISE(ABORT, 'the database is encrypted: start again with its key');
END;
-- +goose StatementEnd
