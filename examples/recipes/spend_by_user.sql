-- What the calls of each user cost, in dollars, to the last digit: instant_charge is a decimal, and so is its sum.
-- A multi-execute and the calls inside it are rows of their own: each counts with the charge that it has.
SELECT
  user_id,
  count(*) AS charged_calls,
  sum(instant_charge) AS spend
FROM logs
WHERE dt BETWEEN '2026-04-17' AND '2026-04-19'
  AND instant_charge IS NOT NULL
GROUP BY user_id
ORDER BY spend DESC, user_id;
