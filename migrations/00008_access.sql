-- +goose Up

-- What client programs show to be let in. The secret is a random UUID of 122
-- bits: SHA-256 hides it, since nobody can try that many. Rows stay when a key
-- is revoked: the audit names them.
CREATE TABLE api_keys (
    id               TEXT PRIMARY KEY NOT NULL CHECK (length(id) = 36),
    name             TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    hash             BLOB NOT NULL UNIQUE CHECK (length(hash) = 32), -- SHA-256 of the secret
    hint             TEXT NOT NULL,
    scopes           TEXT NOT NULL CHECK (json_type(scopes) = 'array'),
    faces_per_second REAL NOT NULL DEFAULT 0,
    burst            INTEGER NOT NULL DEFAULT 0,
    concurrent       INTEGER NOT NULL DEFAULT 0,
    created_at       INTEGER NOT NULL,
    expires_at       INTEGER,
    last_used_at     INTEGER,
    revoked_at       INTEGER
) STRICT;

CREATE TABLE accounts (
    id          TEXT PRIMARY KEY NOT NULL CHECK (length(id) = 36),
    name        TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    name_folded TEXT NOT NULL UNIQUE,
    password    TEXT NOT NULL, -- argon2id, in the form $argon2id$v=19$m=..,t=..,p=..$salt$hash
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL
) STRICT;

CREATE TABLE sessions (
    hash       BLOB PRIMARY KEY NOT NULL CHECK (length(hash) = 32), -- SHA-256 of 256 random bits
    account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    seen_at    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX sessions_by_account ON sessions (account_id);

CREATE TABLE setup_links (
    hash       BLOB PRIMARY KEY NOT NULL CHECK (length(hash) = 32),
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
