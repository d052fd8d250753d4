-- +goose Up

-- Clients of Facebox name the sample they want to be forgotten by its source.
CREATE INDEX samples_by_source ON samples(source);
