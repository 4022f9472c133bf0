#!/usr/bin/env bash
# Runs the tests in stages and prints the time of each. "check" is the fast part, "all" is everything; further arguments
# name single stages: tools/test.sh all journeys
set -euo pipefail
cd "$(dirname "$0")/.."

# Packages with goroutines of their own; the rest has nothing for the race detector to find.
race_packages=(./clock ./socketio ./breeze ./feed ./store/sqlstore ./venue ./schedule ./broker ./app ./httpapi)
# Tests with stages of their own.
slow='^paperport/test/(crash|leak|sdk|journey)'

times=()
failed=()

# stage NAME COMMAND...: runs, times, remembers failure.
stage() {
	local name=$1 start status=0
	shift
	if [ ${#only[@]} -gt 0 ] && [[ " ${only[*]} " != *" $name "* ]]; then
		return 0
	fi
	echo
	echo "=== $name"
	start=$(date +%s)
	"$@" || status=$?
	local seconds=$(($(date +%s) - start))
	if [ "$status" -ne 0 ]; then
		failed+=("$name")
		times+=("$(printf '%-12s %4d s  FAILED' "$name" "$seconds")")
	else
		times+=("$(printf '%-12s %4d s' "$name" "$seconds")")
	fi
}

report() {
	echo
	echo "=== stages"
	printf '%s\n' "${times[@]}"
	printf '%-12s %4d s\n' total "$SECONDS"
	if [ ${#failed[@]} -gt 0 ]; then
		echo "failed: ${failed[*]}"
		exit 1
	fi
}

install() {
	tools/need.sh go node gcc chromium python3 openssl &&
		go mod download &&
		tools/modules.sh web test/sdk test/journey
}

formatted() {
	local files
	files=$(git ls-files --cached --others --exclude-standard '*.go' | xargs -r gofmt -l)
	[ -z "$files" ] || { echo "gofmt would change:"; echo "$files"; return 1; }
}

# current: files made from code are as the code would make them.
current() {
	go run ./cmd/paperport openapi | cmp - api/openapi.json || { echo "api/openapi.json is out of date: make openapi"; return 1; }
}

# build leaves -trimpath to releases: with it, vet and the tests would compile every module a second time.
build() {
	tools/web.sh &&
		go build -buildvcs=false -ldflags="-s -w" -o bin/paperport ./cmd/paperport
}

lint() {
	formatted && go vet ./... && go test ./internal/house && current && (cd web && npm run --silent check)
}

go_tests() { go list ./... | grep -Ev "$slow" | grep -v '/internal/house$' | xargs go test -timeout 10m; }

race() { CGO_ENABLED=1 go test -race -timeout 10m "${race_packages[@]}"; }

crash() { go test -count=1 -timeout 15m ./test/crash/...; }

# leak runs a day with every fault and looks for planted secrets in all that came out of it.
leak() { go test -count=1 -timeout 5m ./test/leak/...; }

# simulation draws generated worlds: the engine's invariants and its replay by hash, and the matcher against the slow one.
simulation() { go test -count=1 -timeout 10m -run 'World|Replay|Reference' ./engine ./match -args -rapid.checks="${PAPERPORT_WORLDS:-5000}"; }

sdk() { go test -count=1 -timeout 5m ./test/sdk/...; }

web() { (cd web && npm run --silent test && npm run --silent budget); }

journeys() { (cd test/journey && npm test --silent); }

quick() { go list ./... | grep -v '^paperport/test/' | xargs go test -short -timeout 2m; }

mode=${1:-all}
only=("${@:2}")
export CGO_ENABLED=${CGO_ENABLED:-0}
trap report EXIT

case "$mode" in
all)
	stage install install
	stage build build
	stage lint lint
	stage go go_tests
	stage race race
	stage crash crash
	stage leak leak
	stage simulation simulation
	stage sdk sdk
	stage web web
	stage journeys journeys
	;;
check)
	tools/need.sh go
	stage format formatted
	stage vet go vet ./...
	stage tests quick
	;;
*)
	echo "usage: tools/test.sh all|check [stage...]" >&2
	exit 2
	;;
esac
