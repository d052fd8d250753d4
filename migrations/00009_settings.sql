-- +goose Up

-- What is changed while the program runs, by name, as JSON.
CREATE TABLE settings (
    name       TEXT PRIMARY KEY NOT NULL CHECK (name <> ''),
    value      TEXT NOT NULL CHECK (json_valid(value)),
    updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
