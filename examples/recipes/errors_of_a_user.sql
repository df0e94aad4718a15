-- The last 100 calls that failed for one user, newest first, with what the tool said. Half a surrogate pair in a payload is valid in
-- JSON and not in every engine: json_valid keeps such a row from ending the query.
SELECT
  "timestamp",
  log_id,
  tool_slug,
  duration_ms,
  message,
  CASE WHEN json_valid(response) THEN response->>'$.body.error' END AS error
FROM logs
WHERE dt BETWEEN '2026-04-17' AND '2026-04-19'
  AND user_id = 'user_2'
  AND status = 'failed'
ORDER BY "timestamp" DESC, log_id
LIMIT 100;
