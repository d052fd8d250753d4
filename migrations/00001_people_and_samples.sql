-- +goose Up

-- "FGat": see ApplicationID in migrations.go.
PRAGMA application_id = 1179083124;

CREATE TABLE people (
    id                 TEXT PRIMARY KEY NOT NULL CHECK (length(id) = 36),
    name               TEXT NOT NULL UNIQUE CHECK (length(name) BETWEEN 1 AND 100), -- Unicode NFC
    name_folded        TEXT NOT NULL, -- case-folded, for searching and sorting: SQLite folds ASCII only
    external_id        TEXT UNIQUE CHECK (length(external_id) > 0),
    external_id_folded TEXT,
    tags               TEXT NOT NULL DEFAULT '[]' CHECK (json_type(tags) = 'array'),
    notes              TEXT NOT NULL DEFAULT '',
    consent_basis      TEXT NOT NULL DEFAULT '',
    consent_at         INTEGER,
    expires_at         INTEGER,
    created_at         INTEGER NOT NULL,
    updated_at         INTEGER NOT NULL
) STRICT;

CREATE UNIQUE INDEX people_by_name ON people (name_folded, name);
CREATE INDEX people_by_expiry ON people (expires_at) WHERE expires_at IS NOT NULL;

CREATE TABLE samples (
    seq          INTEGER PRIMARY KEY, -- order of enrolment within a millisecond
    id           TEXT NOT NULL UNIQUE CHECK (length(id) = 36),
    person_id    TEXT NOT NULL REFERENCES people (id) ON DELETE CASCADE,
    embedding    BLOB NOT NULL CHECK (length(embedding) = 512), -- 128 float32, little-endian
    recipe       TEXT NOT NULL CHECK (recipe <> ''),
    overall      REAL NOT NULL CHECK (overall BETWEEN 0 AND 1),
    quality      TEXT NOT NULL CHECK (json_type(quality) = 'object'),
    box          TEXT NOT NULL CHECK (json_type(box) = 'object'),
    source       TEXT NOT NULL,
    photo_sha256 BLOB NOT NULL CHECK (length(photo_sha256) = 32),
    created_at   INTEGER NOT NULL
) STRICT;

-- One photo is one sample of a person, however many processes enrol it at once.
-- It also finds a person's samples.
CREATE UNIQUE INDEX samples_by_person ON samples (person_id, photo_sha256);

-- Apart from samples, so that loading all embeddings does not read past pictures.
CREATE TABLE sample_thumbnails (
    sample_id TEXT PRIMARY KEY NOT NULL REFERENCES samples (id) ON DELETE CASCADE,
    jpeg      BLOB NOT NULL CHECK (length(jpeg) > 0)
) STRICT;
