-- +goose Up
-- Stops and orders for minutes. Status 8 is order.TriggerPending.
ALTER TABLE orders ADD COLUMN trigger_price BIGINT NOT NULL DEFAULT 0;
ALTER TABLE orders ADD COLUMN triggered_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE orders ADD COLUMN minutes BIGINT NOT NULL DEFAULT 0;
ALTER TABLE orders ADD COLUMN expires_at BIGINT NOT NULL DEFAULT 0;
DROP INDEX orders_working;
CREATE INDEX orders_working ON orders (account, id) WHERE status IN (1, 2, 8);
