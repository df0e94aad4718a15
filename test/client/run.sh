#!/bin/sh
# Runs the vendor's generated client against logsim. Without node there is nothing to run, and that is no failure.
set -eu

if ! command -v node >/dev/null 2>&1; then
	echo "client suite: node not found, not run"
	exit 0
fi

cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM

(cd ../.. && go build -o "$work/logsim" ./cmd/logsim)
if [ ! -d node_modules ]; then
	npm ci --no-audit --no-fund --loglevel=error
fi
LOGSIM_BIN="$work/logsim" node --test
