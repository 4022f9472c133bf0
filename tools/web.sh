#!/usr/bin/env bash
# Builds the browser app into web/dist, unless nothing has changed since the last build.
set -euo pipefail
cd "$(dirname "$0")/.."

tools/modules.sh web
if [ -f web/dist/index.html ] && [ -z "$(find web docs/setup-guide.md -path web/node_modules -prune -o -path web/dist -prune -o -type f -newer web/dist/index.html -print -quit)" ]; then
	exit 0
fi
echo "building the browser app"
log=$(cd web && npm run --silent build 2>&1) || { echo "$log"; exit 1; }
[ -f web/dist/.keep ] || : > web/dist/.keep
