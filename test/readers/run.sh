#!/bin/sh
# Reads an export with hyparquet. Without node there is nothing to run, and that is no failure.
set -eu

if ! command -v node >/dev/null 2>&1; then
	echo "JavaScript reader: node not found, not run"
	exit 0
fi

cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM

(cd ../.. && go build -o "$work/" ./cmd/logsim ./cmd/logferry)
# The copy of the lock file is made last: an installation that was broken off has none.
if ! cmp -s package-lock.json node_modules/.installed-lock.json; then
	npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	cp package-lock.json node_modules/.installed-lock.json
fi
READERS_WORK="$work" node --test
