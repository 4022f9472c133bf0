-- +goose Up
-- One row: what this installation is called when secrets are sealed.
CREATE TABLE install (
    one       BIGINT NOT NULL PRIMARY KEY, -- always 1
    id        TEXT   NOT NULL,
    salt      BLOB   NOT NULL,
    key_check BLOB   NOT NULL -- empty until a master key was set
);

CREATE TABLE broker_connections (
    user_id      TEXT   NOT NULL PRIMARY KEY,
    broker       TEXT   NOT NULL,
    is_held      BIGINT NOT NULL,
    needs_user   TEXT   NOT NULL,
    is_every_day BIGINT NOT NULL,
    last_code    BIGINT NOT NULL,
    life         TEXT   NOT NULL,
    created_at   BIGINT NOT NULL
);

-- blob is sealed by package vault; its bytes 6 to 9 name the key.
CREATE TABLE broker_secrets (
    user_id TEXT   NOT NULL,
    broker  TEXT   NOT NULL,
    field   TEXT   NOT NULL,
    version BIGINT NOT NULL,
    blob    BLOB   NOT NULL,
    hint    TEXT   NOT NULL,
    set_at  BIGINT NOT NULL,
    PRIMARY KEY (user_id, broker, field)
);

-- In this and the tables below a time of 0 is none.
CREATE TABLE broker_sessions (
    user_id    TEXT   NOT NULL PRIMARY KEY,
    broker     TEXT   NOT NULL,
    issued_at  BIGINT NOT NULL,
    proved_at  BIGINT NOT NULL,
    checked_at BIGINT NOT NULL,
    ended_at   BIGINT NOT NULL,
    way        TEXT   NOT NULL
);

CREATE TABLE broker_submissions (
    id         TEXT   NOT NULL PRIMARY KEY,
    user_id    TEXT   NOT NULL,
    broker     TEXT   NOT NULL,
    day        BIGINT NOT NULL,
    is_manual  BIGINT NOT NULL,
    step       TEXT   NOT NULL,
    at         BIGINT NOT NULL,
    outcome    TEXT   NOT NULL,
    settled_at BIGINT NOT NULL
);
CREATE INDEX broker_submissions_day ON broker_submissions (user_id, day, at);

CREATE TABLE broker_attempts (
    number  BIGINT NOT NULL PRIMARY KEY,
    id      TEXT   NOT NULL UNIQUE,
    user_id TEXT   NOT NULL,
    broker  TEXT   NOT NULL,
    at      BIGINT NOT NULL,
    trigger_name TEXT NOT NULL,
    way     TEXT   NOT NULL,
    outcome TEXT   NOT NULL,
    body    TEXT   NOT NULL
);
CREATE INDEX broker_attempts_user ON broker_attempts (user_id, number);

CREATE TABLE broker_popups (
    id         TEXT   NOT NULL PRIMARY KEY,
    binding    TEXT   NOT NULL UNIQUE,
    user_id    TEXT   NOT NULL,
    login      TEXT   NOT NULL,
    broker     TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at    BIGINT NOT NULL,
    outcome    TEXT   NOT NULL,
    body       TEXT   NOT NULL
);

CREATE TABLE notices (
    number   BIGINT NOT NULL PRIMARY KEY,
    id       TEXT   NOT NULL UNIQUE,
    user_id  TEXT   NOT NULL,
    at       BIGINT NOT NULL,
    kind     TEXT   NOT NULL,
    body     TEXT   NOT NULL,
    action   TEXT   NOT NULL,
    acked_at BIGINT NOT NULL
);
CREATE INDEX notices_user ON notices (user_id, number);

CREATE TABLE broker_requests (
    user_id TEXT   NOT NULL,
    broker  TEXT   NOT NULL,
    day     BIGINT NOT NULL,
    used    BIGINT NOT NULL,
    PRIMARY KEY (user_id, broker, day)
);

CREATE TABLE job_runs (
    job         TEXT   NOT NULL,
    due_at      BIGINT NOT NULL,
    started_at  BIGINT NOT NULL,
    finished_at BIGINT NOT NULL,
    status      TEXT   NOT NULL,
    PRIMARY KEY (job, due_at)
);

-- A user's own trail holds what he did and what was done to him.
CREATE INDEX audit_actor ON audit (actor, number);
