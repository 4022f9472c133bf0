#!/usr/bin/env bash
# Checks for the programs named as arguments, installs Debian packages that are missing, and says what to do about the rest.
set -euo pipefail

# apt installs Debian packages, as root or through sudo.
apt() {
	command -v apt-get >/dev/null || { echo "please install: $*" >&2; exit 1; }
	local run=()
	if [ "$(id -u)" -ne 0 ]; then
		command -v sudo >/dev/null || { echo "please install as root: apt-get install $*" >&2; exit 1; }
		run=(sudo)
	fi
	echo "installing $*"
	"${run[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update -qq
	"${run[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

# at_least VERSION MINIMUM
at_least() { [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n1)" = "$2" ]; }

for need in "$@"; do
	case "$need" in
	go)
		command -v go >/dev/null || { echo "Go 1.26 or newer is needed: https://go.dev/dl" >&2; exit 1; }
		version=$(go env GOVERSION)
		at_least "${version#go}" 1.26 || { echo "Go 1.26 or newer is needed, this is $version: https://go.dev/dl" >&2; exit 1; }
		;;
	node)
		command -v npm >/dev/null || { echo "Node 20.19 or newer with npm is needed: https://nodejs.org" >&2; exit 1; }
		version=$(node --version)
		at_least "${version#v}" 20.19 || { echo "Node 20.19 or newer is needed, this is $version: https://nodejs.org" >&2; exit 1; }
		;;
	gcc)
		command -v gcc >/dev/null || apt gcc libc6-dev
		;;
	chromium)
		[ -n "${PAPERPORT_CHROMIUM:-}" ] || command -v chromium >/dev/null || command -v chromium-browser >/dev/null ||
			command -v google-chrome >/dev/null || apt chromium
		;;
	python3 | openssl)
		command -v "$need" >/dev/null || apt "$need"
		;;
	*)
		echo "need.sh: unknown program $need" >&2
		exit 2
		;;
	esac
done
