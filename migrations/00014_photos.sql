-- +goose Up

-- The photos samples were made of, for as long as the operator keeps them:
-- without what is not picture (detector/clean.go).
CREATE TABLE sample_photos (
    sample_id  TEXT PRIMARY KEY NOT NULL REFERENCES samples (id) ON DELETE CASCADE,
    media_type TEXT NOT NULL CHECK (media_type LIKE 'image/%'),
    photo      BLOB NOT NULL CHECK (length(photo) > 0)
) STRICT;

-- They are sealed where templates are (00011).
-- +goose StatementBegin
CREATE TRIGGER sample_photos_are_sealed BEFORE INSERT ON sample_photos
WHEN substr(new.photo, 1, 1) <> x'01' AND EXISTS (SELECT 1 FROM template_check)
BEGIN
    SELECT RAISE(ABORT, 'the database is encrypted: start again with its key');
END;
-- +goose StatementEnd
