-- The 20 connected accounts whose calls take longest on average, of those with 5 calls or more.
SELECT
  connected_account_id,
  min(toolkit_slug) AS toolkit_slug,
  min(user_id) AS user_id,
  count(*) AS calls,
  avg(duration_ms) AS mean_ms,
  max(duration_ms) AS longest_ms
FROM logs
WHERE dt BETWEEN '2026-04-17' AND '2026-04-19'
  AND connected_account_id IS NOT NULL
  AND duration_ms IS NOT NULL
GROUP BY connected_account_id
HAVING count(*) >= 5
ORDER BY mean_ms DESC, connected_account_id
LIMIT 20;
