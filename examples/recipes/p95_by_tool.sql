-- How long each tool takes, ms: of those with 20 calls or more, the slowest first.
SELECT
  tool_slug,
  count(duration_ms) AS calls,
  percentile_cont(0.5) WITHIN GROUP (ORDER BY duration_ms) AS median_ms,
  percentile_cont(0.95) WITHIN GROUP (ORDER BY duration_ms) AS p95_ms
FROM logs
WHERE dt BETWEEN '2026-04-17' AND '2026-04-19'
  AND tool_slug IS NOT NULL
GROUP BY tool_slug
HAVING count(duration_ms) >= 20
ORDER BY p95_ms DESC, tool_slug;
