-- Calls, failures, users and tools of each day.
SELECT
  dt,
  count(*) AS calls,
  sum(CASE WHEN status = 'failed' THEN 1 ELSE 0 END) AS failed,
  count(DISTINCT user_id) AS users,
  count(DISTINCT tool_slug) AS tools
FROM logs
WHERE dt BETWEEN '2026-04-17' AND '2026-04-19'
GROUP BY dt
ORDER BY dt;
