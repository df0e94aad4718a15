#!/bin/sh
# Installs Azurite beside this file, once. Without node there is nothing to install, and that is no failure: the tests say so.
set -eu

if ! command -v npm >/dev/null 2>&1; then
	echo "azure: npm not found, its tests are not run"
	exit 0
fi

cd "$(dirname "$0")"
# The copy of the lock file is made last: an installation that was broken off has none.
if ! cmp -s package-lock.json node_modules/.installed-lock.json; then
	npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	cp package-lock.json node_modules/.installed-lock.json
fi
