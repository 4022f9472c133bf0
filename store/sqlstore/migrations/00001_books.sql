-- +goose Up
CREATE TABLE venues (
    id         TEXT   NOT NULL PRIMARY KEY,
    kind       TEXT   NOT NULL,
    name       TEXT   NOT NULL,
    owner      TEXT   NOT NULL, -- '' when shared
    created_at BIGINT NOT NULL,
    settings   BLOB   NOT NULL,
    fault      TEXT   NOT NULL
);

-- Contracts and their terms, append-only, many rows a page, packed as sqlstore/instrument.go says.
CREATE TABLE instruments (
    page BIGINT NOT NULL PRIMARY KEY,
    body BLOB   NOT NULL
);

CREATE TABLE accounts (
    id        TEXT   NOT NULL PRIMARY KEY,
    owner     TEXT   NOT NULL,
    venue     TEXT   NOT NULL REFERENCES venues (id),
    name      TEXT   NOT NULL,
    plan      TEXT   NOT NULL,
    profile   TEXT   NOT NULL,
    capital   BIGINT NOT NULL,
    opened_at BIGINT NOT NULL
);
CREATE INDEX accounts_owner ON accounts (owner, opened_at);
CREATE INDEX accounts_venue ON accounts (venue);

CREATE TABLE orders (
    account         TEXT   NOT NULL,
    id              BIGINT NOT NULL,
    client_order_id TEXT   NOT NULL,
    instrument      BIGINT NOT NULL,
    side            BIGINT NOT NULL,
    product         BIGINT NOT NULL,
    type            BIGINT NOT NULL,
    validity        BIGINT NOT NULL,
    order_qty       BIGINT NOT NULL,
    cum_qty         BIGINT NOT NULL,
    leaves_qty      BIGINT NOT NULL,
    cancelled_qty   BIGINT NOT NULL,
    limit_price     BIGINT NOT NULL,
    avg_price       BIGINT NOT NULL,
    status          BIGINT NOT NULL,
    code            TEXT   NOT NULL,
    reason          TEXT   NOT NULL,
    reserved        BIGINT NOT NULL,
    accepted_at     BIGINT NOT NULL,
    active_at       BIGINT NOT NULL,
    updated_at      BIGINT NOT NULL,
    trading_date    BIGINT NOT NULL,
    revision        BIGINT NOT NULL,
    tag             TEXT   NOT NULL,
    PRIMARY KEY (account, id)
);
CREATE INDEX orders_day ON orders (account, trading_date, id);
CREATE INDEX orders_working ON orders (account, id) WHERE status <= 2;

-- The steps of an order; body is the order as it stood, packed as sqlstore/order.go says.
CREATE TABLE order_events (
    account  TEXT   NOT NULL,
    order_id BIGINT NOT NULL,
    seq      BIGINT NOT NULL,
    n        BIGINT NOT NULL,
    kind     TEXT   NOT NULL,
    at       BIGINT NOT NULL,
    body     BLOB   NOT NULL,
    PRIMARY KEY (account, order_id, seq, n)
);

CREATE TABLE trades (
    account      TEXT   NOT NULL,
    id           BIGINT NOT NULL,
    seq          BIGINT NOT NULL,
    order_id     BIGINT NOT NULL,
    instrument   BIGINT NOT NULL,
    side         BIGINT NOT NULL,
    product      BIGINT NOT NULL,
    qty          BIGINT NOT NULL,
    price        BIGINT NOT NULL,
    at           BIGINT NOT NULL,
    trading_date BIGINT NOT NULL,
    realised     BIGINT NOT NULL,
    turnover     BIGINT NOT NULL,
    brokerage    BIGINT NOT NULL,
    stt          BIGINT NOT NULL,
    exchange     BIGINT NOT NULL,
    sebi         BIGINT NOT NULL,
    stamp        BIGINT NOT NULL,
    gst          BIGINT NOT NULL,
    ctt          BIGINT NOT NULL,
    dp           BIGINT NOT NULL,
    evidence     BLOB   NOT NULL, -- JSON of order.Evidence
    PRIMARY KEY (account, id)
);
CREATE INDEX trades_day ON trades (account, trading_date, id);
CREATE INDEX trades_order ON trades (account, order_id, id);

