-- +goose Up

-- What changed in the gallery, in order of commit, so that every process that
-- holds the gallery in memory can catch up. seq has no gaps but at the old end,
-- where the log is pruned: AUTOINCREMENT never hands a number out twice, and a
-- rollback gives it back.
--
-- A row tells what was touched; what became of it is read from people and
-- samples. So rows may be applied late, together, or twice.
CREATE TABLE gallery_log (
    seq       INTEGER PRIMARY KEY AUTOINCREMENT,
    op        TEXT NOT NULL CHECK (op IN ('add', 'remove', 'rename')),
    sample_id TEXT, -- add, remove
    person_id TEXT NOT NULL,
    CHECK ((op = 'rename') = (sample_id IS NULL))
) STRICT;

-- +goose StatementBegin
CREATE TRIGGER gallery_sample_added AFTER INSERT ON samples
BEGIN
    INSERT INTO gallery_log (op, sample_id, person_id) VALUES ('add', new.id, new.person_id);
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER gallery_sample_removed AFTER DELETE ON samples
BEGIN
    INSERT INTO gallery_log (op, sample_id, person_id) VALUES ('remove', old.id, old.person_id);
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER gallery_sample_changed AFTER UPDATE OF id, person_id, embedding, recipe ON samples
BEGIN
    INSERT INTO gallery_log (op, sample_id, person_id) VALUES ('remove', old.id, old.person_id);
    INSERT INTO gallery_log (op, sample_id, person_id) VALUES ('add', new.id, new.person_id);
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER gallery_person_renamed AFTER UPDATE OF name ON people WHEN old.name IS NOT new.name
BEGIN
    INSERT INTO gallery_log (op, person_id) VALUES ('rename', new.id);
END;
-- +goose StatementEnd
