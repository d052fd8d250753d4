-- +goose Up

-- Strangers: clusters of embeddings under an id that lasts.
CREATE TABLE unknowns (
    id         TEXT PRIMARY KEY NOT NULL CHECK (length(id) = 36),
    mean       BLOB CHECK (length(mean) = 512), -- of the embeddings of the shots kept; null without any
    spread     REAL NOT NULL DEFAULT 0, -- mean square distance of theirs to it
    recipe     TEXT NOT NULL DEFAULT '', -- of those
    created_at INTEGER NOT NULL,
    last_seen  INTEGER NOT NULL
) STRICT;

CREATE INDEX unknowns_by_time ON unknowns (last_seen, id);

-- Which sighting shows whom. A sighting is in the book before it is reported, so
-- there is no reference to sightings.
CREATE TABLE unknown_members (
    sighting_id TEXT PRIMARY KEY NOT NULL,
    unknown_id  TEXT NOT NULL REFERENCES unknowns (id) ON DELETE CASCADE,
    at          INTEGER NOT NULL
) STRICT;

CREATE INDEX unknown_members_by_unknown ON unknown_members (unknown_id);
CREATE INDEX unknown_members_by_age ON unknown_members (at);

CREATE TABLE unknown_shots (
    seq         INTEGER PRIMARY KEY,
    sighting_id TEXT NOT NULL REFERENCES unknown_members (sighting_id) ON DELETE CASCADE,
    at          INTEGER NOT NULL,
    embedding   BLOB NOT NULL CHECK (length(embedding) = 512), -- 128 float32, little-endian
    recipe      TEXT NOT NULL,
    overall     REAL NOT NULL,
    quality     TEXT NOT NULL CHECK (json_type(quality) = 'object'),
    box         TEXT NOT NULL CHECK (json_type(box) = 'object'),
    crop        BLOB NOT NULL
) STRICT;

CREATE INDEX unknown_shots_by_sighting ON unknown_shots (sighting_id);

-- What became of ids that are gone: cameras may go on using them for a while.
CREATE TABLE unknown_aliases (
    id         TEXT PRIMARY KEY NOT NULL,
    unknown_id TEXT REFERENCES unknowns (id) ON DELETE CASCADE,
    person_id  TEXT REFERENCES people (id) ON DELETE CASCADE,
    at         INTEGER NOT NULL,
    CHECK ((unknown_id IS NULL) <> (person_id IS NULL))
) STRICT;

-- Grows with every change to the three above, so that each process knows when
-- what it holds in memory is stale.
CREATE TABLE unknown_changes (
    id     INTEGER PRIMARY KEY CHECK (id = 1),
    latest INTEGER NOT NULL
) STRICT;
INSERT INTO unknown_changes (id, latest) VALUES (1, 0);