CREATE TABLE entries (
    account      TEXT   NOT NULL,
    number       BIGINT NOT NULL,
    kind         TEXT   NOT NULL,
    ref          TEXT   NOT NULL,
    body         TEXT   NOT NULL,
    at           BIGINT NOT NULL,
    trading_date BIGINT NOT NULL,
    balance      BIGINT NOT NULL,
    PRIMARY KEY (account, number)
);
CREATE INDEX entries_day ON entries (account, trading_date, number);

CREATE TABLE postings (
    account TEXT   NOT NULL,
    entry   BIGINT NOT NULL,
    n       BIGINT NOT NULL,
    book    TEXT   NOT NULL,
    amount  BIGINT NOT NULL,
    PRIMARY KEY (account, entry, n)
);

CREATE TABLE positions (
    account      TEXT   NOT NULL,
    instrument   BIGINT NOT NULL,
    product      BIGINT NOT NULL,
    net_qty      BIGINT NOT NULL,
    avg_price    BIGINT NOT NULL,
    cost         BIGINT NOT NULL,
    buy_qty      BIGINT NOT NULL,
    sell_qty     BIGINT NOT NULL,
    buy_value    BIGINT NOT NULL,
    sell_value   BIGINT NOT NULL,
    realised     BIGINT NOT NULL,
    charges      BIGINT NOT NULL,
    blocked      BIGINT NOT NULL,
    trading_date BIGINT NOT NULL,
    updated_at   BIGINT NOT NULL,
    carried_qty  BIGINT NOT NULL,
    from_holdings BIGINT NOT NULL,
    PRIMARY KEY (account, instrument, product)
);

CREATE TABLE holdings (
    account    TEXT   NOT NULL,
    instrument BIGINT NOT NULL,
    qty        BIGINT NOT NULL,
    t1_qty     BIGINT NOT NULL,
    sold_today BIGINT NOT NULL,
    cost       BIGINT NOT NULL,
    avg_price  BIGINT NOT NULL,
    lots       BLOB   NOT NULL, -- JSON of position.Lot
    updated_at BIGINT NOT NULL,
    dp_charged_on BIGINT NOT NULL,
    PRIMARY KEY (account, instrument)
);

CREATE TABLE funds (
    account          TEXT   NOT NULL PRIMARY KEY,
    cash             BIGINT NOT NULL,
    blocked          BIGINT NOT NULL,
    free             BIGINT NOT NULL,
    order_blocked    BIGINT NOT NULL,
    position_blocked BIGINT NOT NULL
);

CREATE TABLE receipts (
    account     TEXT   NOT NULL,
    request_id  TEXT   NOT NULL,
    seq         BIGINT NOT NULL,
    order_id    BIGINT NOT NULL,
    code        TEXT   NOT NULL,
    reason      TEXT   NOT NULL,
    at          BIGINT NOT NULL,
    fingerprint BIGINT NOT NULL,
    PRIMARY KEY (account, request_id)
);

CREATE TABLE boards (
    venue        TEXT   NOT NULL,
    exchange     BIGINT NOT NULL,
    segment      BIGINT NOT NULL,
    auction      BIGINT NOT NULL,
    phase        BIGINT NOT NULL,
    trading_date BIGINT NOT NULL,
    ended_date   BIGINT NOT NULL,
    squared_off  BIGINT NOT NULL,
    reason       TEXT   NOT NULL,
    PRIMARY KEY (venue, exchange, segment, auction)
);

CREATE TABLE journal (
    venue     TEXT   NOT NULL,
    first_seq BIGINT NOT NULL,
    last_seq  BIGINT NOT NULL,
    at        BIGINT NOT NULL,
    version   BIGINT NOT NULL,
    hash      BLOB   NOT NULL,
    payload   BLOB   NOT NULL,
    PRIMARY KEY (venue, first_seq)
);

CREATE TABLE snapshots (
    venue      TEXT   NOT NULL,
    seq        BIGINT NOT NULL,
    at         BIGINT NOT NULL,
    version    BIGINT NOT NULL,
    hash       BLOB   NOT NULL,
    state_hash BLOB   NOT NULL,
    state      BLOB   NOT NULL,
    PRIMARY KEY (venue, seq)
);

CREATE TABLE watchlists (
    owner       TEXT   NOT NULL,
    number      BIGINT NOT NULL,
    name        TEXT   NOT NULL,
    venue       TEXT   NOT NULL,
    instruments BLOB   NOT NULL, -- JSON array of ids
    PRIMARY KEY (owner, venue, number)
);
