#!/usr/bin/env bash
# Hours of what `make test` does in minutes: 10,000 kills, a long simulation, and the fuzz targets in turn.
set -euo pipefail
cd "$(dirname "$0")/.."
export CGO_ENABLED=${CGO_ENABLED:-0}

tools/need.sh go
PAPERPORT_SOAK=1 go test -count=1 -timeout 1h -run LockPage ./store/sqlstore
PAPERPORT_CRASH_KILLS=${PAPERPORT_CRASH_KILLS:-10000} go test -count=1 -timeout 6h -v ./test/crash/...
go test -count=1 -timeout 6h -run 'World|Replay|Reference' ./engine ./match -args -rapid.checks="${PAPERPORT_WORLDS:-2000000}"
PAPERPORT_SOAK=1 go test -count=1 -timeout 2h ./vault
PAPERPORT_SOAK=1 go test -count=1 -timeout 1h -run "SameMoment|WrongPassword|CrashLoop|ManyDays|Kills" ./app ./test/renewal
PAPERPORT_SOAK=1 go test -count=1 -timeout 2h -v -run RotateKilled ./cmd/paperport
go list ./... | while read -r pkg; do
	{ go test -list '^Fuzz' "$pkg" | grep '^Fuzz' || true; } | while read -r target; do
		echo "fuzzing $pkg $target"
		go test -run '^$' -fuzz "^$target\$" -fuzztime "${PAPERPORT_FUZZ_TIME:-5m}" "$pkg"
	done
done
