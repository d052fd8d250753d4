-- +goose Up

-- What cameras saw. A sighting is reported several times, whole each time.
-- Erasing a person erases the sightings of them.
CREATE TABLE sightings (
    seq          INTEGER PRIMARY KEY AUTOINCREMENT, -- order of first reports
    id           TEXT NOT NULL UNIQUE CHECK (length(id) = 36),
    reported     INTEGER NOT NULL, -- revision of the camera's last report
    revision     INTEGER NOT NULL, -- as shown: grows also when people and strangers are named
    change       INTEGER NOT NULL UNIQUE, -- its last change in the order of all changes
    ended        INTEGER NOT NULL CHECK (ended IN (0, 1)),
    labelled     INTEGER NOT NULL DEFAULT 0 CHECK (labelled IN (0, 1)), -- somebody said who it is
    camera_id    TEXT NOT NULL,
    camera_name  TEXT NOT NULL, -- for when the camera is gone
    decision     TEXT NOT NULL CHECK (decision <> ''),
    person_id    TEXT REFERENCES people (id) ON DELETE CASCADE,
    candidate_id TEXT REFERENCES people (id) ON DELETE SET NULL,
    unknown_id   TEXT,
    first_seen   INTEGER NOT NULL,
    last_seen    INTEGER NOT NULL,
    detail       TEXT NOT NULL CHECK (json_type(detail) = 'object')
) STRICT;

CREATE INDEX sightings_by_time ON sightings (first_seen, seq);
CREATE INDEX sightings_by_age ON sightings (last_seen);
CREATE INDEX sightings_by_camera ON sightings (camera_id, first_seen);
CREATE INDEX sightings_by_person ON sightings (person_id, first_seen) WHERE person_id IS NOT NULL;
CREATE INDEX sightings_by_candidate ON sightings (candidate_id) WHERE candidate_id IS NOT NULL;
CREATE INDEX sightings_by_unknown ON sightings (unknown_id, first_seen) WHERE unknown_id IS NOT NULL;
CREATE INDEX sightings_open ON sightings (camera_id) WHERE ended = 0;

CREATE TABLE sighting_changes (
    id     INTEGER PRIMARY KEY CHECK (id = 1),
    latest INTEGER NOT NULL
) STRICT;
INSERT INTO sighting_changes (id, latest) VALUES (1, 0);

-- Apart from sightings, so that lists do not read past pictures, and because
-- pictures go first when there are too many.
CREATE TABLE sighting_pictures (
    sighting_id TEXT NOT NULL REFERENCES sightings (id) ON DELETE CASCADE,
    kind        TEXT NOT NULL CHECK (kind IN ('photo', 'crop')),
    at          INTEGER NOT NULL, -- when the sighting was last seen
    bytes       INTEGER NOT NULL,
    jpeg        BLOB NOT NULL CHECK (length(jpeg) > 0),
    PRIMARY KEY (sighting_id, kind)
) STRICT;

-- Holds all that retention asks for: it reads no picture.
CREATE INDEX sighting_pictures_by_age ON sighting_pictures (at, sighting_id, kind, bytes);
