-- +goose Up
CREATE TABLE users (
    id             TEXT   NOT NULL PRIMARY KEY,
    username       TEXT   NOT NULL,
    username_key   TEXT   NOT NULL UNIQUE, -- lower case
    role           TEXT   NOT NULL,
    password_hash  TEXT   NOT NULL,
    totp_secret    TEXT   NOT NULL,
    totp_is_on     BIGINT NOT NULL,
    totp_last_step BIGINT NOT NULL,
    is_disabled    BIGINT NOT NULL,
    created_at     BIGINT NOT NULL
);

CREATE TABLE logins (
    id           TEXT   NOT NULL PRIMARY KEY,
    user_id      TEXT   NOT NULL REFERENCES users (id),
    token_hash   TEXT   NOT NULL UNIQUE,
    created_at   BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL,
    expires_at   BIGINT NOT NULL,
    ip           TEXT   NOT NULL,
    agent        TEXT   NOT NULL
);
CREATE INDEX logins_user ON logins (user_id, created_at);

CREATE TABLE invites (
    token_hash TEXT   NOT NULL PRIMARY KEY,
    role       TEXT   NOT NULL,
    created_by TEXT   NOT NULL REFERENCES users (id),
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at    BIGINT NOT NULL, -- 0 until used
    used_by    TEXT   NOT NULL
);

CREATE TABLE resets (
    token_hash TEXT   NOT NULL PRIMARY KEY,
    user_id    TEXT   NOT NULL REFERENCES users (id),
    expires_at BIGINT NOT NULL,
    used_at    BIGINT NOT NULL
);

CREATE TABLE recovery_codes (
    user_id   TEXT   NOT NULL REFERENCES users (id),
    code_hash TEXT   NOT NULL,
    used_at   BIGINT NOT NULL,
    PRIMARY KEY (user_id, code_hash)
);

CREATE TABLE login_tries (
    tries_key TEXT   NOT NULL PRIMARY KEY,
    failures  BIGINT NOT NULL,
    last_at   BIGINT NOT NULL
);

CREATE TABLE audit (
    number     BIGINT NOT NULL PRIMARY KEY,
    at         BIGINT NOT NULL,
    actor      TEXT   NOT NULL,
    subject    TEXT   NOT NULL,
    action     TEXT   NOT NULL,
    detail     TEXT   NOT NULL,
    result     TEXT   NOT NULL,
    ip         TEXT   NOT NULL,
    request_id TEXT   NOT NULL
);
CREATE INDEX audit_subject ON audit (subject, number);
