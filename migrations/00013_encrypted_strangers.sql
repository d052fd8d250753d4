-- +goose Up

-- What is kept of strangers is sealed where templates are (00011).
ALTER TABLE unknown_shots ADD COLUMN template BLOB CHECK (length(template) IN (512, 541)); -- 128 float32, little-endian; sealed: 1 + 12 + 16 bytes more
UPDATE unknown_shots SET template = embedding;
ALTER TABLE unknown_shots DROP COLUMN embedding;
ALTER TABLE unknown_shots RENAME COLUMN template TO embedding;

ALTER TABLE unknowns ADD COLUMN template BLOB CHECK (length(template) IN (512, 541));
UPDATE unknowns SET template = mean;
ALTER TABLE unknowns DROP COLUMN mean;
ALTER TABLE unknowns RENAME COLUMN template TO mean;

-- +goose StatementBegin
CREATE TRIGGER unknown_shots_are_sealed BEFORE INSERT ON unknown_shots
WHEN length(new.embedding) IS NOT 541 AND EXISTS (SELECT 1 FROM template_check)
BEGIN
    SELECT RAISE(ABORT, 'the database is encrypted: start again with its key');
END;
-- +goose StatementEnd
