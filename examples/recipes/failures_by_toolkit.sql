-- The toolkits whose calls fail, those with most failures first. A call without a toolkit stands under null.
SELECT
  toolkit_slug,
  count(*) AS calls,
  sum(CASE WHEN status = 'failed' THEN 1 ELSE 0 END) AS failed,
  round(100.0 * sum(CASE WHEN status = 'failed' THEN 1 ELSE 0 END) / count(*), 1) AS failed_percent
FROM logs
WHERE dt BETWEEN '2026-04-17' AND '2026-04-19'
GROUP BY toolkit_slug
HAVING sum(CASE WHEN status = 'failed' THEN 1 ELSE 0 END) > 0
ORDER BY failed DESC, toolkit_slug;
