# PaperPort. `make run` to use it, `make test` to prove it, `make check` while working on it.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help run build test check lint bench soak openapi

export CGO_ENABLED ?= 0
GO_FLAGS := -buildvcs=false -trimpath -ldflags="-s -w"

help: ## what you can do here
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: build ## install what it needs, build, and start the server with the demo market on http://localhost:8000
	@PAPERPORT_ACCESS_LOG=$${PAPERPORT_ACCESS_LOG:-off} exec ./bin/paperport serve

build: ## the browser app and one static binary, bin/paperport
	@tools/need.sh go node
	@tools/web.sh
	@echo "building bin/paperport"
	@go build $(GO_FLAGS) -o bin/paperport ./cmd/paperport

test: ## install what it needs (Chromium, too) and run everything, with the time of each stage
	@tools/test.sh all

check: ## the fast part of it, under a minute
	@tools/test.sh check

lint: ## golangci-lint, pinned in tools/go.mod (the first run builds it: two minutes)
	@go tool -modfile=tools/go.mod golangci-lint run ./...

bench: ## speed, side by side with floors and peers, as a table of ratios
	@go run ./bench $(BENCH_FLAGS)

soak: ## hours of it: 10,000 kills, long simulation and fuzzing
	@tools/soak.sh

openapi: ## write api/openapi.json and the browser's types again
	@go run ./cmd/paperport openapi > api/openapi.json
	@cd web && npm run --silent wire
