#!/bin/sh
# Runs every fuzz target of this module for FUZZTIME, one after the other, or those whose names contain FUZZ, and says at the end what each has done, as a table
# for docs/GUARANTEES.md. What a target finds is written to testdata/fuzz of its package, from where every `go test` tries it again.
set -u
go=${GO:-go}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

$go list -f '{{$p := .ImportPath}}{{$d := .Dir}}{{range .TestGoFiles}}{{$p}} {{$d}}/{{.}}{{"\n"}}{{end}}{{range .XTestGoFiles}}{{$p}} {{$d}}/{{.}}{{"\n"}}{{end}}' ./... |
  while read -r package file; do
    sed -n "s|^func \(Fuzz[A-Za-z0-9_]*\)(.*|$package \1|p" "$file"
  done | grep -- "${FUZZ:-}" > "$work/targets"
module=$($go list -m)

while read -r package target; do
  printf '%s %s\n' "$package" "$target"
  # Where goroutines are at work coverage varies from run to run: an input that is shortened by it would take a minute for nothing.
  if $go test -vet=off "$package" -run '^$' -fuzz "^$target\$" -fuzztime "${FUZZTIME:-30s}" -fuzzminimizetime 1s ${FUZZFLAGS:-} > "$work/log" 2>&1 < /dev/null; then
    found=none
  else
    found=$(sed -n 's|.*Failing input written to ||p' "$work/log" | head -n 1)
    found=${found:-failed}
    sed '/^fuzz: elapsed/d' "$work/log"
    touch "$work/failed"
  fi
  counts=$(sed -n 's|^fuzz: elapsed.* execs: \([0-9]*\).* new interesting: \([0-9]*\).*|\1 \| \2|p' "$work/log" | tail -n 1)
  printf '| %s | %s | %s | %s |\n' "$target" "${package#"$module"/}" "${counts:-0 | 0}" "$found" >> "$work/table"
done < "$work/targets"

printf '\n| target | package | execs | new interesting | findings |\n|---|---|---|---|---|\n'
cat "$work/table"
[ ! -e "$work/failed" ]
