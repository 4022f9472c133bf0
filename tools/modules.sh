#!/usr/bin/env bash
# Installs the npm packages of the folders named, exactly as their lock files say, unless they are there already.
set -euo pipefail
cd "$(dirname "$0")/.."

for dir in "$@"; do
	mark="$dir/node_modules/.paperport-lock"
	if [ -f "$mark" ] && cmp -s "$dir/package-lock.json" "$mark"; then
		continue
	fi
	echo "installing npm packages of $dir"
	(cd "$dir" && npm ci --silent --ignore-scripts --no-audit --no-fund)
	cp "$dir/package-lock.json" "$mark"
done
