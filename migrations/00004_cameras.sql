-- +goose Up

-- Secrets are sealed (see enroll/secrets.go) with a key that is not in the
-- database. One row, once there is a secret, tells whether a key is the right one.
CREATE TABLE secret_check (
    id     INTEGER PRIMARY KEY CHECK (id = 1),
    sealed BLOB NOT NULL
) STRICT;

CREATE TABLE cameras (
    id         TEXT PRIMARY KEY NOT NULL CHECK (length(id) = 36),
    name       TEXT NOT NULL UNIQUE CHECK (length(name) BETWEEN 1 AND 100), -- Unicode NFC
    source     BLOB NOT NULL, -- sealed: it may hold a password
    settings   TEXT NOT NULL CHECK (json_type(settings) = 'object'),
    paused     INTEGER NOT NULL CHECK (paused IN (0, 1)),
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;

CREATE TABLE webhooks (
    id         TEXT PRIMARY KEY NOT NULL CHECK (length(id) = 36),
    sealed     BLOB NOT NULL, -- address and secret
    paused     INTEGER NOT NULL CHECK (paused IN (0, 1)),
    configured INTEGER NOT NULL CHECK (configured IN (0, 1)), -- by the program's settings
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
