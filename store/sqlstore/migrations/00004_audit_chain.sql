-- +goose Up
-- Each row is bound to the one before by hash, under the key that key_id names; both are empty in rows from before.
ALTER TABLE audit ADD COLUMN hash BLOB NOT NULL DEFAULT '';
ALTER TABLE audit ADD COLUMN key_id BLOB NOT NULL DEFAULT '';

-- One row: where the trail ends, so that missing last rows are found.
CREATE TABLE audit_head (
    one    BIGINT NOT NULL PRIMARY KEY, -- always 1
    number BIGINT NOT NULL,
    hash   BLOB   NOT NULL,
    key_id BLOB   NOT NULL,
    mac    BLOB   NOT NULL
);

-- Append-only, in SQLite's form: PostgreSQL gives the program no UPDATE or DELETE on audit instead.
-- +goose StatementBegin
CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit BEGIN
    SELECT RAISE(ABORT, 'the audit trail is append-only');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit BEGIN
    SELECT RAISE(ABORT, 'the audit trail is append-only');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER audit_no_replace BEFORE INSERT ON audit WHEN EXISTS (SELECT 1 FROM audit WHERE number = NEW.number) BEGIN
    SELECT RAISE(ABORT, 'the audit trail is append-only');
END;
-- +goose StatementEnd
