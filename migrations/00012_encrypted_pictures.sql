-- +goose Up

-- The pictures of sightings are sealed where templates are (00011).
-- +goose StatementBegin
CREATE TRIGGER sighting_pictures_are_sealed BEFORE INSERT ON sighting_pictures
WHEN substr(new.jpeg, 1, 1) <> x'01' AND EXISTS (SELECT 1 FROM template_check)
BEGIN
    SELECT RAISE(ABORT, 'the database is encrypted: start again with its key');
END;
-- +goose StatementEnd
