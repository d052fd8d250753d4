-- +goose Up

-- What is still to be delivered. Rows are written with the sighting they tell of,
-- and go once the destination has acknowledged them, or with the sighting.
CREATE TABLE outbox (
    seq         INTEGER PRIMARY KEY AUTOINCREMENT,
    destination TEXT NOT NULL,
    sighting_id TEXT NOT NULL REFERENCES sightings (id) ON DELETE CASCADE,
    camera_id   TEXT NOT NULL,
    news        INTEGER NOT NULL CHECK (news IN (0, 1)),
    payload     TEXT NOT NULL,
    attempts    INTEGER NOT NULL DEFAULT 0,
    created_at  INTEGER NOT NULL
) STRICT;

CREATE INDEX outbox_by_destination ON outbox (destination, seq);
CREATE INDEX outbox_by_sighting ON outbox (sighting_id);
CREATE INDEX outbox_by_age ON outbox (created_at);

CREATE TABLE destinations (
    destination   TEXT PRIMARY KEY NOT NULL,
    delivered     INTEGER NOT NULL DEFAULT 0,
    failures      INTEGER NOT NULL DEFAULT 0,
    dropped       INTEGER NOT NULL DEFAULT 0,
    last_error    TEXT NOT NULL DEFAULT '',
    last_error_at INTEGER,
    delivered_at  INTEGER
) STRICT;
