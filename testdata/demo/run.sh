#!/bin/sh
# The main job on a simulated API: exports 25,000 records with details into DEMO_DIR and says how to query them.
set -eu

dir=${DEMO_DIR:-demo}
rm -rf "$dir"
mkdir -p "$dir"

bin/logsim --records 25000 --from 2026-04-15 --to 2026-04-18 --odd 0.02 --rate-limit -1 --latency 5ms \
  --addr-file "$dir/logsim.url" >"$dir/logsim.log" 2>&1 &
sim=$!
trap 'kill $sim 2>/dev/null || true' EXIT INT TERM
tries=0
until [ -s "$dir/logsim.url" ]; do
  kill -0 $sim 2>/dev/null || { cat "$dir/logsim.log" >&2; exit 1; }
  tries=$((tries + 1))
  [ $tries -le 100 ] || { echo 'logsim did not start' >&2; exit 1; }
  sleep 0.1
done

cat >"$dir/pipeline.yaml" <<EOF
version: 1
name: demo
source:
  base_url: $(cat "$dir/logsim.url")
  api_key: \${COMPOSIO_API_KEY}
  details: all
range:
  from: 2026-04-15
  to: 2026-04-18
sinks:
  - name: lake
    url: file://$(cd "$dir" && pwd)/out
    format: parquet
EOF
COMPOSIO_API_KEY=ak_simulated bin/logferry apply -f "$dir/pipeline.yaml"

echo
echo "Written:"
(cd "$dir/out" && find tool_execution -type f | sort | while read -r f; do
  printf '  %s  %s bytes\n' "$dir/out/$f" "$(wc -c <"$f" | tr -d ' ')"
done)
cat <<EOF

Query it, for example with DuckDB:
  SELECT toolkit_slug, count(*) AS calls, count(*) FILTER (status = 'failed') AS failed
  FROM read_parquet('$dir/out/tool_execution/**/*.parquet', hive_partitioning = true)
  GROUP BY ALL ORDER BY calls DESC;
EOF
